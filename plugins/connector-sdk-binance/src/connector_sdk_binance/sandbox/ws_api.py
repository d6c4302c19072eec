"""The WebSocket API: requests and user events on one connection.

Source: binance-spot-api-docs, "WebSocket API" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qs

import orjson

from connector_sdk.sandbox.dialect import (
    Failure,
    RequestKind,
    Route,
    StreamProtocol,
    SubscriptionDesk,
    Throttle,
    VenueAnswer,
    VenueCall,
    VenueRequest,
    VenueView,
)
from connector_sdk.sandbox.trading import OrderEvent, StreamEnded, UserEvent
from connector_sdk_binance.sandbox import account_calls, market_calls, trading_calls
from connector_sdk_binance.sandbox.account_reports import order_count_report
from connector_sdk_binance.sandbox.api_error import UNSUPPORTED, ApiError, missing
from connector_sdk_binance.sandbox.endpoint import Asked, Endpoint, routed_to
from connector_sdk_binance.sandbox.exchange_info import rate_limits
from connector_sdk_binance.sandbox.failures import failure_error, throttle_error
from connector_sdk_binance.sandbox.frames import WS_API
from connector_sdk_binance.sandbox.parameters import Parameters
from connector_sdk_binance.sandbox.proof import PROOF, Claim, account_of, check_timing, proven
from connector_sdk_binance.sandbox.user_events import event_report
from connector_sdk_binance.sandbox.ws_message import (
    RATE_LIMITS,
    WsRequest,
    parsed,
    read_request,
    reply,
    request_id,
)
from connector_sdk_binance.sandbox.ws_session import SESSION_METHODS, SessionMethod, WsSession

PATH = "/ws-api/v3"

METHODS: Mapping[str, Endpoint] = {
    "ping": market_calls.PING,
    "time": market_calls.TIME,
    "exchangeInfo": market_calls.INFO,
    "depth": market_calls.DEPTH,
    "trades.recent": market_calls.TRADES,
    "trades.historical": market_calls.OLDER_TRADES,
    "avgPrice": market_calls.AVERAGE,
    "ticker.book": market_calls.BOOK_TICKERS,
    "ticker.price": market_calls.PRICES,
    "order.place": trading_calls.PLACE,
    "order.test": trading_calls.TEST,
    "order.cancel": trading_calls.CANCEL,
    "order.cancelReplace": trading_calls.REPLACE,
    "order.amend.keepPriority": trading_calls.AMEND,
    "openOrders.cancelAll": trading_calls.CANCEL_ALL,
    "order.status": account_calls.QUERY,
    "openOrders.status": account_calls.OPEN_ORDERS,
    "allOrders": account_calls.ALL_ORDERS,
    "myTrades": account_calls.MY_TRADES,
    "account.status": account_calls.ACCOUNT,
    "account.commission": account_calls.COMMISSION,
    "account.rateLimits.orders": account_calls.ORDER_COUNTS,
}


def ws_api(request: VenueRequest) -> WsApi | None:
    """The API connection that `request` opens; None elsewhere."""
    if request.path.rstrip("/") != PATH:
        return None
    shown = parse_qs(request.query).get(RATE_LIMITS, ["true"])[-1]
    return WsApi(request.client, WsSession(rate_limits=shown.lower() != "false"))


class WsApi(StreamProtocol):
    """One connection. Nothing is published on it but events of accounts subscribed to."""

    paced = False

    def __init__(self, client: str, session: WsSession) -> None:
        self.form = WS_API
        self._client = client
        self._session = session

    def opened(self, desk: SubscriptionDesk) -> Iterable[bytes]:
        """Say nothing."""
        self._session.connected_ns = desk.venue.now_ns
        return ()

    def receive(self, text: str, desk: SubscriptionDesk) -> Iterable[bytes]:
        """Take one request; only one that cannot be read is answered here."""
        number = None
        try:
            message = parsed(text)
            number = request_id(message)
            request = read_request(message)
        except ApiError as error:
            return (reply(number, error.status, error.body),)
        desk.perform(WsCall(request, self._client, self._session, desk))
        return ()

    def user_frame(self, event: UserEvent, venue: VenueView) -> bytes | None:
        """The event, wrapped with its subscription's number."""
        account = event.order.account if isinstance(event, OrderEvent) else event.account
        one = self._session.of_account(account)
        if one is None:
            return None
        if isinstance(event, StreamEnded):
            self._session.over(one)
        return orjson.dumps({"subscriptionId": one.number, "event": event_report(event, venue)})


