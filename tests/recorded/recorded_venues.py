"""Small decoders of other venues, for their recorded sessions: books only, and just enough."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import orjson

from connector_sdk.book.checksum import DigitsCrc32, InterleavedCrc32
from connector_sdk.book.sequence import LinkedIds, PerConnectionIds, SpanIds, Timestamps
from connector_sdk.model.instrument import Instruments, SymbolFormat
from connector_sdk.model.manifest import ApiRange, ConnectorManifest
from connector_sdk.model.market_data import BookDelta, BookSnapshot, Rows
from connector_sdk.model.number_text import number_text
from connector_sdk.model.wire import (
    Call,
    Frame,
    Message,
    RestRequest,
    Sequenced,
    StreamRequest,
    Unrecognized,
)
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.data_source import Decode, OrderBookTrackerDataSource
from connector_sdk.protocols.market import MarketApi

MS = 1_000_000
Name = Callable[[str], str]


class RecordedSource(OrderBookTrackerDataSource):
    """A stream that is only ever replayed."""

    ignored: ClassVar[frozenset[str]] = frozenset()

    def endpoint(self) -> tuple[str, str]:
        return "ws", ""

    def subscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        return ()

    def unsubscribe(
        self, pairs: Sequence[str], instruments: Instruments, request_id: int
    ) -> Sequence[StreamRequest]:
        return ()

    def snapshot_request(self, pair: str, instruments: Instruments) -> Call[BookSnapshot] | None:
        return None

    def open(self, instruments: Instruments) -> Decode:
        def decode(frame: Frame) -> Sequence[Message]:
            return self.read(orjson.loads(frame.data), frame, instruments.pair_for)

        return decode

    @abstractmethod
    def read(self, body: Any, frame: Frame, pair_for: Name) -> Sequence[Message]:
        """The messages of one parsed frame."""

    def other(self, kind: str) -> Sequence[Message]:
        return () if kind in self.ignored else (Unrecognized(kind),)


class NoMarketApi(MarketApi):
    venue = "recorded"

    def reason(self, body: bytes) -> tuple[str, str]:
        return "", ""

    def instruments(self) -> Call[Instruments]:
        return self.call(RestRequest("GET", "/"), lambda answer: Instruments(()))


class KucoinSource(RecordedSource):
    """KuCoin spot: sequenceStart..sequenceEnd and a REST snapshot."""

    sequence_rule = SpanIds()
    ignored = frozenset(
        ("trade.ticker", "trade.l3match", "trade.candles.add", "trade.candles.update")
    )

    def snapshot_request(self, pair: str, instruments: Instruments) -> Call[BookSnapshot]:
        path = "/api/v3/market/orderbook/level2"
        request = RestRequest("GET", path, (("symbol", pair),))
        return Call(request, lambda answer: self._snapshot(orjson.loads(answer.body), pair))

    @staticmethod
    def _snapshot(body: Any, pair: str) -> BookSnapshot:
        book = body["data"]
        return BookSnapshot(
            pair, book["bids"], book["asks"], int(book["sequence"]), event_ns=book["time"] * MS
        )

    def read(self, body: Any, frame: Frame, pair_for: Name) -> Sequence[Message]:
        if frame.url is not None:
            url = urlsplit(frame.url)
            if not url.path.endswith("/level2"):
                return ()
            return (self._snapshot(body, pair_for(parse_qs(url.query)["symbol"][0])),)
        if body["type"] in {"welcome", "ack"}:
            return ()
        if body["subject"] != "trade.l2update":
            return self.other(body["subject"])
        change = body["data"]
        bids, asks = (
            # QUIRK kucoin 2021-04: a change without a level has price zero.
            [(price, size) for price, size, _ in change["changes"][side] if price != "0"]
            for side in ("bids", "asks")
        )
        first_id, last_id = change["sequenceStart"], change["sequenceEnd"]
        return (BookDelta(pair_for(change["symbol"]), bids, asks, last_id, first_id),)


class DeribitSource(RecordedSource):
    """Deribit raw books: change_id, prev_change_id; numbers are JSON numbers."""

    sequence_rule = LinkedIds()
    ignored = frozenset(("ticker", "trades"))

    def read(self, body: Any, frame: Frame, pair_for: Name) -> Sequence[Message]:
        if "params" not in body:
            return ()
        channel = body["params"]["channel"].partition(".")[0]
        if channel != "book":
            return self.other(channel)
        book = body["params"]["data"]
        pair, event_ns = pair_for(book["instrument_name"]), book["timestamp"] * MS
        bids, asks = self._rows(book["bids"]), self._rows(book["asks"])
        if book["type"] == "snapshot":
            return (BookSnapshot(pair, bids, asks, book["change_id"], None, event_ns),)
        previous = book["prev_change_id"]
        return (BookDelta(pair, bids, asks, book["change_id"], None, previous, event_ns),)

    @staticmethod
    def _rows(rows: Any) -> Rows:
        return [(number_text(price, 4), number_text(amount, 1)) for _, price, amount in rows]


class BitfinexSource(RecordedSource):
    """Bitfinex with flag 65536: the last element of every frame counts the connection's frames."""

    sequence_rule = PerConnectionIds()

    def open(self, instruments: Instruments) -> Decode:
        books: dict[int, str] = {}

        def decode(frame: Frame) -> Sequence[Message]:
            body = orjson.loads(frame.data)
            if frame.url is not None:
                return ()
            if isinstance(body, dict):
                if body["event"] == "subscribed" and body["channel"] == "book":
                    books[body["chanId"]] = instruments.pair_for(body["pair"].replace(":", ""))
                return ()
            number = Sequenced(body[-1])
            if body[0] not in books or body[1] == "hb":
                return (number,)
            return number, self._book(books[body[0]], body[1])

        return decode

    def read(self, body: Any, frame: Frame, pair_for: Name) -> Sequence[Message]:
        raise NotImplementedError

    @staticmethod
    def _book(pair: str, payload: Any) -> Message:
        whole = isinstance(payload[0], list)
        sides: tuple[list[tuple[str, str]], list[tuple[str, str]]] = ([], [])
        for price, count, amount in payload if whole else [payload]:
            quantity = number_text(abs(amount), 8) if count else "0"
            sides[amount < 0].append((number_text(price), quantity))
        return BookSnapshot(pair, *sides) if whole else BookDelta(pair, *sides)


