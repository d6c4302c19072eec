"""A running market as a live picture on a terminal."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.columns import Columns
from rich.console import Console, Group
from rich.live import Live
from rich.text import Text

from connector_sdk.cli.door import one_line
from connector_sdk.cli.ladder import FRAME_ROWS, NARROWEST, WIDEST, BookPicture, summary_line
from connector_sdk.cli.pulse import Pulse
from connector_sdk.cli.views import View, clock_text, in_words
from connector_sdk.model.events import (
    BookResynced,
    Event,
)
from connector_sdk.runtime.live_market import LiveMarket

LOG_LINES = 6
SCREEN_PERIOD_S = 0.125


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
        self._others: list[logging.Handler] = []
        self._began_s = time.monotonic()

    def __enter__(self) -> Self:
        root = logging.getLogger()
        self._others, root.handlers = root.handlers, [self._logged]
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
        logging.getLogger().handlers = self._others
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
        book, instrument = market.order_book(pair), market.instruments[pair]
        return BookPicture(book, told, instrument, rate, self.resting(pair))

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


class _LogLines(logging.Handler):
    """Shows what is logged among the events, where it does not tear the picture."""

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show one record."""
        self._show(one_line(record))
