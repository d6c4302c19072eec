"""The public REST endpoints: what they weigh and what they answer.

Source: binance-spot-api-docs, "REST API" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from connector_sdk.model.order import Side
from connector_sdk.sandbox.dialect import (
    RequestKind,
    Route,
    VenueAnswer,
    VenueRequest,
    VenueView,
)
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.publications import TopChange, TradePrint
from connector_sdk_binance.sandbox.exchange_info import exchange_info, text
from connector_sdk_binance.sandbox.frames import rows
from connector_sdk_binance.sandbox.parameters import (
    COMBINATION,
    ILLEGAL,
    ApiError,
    Parameters,
    json_answer,
)

DEPTH_WEIGHTS = ((100, 5), (500, 25), (1_000, 50), (5_000, 250))
DEPTH_DEFAULT, DEPTH_MOST = 100, 5_000
TRADES_DEFAULT, TRADES_MOST = 500, 1_000
STATUSES = ("TRADING", "HALT", "BREAK")
INFO_NAMES = ("symbol", "symbols", "permissions", "symbolStatus", "showPermissionSets")


class Endpoint(NamedTuple):
    """One path: its parameters' names, what it is for, its weight, and its answer."""

    names: tuple[str, ...]
    kind: RequestKind
    weight: Callable[[Parameters], int]
    answer: Callable[[Parameters, VenueView], object]


def routed(request: VenueRequest, venue: VenueView) -> Route:
    """What `request` is for, and its weight; a malformed one weighs 1."""
    endpoint = ENDPOINTS.get(request.path)
    if endpoint is None or request.method != "GET":
        return Route(RequestKind.OTHER, 1)
    try:
        asked = Parameters(request.query, endpoint.names)
        pair = venue.pair_of(asked.text("symbol") or "") if "symbol" in endpoint.names else None
        return Route(endpoint.kind, endpoint.weight(asked), pair or "")
    except ApiError:
        return Route(endpoint.kind, 1)


def answered(request: VenueRequest, venue: VenueView) -> VenueAnswer:
    """The answer to `request`."""
    endpoint = ENDPOINTS.get(request.path)
    if endpoint is None:
        return VenueAnswer(404, b"<html><body><h2>404 Not found</h2></body></html>")
    if request.method != "GET":
        return VenueAnswer(405, b"<html><body><h2>405 Not allowed</h2></body></html>")
    try:
        return json_answer(endpoint.answer(Parameters(request.query, endpoint.names), venue))
    except ApiError as error:
        return error.answer()


def _ping(_asked: Parameters, _venue: VenueView) -> object:
    return {}


def _time(_asked: Parameters, venue: VenueView) -> object:
    return {"serverTime": venue.now_ns // 1_000_000}


def _info(asked: Parameters, venue: VenueView) -> object:
    pairs, status = asked.pairs(venue), asked.text("symbolStatus")
    if status is not None and pairs is not None:
        raise ApiError(COMBINATION, "Combination of optional parameters invalid.")
    if status is not None and status not in STATUSES:
        raise ApiError(ILLEGAL, "Illegal characters found in parameter 'symbolStatus'.")
    wanted = list(venue.listings) if pairs is None else pairs
    if status is not None:
        trading = status == "TRADING"
        wanted = [p for p in wanted if venue.listings[p].instrument.tradable is trading]
    return exchange_info(wanted, venue)


def _depth(asked: Parameters, venue: VenueView) -> object:
    pair = asked.pair(venue)
    image = venue.snapshot(pair, asked.number("limit", DEPTH_DEFAULT, DEPTH_MOST))
    listing = venue.listings[pair]
    return {
        "lastUpdateId": image.update_id,
        "bids": rows(image.bids, listing),
        "asks": rows(image.asks, listing),
    }


def _depth_weight(asked: Parameters) -> int:
    limit = asked.number("limit", DEPTH_DEFAULT, DEPTH_MOST)
    return next(weight for most, weight in DEPTH_WEIGHTS if limit <= most)


def _trades(asked: Parameters, venue: VenueView) -> object:
    pair = asked.pair(venue)
    count = asked.number("limit", TRADES_DEFAULT, TRADES_MOST)
    listing = venue.listings[pair]
    return [_trade(trade, listing) for trade in venue.trades(pair, count)]


def _trade(trade: TradePrint, listing: Listing) -> Mapping[str, object]:
    return {
        "id": trade.trade_id,
        "price": listing.price_text(trade.price),
        "qty": listing.quantity_text(trade.lots),
        "quoteQty": text(listing.price(trade.price) * listing.quantity(trade.lots)),
        "time": trade.event_ns // 1_000_000,
        "isBuyerMaker": trade.taker_side is Side.SELL,
        "isBestMatch": True,
    }


def _tickers(asked: Parameters, venue: VenueView) -> object:
    pairs = asked.pairs(venue)
    wanted = list(venue.listings) if pairs is None else pairs
    found = [_ticker(venue.top(pair), venue.listings[pair]) for pair in wanted]
    return found[0] if asked.text("symbol") is not None else found


def _ticker(top: TopChange, listing: Listing) -> Mapping[str, object]:
    return {
        "symbol": listing.instrument.symbol,
        "bidPrice": listing.price_text(top.bid_price),
        "bidQty": listing.quantity_text(top.bid_lots),
        "askPrice": listing.price_text(top.ask_price),
        "askQty": listing.quantity_text(top.ask_lots),
    }


def _ticker_weight(asked: Parameters) -> int:
    return 2 if asked.text("symbol") is not None else 4


def _weighs(weight: int) -> Callable[[Parameters], int]:
    return lambda _: weight


ENDPOINTS: Mapping[str, Endpoint] = {
    "/api/v3/ping": Endpoint((), RequestKind.OTHER, _weighs(1), _ping),
    "/api/v3/time": Endpoint((), RequestKind.TIME, _weighs(1), _time),
    "/api/v3/exchangeInfo": Endpoint(INFO_NAMES, RequestKind.INSTRUMENTS, _weighs(20), _info),
    "/api/v3/depth": Endpoint(
        ("symbol", "limit", "symbolStatus"), RequestKind.SNAPSHOT, _depth_weight, _depth
    ),
    "/api/v3/trades": Endpoint(("symbol", "limit"), RequestKind.OTHER, _weighs(25), _trades),
    "/api/v3/ticker/bookTicker": Endpoint(
        ("symbol", "symbols", "symbolStatus"), RequestKind.OTHER, _ticker_weight, _tickers
    ),
}
