"""BinanceOrderBookDataSource: Binance's public streams.

Source: Binance Spot API docs, "WebSocket Streams" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

from connector_sdk.book.sequence import SpanIds
from connector_sdk.errors import VenueError, WireError
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import BookDelta, BookSnapshot, TopOfBook, Trade
from connector_sdk.model.order import Side
from connector_sdk.model.wire import (
    Call,
    Frame,
    Message,
    RestRequest,
    RestResponse,
    SessionEnding,
    StreamRequest,
    Subscribed,
    SubscriptionRefused,
    Unrecognized,
)
from connector_sdk.protocols.data_source import Decode, OrderBookTrackerDataSource
from connector_sdk_binance.market import VENUE, venue_error

MS = 1_000_000
DEPTH_PATH = "/api/v3/depth"
DEPTH_LIMIT = 5_000
DEPTH_WEIGHT = 250
STREAMS = ("depth@100ms", "trade", "bookTicker")


class BinanceOrderBookDataSource(OrderBookTrackerDataSource):
    """Depth at 100 ms, trades and best prices, on the combined stream."""

    sequence_rule = SpanIds()
    silence_timeout_s = 60.0  # the venue pings every 20 s
    session_lifetime_s = 24 * 3600.0
    pairs_per_connection = 1_024 // len(STREAMS)
    messages_per_second = 5.0
    connects_per_minute = 60.0

    def endpoint(self) -> tuple[str, str]:
        """The combined stream; what it carries is subscribed to afterwards."""
        return "ws", "/stream"

    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """One SUBSCRIBE for all streams of all `pairs`."""
        return (_control("SUBSCRIBE", pairs, instruments, request_id),)

    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        """One UNSUBSCRIBE for all streams of all `pairs`."""
        return (_control("UNSUBSCRIBE", pairs, instruments, request_id),)

    def snapshot_request(self, pair: str, instruments: Instruments) -> Call[BookSnapshot]:
        """`GET /api/v3/depth` with the deepest limit: what lies beyond it is unknown."""
        symbol = instruments.symbol_of(pair)
        request = RestRequest(
            "GET",
            DEPTH_PATH,
            (("symbol", symbol), ("limit", str(DEPTH_LIMIT))),
            costs={"weight": DEPTH_WEIGHT, "requests": 1},
        )

        def decode(response: RestResponse) -> BookSnapshot | VenueError:
            if response.status != 200:
                return venue_error(response)
            return _snapshot(response.body, pair, DEPTH_LIMIT)

        return Call(request, decode)

    def open(self, instruments: Instruments) -> Decode:
        """A decoder; nothing of a connection needs remembering."""
        pairs = instruments.pairs
        pair_of = instruments.pair_of

        def decode(frame: Frame) -> Sequence[Message]:
            if frame.url is not None:
                return _answer(frame, instruments)
            body = orjson.loads(frame.data)
            event = body.get("data", body)
            kind = event.get("e")
            if kind == "depthUpdate":
                symbol = event["s"]
                pair = pairs.get(symbol) or pair_of(symbol)
                if pair is None:
                    return (Unrecognized(f"symbol {symbol}"),)
                first_id, last_id = event["U"], event["u"]
                return (
                    BookDelta(
                        pair, event["b"], event["a"], last_id, first_id, None, event["E"] * MS
                    ),
                )
            read = EVENTS.get(kind)
            if read is None:
                return _other(event, instruments)
            return (read(event, pair_of),)

        return decode


def _control(
    method: str, pairs: Sequence[str], instruments: Instruments, request_id: int
) -> StreamRequest:
    symbols = [instruments.symbol_of(pair).lower() for pair in pairs]
    names = [f"{symbol}@{stream}" for symbol in symbols for stream in STREAMS]
    text = orjson.dumps({"method": method, "params": names, "id": request_id})
    return StreamRequest(text.decode(), str(request_id))


def _snapshot(body: bytes | str, pair: str, limit: int) -> BookSnapshot:
    book = orjson.loads(body)
    return BookSnapshot(pair, book["bids"], book["asks"], book["lastUpdateId"], limit)


def _answer(frame: Frame, instruments: Instruments) -> Sequence[Message]:
    """The answer to a depth request; which pair it is of, only its URL says."""
    url = urlsplit(frame.url or "")
    if not url.path.endswith(DEPTH_PATH):
        return ()
    query = parse_qs(url.query)
    pair = instruments.pair_of(query["symbol"][0])
    if pair is None:
        return (Unrecognized(f"symbol {query['symbol'][0]}"),)
    return (_snapshot(frame.data, pair, int(query.get("limit", ["100"])[0])),)


def _pair(event: Any, pair_of: Callable[[str], str | None]) -> str | None:
    return pair_of(event["s"])


def _trade(event: Any, pair_of: Callable[[str], str | None]) -> Message:
    pair = _pair(event, pair_of)
    if pair is None:
        return Unrecognized(f"symbol {event['s']}")
    # m: the buyer is the maker, so the taker sold.
    side = Side.SELL if event["m"] else Side.BUY
    return Trade(pair, str(event["t"]), side, event["p"], event["q"], event["T"] * MS)


def _top_of_book(event: Any, pair_of: Callable[[str], str | None]) -> Message:
    pair = _pair(event, pair_of)
    if pair is None:
        return Unrecognized(f"symbol {event['s']}")
    return TopOfBook(pair, event["b"], event["B"], event["a"], event["A"], event["u"])


def _ending(event: Any, pair_of: Callable[[str], str | None]) -> Message:
    return SessionEnding("the venue announced a shutdown")


EVENTS: dict[str, Callable[[Any, Callable[[str], str | None]], Message]] = {
    "trade": _trade,
    "bookTicker": _top_of_book,
    "serverShutdown": _ending,
}


def _other(event: Any, instruments: Instruments) -> Sequence[Message]:
    """What has no event type: best prices (spot leaves it out), acks and errors."""
    if "u" in event and "B" in event:
        return (_top_of_book(event, instruments.pair_of),)
    if "e" in event:
        return (Unrecognized(str(event["e"])),)
    refusal = event.get("error", event)
    key = event.get("id")
    if "code" in refusal:
        ack = None if key is None else str(key)
        return (SubscriptionRefused(ack, str(refusal["code"]), str(refusal.get("msg", ""))),)
    if "result" in event and key is not None:
        return (Subscribed(str(key)),)
    raise WireError(f"{VENUE}: neither an event nor an answer", orjson.dumps(event))
