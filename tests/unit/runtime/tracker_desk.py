"""A tracker on a desk: frames go in by hand, wishes and events are kept."""

from __future__ import annotations

from collections.abc import Sequence

from connector_sdk.book.sequence import ContiguousIds, LinkedIds, PerConnectionIds
from connector_sdk.model.events import (
    BookResynced,
    BookStale,
    BookUpdated,
    FeedInterrupted,
)
from connector_sdk.model.market_data import BookDelta, BookSnapshot
from connector_sdk.model.wire import Frame
from connector_sdk.protocols.tracker import Control
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk.testing.plain_connector import (
    SNAPSHOT_URL,
    Rules,
    encoded,
    plain_connector,
)

BTC, ETH = "BTC-USD", "ETH-USD"
STEPS = Rules(ContiguousIds())
LINKS = Rules(LinkedIds(), in_stream=True)
COUNTED = Rules(PerConnectionIds(), in_stream=True)
SECOND_NS = 1_000_000_000
Event = BookUpdated | BookStale | BookResynced | FeedInterrupted


class Desk:
    """A tracker and what it said; a delta sets bid 10 to its own id."""

    def __init__(self, rules: Rules = STEPS, pairs: Sequence[str] | None = (BTC, ETH)) -> None:
        self.now_ns = 1_000 * SECOND_NS
        self.tracker = OrderBookTracker(plain_connector(rules), pairs, now_ns=lambda: self.now_ns)
        self.events: list[Event] = []
        self.tracker.on(BookUpdated, self.events.append)
        self.tracker.on(BookStale, self.events.append)
        self.tracker.on(BookResynced, self.events.append)
        self.tracker.on(FeedInterrupted, self.events.append)

    def receive(self, text: str | bytes, on: str = "ws.1", url: str | None = None) -> None:
        self.now_ns += 1_000
        self.tracker.receive(Frame(text, self.now_ns, url, on))

    def delta(
        self,
        pair: str,
        last: int | None,
        previous: int | None = None,
        *,
        on: str = "ws.1",
        number: int | None = None,
        event_ns: int | None = None,
    ) -> None:
        said = BookDelta(pair, [["10", str(last or number)]], [], last, None, previous, event_ns)
        self.receive(encoded(said, number), on)

    def answer(self, pair: str, last: int | None, event_ns: int | None = None) -> None:
        rows = [["10", str(last)]]
        snapshot = BookSnapshot(pair, rows, [["11", "1"]], last, None, event_ns)
        self.receive(encoded(snapshot), "", SNAPSHOT_URL)

    def snapshot(
        self, pair: str, last: int | None, *, on: str = "ws.1", number: int | None = None
    ) -> None:
        snapshot = BookSnapshot(pair, [["10", str(last or number)]], [["11", "1"]], last)
        self.receive(encoded(snapshot, number), on)

    def state(self, pair: str) -> tuple[str, int]:
        book = self.tracker.book(pair)
        return book.state.value, book.update_id

    def bid(self, pair: str) -> str:
        return self.tracker.book(pair).best_bid.quantity_text

    def asked(self) -> list[str]:
        """Pairs for which something is wanted, and now handed out."""
        requests = self.tracker.take_requests()
        return [request.pair for request in requests if not isinstance(request, Control)]

    def kinds(self, pair: str) -> list[type[Event]]:
        return [type(event) for event in self.events if event.pair == pair]


def synced(rules: Rules = STEPS) -> Desk:
    """Both pairs at 5 on ws.1 (frames 1 and 2 where they are counted); nothing left to say."""
    desk = Desk(rules)
    for number, pair in enumerate((BTC, ETH), 1):
        if rules.in_stream:
            counted = rules is COUNTED
            desk.snapshot(pair, None if counted else 5, number=number if counted else None)
        else:
            desk.delta(pair, 5)
            desk.answer(pair, 5)
    desk.tracker.take_requests()
    desk.events.clear()
    return desk
