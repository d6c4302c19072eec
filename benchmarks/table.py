"""The performance table: its rows, their gates and goals, and how it is printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    gate, goal:  figures in `unit`; beyond the gate the run fails, the goal is what to reach.
    more:        whether a greater figure is the better one.
    """

    key: str
    title: str
    unit: str
    gate: float
    goal: float
    more: bool = False

    def verdict(self, figure: float) -> str:
        if self._reaches(figure, self.goal):
            return "goal"
        return "gate" if self._reaches(figure, self.gate) else "BEYOND"

    def _reaches(self, figure: float, limit: float) -> bool:
        return figure >= limit if self.more else figure <= limit


@dataclass(frozen=True, slots=True)
class Measured:
    """A row's figure, and what else there is to know of this run."""

    figure: float
    note: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Why a row could not be measured here."""

    reason: str


TIMES_LOADS: Final = "x loads"
ROWS: Final = (
    Row("best", "dense stream: bytes to best bid and ask", TIMES_LOADS, 4.5, 3.0),
    Row("tape", "recorded BTCUSDT tape: the same", TIMES_LOADS, 7.0, 4.5),
    Row("top20", "dense: top 20 of both sides, untouched", TIMES_LOADS, 10.0, 6.5),
    Row("decimals", "dense: the 40 rows as Decimals", TIMES_LOADS, 15.0, 10.0),
    Row("checksum", "dense, checksum after every message", TIMES_LOADS, 6.0, 4.0),
    Row("ccxt", "dense: against ccxt.pro", "x faster", 5.0, 7.0, more=True),
    Row("socket", "loopback socket to callback, one core", "msg/s", 30_000, 45_000, more=True),
    Row("memory", "1,000 books of 1,000 levels a side", "MB", 700, 400),
    Row("resync", "resync, 5,000 levels a side, 500 deltas", "ms", 40.0, 15.0),
    Row("buy", "buy() to the request on the socket", "x bare POST", 2.0, 1.3),
    Row("ccxt-order", "an order: against ccxt's create_order", "x less CPU", 3.0, 3.0, more=True),
    Row("ccxt-pro-order", "against ccxt.pro that hears of it", "x less CPU", 3.0, 3.0, more=True),
    Row("limiter", "a request's limits, 6,000 in the window", "us", 50.0, 25.0),
    Row("ledger-flat", "10,000 open, 100,000 closed orders", "x a tenth", 1.5, 1.2),
    Row("ledger-memory", "the same", "MB", 150, 150),
    Row("import-time", "import, before anything connects", "s", 0.25, 0.25),
    Row("import-memory", "the same", "MB", 45, 45),
)


@dataclass(frozen=True, slots=True)
class Result:
    row: Row
    outcome: Measured | Skipped

    @property
    def beyond(self) -> bool:
        return self.verdict == "BEYOND"

    @property
    def verdict(self) -> str:
        if isinstance(self.outcome, Skipped):
            return "skipped"
        return self.row.verdict(self.outcome.figure)

    def as_json(self) -> dict[str, object]:
        return {**asdict(self.row), **asdict(self.outcome), "verdict": self.verdict}

    def cells(self) -> tuple[str, ...]:
        row, outcome = self.row, self.outcome
        sign = ">=" if row.more else "<="
        limits = tuple(f"{sign} {_number(limit)}" for limit in (row.gate, row.goal))
        if isinstance(outcome, Skipped):
            return (row.key, row.title, "-", row.unit, *limits, self.verdict, outcome.reason)
        figure = _number(outcome.figure)
        return (row.key, row.title, figure, row.unit, *limits, self.verdict, outcome.note)


HEAD: Final = ("row", "what", "measured", "unit", "gate", "goal", "verdict", "note")


def printed(results: Sequence[Result]) -> str:
    """The table as text, columns aligned."""
    lines = [HEAD, *(result.cells() for result in results)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _number(figure: float) -> str:
    if figure >= 100:
        return f"{figure:,.0f}"
    return f"{figure:.2f}"