class WsCall(VenueCall):
    """One request on the connection."""

    def __init__(
        self, request: WsRequest, client: str, session: WsSession, desk: SubscriptionDesk
    ) -> None:
        self.client = client
        self._request = request
        self._session = session
        self._desk = desk
        self._endpoint = METHODS.get(request.method)
        self._method = SESSION_METHODS.get(request.method)

    def route(self, venue: VenueView) -> Route:
        """What it is for, and its weight."""
        known = venue.desk.account_of(self._key)
        name = "" if known is None else known.name
        if self._endpoint is None:
            method = self._method or SessionMethod(kind=RequestKind.OTHER, weight=1)
            return Route(method.kind, method.weight, account=name)
        try:
            parameters = Parameters(self._values, self._names)
            return routed_to(self._endpoint, Asked(parameters, venue, name))
        except ApiError:
            return Route(self._endpoint.kind, 1, account=name)

    def answer(self, venue: VenueView) -> VenueAnswer:
        """Do what it asks for."""
        try:
            if self._endpoint is None:
                return self._said(venue, 200, self._perform(venue))
            asked = self._asked(venue, signed=self._endpoint.signed)
            result = self._endpoint.answer(asked)
        except ApiError as error:
            return self._said(venue, error.status, error.body)
        counted = asked.account if self._endpoint.counts else ""
        weight = 0 if self._endpoint.free else None
        return self._said(venue, 200, result, counted=counted, weight=weight)

    def refusal(self, throttle: Throttle, venue: VenueView) -> VenueAnswer:
        """429 or 418, with the time to come back."""
        error = throttle_error(throttle, venue.rules)
        told = {"serverTime": venue.now_ns // 1_000_000, "retryAfter": throttle.until_ns // 10**6}
        return self._said(venue, error.status, {**error.body, "data": told})

    def failure(self, failure: Failure) -> VenueAnswer:
        """What a venue says that fails inside."""
        error = failure_error(failure)
        return VenueAnswer(error.status, reply(self._request.id, error.status, error.body))

    @property
    def _key(self) -> str:
        return self._request.params.get("apiKey", self._session.key)

    @property
    def _values(self) -> Mapping[str, str]:
        return {name: text for name, text in self._request.params.items() if name != RATE_LIMITS}

    @property
    def _names(self) -> tuple[str, ...]:
        if self._endpoint is not None:
            return (*self._endpoint.names, "apiKey", *PROOF)
        return (*(self._method.names if self._method else ()), "apiKey", *PROOF)

    def _asked(self, venue: VenueView, *, signed: bool) -> Asked:
        """The request, once it is proven who sent it."""
        parameters = Parameters(self._values, self._names, signed=signed)
        if not signed:
            return Asked(parameters, venue)
        if self._session.key and not parameters.has("apiKey") and not parameters.has("signature"):
            check_timing(parameters, venue.now_ns)
            account = account_of(self._session.key, venue.desk)
        else:
            if not parameters.has("apiKey"):
                raise missing("apiKey")
            claim = Claim(parameters.required("apiKey"), self._request.payload, parameters)
            account = proven(claim, venue.desk, venue.now_ns)
        return Asked(parameters, venue, account.name)

    def _perform(self, venue: VenueView) -> object:
        """A method that is about the connection itself."""
        if self._method is None:
            raise ApiError(UNSUPPORTED, "This operation is not supported.")
        session, desk = self._session, self._desk
        asked = self._asked(venue, signed=self._method.signed)
        match self._request.method:
            case "session.logon":
                return session.log_on(self._key, asked)
            case "session.logout":
                return session.log_out(asked, desk)
            case "session.status":
                return session.status(asked)
            case "session.subscriptions":
                return session.listed()
            case "userDataStream.subscribe":
                return session.subscribe(session.session_account(asked), desk, by_session=True)
            case "userDataStream.subscribe.signature":
                return session.subscribe(asked.account, desk, by_session=False)
            case _:
                return session.unsubscribe(asked.parameters.integer("subscriptionId"), desk)

    def _said(
        self,
        venue: VenueView,
        status: int,
        content: object,
        *,
        counted: str = "",
        weight: int | None = None,
    ) -> VenueAnswer:
        limits = self._limits(venue, counted, weight) if self._shows_limits else None
        return VenueAnswer(status, reply(self._request.id, status, content, limits), weight=weight)

    @property
    def _shows_limits(self) -> bool:
        wanted = self._request.params.get(RATE_LIMITS)
        return self._session.rate_limits if wanted is None else wanted == "true"

    def _limits(self, venue: VenueView, counted: str, weight: int | None) -> list[object]:
        """The limits this request took from, and what is used of them."""
        used = venue.used_weight(self.client)
        if weight is not None:
            used += weight - self.route(venue).weight
        rows: list[object] = []
        if counted:
            rows += order_count_report(counted, venue.desk, venue.rules)
        return [*rows, {**rate_limits(venue.rules)[0], "count": used}]
