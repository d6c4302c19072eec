"""The rows of one book, each lane with a tracker and a book of its own."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from connector_sdk.book.order_book import OrderBook
from connector_sdk.model.wire import Frame
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from dense_stream import dense_frames
from followed import PAIR, START_NS, Reader, demand_synced, receiving, synced_tracker
from foreign import ccxt_lane
from recorded import tape_frames
from table import Measured, Skipped
from timing import ROUNDS, Interleaved, Lane, split

PART = 600
WARM_UP = 1_200
SEED = 7
TOP = 20


def loads_lane(part: Sequence[bytes]) -> None:
    loads = orjson.loads
    for data in part:
        loads(data)


def top_lane(tracker: OrderBookTracker) -> Lane:
    """After every message the best 20 of both sides are read, and nothing of them touched."""
    receive, book = tracker.receive, tracker.book(PAIR)

    def lane(part: Sequence[bytes]) -> None:
        for data in part:
            receive(Frame(data, START_NS, None, "ws.1"))
            book.bids(TOP)
            book.asks(TOP)

    return lane


def decimals_lane(tracker: OrderBookTracker) -> Lane:
    """As `top_lane`, and the price and the quantity of each of the 40 levels as a Decimal."""
    receive, book = tracker.receive, tracker.book(PAIR)

    def lane(part: Sequence[bytes]) -> None:
        for data in part:
            receive(Frame(data, START_NS, None, "ws.1"))
            [(level.price, level.quantity) for level in book.bids(TOP)]
            [(level.price, level.quantity) for level in book.asks(TOP)]

    return lane


class DenseBooks:
    """The lanes of the dense stream that are wanted, and what was measured."""

    def __init__(self, wanted: set[str]) -> None:
        self._snapshot, self._stream = dense_frames(WARM_UP + ROUNDS * PART, SEED)
        self._trackers: dict[str, OrderBookTracker] = {}
        self._readers: list[Reader] = []
        self._lanes: dict[str, Lane] = {"loads": loads_lane}
        self._skipped: dict[str, Skipped] = {}
        if wanted & {"best", "ccxt"}:
            self._lanes["best"] = receiving(self._follow("best"))
        if "top20" in wanted:
            self._lanes["top20"] = top_lane(self._follow("top20"))
        if "decimals" in wanted:
            self._lanes["decimals"] = decimals_lane(self._follow("decimals"))
        if "ccxt" in wanted:
            foreign = ccxt_lane(self._snapshot, self._stream[0])
            if isinstance(foreign, Skipped):
                self._skipped["ccxt"] = foreign
            else:
                self._lanes["ccxt"] = foreign

    def _follow(self, name: str) -> OrderBookTracker:
        tracker = synced_tracker(self._snapshot, self._stream[0])
        self._readers.append(Reader(tracker))
        self._trackers[name] = tracker
        return tracker

    def measure(self) -> dict[str, Measured | Skipped]:
        warm_up, parts = split(self._stream, WARM_UP)
        timed = Interleaved(self._lanes, warm_up[1:])
        timed.run(parts)
        self._check()
        found: dict[str, Measured | Skipped] = dict(self._skipped)
        for name in self._trackers:
            found[name] = timed.measured(name, "loads")
        if "ccxt" in self._lanes:
            found["ccxt"] = timed.measured("ccxt", "best")
        return found

    def _check(self) -> None:
        """Every message was heard, and every book is the one that plain dicts come to."""
        bids, asks = plain_book(self._snapshot, self._stream)
        for tracker, reader in zip(self._trackers.values(), self._readers, strict=True):
            demand_synced(tracker)
            book = tracker.book(PAIR)
            if reader.heard != len(self._stream) - 1 or levels_of(book) != (bids, asks):
                raise RuntimeError("the measured book is wrong")


def plain_book(
    snapshot: bytes, stream: Sequence[bytes]
) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """The levels of both sides, best first, where all prices are spelled alike."""
    body = orjson.loads(snapshot)
    sides: tuple[dict[str, str], dict[str, str]] = (dict(body["bids"]), dict(body["asks"]))
    for data in stream:
        event = orjson.loads(data)["data"]
        for side, rows in zip(sides, (event["b"], event["a"]), strict=True):
            side.update(rows)
    bids, asks = (
        [(price, size) for price, size in side.items() if float(size) > 0] for side in sides
    )
    return sorted(bids, key=_price, reverse=True), sorted(asks, key=_price)


def levels_of(book: OrderBook) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    bids, asks = (
        [(level.price_text, level.quantity_text) for level in side]
        for side in (book.bids(), book.asks())
    )
    return bids, asks


def _price(row: tuple[str, str]) -> float:
    return float(row[0])


def measure_dense(wanted: set[str]) -> dict[str, Measured | Skipped]:
    return DenseBooks(wanted).measure()


def measure_tape(_: set[str]) -> dict[str, Measured | Skipped]:
    recorded = tape_frames()
    if isinstance(recorded, Skipped):
        return {"tape": recorded}
    tracker, stream = recorded
    reader = Reader(tracker)
    warm_up, parts = split(stream, len(stream) // 10)
    timed = Interleaved({"loads": loads_lane, "tape": receiving(tracker)}, warm_up)
    timed.run(parts)
    demand_synced(tracker)
    if reader.heard != len(warm_up) + sum(map(len, parts)):
        raise RuntimeError("the listener did not hear every message")
    return {"tape": timed.measured("tape", "loads")}
