"""What a running market looks like: JSON lines, plain lines, or a live screen."""

from __future__ import annotations

import logging
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import ClassVar, Self

import orjson
from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from connector_sdk.cli.ladder import FRAME_ROWS, NARROWEST, WIDEST, BookPicture, summary_line
from connector_sdk.cli.pulse import Pulse
from connector_sdk.errors import BookNotSynced
from connector_sdk.model.events import (
    BookAudited,
    BookCrossed,
    BookResynced,
    BookStale,
    BookUpdated,
    Event,
    FeedInterrupted,
    PairDegraded,
)
from connector_sdk.model.market_data import PriceLevel, canonical
from connector_sdk.runtime.live_market import LiveMarket

LOGGER = "connector_sdk"
LOG_LINES = 6
SCREEN_PERIOD_S = 0.125
LINE_PERIOD_S = 1.0
TOLD: tuple[type[Event], ...] = (
    BookStale,
    BookResynced,
    FeedInterrupted,
    PairDegraded,
    BookAudited,
    BookCrossed,
)


class View(ABC):
    """Shows one market while it runs. Used as a context: leaving it restores the terminal.

    period_s: how often `refresh` wants to be called.
    kinds:    the events it hears; none any more once the context is left.
    """

    period_s: ClassVar[float] = LINE_PERIOD_S
    kinds: ClassVar[tuple[type[Event], ...]] = TOLD

    def __init__(self, venue: str, market: LiveMarket, depth: int) -> None:
        self.venue = venue
        self.market = market
        self.depth = depth
        self._cancels = [market.on(kind, self.hear) for kind in self.kinds]

    @abstractmethod
    def hear(self, event: Event) -> None:
        """Take note of an event, as it happens."""

    @abstractmethod
    def refresh(self) -> None:
        """Show the books as they are now."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Put a line of our own among the events."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Listen no longer."""
        for cancel in self._cancels:
            cancel()
        sys.stdout.flush()


