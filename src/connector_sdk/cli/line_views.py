"""A running market as lines: for programs, for pipes and for logs."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable

import orjson

from connector_sdk.cli.ladder import own_words, summary_line
from connector_sdk.cli.order_changes import change_of
from connector_sdk.cli.pulse import Pulse
from connector_sdk.cli.views import ORDER_CHANGES, TOLD, View, clock_text, in_words
from connector_sdk.errors import BookNotSynced
from connector_sdk.model.events import (
    BookResynced,
    BookStale,
    BookUpdated,
    Event,
    FeedInterrupted,
)
from connector_sdk.model.market_data import PriceLevel, UpdateId, canonical
from connector_sdk.model.order_events import AccountReconciled
from connector_sdk.runtime.live_market import LiveMarket


class LineView(View):
    """Lines on stdout. They are written by `refresh` alone: a reader that has gone, or a full disk,
    then ends the command, where a listener that fails is only reported.
    """

    def __init__(self, venue: str, market: LiveMarket, depth: int) -> None:
        super().__init__(venue, market, depth)
        self.lines: list[str] = []

    def refresh(self) -> None:
        """Write what came since the last time."""
        if self.lines:
            written, self.lines = self.lines, []
            sys.stdout.write("\n".join(written) + "\n")
            sys.stdout.flush()


class JsonView(LineView):
    """An event a line, for programs. Books are told at every update."""

    period_s = 0.05
    kinds = (*TOLD, BookUpdated)

    def __init__(self, venue: str, market: LiveMarket, depth: int) -> None:
        super().__init__(venue, market, depth)
        self._told: dict[str, UpdateId] = {}

    def hear(self, event: Event) -> None:
        """Take down the event, and after an update or a resync the book."""
        match event:
            case BookUpdated(pair=pair):
                self._book(pair)
            case BookResynced():
                reason = f"{event.replayed} buffered updates replayed"
                self._write("resynced", event.pair, reason, event.received_ns)
                self._book(event.pair)
            case BookStale():
                self._write("stale", event.pair, event.reason, event.received_ns)
            case FeedInterrupted():
                self._write("interrupted", event.pair, event.reason, event.received_ns)
            case AccountReconciled():
                self._write("reconciled", None, event.evidence, event.to_ns)
            case _ if isinstance(event, ORDER_CHANGES):
                self._line(change_of(event).row(self.venue))
            case _:
                pass

    def note(self, text: str) -> None:
        """Programs are told of events only."""

    def _book(self, pair: str) -> None:
        book = self.market.order_book(pair)
        try:
            image = book.snapshot(self.depth)
        except BookNotSynced:
            return
        if self._told.get(pair) == image.update_id:
            return  # a resync that replayed something is followed by an update of its own
        self._told[pair] = image.update_id
        self._line(
            {
                "event": "book",
                "venue": self.venue,
                "pair": pair,
                "state": book.state.value,
                "update_id": image.update_id,
                "received_ns": image.received_ns,
                "bids": _rows(image.bids),
                "asks": _rows(image.asks),
            }
        )

    def _write(self, name: str, pair: str | None, reason: str, received_ns: int) -> None:
        said = {"event": name, "venue": self.venue, "pair": pair}
        self._line({**said, "reason": reason, "received_ns": received_ns})

    def _line(self, said: dict[str, object]) -> None:
        self.lines.append(orjson.dumps(said).decode())


class PlainView(LineView):
    """A line a second and pair, and one for every event worth telling: for pipes and logs."""

    def __init__(self, venue: str, market: LiveMarket, depth: int) -> None:
        super().__init__(venue, market, depth)
        self._pulses: dict[str, Pulse] = {}

    def hear(self, event: Event) -> None:
        """Take down the event."""
        if text := in_words(event):
            self._line(text)

    def refresh(self) -> None:
        """A line for each pair."""
        for pair in self.market.pairs:
            told = self.market.metrics(pair)
            rate = self._pulses.setdefault(pair, Pulse()).rate(time.monotonic(), told.applied)
            book, instrument = self.market.order_book(pair), self.market.instruments[pair]
            own = own_words(self.resting(pair))
            self._line(f"{summary_line(book, told, instrument, rate)}{own}")
        super().refresh()

    def note(self, text: str) -> None:
        """Take it down."""
        self._line(f"-- {text}")

    def _line(self, text: str) -> None:
        self.lines.append(f"{clock_text()} {text}")


def _rows(levels: Iterable[PriceLevel]) -> list[list[str]]:
    return [[canonical(level.price), canonical(level.quantity)] for level in levels]
