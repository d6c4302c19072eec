"""One book as a picture: asks above, spread in the middle, bids below, depth as bars."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import accumulate

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.reading import BookImage
from connector_sdk.cli.order_changes import Resting
from connector_sdk.errors import ConnectorError
from connector_sdk.model.events import BookMetrics, BookState
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.market_data import PriceLevel, canonical
from connector_sdk.model.order import Side

EIGHTHS = " ▏▎▍▌▋▊▉"
STATE_STYLE = {BookState.SYNCED: "green", BookState.SYNCING: "yellow", BookState.STALE: "red"}
OWN, OWN_STYLE = "◆", "bold yellow"
"""Marks the account's own quantity in a level."""
NARROWEST, WIDEST = 39, 60
NUMBER_WIDTH = 12
FRAME_ROWS = 6
"""Rows of a panel beside its levels: two borders, the spread, three lines of counters."""


@dataclass(frozen=True, slots=True)
class BookPicture:
    """What a panel shows of one pair. own: where the account's orders rest."""

    book: OrderBook
    metrics: BookMetrics
    instrument: Instrument
    rate: float
    own: Resting = field(default_factory=dict[tuple[Side, Decimal], Decimal])

    def panel(self, depth: int, width: int) -> Panel:
        """The panel, `width` cells wide, with `depth` levels a side."""
        state = self.book.state
        style = STATE_STYLE[state]
        image = self.book.last_known.snapshot(depth)
        parts: list[RenderableType] = [
            *self._levels(image, depth, width - 2 * NUMBER_WIDTH - 6),
            *self._counters(),
        ]
        return Panel(
            Group(*parts),
            title=Text(f" {self.book.pair} ", "bold"),
            title_align="left",
            subtitle=Text(f" {state.value.upper()} ", f"bold {style}"),
            subtitle_align="right",
            border_style=style,
            width=width,
        )

    def _levels(self, image: BookImage, depth: int, bar_width: int) -> Iterator[RenderableType]:
        trusted = self.book.state is BookState.SYNCED
        scale = bar_width, max(total(image.bids), total(image.asks))
        blank = [(Text(" "), Text(), Text())]
        red, green = ("red", "green") if trusted else ("bright_black", "bright_black")
        asks = list(self._rows(image.asks, Side.SELL, red, scale))
        bids = list(self._rows(image.bids, Side.BUY, green, scale))
        yield _grid(bar_width, blank * (depth - len(asks)) + asks[::-1])
        yield self._middle(image, trusted=trusted)
        yield _grid(bar_width, bids + blank * (depth - len(bids)))

    def _rows(
        self, levels: Sequence[PriceLevel], side: Side, style: str, scale: tuple[int, Decimal]
    ) -> Iterator[tuple[Text, Text, Text]]:
        width, deepest = scale
        tick = self.instrument.tick_size
        lot = self.instrument.lot_size
        to_here = accumulate(level.quantity for level in levels)
        for level, reached in zip(levels, to_here, strict=True):
            share = float(reached / deepest) if deepest else 0.0
            own = self.own.get((side, level.price))
            mark = f"{OWN}{canonical(own)} " if own else ""
            yield (
                Text(spelled(level.price, tick), style),
                Text(spelled(level.quantity, lot)),
                Text.assemble((mark, OWN_STYLE), (bar(share, width)[len(mark) :], style)),
            )

    def _middle(self, image: BookImage, *, trusted: bool) -> Text:
        if not trusted:
            known = "last known: not to be traded on" if image.bids else "waiting for a snapshot"
            return Text(known, "italic yellow", justify="center")
        if not (image.bids and image.asks):
            return Text("one-sided", "yellow", justify="center")
        bid, ask = image.bids[0].price, image.asks[0].price
        basis_points = float((ask - bid) / ((ask + bid) / 2) * 10_000)
        spread = f"spread {spelled(ask - bid, self.instrument.tick_size)}"
        parts = [(f"{spread:>25}", "bold"), (f" {basis_points:.2f} bp", "bright_black")]
        return Text.assemble(*parts)

    def _counters(self) -> Iterator[Text]:
        told = self.metrics
        latency = "" if told.latency_ns is None else f" · latency {told.latency_ns / 1e6:.0f} ms"
        yield Text(f"{self.rate:.1f} updates/s{latency}")
        proof = f" · by {self.book.verified_by.value}" if self.book.received_ns else ""
        own = (f" · {OWN} {len(self.own)}" if self.own else "", OWN_STYLE)
        yield Text.assemble((f"id {told.update_id}{proof}", "bright_black"), own)
        lost = "bold yellow" if told.gaps else "bright_black"
        untrusted_s = told.untrusted_ns / 1e9
        yield Text(f"gaps {told.gaps} · resyncs {told.resyncs} · stale {untrusted_s:.1f} s", lost)


def _grid(bar_width: int, rows: Sequence[tuple[Text, Text, Text]]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=NUMBER_WIDTH, justify="right", no_wrap=True)
    table.add_column(width=NUMBER_WIDTH, justify="right", no_wrap=True)
    table.add_column(width=bar_width, no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def total(levels: Sequence[PriceLevel]) -> Decimal:
    """The quantity of all `levels`."""
    return sum((level.quantity for level in levels), Decimal(0))


def spelled(number: Decimal, step: Decimal, thousands: str = ",") -> str:
    """`number` with thousands apart, and as many decimals as its step has."""
    exponent = step.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return f"{number:{thousands}.{places}f}"


def bar(share: float, width: int) -> str:
    """A bar that fills `share` (0..1) of `width` cells, to an eighth of a cell."""
    eighths = round(max(0.0, min(share, 1.0)) * width * 8)
    whole, part = divmod(eighths, 8)
    return "█" * whole + (EIGHTHS[part] if part else "")


def own_words(own: Resting) -> str:
    """Of how many levels the account has a share; empty where of none."""
    return f" · own orders at {len(own)}" if own else ""


def summary_line(book: OrderBook, metrics: BookMetrics, instrument: Instrument, rate: float) -> str:
    """The same as one line of text, for when the output is no terminal."""
    try:
        bid, ask = (
            spelled(best.price, instrument.tick_size, "") for best in (book.best_bid, book.best_ask)
        )
        best = f"{bid} | {ask} spread {spelled(book.spread, instrument.tick_size, '')} "
    except ConnectorError:
        best = ""
    latency = "" if metrics.latency_ns is None else f" {metrics.latency_ns / 1e6:.0f} ms"
    return (
        f"{book.pair} {book.state.value} {best}id {metrics.update_id} {rate:.1f}/s{latency}"
        f" gaps {metrics.gaps} resyncs {metrics.resyncs}"
    )
