"""A resync: from the snapshot's rows to a book that may be read, JSON parsing not counted."""

from __future__ import annotations

from statistics import median

import orjson

from connector_sdk.book.sequence import SpanIds
from connector_sdk.book.synchronizer import BookSynchronizer
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookDelta, BookSnapshot
from connector_sdk_binance import connector
from dense_stream import dense_frames
from followed import PAIR, START_NS, answer, listed
from table import Measured, Skipped
from timing import cpu_seconds, frame, uncollected

LEVELS = 5_000
BUFFERED = 500
ROUNDS = 9


def measure_resync(_: set[str]) -> dict[str, Measured | Skipped]:
    body, stream = dense_frames(BUFFERED + 1, seed=3, levels=LEVELS)
    times = [_resync_seconds(body, stream) for _ in range(ROUNDS + 1)][1:]
    note = f"CPU, best of {ROUNDS}; median {median(times) * 1e3:.1f}"
    return {"resync": Measured(min(times) * 1e3, note)}


def _resync_seconds(body: bytes, stream: list[bytes]) -> float:
    """CPU time of the snapshot that ends a gap; all texts are newly parsed, as they would be."""
    sync = BookSynchronizer(
        PAIR, SpanIds(), emit=lambda _: None, ask=lambda *_: None, now_ns=lambda: START_NS
    )
    snapshot, deltas = _parsed(body, stream)
    earlier = BookDelta(PAIR, (), (), 2, 2)
    sync.on_delta(earlier, START_NS)
    sync.on_snapshot(_parsed(body, [])[0]._replace(last_id=1), START_NS, in_stream=False)
    for delta in deltas:
        sync.on_delta(delta, START_NS)
    _demand(sync, BookState.STALE)
    with uncollected():
        seconds = cpu_seconds(lambda: sync.on_snapshot(snapshot, START_NS, in_stream=False))
    _demand(sync, BookState.SYNCED)
    return seconds


def _demand(sync: BookSynchronizer, state: BookState) -> None:
    if sync.book.state is not state:
        raise RuntimeError(f"the book is {sync.book.state.value}, not {state.value}")


def _parsed(body: bytes, stream: list[bytes]) -> tuple[BookSnapshot, list[BookDelta]]:
    decode = connector.order_book.open(listed("BTCUSDT"))
    (snapshot,) = decode(answer(orjson.dumps(orjson.loads(body))))
    deltas = [message for data in stream for message in decode(frame(data))]
    if not isinstance(snapshot, BookSnapshot):
        raise TypeError(snapshot)
    return snapshot, [delta for delta in deltas if isinstance(delta, BookDelta)]
