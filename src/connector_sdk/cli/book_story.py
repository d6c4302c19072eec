"""BookStory: a book loses a message on purpose, says so, and recovers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from connector_sdk.cli.findings import Finding
from connector_sdk.errors import BookNotSynced
from connector_sdk.model.events import BookResynced, BookStale, BookUpdated
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.venue import EmbeddedVenue

DEPTH = 20
PATIENCE_S = 10.0


class BookStory:
    """Listens to what happens to the books, and checks them against the venue's journal."""

    def __init__(self, market: LiveMarket, venue: EmbeddedVenue, pair: str) -> None:
        self.market = market
        self.pair = pair
        self.dropped_s: float | None = None
        self.stale: BookStale | None = None
        self.noticed_s = self.recovered_s = 0.0
        self.resynced: BookResynced | None = None
        self.disturbed: list[str] = []
        self.updates = self.compared = self.equal = self.refused = self.served_stale = 0
        self._venue = venue
        self._recovered = asyncio.Event()
        market.on(BookUpdated, self._on_update)
        market.on(BookStale, self._on_stale)
        market.on(BookResynced, self._on_resync)

    async def unfold(self, answer_s: float) -> None:
        """Have the venue drop the pair's next book message; return once the book is right again.

        answer_s: how long it takes to answer with what mends the book.
        """
        self.dropped_s = time.monotonic()
        delay_ms = int(answer_s * 1000)
        self._venue.inject(f"slow-answer:request=snapshot:delay_ms={delay_ms}:count=1")
        self._venue.inject(f"drop:stream=depth:pair={self.pair}")
        async with asyncio.timeout(PATIENCE_S):
            await self._recovered.wait()

    def compare(self) -> None:
        """Compare what every book would be traded on now with the venue's journal."""
        for pair in self.market.pairs:
            try:
                ours = self.market.order_book(pair).snapshot(DEPTH)
            except BookNotSynced:
                self.refused += pair == self.pair
                continue
            truth = self._venue.journal.book_at(pair, ours.update_id, DEPTH)
            self.compared += 1
            self.equal += [(level.price, level.quantity) for level in ours.bids] == truth.bids and [
                (level.price, level.quantity) for level in ours.asks
            ] == truth.asks

    def findings(self) -> Iterator[Finding]:
        """What was shown."""
        books = f"{self.updates:,} updates of {len(self.market.pairs)} books"
        yield Finding("live books over real sockets", self.updates > 0, books)
        if self.stale is None:
            yield Finding("the lost message was noticed", holds=False, detail="no gap was seen")
            return
        after = f"{self.noticed_s:.2f} s after the order to lose one"
        yield Finding("the lost message was noticed", self.dropped_s is not None, after)
        refused = f"{self.refused} readings refused, {self.served_stale} served"
        yield Finding("the book refused to be read meanwhile", self.served_stale == 0, refused)
        calm = "not one went stale" if not self.disturbed else ", ".join(self.disturbed)
        yield Finding("its neighbours went on", not self.disturbed, calm)
        how = "it did not"
        if self.resynced is not None:
            how = f"in {self.recovered_s:.2f} s, {self.resynced.replayed} waiting updates replayed"
        yield Finding("the book recovered", self.resynced is not None, how)
        checked = f"{self.equal:,} of {self.compared:,}, {DEPTH} levels a side"
        yield Finding("every reading equals the venue's", 0 < self.compared == self.equal, checked)

    def _on_update(self, event: BookUpdated) -> None:
        self.updates += 1

    def _on_stale(self, event: BookStale) -> None:
        if event.pair != self.pair or self.dropped_s is None or self.stale is not None:
            self.disturbed.append(f"{event.pair}: {event.reason}")
            return
        self.stale = event
        self.noticed_s = time.monotonic() - self.dropped_s
        try:
            self.served_stale += bool(self.market.order_book(self.pair).bids(1))
        except BookNotSynced:
            self.refused += 1

    def _on_resync(self, event: BookResynced) -> None:
        if event.pair == self.pair and self.stale is not None and self.resynced is None:
            self.resynced = event
            self.recovered_s = (event.received_ns - self.stale.received_ns) / 1e9
            self._recovered.set()
