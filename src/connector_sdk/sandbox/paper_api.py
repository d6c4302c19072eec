"""How a market speaks with the paper venue: requests, answers, and the account's stream."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import orjson

from connector_sdk import errors
from connector_sdk.model.account import FeeRates
from connector_sdk.model.credentials import Credentials
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderKey
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.model.wire import (
    Call,
    Frame,
    Priority,
    RestResponse,
    SessionGrant,
    StreamRequest,
    Subscribed,
    UserMessage,
)
from connector_sdk.protocols.account_reader import AccountReader
from connector_sdk.protocols.auth import NoAuth
from connector_sdk.protocols.connector import Trading
from connector_sdk.protocols.data_source import Login, UserDecode, UserStreamTrackerDataSource
from connector_sdk.protocols.flat_trading import FlatTradingApi, Operation, Operations, Parameters
from connector_sdk.protocols.market import MarketApi, Refusal
from connector_sdk.sandbox.trading import RefusalKind, VenueOrderStatus

ENDPOINTS = {"rest": "http://paper.memory", "ws": "ws://paper.memory"}
STATUS = {
    VenueOrderStatus.NEW.name: OrderStatus.OPEN,
    VenueOrderStatus.EXPIRED_IN_MATCH.name: OrderStatus.EXPIRED,
}
MEANINGS: dict[type[errors.VenueError], tuple[RefusalKind, ...]] = {
    errors.InsufficientFunds: (RefusalKind.INSUFFICIENT_BALANCE,),
    errors.DuplicateOrder: (RefusalKind.DUPLICATE,),
    errors.PostOnlyRejected: (RefusalKind.WOULD_MATCH,),
    errors.MarketClosed: (RefusalKind.CLOSED,),
    errors.RuleViolated: (RefusalKind.RULE, RefusalKind.PRECISION),
    errors.OrderNotFound: (RefusalKind.NO_SUCH_ORDER,),
    errors.OrderRejected: (RefusalKind.NOT_SMALLER,),
}
FEES = Operation("GET /fees", {})
READER = AccountReader(
    STATUS,
    orders="symbol client_order_id order_id status filled quantity"
    " side type time_in_force price reason time",
    fills="symbol trade_id client_order_id order_id side price quantity fee fee_asset maker time",
    balances="balances asset available locked time",
    time_ns=1,
)


class PaperApi(FlatTradingApi):
    """The requests of the paper venue, in our own words.

    listing: whose list of instruments it is.
    """

    venue = "paper"
    refusals = tuple(
        Refusal(meaning, " ".join(kind.name for kind in kinds))
        for meaning, kinds in MEANINGS.items()
    )
    reader = READER
    page_size = 1_000
    operations = Operations(
        place=Operation("POST /order", {}, Priority.PLACE),
        cancel=Operation("DELETE /order", {}, Priority.CANCEL),
        status=Operation("GET /order", {}),
        amend=Operation("PUT /order", {}),
        fills=Operation("GET /fills", {}),
        recent_fills=Operation("GET /fills", {}),
        open_orders=Operation("GET /open", {}),
        all_open_orders=Operation("GET /open", {}),
        balances=Operation("GET /balances", {}),
    )

    def __init__(self, listing: MarketApi) -> None:
        self._listing = listing

    def instruments(self) -> Call[Instruments]:
        """The real venue's."""
        return self._listing.instruments()

    def reason(self, body: bytes) -> tuple[str, str]:
        """A kind of refusal, and its words."""
        said = orjson.loads(body)
        return said["code"], said["message"]

    def fee_rates(self, pair: str, instruments: Instruments) -> Call[FeeRates]:
        """What was chosen."""

        def read(answer: RestResponse) -> FeeRates:
            said = orjson.loads(answer.body)
            return FeeRates(pair, Decimal(said["maker"]), Decimal(said["taker"]))

        return self.ask(FEES, read, {"symbol": instruments.symbol_of(pair)})

    def placing(self, intent: OrderIntent, client_order_id: str) -> Parameters:
        """All of it."""
        return {
            "side": intent.side.value,
            "type": intent.order_type.value,
            "time_in_force": intent.time_in_force and intent.time_in_force.value,
            "quantity": str(intent.quantity),
            "price": None if intent.price is None else str(intent.price),
            "client_order_id": client_order_id,
        }

    def naming(self, order: OrderKey) -> Parameters:
        """By our id, which is never given twice."""
        return {"client_order_id": order.client_order_id}

    def amending(
        self, order: OrderKey, standing: OrderIntent, wanted: OrderIntent
    ) -> Parameters | None:
        """To a smaller quantity, and nothing else."""
        if not standing.shrinks_to(wanted):
            return None
        return {"quantity": str(wanted.quantity)}

    def paging(self, order: OrderKey | None, since_ns: int, cursor: str | None) -> Parameters:
        """From a time or an id on."""
        return {
            "client_order_id": order and order.client_order_id,
            "since": str(since_ns),
            "from": cursor,
            "limit": str(self.page_size),
        }


class PaperUserStream(UserStreamTrackerDataSource):
    """The account's stream: one text opens it."""

    def endpoint(self, grant: SessionGrant | None = None) -> tuple[str, str]:
        """The only stream there is."""
        return "ws", "/account"

    def subscribe(self, login: Login, request_id: int) -> Sequence[StreamRequest]:
        """Nobody has to prove anything."""
        ack = str(request_id)
        return (StreamRequest(orjson.dumps({"subscribe": ack}).decode(), ack),)

    def open(self, instruments: Instruments) -> UserDecode:
        """Nothing of a connection needs remembering."""

        def decode(frame: Frame) -> Sequence[UserMessage]:
            body = orjson.loads(frame.data)
            if "subscribed" in body:
                return (Subscribed(body["subscribed"]),)
            if "balances" in body:
                return (READER.balances(body, complete=False),)
            fill = body.get("fill")
            fills = () if fill is None else (READER.fill(fill, instruments),)
            return (*fills, READER.order(body, instruments))

        return decode


class PaperCredentials(Credentials):
    """There are none to give."""


def paper_trading(listing: MarketApi) -> Trading:
    """What brings trading on paper to a venue of which only public data are known."""
    return Trading(PaperApi(listing), PaperUserStream(), PaperCredentials, lambda _: NoAuth())
