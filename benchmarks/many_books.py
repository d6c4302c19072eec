"""Prints [resident MB before, after, levels held] of one tracker that follows 1,000 pairs.

Each pair is synced from a snapshot of 1,000 levels a side and then takes 50 messages; all texts
are parsed for it, none is shared with another pair's.
"""

from __future__ import annotations

import gc

from connector_sdk.model.wire import Frame
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk_binance import connector
from dense_stream import dense_frames
from followed import START_NS, answer, listed
from resident import resident_mb

PAIRS = 1_000
MESSAGES = 50
SYMBOLS = [f"A{number:03d}USDT" for number in range(PAIRS)]


def follow(tracker: OrderBookTracker, symbol: str, snapshot: bytes, stream: list[bytes]) -> None:
    for number, data in enumerate(stream):
        of_pair = data.replace(b"BTCUSDT", symbol.encode())
        tracker.receive(Frame(of_pair, START_NS, None, "ws.1"))
        if number == 0:
            tracker.receive(answer(snapshot, symbol))


def main() -> None:
    snapshot, stream = dense_frames(MESSAGES, seed=5)
    tracker = OrderBookTracker(connector, None, instruments=listed(*SYMBOLS, "XUSDT"))
    follow(tracker, "XUSDT", snapshot, stream)
    tracker.unsubscribe("X-USDT")
    gc.collect()
    before = resident_mb()
    for symbol in SYMBOLS:
        follow(tracker, symbol, snapshot, stream)
    if not tracker.ready or len(tracker.pairs) != PAIRS:
        raise RuntimeError("not all books are synced")
    after = resident_mb()
    books = [tracker.book(pair) for pair in tracker.pairs]
    levels = sum(len(book.bids()) + len(book.asks()) for book in books[:10]) * PAIRS / 10
    print([before, after, levels])


if __name__ == "__main__":
    main()
