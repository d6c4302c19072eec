"""Binance's public streams (Spot API docs, "WebSocket Streams", read 2026-11)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from connector_sdk.book.sequence import SpanIds
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import BookSnapshot, TopOfBook, Trade, book_delta
from connector_sdk.model.order import Side
from connector_sdk.model.wire import (
    Call,
    Frame,
    Message,
    RestRequest,
    SessionEnding,
    StreamRequest,
    Subscribed,
    SubscriptionRefused,
    Unrecognized,
)
from connector_sdk.protocols.data_source import Decode, OrderBookTrackerDataSource
from connector_sdk_binance.market import MARKET_API

MS = 1_000_000
STREAMS = ("depth@100ms", "trade", "bookTicker")
DEPTH = RestRequest("GET", "/api/v3/depth", costs={"weight": 50})
DEPTH_LIMIT = 1_000  # 5,000 would cost 250: 24 books a minute; the horizon says when more is needed


class BinanceOrderBookDataSource(OrderBookTrackerDataSource):
    """Depth at 100 ms, trades and best prices, on the combined stream."""

    sequence_rule = SpanIds()
    silence_timeout_s = 60.0  # the venue pings every 20 s
    session_lifetime_s = 24 * 3600.0
    pairs_per_connection = 1_024 // len(STREAMS)
    messages_per_second = 5.0

    def endpoint(self) -> tuple[str, str]:
        """Combined, without streams: they are subscribed to afterwards."""
        return "ws", "/stream"

    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """All streams of all `pairs` in one message."""
        return _control("SUBSCRIBE", pairs, instruments, request_id)

    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """All streams of all `pairs` in one message."""
        return _control("UNSUBSCRIBE", pairs, instruments, request_id)

    def snapshot_request(self, pair: str, instruments: Instruments) -> Call[BookSnapshot]:
        """`depth`, weight 50."""
        query = (("symbol", instruments.symbol_of(pair)), ("limit", str(DEPTH_LIMIT)))
        return MARKET_API.call(
            replace(DEPTH, query=query), lambda answer: _snapshot(answer.body, pair, DEPTH_LIMIT)
        )

    def open(self, instruments: Instruments) -> Decode:
        """Nothing of a connection needs remembering."""
        pairs, pair_for = instruments.pairs, instruments.pair_for

        def decode(frame: Frame) -> Sequence[Message]:
            if frame.url is not None:
                return _answer(frame.url, frame.data, instruments)
            body = orjson.loads(frame.data)
            event = body.get("data", body)
            kind = event.get("e")
            if kind == "depthUpdate":
                pair = pairs.get(event["s"]) or pair_for(event["s"])
                bids, asks, at_ns = event["b"], event["a"], event["E"] * MS
                return (book_delta((pair, bids, asks, event["u"], event["U"], None, at_ns, None)),)
            if kind == "trade":
                # m: the buyer is the maker, so the taker sold.
                side = Side.SELL if event["m"] else Side.BUY
                pair, trade_id = pair_for(event["s"]), str(event["t"])
                return (Trade(pair, trade_id, side, event["p"], event["q"], event["T"] * MS),)
            if kind is None and "B" in event:  # bookTicker: on spot it names no event type
                best = event["b"], event["B"], event["a"], event["A"]
                return (TopOfBook(pair_for(event["s"]), *best, event["u"]),)
            return (_other(kind, event),)

        return decode


def _control(
    method: str, pairs: Sequence[str], instruments: Instruments, request_id: int
) -> Sequence[StreamRequest]:
    symbols = (instruments.symbol_of(pair).lower() for pair in pairs)
    streams = [f"{symbol}@{stream}" for symbol in symbols for stream in STREAMS]
    text = orjson.dumps({"method": method, "params": streams, "id": request_id}).decode()
    return (StreamRequest(text, str(request_id)),)


def _answer(url: str, body: bytes | str, instruments: Instruments) -> Sequence[Message]:
    """Which pair a snapshot is of, and how deep it was asked, only its URL says."""
    asked = urlsplit(url)
    if not asked.path.endswith(DEPTH.path):
        return ()
    query = parse_qs(asked.query)
    pair = instruments.pair_for(query["symbol"][0])
    return (_snapshot(body, pair, int(query.get("limit", ["100"])[0])),)


def _snapshot(body: bytes | str, pair: str, limit: int) -> BookSnapshot:
    book = orjson.loads(body)
    return BookSnapshot(pair, book["bids"], book["asks"], book["lastUpdateId"], limit)


def _other(kind: object, event: dict[str, Any]) -> Message:
    if kind == "serverShutdown":
        return SessionEnding("the venue announced a shutdown")
    if kind is not None:
        return Unrecognized(str(kind))
    refusal = event.get("error", event)  # seen bare and wrapped
    if "code" in refusal:
        ack = None if event.get("id") is None else str(event["id"])
        return SubscriptionRefused(ack, str(refusal["code"]), str(refusal["msg"]))
    return Subscribed(str(event["id"])) if "result" in event else Unrecognized("no event type")
