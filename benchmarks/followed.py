"""Trackers made ready to be measured: the real Binance connector, one pair, its book synced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from connector_sdk.model.events import BookState, BookUpdated
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.wire import Frame
from connector_sdk.protocols.connector import Connector
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk_binance import connector

PAIR = "BTC-USDT"
SNAPSHOT_URL = "https://venue/api/v3/depth?symbol={symbol}&limit={limit}"
START_NS = 1_700_000_000_000_000_000


def listed(*symbols: str) -> Instruments:
    """The venue's list, as the runtime would have loaded it."""
    return Instruments([_instrument(symbol) for symbol in symbols], "binance")


def _instrument(symbol: str) -> Instrument:
    base = symbol.removesuffix("USDT")
    return Instrument(
        pair=f"{base}-USDT",
        symbol=symbol,
        base=base,
        quote="USDT",
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.00001"),
    )


def answer(snapshot: bytes, symbol: str = "BTCUSDT", limit: int = 5_000) -> Frame:
    """The answer to a snapshot request."""
    return Frame(snapshot, START_NS, SNAPSHOT_URL.format(symbol=symbol, limit=limit))


class Reader:
    """The one listener: counts, and reads the best bid and ask at every update."""

    def __init__(self, tracker: OrderBookTracker, pair: str = PAIR) -> None:
        self.heard = 0
        self.bid = self.ask = ""
        self._book = tracker.book(pair)
        tracker.on(BookUpdated, self._on_update)

    def _on_update(self, _: BookUpdated) -> None:
        self.heard += 1
        self.bid = self._book.best_bid.price_text
        self.ask = self._book.best_ask.price_text


def synced_tracker(snapshot: bytes, first: bytes, venue: Connector = connector) -> OrderBookTracker:
    """A tracker whose book was bridged by `snapshot`, with the delta `first` applied."""
    tracker = OrderBookTracker(venue, [PAIR], instruments=listed("BTCUSDT"))
    tracker.receive(Frame(first, START_NS, None, "ws.1"))
    tracker.receive(answer(snapshot))
    demand_synced(tracker)
    return tracker


def demand_synced(tracker: OrderBookTracker) -> None:
    """A benchmark of a book that lost the thread measures nothing."""
    book, metrics = tracker.book(PAIR), tracker.metrics(PAIR)
    if book.state is not BookState.SYNCED or metrics.gaps or metrics.resyncs:
        raise RuntimeError(f"the book is {book.state.value}: {metrics}")


def receiving(tracker: OrderBookTracker) -> Callable[[Sequence[bytes]], None]:
    """Hands frames to the tracker, each made as the feed makes it."""
    receive = tracker.receive

    def lane(part: Sequence[bytes]) -> None:
        for data in part:
            receive(Frame(data, START_NS, None, "ws.1"))

    return lane
