"""Stream payloads, field for field.

Source: binance-spot-api-docs, "WebSocket Streams" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

import orjson

from connector_sdk.model.order import Side
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.publications import (
    AggregatePrint,
    BookImage,
    DepthDiff,
    Publication,
    TopChange,
    Topic,
    TradePrint,
)

COMBINED = "combined"
MICROSECONDS = "microseconds"
WS_API = "ws-api"
SHUTDOWN_STREAM = "!serverShutdown"


def rows(levels: Iterable[tuple[int, int]], listing: Listing) -> list[tuple[str, str]]:
    """Levels as pairs of texts with 8 decimals; no lots is ``0.00000000``, which deletes."""
    price, quantity = listing.price_text, listing.quantity_text
    return [(price(ticks), quantity(lots)) for ticks, lots in levels]


def stamp(event_ns: int, form: str) -> int:
    """Milliseconds, or microseconds where the connection asked for them."""
    return event_ns // (1_000 if MICROSECONDS in form else 1_000_000)


def encoded(topic: Topic, message: Publication, form: str, listing: Listing) -> bytes:
    """The frame of `message`: the bare payload, or wrapped with its stream's name."""
    payload = orjson.dumps(_payload(topic, message, form, listing))
    return dressed(topic.name, payload, form)


def dressed(stream: str, payload: bytes, form: str) -> bytes:
    """`payload` as the form has it; `stream` names it where streams are combined."""
    if form == WS_API:
        return b'{"event":' + payload + b"}"
    if COMBINED not in form:
        return payload
    return b'{"stream":' + orjson.dumps(stream) + b',"data":' + payload + b"}"


def shutdown(form: str, now_ns: int) -> bytes:
    """The notice that this server will soon close the connection."""
    payload = orjson.dumps({"e": "serverShutdown", "E": stamp(now_ns, form)})
    return dressed(SHUTDOWN_STREAM, payload, form)


def _payload(topic: Topic, message: Publication, form: str, listing: Listing) -> dict[str, object]:
    match message:
        case DepthDiff():
            return _depth(message, form, listing)
        case BookImage():
            return {
                "lastUpdateId": message.update_id,
                "bids": rows(message.bids[: topic.levels], listing),
                "asks": rows(message.asks[: topic.levels], listing),
            }
        case TradePrint():
            return _trade(message, form, listing)
        case AggregatePrint():
            return _aggregate(message, form, listing)
        case TopChange():
            return _ticker(message, listing)
        case _:
            assert_never(message)


def _depth(diff: DepthDiff, form: str, listing: Listing) -> dict[str, object]:
    return {
        "e": "depthUpdate",
        "E": stamp(diff.event_ns, form),
        "s": listing.instrument.symbol,
        "U": diff.first_id,
        "u": diff.last_id,
        "b": rows(diff.bids, listing),
        "a": rows(diff.asks, listing),
    }


def _trade(trade: TradePrint, form: str, listing: Listing) -> dict[str, object]:
    return {
        "e": "trade",
        "E": stamp(trade.event_ns, form),
        "s": listing.instrument.symbol,
        "t": trade.trade_id,
        "p": listing.price_text(trade.price),
        "q": listing.quantity_text(trade.lots),
        "T": stamp(trade.event_ns, form),
        "m": trade.taker_side is Side.SELL,
        "M": True,
    }


def _aggregate(trade: AggregatePrint, form: str, listing: Listing) -> dict[str, object]:
    return {
        "e": "aggTrade",
        "E": stamp(trade.event_ns, form),
        "s": listing.instrument.symbol,
        "a": trade.aggregate_id,
        "p": listing.price_text(trade.price),
        "q": listing.quantity_text(trade.lots),
        "f": trade.first_trade_id,
        "l": trade.last_trade_id,
        "T": stamp(trade.event_ns, form),
        "m": trade.taker_side is Side.SELL,
        "M": True,
    }


def _ticker(top: TopChange, listing: Listing) -> dict[str, object]:
    price, quantity = listing.price_text, listing.quantity_text
    return {
        "u": top.update_id,
        "s": listing.instrument.symbol,
        "b": price(top.bid_price),
        "B": quantity(top.bid_lots),
        "a": price(top.ask_price),
        "A": quantity(top.ask_lots),
    }
