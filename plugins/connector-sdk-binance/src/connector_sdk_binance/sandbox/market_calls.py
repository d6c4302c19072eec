"""The public half: what each call weighs and answers.

Source: binance-spot-api-docs, "REST API: Market Data endpoints" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from connector_sdk.model.order import Side
from connector_sdk.sandbox.dialect import RequestKind, VenueView
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.publications import TopChange, TradePrint
from connector_sdk_binance.sandbox.api_error import COMBINATION, ILLEGAL, ApiError
from connector_sdk_binance.sandbox.endpoint import Asked, Endpoint, weighs
from connector_sdk_binance.sandbox.exchange_info import exchange_info, text
from connector_sdk_binance.sandbox.frames import rows
from connector_sdk_binance.sandbox.parameters import Parameters

DEPTH_WEIGHTS = ((100, 5), (500, 25), (1_000, 50), (5_000, 250))
DEPTH_DEFAULT, DEPTH_MOST = 100, 5_000
TRADES_DEFAULT, TRADES_MOST = 500, 1_000
AVERAGE_MINUTES, MINUTE_NS = 5, 60_000_000_000
STATUSES = ("TRADING", "HALT", "BREAK")
INFO_NAMES = ("symbol", "symbols", "permissions", "symbolStatus", "showPermissionSets")
SYMBOL_NAMES = ("symbol", "symbols", "symbolStatus")


def _ping(_asked: Asked) -> object:
    return {}


def _time(asked: Asked) -> object:
    return {"serverTime": asked.venue.now_ns // 1_000_000}


def _info(asked: Asked) -> object:
    parameters, venue = asked.parameters, asked.venue
    pairs, status = parameters.pairs(venue), parameters.text("symbolStatus")
    if status is not None and pairs is not None:
        raise ApiError(COMBINATION, "Combination of optional parameters invalid.")
    if status is not None and status not in STATUSES:
        raise ApiError(ILLEGAL, "Illegal characters found in parameter 'symbolStatus'.")
    wanted = list(venue.listings) if pairs is None else pairs
    if status is not None:
        trading = status == "TRADING"
        wanted = [p for p in wanted if venue.listings[p].instrument.tradable is trading]
    return exchange_info(wanted, venue)


def _depth(asked: Asked) -> object:
    venue, pair = asked.venue, asked.parameters.pair(asked.venue)
    image = venue.snapshot(pair, asked.parameters.number("limit", DEPTH_DEFAULT, DEPTH_MOST))
    listing = venue.listings[pair]
    return {
        "lastUpdateId": image.update_id,
        "bids": rows(image.bids, listing),
        "asks": rows(image.asks, listing),
    }


def _depth_weight(parameters: Parameters) -> int:
    limit = parameters.number("limit", DEPTH_DEFAULT, DEPTH_MOST)
    return next(weight for most, weight in DEPTH_WEIGHTS if limit <= most)


def _trades(asked: Asked) -> object:
    venue, pair = asked.venue, asked.parameters.pair(asked.venue)
    count = asked.parameters.number("limit", TRADES_DEFAULT, TRADES_MOST)
    listing = venue.listings[pair]
    return [_trade(trade, listing) for trade in venue.trades(pair, count)]


def _older_trades(asked: Asked) -> object:
    """As far back as the venue remembers."""
    venue, pair = asked.venue, asked.parameters.pair(asked.venue)
    count = asked.parameters.number("limit", TRADES_DEFAULT, TRADES_MOST)
    first = asked.parameters.integer("fromId")
    listing, known = venue.listings[pair], venue.trades(pair, TRADES_MOST)
    wanted = known[-count:]
    if first is not None:
        wanted = [trade for trade in known if trade.trade_id >= first][:count]
    return [_trade(trade, listing) for trade in wanted]


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


def _average(asked: Asked) -> object:
    """Weighted by volume over the last 5 minutes; the last price where nothing was traded."""
    venue, pair = asked.venue, asked.parameters.pair(asked.venue)
    listing, since_ns = venue.listings[pair], venue.now_ns - AVERAGE_MINUTES * MINUTE_NS
    recent = [t for t in venue.trades(pair, TRADES_MOST) if t.event_ns > since_ns]
    lots = sum(trade.lots for trade in recent)
    price = last_price(pair, venue)
    if lots:
        price = listing.price(1) * sum(trade.price * trade.lots for trade in recent) / lots
    return {
        "mins": AVERAGE_MINUTES,
        "price": text(price),
        "closeTime": venue.trades(pair, 1)[-1].event_ns // 1_000_000 if lots else 0,
    }


def last_price(pair: str, venue: VenueView) -> Decimal:
    """Of the last trade; before any, the price the market opened around."""
    listing = venue.listings[pair]
    traded = venue.trades(pair, 1)
    return listing.price(traded[-1].price if traded else listing.start_price)


def _wanted(asked: Asked, row: Callable[[str], Mapping[str, object]]) -> object:
    """A row for each pair asked for: alone for ``symbol``, in a list else."""
    pairs = asked.parameters.pairs(asked.venue)
    found = [row(pair) for pair in (asked.venue.listings if pairs is None else pairs)]
    return found[0] if asked.parameters.has("symbol") else found


def _tickers(asked: Asked) -> object:
    venue = asked.venue
    return _wanted(asked, lambda pair: _ticker(venue.top(pair), venue.listings[pair]))


def _ticker(top: TopChange, listing: Listing) -> Mapping[str, object]:
    return {
        "symbol": listing.instrument.symbol,
        "bidPrice": listing.price_text(top.bid_price),
        "bidQty": listing.quantity_text(top.bid_lots),
        "askPrice": listing.price_text(top.ask_price),
        "askQty": listing.quantity_text(top.ask_lots),
    }


def _prices(asked: Asked) -> object:
    venue = asked.venue
    return _wanted(
        asked,
        lambda pair: {
            "symbol": venue.listings[pair].instrument.symbol,
            "price": text(last_price(pair, venue)),
        },
    )


def _ticker_weight(parameters: Parameters) -> int:
    return 2 if parameters.has("symbol") else 4


PING = Endpoint((), RequestKind.OTHER, weighs(1), _ping)
TIME = Endpoint((), RequestKind.TIME, weighs(1), _time)
INFO = Endpoint(INFO_NAMES, RequestKind.INSTRUMENTS, weighs(20), _info)
DEPTH = Endpoint(("symbol", "limit", "symbolStatus"), RequestKind.SNAPSHOT, _depth_weight, _depth)
TRADES = Endpoint(("symbol", "limit"), RequestKind.OTHER, weighs(25), _trades)
OLDER_TRADES = Endpoint(("symbol", "limit", "fromId"), RequestKind.OTHER, weighs(25), _older_trades)
AVERAGE = Endpoint(("symbol",), RequestKind.OTHER, weighs(2), _average)
BOOK_TICKERS = Endpoint(SYMBOL_NAMES, RequestKind.OTHER, _ticker_weight, _tickers)
PRICES = Endpoint(SYMBOL_NAMES, RequestKind.OTHER, _ticker_weight, _prices)
