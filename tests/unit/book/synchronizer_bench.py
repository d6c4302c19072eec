"""A synchronizer on a bench: fed by hand, its wishes and events kept."""

from __future__ import annotations

from dataclasses import replace

from connector_sdk.book.sequence import (
    ContiguousIds,
    SequenceRule,
)
from connector_sdk.book.snapshot_asks import Ask
from connector_sdk.book.sync_settings import SECOND_NS, SyncSettings
from connector_sdk.book.synchronizer import BookSynchronizer
from connector_sdk.model.events import (
    Event,
)
from connector_sdk.model.market_data import BookDelta, BookSnapshot, Rows

PAIR = "BTC-USD"
SETTINGS = SyncSettings()
IN_STREAM = replace(SETTINGS, in_stream=True)


class Bench:
    """A synchronizer, what it asked for and what it said; a delta sets bid 10 to its own id."""

    def __init__(self, rule: SequenceRule, settings: SyncSettings = SETTINGS) -> None:
        self.now_ns = 1_000 * SECOND_NS
        self.events: list[Event] = []
        self.asked: list[Ask] = []
        self.sync = BookSynchronizer(
            PAIR,
            rule,
            emit=self.events.append,
            ask=lambda _, ask: self.asked.append(ask),
            now_ns=lambda: self.now_ns,
            settings=settings,
        )
        self.book = self.sync.book

    def delta(
        self,
        last: int | None,
        first: int | None = None,
        previous: int | None = None,
        *,
        bids: Rows | None = None,
        asks: Rows = (),
        checksum: int | None = None,
    ) -> None:
        self.now_ns += 1_000
        rows = [["10", str(last)]] if bids is None else bids
        delta = BookDelta(PAIR, rows, asks, last, first, previous, None, checksum)
        self.sync.on_delta(delta, self.now_ns)

    def steps(self, *ids: int) -> None:
        for last in ids:
            self.delta(last)

    def snapshot(
        self,
        last: int | None,
        *,
        in_stream: bool = False,
        bids: Rows | None = None,
        asks: Rows = (("11", "1"),),
        depth: int | None = None,
        checksum: int | None = None,
    ) -> None:
        self.now_ns += 1_000
        rows = [["10", str(last)]] if bids is None else bids
        snapshot = BookSnapshot(PAIR, rows, asks, last, depth, None, checksum)
        self.sync.on_snapshot(snapshot, self.now_ns, in_stream=in_stream)

    def wait(self, seconds: float) -> None:
        self.now_ns += int(seconds * SECOND_NS)
        self.sync.tick(self.now_ns)

    def said(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def standing(self) -> tuple[str, int, str]:
        """State, id, quantity of bid 10."""
        levels = {level.price_text: level.quantity_text for level in self.book.last_known.bids()}
        return self.book.state.value, self.book.update_id, levels.get("10", "")


def synced(rule: SequenceRule | None = None, settings: SyncSettings = SETTINGS) -> Bench:
    """Standing at 5; nothing asked, nothing said."""
    bench = Bench(rule or ContiguousIds(), settings)
    bench.snapshot(5, in_stream=settings.in_stream)
    bench.asked.clear()
    bench.events.clear()
    return bench
