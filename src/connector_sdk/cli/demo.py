"""``demo``: a live book loses a message on purpose, says so, and recovers."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.table import Table

from connector_sdk.cli.door import CommandFailed
from connector_sdk.cli.embedded import dialect_of
from connector_sdk.cli.following import follow
from connector_sdk.cli.line_views import PlainView
from connector_sdk.cli.running import Stop, connecting, run
from connector_sdk.cli.screen import LiveView
from connector_sdk.cli.views import View
from connector_sdk.connect import connect
from connector_sdk.errors import BookNotSynced, NotSupported, PluginError
from connector_sdk.model.events import BookResynced, BookStale, BookUpdated
from connector_sdk.plugins import installed_connectors, load_connector
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.venue import EmbeddedVenue

NEIGHBOURS = ("ETH-USDT", "SOL-USDT")
DEPTH = 20
READY_S = 15.0
SLOW_MS = 1_200
"""The answer that mends the book takes so long: time enough to see it refuse."""
QUIET_SHARE = 0.4
"""The share of the time in which nothing goes wrong."""


def demo(
    *,
    seconds: Annotated[
        float, typer.Option(help="How long it takes, once it is connected.", min=2.0, max=40.0)
    ] = 20.0,
    plain: Annotated[bool, typer.Option("--plain", help="Lines, for no terminal.")] = False,
) -> None:
    """Show it: an embedded exchange, a live book, a lost message, the gap, the recovery.

    Needs no account and no internet. Exit 0 only if the gap was noticed and the book recovered.
    """
    venue = demonstrable()
    pair = load_connector(venue).manifest.example_pair
    on_screen = sys.stdout.isatty() and not plain
    findings = run(lambda stop: _demo(venue, pair, stop, seconds, on_screen=on_screen))
    Console().print(_verdict(findings))
    failed = [finding.statement for finding in findings if not finding.holds]
    if failed:
        raise CommandFailed(f"the demo did not show: {'; '.join(failed)}")


def demonstrable() -> str:
    """The first installed connector that brings an embedded venue. Raises PluginError if none."""
    for each in installed_connectors():
        with suppress(PluginError, NotSupported):
            dialect_of(each.name)
            return each.name
    raise PluginError("no installed connector brings an embedded venue to show")


class Finding(NamedTuple):
    """One thing that was to be shown, and whether it was."""

    statement: str
    holds: bool
    detail: str


class Story:
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
        market.on(BookUpdated, self._on_update)
        market.on(BookStale, self._on_stale)
        market.on(BookResynced, self._on_resync)

    def lose_a_message(self) -> None:
        """Have the venue drop the pair's next book message, and take its time to recover."""
        self.dropped_s = time.monotonic()
        self._venue.inject(f"slow-answer:request=snapshot:delay_ms={SLOW_MS}:count=1")
        self._venue.inject(f"drop:stream=depth:pair={self.pair}")

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


async def _demo(
    venue: str, pair: str, stop: Stop, seconds: float, *, on_screen: bool
) -> list[Finding]:
    pairs = list(dict.fromkeys([pair, *NEIGHBOURS]))
    async with EmbeddedVenue(dialect_of(venue), pairs) as embedded:
        market = connect(venue, pairs, endpoints=embedded.endpoints)
        with connecting(f"the embedded {venue}"):
            await market.start()
        async with market:
            await market.ready(timeout_s=READY_S)
            story = Story(market, embedded, pair)
            view: View = (LiveView if on_screen else PlainView)(venue, market, DEPTH)

            def unfold(passed_s: float) -> None:
                story.compare()
                if story.dropped_s is None and passed_s >= seconds * QUIET_SHARE:
                    view.note(f"now losing a book message of {pair}, on purpose")
                    story.lose_a_message()

            await follow(market, view, stop, seconds, unfold)
            return list(story.findings())


def _verdict(findings: list[Finding]) -> Table:
    passed = all(finding.holds for finding in findings)
    title = "A book is right, or says that it is not." if passed else "This did not go well."
    table = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]ok[/green]" if finding.holds else "[bold red]NO[/bold red]"
        table.add_row(mark, finding.statement, f"[bright_black]{finding.detail}[/bright_black]")
    return table