class JsonView(View):
    """An event a line, for programs. Books are told at every update."""

    kinds = (*TOLD, BookUpdated)

    def hear(self, event: Event) -> None:
        """Write the event, and after an update or a resync the book."""
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
            case _:
                pass

    def refresh(self) -> None:
        """Hand on what was written."""
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Programs are told of events only."""

    def _book(self, pair: str) -> None:
        book = self.market.order_book(pair)
        try:
            image = book.snapshot(self.depth)
        except BookNotSynced:
            return
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
        sys.stdout.write(orjson.dumps(said).decode() + "\n")


class PlainView(View):
    """A line a second and pair, and one for every event worth telling: for pipes and logs."""

    def __init__(self, venue: str, market: LiveMarket, depth: int) -> None:
        super().__init__(venue, market, depth)
        self._pulses: dict[str, Pulse] = {}

    def hear(self, event: Event) -> None:
        """Tell the event at once."""
        if text := in_words(event):
            self._line(text)

    def refresh(self) -> None:
        """A line for each pair."""
        for pair in self.market.pairs:
            told = self.market.metrics(pair)
            rate = self._pulses.setdefault(pair, Pulse()).rate(time.monotonic(), told.applied)
            book, instrument = self.market.order_book(pair), self.market.instruments[pair]
            self._line(summary_line(book, told, instrument, rate))

    def note(self, text: str) -> None:
        """Tell it at once."""
        self._line(f"-- {text}")

    def _line(self, text: str) -> None:
        sys.stdout.write(f"{clock_text()} {text}\n")
        sys.stdout.flush()


class LiveView(View):
    """The books on a terminal, redrawn eight times a second."""

    period_s = SCREEN_PERIOD_S

    def __init__(
        self, venue: str, market: LiveMarket, depth: int, console: Console | None = None
    ) -> None:
        super().__init__(venue, market, depth)
        self._console = console or Console()
        self._pulses: dict[str, Pulse] = {}
        self._log: deque[Text] = deque(maxlen=LOG_LINES)
        self._live = Live(console=self._console, screen=True, auto_refresh=False)
        self._logged = _LogLines(self.note)
        self._began_s = time.monotonic()

    def __enter__(self) -> Self:
        logging.getLogger(LOGGER).addHandler(self._logged)
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give the terminal back, with a line a pair."""
        super().__exit__(kind, error, traceback)
        self._live.stop()
        logging.getLogger(LOGGER).removeHandler(self._logged)
        for pair, pulse in self._pulses.items():
            told = self.market.metrics(pair)
            book, instrument = self.market.order_book(pair), self.market.instruments[pair]
            line = summary_line(book, told, instrument, pulse.latest)
            self._console.print(line, highlight=False)

    def hear(self, event: Event) -> None:
        """Keep the last few events for the foot of the screen."""
        if text := in_words(event):
            style = "green" if isinstance(event, BookResynced) else "yellow"
            self._tell(text, style)

    def note(self, text: str) -> None:
        """Put it among the events."""
        self._tell(text, "bold")

    def _tell(self, text: str, style: str) -> None:
        line = Text.assemble((f"{clock_text()} ", "bright_black"), (text, style))
        line.no_wrap, line.overflow = True, "ellipsis"
        self._log.append(line)

    def refresh(self) -> None:
        """Draw."""
        pairs = list(self.market.pairs)
        width = max(NARROWEST, min(WIDEST, self._console.width // max(1, len(pairs)) - 1))
        depth = self._fitting_depth(len(pairs), width)
        panels = [self._picture(pair).panel(depth, width) for pair in pairs]
        books = Columns(panels, padding=(0, 1))
        self._live.update(Group(self._headline(), books, *self._log), refresh=True)

    def _picture(self, pair: str) -> BookPicture:
        market = self.market
        told = market.metrics(pair)
        rate = self._pulses.setdefault(pair, Pulse()).rate(time.monotonic(), told.applied)
        return BookPicture(market.order_book(pair), told, market.instruments[pair], rate)

    def _headline(self) -> Text:
        health = self.market.health
        connected = sum(each.connected for each in health.connections.values())
        state = ("● live", "bold green") if health.ready else ("● not ready", "bold yellow")
        elapsed = int(time.monotonic() - self._began_s)
        return Text.assemble(
            (f" {self.venue} ", "bold reverse"),
            "  ",
            state,
            (f"  {connected} of {len(health.connections)} connections", "bright_black"),
            (f"  {elapsed // 60:02d}:{elapsed % 60:02d}  Ctrl-C ends", "bright_black"),
            (f"  {health.reason}" if health.reason else "", "yellow"),
            overflow="ellipsis",
            no_wrap=True,
        )

    def _fitting_depth(self, pairs: int, width: int) -> int:
        across = max(1, (self._console.width + 1) // (width + 1))
        rows_of_panels = max(1, -(-pairs // across))
        room = (self._console.height - LOG_LINES - 2) // rows_of_panels - FRAME_ROWS
        return max(1, min(self.depth, room // 2))


def _rows(levels: Iterable[PriceLevel]) -> list[list[str]]:
    return [[canonical(level.price), canonical(level.quantity)] for level in levels]


class _LogLines(logging.Handler):
    """Shows what is logged among the events, where it does not tear the picture."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._show(record.getMessage())


def in_words(event: Event) -> str:
    """An event as a person would tell it; empty for those not worth a line."""
    match event:
        case BookStale():
            return f"{event.pair} stale after id {event.update_id}: {event.reason}"
        case BookResynced():
            return f"{event.pair} synced at id {event.update_id}, {event.replayed} replayed"
        case FeedInterrupted():
            return f"{event.connection} interrupted: {event.reason}"
        case PairDegraded():
            return f"{event.pair} degraded, {event.attempts} attempts: {event.error}"
        case BookAudited(differing=differing) if differing:
            return f"{event.pair} audited: {differing} levels differed, repaired"
        case BookCrossed():
            return f"{event.pair} crossed: bid {event.best_bid} ask {event.best_ask}"
        case _:
            return ""


def clock_text() -> str:
    """The time of day, local."""
    return datetime.now(UTC).astimezone().strftime("%H:%M:%S")
