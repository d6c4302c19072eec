"""Binance's public streams (Spot API docs, "WebSocket Streams", read 2026-11)."""

from collections.abc import Sequence

import orjson

from connector_sdk.book.sequence import SpanIds
from connector_sdk.model import wire
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import BookSnapshot, TopOfBook, Trade, book_delta
from connector_sdk.model.order import Side
from connector_sdk.protocols.account_reader import Told
from connector_sdk.protocols.data_source import Decode
from connector_sdk.protocols.flat_trading import Operation
from connector_sdk.protocols.json_rpc import RpcOrderBookDataSource, rpc_answer
from connector_sdk_binance.market import MARKET_API, MS

STREAMS = ("depth@100ms", "trade", "bookTicker")
DEPTH = Operation("GET /api/v3/depth", {"weight": 50}, wire.Priority.SNAPSHOT, signed=False)
DEPTH_LIMIT = 1_000  # 5,000 would cost 250: 24 books a minute; the horizon says when more is needed


class BinanceOrderBookDataSource(RpcOrderBookDataSource):
    """Depth at 100 ms, trades and best prices, on the combined stream."""

    sequence_rule = SpanIds()
    subscribe_method, unsubscribe_method = "SUBSCRIBE", "UNSUBSCRIBE"
    silence_timeout_s = 60.0  # the venue pings every 20 s
    session_lifetime_s = 24 * 3600.0
    pairs_per_connection = 1_024 // len(STREAMS)
    messages_per_second = 5.0

    def endpoint(self) -> tuple[str, str]:
        """Combined, without streams: they are subscribed to afterwards."""
        return "ws", "/stream"

    def streams(self, pairs: Sequence[str], instruments: Instruments) -> Sequence[str]:
        """Symbols in lower case, as nowhere else."""
        symbols = (instruments.symbol_of(pair).lower() for pair in pairs)
        return [f"{symbol}@{stream}" for symbol in symbols for stream in STREAMS]

    def snapshot_request(self, pair: str, instruments: Instruments) -> wire.Call[BookSnapshot]:
        """`depth`, weight 50."""
        asked = {"symbol": instruments.symbol_of(pair), "limit": str(DEPTH_LIMIT)}
        return MARKET_API.ask(DEPTH, lambda told: _snapshot(told.body, pair, DEPTH_LIMIT), asked)

    def open(self, instruments: Instruments) -> Decode:
        """Nothing of a connection needs remembering."""
        pairs, pair_for = instruments.pairs, instruments.pair_for

        def decode(frame: wire.Frame) -> Sequence[wire.Message]:
            if frame.url is not None:
                return _answer(frame, instruments)
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
            return (control_word(kind, event),)

        return decode


def _answer(frame: wire.Frame, instruments: Instruments) -> Sequence[wire.Message]:
    """Which pair a snapshot is of, and how deep it was asked, only its URL says."""
    asked = frame.asked(DEPTH.path)
    if asked is None:
        return ()
    pair = instruments.pair_for(asked["symbol"])
    return (_snapshot(frame.data, pair, int(asked.get("limit", "100"))),)


def _snapshot(body: bytes | str, pair: str, limit: int) -> BookSnapshot:
    book = orjson.loads(body)
    return BookSnapshot(pair, book["bids"], book["asks"], book["lastUpdateId"], limit)


def control_word(kind: str | None, event: Told) -> wire.ControlWord:
    """What is said on either stream beside events."""
    if kind == "serverShutdown":
        return wire.SessionEnding("the venue announced a shutdown")
    answer = rpc_answer(event) if kind is None else None
    return answer or wire.Unrecognized(kind or "no event type")
