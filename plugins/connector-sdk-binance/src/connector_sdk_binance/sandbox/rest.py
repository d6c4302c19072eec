"""The REST API: which path does what, and what its answers carry beside their body.

Source: binance-spot-api-docs, "REST API" (read 2026-11).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from connector_sdk.sandbox.dialect import (
    RequestKind,
    Route,
    VenueAnswer,
    VenueRequest,
    VenueView,
)
from connector_sdk_binance.sandbox import account_calls, market_calls, trading_calls
from connector_sdk_binance.sandbox.api_error import ApiError, json_answer
from connector_sdk_binance.sandbox.endpoint import Asked, Endpoint, routed_to
from connector_sdk_binance.sandbox.parameters import Parameters, form_values
from connector_sdk_binance.sandbox.proof import Claim, account_of, proven, signed_form

WITH_BODY = ("POST", "PUT", "DELETE")
KEY_HEADER = "x-mbx-apikey"
LISTEN_KEYS = "/api/v3/userDataStream"
OTHER_MARKETS = ("/sapi/", "/fapi/", "/dapi/")

REST: Mapping[tuple[str, str], Endpoint] = {
    ("GET", "/api/v3/ping"): market_calls.PING,
    ("GET", "/api/v3/time"): market_calls.TIME,
    ("GET", "/api/v3/exchangeInfo"): market_calls.INFO,
    ("GET", "/api/v3/depth"): market_calls.DEPTH,
    ("GET", "/api/v3/trades"): market_calls.TRADES,
    ("GET", "/api/v3/historicalTrades"): market_calls.OLDER_TRADES,
    ("GET", "/api/v3/avgPrice"): market_calls.AVERAGE,
    ("GET", "/api/v3/ticker/bookTicker"): market_calls.BOOK_TICKERS,
    ("GET", "/api/v3/ticker/price"): market_calls.PRICES,
    ("POST", "/api/v3/order"): trading_calls.PLACE,
    ("POST", "/api/v3/order/test"): trading_calls.TEST,
    ("DELETE", "/api/v3/order"): trading_calls.CANCEL,
    ("POST", "/api/v3/order/cancelReplace"): trading_calls.REPLACE,
    ("PUT", "/api/v3/order/amend/keepPriority"): trading_calls.AMEND,
    ("DELETE", "/api/v3/openOrders"): trading_calls.CANCEL_ALL,
    ("GET", "/api/v3/order"): account_calls.QUERY,
    ("GET", "/api/v3/openOrders"): account_calls.OPEN_ORDERS,
    ("GET", "/api/v3/allOrders"): account_calls.ALL_ORDERS,
    ("GET", "/api/v3/myTrades"): account_calls.MY_TRADES,
    ("GET", "/api/v3/account"): account_calls.ACCOUNT,
    ("GET", "/api/v3/account/commission"): account_calls.COMMISSION,
    ("GET", "/api/v3/rateLimit/order"): account_calls.ORDER_COUNTS,
}
PATHS = {path for _, path in REST}


def routed(request: VenueRequest, venue: VenueView) -> Route:
    """What `request` is for, and its weight; a malformed one weighs 1."""
    endpoint = REST.get((request.method, request.path))
    if endpoint is None:
        return Route(RequestKind.OTHER, 1)
    account = venue.desk.account_of(_key(request))
    name = "" if account is None else account.name
    try:
        parameters = Parameters(form_values(*_forms(request)), endpoint.known)
        return routed_to(endpoint, Asked(parameters, venue, name))
    except ApiError:
        return Route(endpoint.kind, 1, account=name)


def answered(request: VenueRequest, venue: VenueView) -> VenueAnswer:
    """The answer to `request`."""
    endpoint = REST.get((request.method, request.path))
    if endpoint is None:
        return _elsewhere(request, venue)
    try:
        asked = _asked(request, endpoint, venue)
        answer = json_answer(endpoint.answer(asked))
    except ApiError as error:
        return error.answer()
    headers = dict(answer.headers)
    if endpoint.counts:
        in_10s, today = venue.desk.order_counts(asked.account)
        headers |= {"X-MBX-ORDER-COUNT-10S": str(in_10s), "X-MBX-ORDER-COUNT-1D": str(today)}
    return dataclasses.replace(answer, headers=headers, weight=0 if endpoint.free else None)


def _asked(request: VenueRequest, endpoint: Endpoint, venue: VenueView) -> Asked:
    forms = _forms(request)
    if not endpoint.signed:
        return Asked(Parameters(form_values(*forms), endpoint.known), venue)
    account_of(_key(request), venue.desk)
    parameters = Parameters(form_values(*forms), endpoint.known, signed=True)
    claim = Claim(_key(request), signed_form(*forms), parameters)
    return Asked(parameters, venue, proven(claim, venue.desk, venue.now_ns).name)


def _forms(request: VenueRequest) -> tuple[str, ...]:
    """The query, and the body of the methods that may have one, as they were sent."""
    if request.method not in WITH_BODY:
        return (request.query,)
    return request.query, request.body.decode(errors="replace")


def _key(request: VenueRequest) -> str:
    return request.headers.get(KEY_HEADER, "")


def _elsewhere(request: VenueRequest, venue: VenueView) -> VenueAnswer:
    if request.path == LISTEN_KEYS:
        return _page(410, "Gone")
    if request.path.startswith(OTHER_MARKETS):
        return _other_market(request, venue)
    return _page(405, "Not allowed") if request.path in PATHS else _page(404, "Not found")


def _other_market(request: VenueRequest, venue: VenueView) -> VenueAnswer:
    """Wallets and derivatives, which this venue has none of: every list there is empty."""
    if not request.path.endswith("/exchangeInfo"):
        return json_answer([])
    return json_answer(
        {
            "timezone": "UTC",
            "serverTime": venue.now_ns // 1_000_000,
            "rateLimits": [],
            "exchangeFilters": [],
            "assets": [],
            "symbols": [],
        }
    )


def _page(status: int, words: str) -> VenueAnswer:
    text = f"<html><head><title>{status} {words}</title></head><body></body></html>"
    return VenueAnswer(status, text.encode(), {"Content-Type": "text/html"})