class KrakenV1Source(RecordedSource):
    """Kraken websocket v1: books of 1000 levels, CRC-32 of the ten best after every update."""

    sequence_rule = Timestamps()
    checksum_rule = DigitsCrc32()
    kept_depth = 1000
    ignored = frozenset(("trade", "ticker"))

    def read(self, body: Any, frame: Frame, pair_for: Name) -> Sequence[Message]:
        if isinstance(body, dict):
            return ()
        *parts, channel, symbol = body[1:]
        if not channel.startswith("book"):
            return self.other(channel)
        pair = pair_for(symbol)
        if "as" in parts[0]:
            return (BookSnapshot(pair, self._rows(parts[0]["bs"]), self._rows(parts[0]["as"])),)
        merged: dict[str, Any] = {key: value for part in parts for key, value in part.items()}
        bids, asks = self._rows(merged.get("b", ())), self._rows(merged.get("a", ()))
        return (BookDelta(pair, bids, asks, checksum=int(merged["c"])),)

    @staticmethod
    def _rows(rows: Any) -> Rows:
        return [row[:2] for row in rows]


class KrakenV2Source(RecordedSource):
    """Kraken websocket v2, BTC/USD with ten levels: JSON numbers, prices of one decimal."""

    sequence_rule = Timestamps()
    checksum_rule = DigitsCrc32()
    kept_depth = 10

    def read(self, body: Any, frame: Frame, pair_for: Name) -> Sequence[Message]:
        if body["channel"] != "book":
            return self.other(body["channel"])
        (book,) = body["data"]
        pair = pair_for(book["symbol"])
        bids, asks = self._rows(book["bids"]), self._rows(book["asks"])
        if body["type"] == "snapshot":
            return (BookSnapshot(pair, bids, asks, checksum=book["checksum"]),)
        return (BookDelta(pair, bids, asks, checksum=book["checksum"]),)

    @staticmethod
    def _rows(rows: Any) -> Rows:
        return [(number_text(row["price"], 1), number_text(row["qty"], 8)) for row in rows]


class OkxSource(RecordedSource):
    """OKX books of 2022: 400 levels, CRC-32 of the 25 best, no ids yet."""

    sequence_rule = Timestamps()
    checksum_rule = InterleavedCrc32()
    kept_depth = 400
    ignored = frozenset(("trades", "tickers"))

    def read(self, body: Any, frame: Frame, pair_for: Name) -> Sequence[Message]:
        if frame.url is not None or "event" in body:
            return ()
        channel = body["arg"]["channel"]
        if channel != "books":
            return self.other(channel)
        pair = pair_for(body["arg"]["instId"])
        made = BookSnapshot if body["action"] == "snapshot" else BookDelta
        return [
            made(
                pair,
                self._rows(book["bids"]),
                self._rows(book["asks"]),
                event_ns=int(book["ts"]) * MS,
                checksum=book["checksum"],
            )
            for book in body["data"]
        ]

    @staticmethod
    def _rows(rows: Any) -> Rows:
        return [row[:2] for row in rows]


DASHED = SymbolFormat(separator="-")
SLASHED = SymbolFormat(separator="/")


def connector(source: OrderBookTrackerDataSource, spelling: SymbolFormat) -> Connector:
    manifest = ConnectorManifest(
        venue="recorded",
        title="A venue that is only replayed",
        api=ApiRange(minimum=1, maximum=1),
        products=("spot",),
        channels=("book",),
        domains={"prod": {"rest": "https://localhost", "ws": "wss://localhost"}},
        symbol_format=spelling,
        example_pair="BTC-USDT",
    )
    return Connector(manifest=manifest, market_api=NoMarketApi(), order_book=source)


SESSIONS: Mapping[str, tuple[Connector, str]] = {
    "kucoin": (connector(KucoinSource(), DASHED), "kucoin/spot_2021-04.jsonl.gz"),
    "deribit": (connector(DeribitSource(), DASHED), "deribit/2021-07.jsonl.gz"),
    "bitfinex": (
        connector(BitfinexSource(), SymbolFormat(quote_assets=("USD", "BTC", "ETH", "TESTUSD"))),
        "bitfinex/v2_2021-04.jsonl.gz",
    ),
    "kraken v1": (
        connector(KrakenV1Source(), SLASHED),
        "kraken/ws_v1_2021-04_book1000_trade_ticker_A.jsonl.gz",
    ),
    "kraken v2": (
        connector(KrakenV2Source(), SLASHED),
        "kraken/ws_v2_btcusd_book10_20230730_first256.jsonl.gz",
    ),
    "okx": (connector(OkxSource(), DASHED), "okx/v5_public_2022-05_books_trades_tickers.jsonl.gz"),
}
"""Venue → its connector, and where its session lies."""
