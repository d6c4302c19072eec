"""TrueMarket: one pair's true book, naive and with all of its past: the oracle of hostile tapes."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from random import Random
from typing import NamedTuple, TypeAlias

from connector_sdk.model.market_data import BookDelta, BookSnapshot, UpdateId

Levels: TypeAlias = dict[int, int]
"""Ticks → lots of one side."""
Position: TypeAlias = int
"""How many changes the true book has seen: it orders all that ever happened to a pair."""

EPOCH_NS = 1_800_000_000_000_000_000
STAMP_STEP_NS = 1_000_000
LEAP_NS = 3_600_000_000_000
FIRST_ID = 9_000_000
EPOCH_IDS = 1_000_000
MOST_LEVELS = 14
GRIDS = (
    (Decimal(0), Decimal("0.01")),
    (Decimal(0), Decimal("0.5")),
    (Decimal(0), Decimal(10)),
    (Decimal(0), Decimal("0.00000001")),
    (Decimal(987654321), Decimal("0.0000000001")),
    (Decimal(0), Decimal("0.000000000000000001")),
)
"""(offset, tick size) of a tape's prices, whole, broken and beyond what a float can tell apart."""


class Numbering(Enum):
    """What a venue numbers its changes with."""

    SPAN = "span"
    LINKED = "linked"
    STEP = "step"
    RISING = "rising"
    NONE = "none"


class Change(NamedTuple):
    """Rows (is a bid, ticks, lots) and what the venue calls this change."""

    rows: tuple[tuple[bool, int, int], ...]
    first_id: UpdateId
    last_id: UpdateId
    previous_id: UpdateId
    event_ns: int


class Spelling:
    """How a tape writes its numbers: one text a number, or any text that is worth the same."""

    def __init__(self, chance: Random, *, mixed: bool) -> None:
        self.mixed = mixed
        self._chance = chance
        self._offset, self._tick = chance.choice(GRIDS)
        self._prices: dict[int, tuple[Decimal, tuple[str, ...]]] = {}
        self._quantities: dict[int, tuple[Decimal, tuple[str, ...]]] = {}
        self._levels: dict[tuple[int, int], tuple[Decimal, Decimal]] = {}

    def price(self, ticks: int) -> Decimal:
        """The exact price."""
        return self._priced(ticks)[0]

    def quantity(self, lots: int) -> Decimal:
        """The exact quantity."""
        return self._measured(lots)[0]

    def level(self, ticks: int, lots: int) -> tuple[Decimal, Decimal]:
        """Exact price and quantity."""
        found = self._levels.get((ticks, lots))
        if found is None:
            found = self._levels[ticks, lots] = (self.price(ticks), self.quantity(lots))
        return found

    def row(self, ticks: int, lots: int) -> list[str]:
        """The row of one level."""
        prices, quantities = self._priced(ticks)[1], self._measured(lots)[1]
        if not self.mixed:
            return [prices[0], quantities[0]]
        at = int(self._chance.random() * 12)
        return [prices[at % len(prices)], quantities[at % len(quantities)]]

    def _priced(self, ticks: int) -> tuple[Decimal, tuple[str, ...]]:
        found = self._prices.get(ticks)
        if found is None:
            price = self._offset + ticks * self._tick
            found = self._prices[ticks] = (price, _texts(price))
        return found

    def _measured(self, lots: int) -> tuple[Decimal, tuple[str, ...]]:
        found = self._quantities.get(lots)
        if found is None:
            quantity = lots * Decimal("0.10")
            found = self._quantities[lots] = (quantity, _texts(quantity))
        return found


def _texts(number: Decimal) -> tuple[str, ...]:
    plain = format(number, "f")
    pointed = plain if "." in plain else f"{plain}.0"
    short = pointed.rstrip("0").rstrip(".")
    return plain, f"{pointed}0", short or "0", plain, plain, f"0{plain}"


class TrueMarket:
    """A pair's book as it truly is and was.

    kept_depth:  levels a side that the venue shows; None for all.
    breaks:      changes that nothing links to the one before them: the venue restarted.
    """

    def __init__(
        self,
        pair: str,
        chance: Random,
        numbering: Numbering,
        kept_depth: int | None,
        *,
        mixed: bool,
    ) -> None:
        self.pair = pair
        self.spelling = Spelling(chance, mixed=mixed)
        self._chance = chance
        self._numbering = numbering
        self._kept = kept_depth
        self._bids: Levels = {}
        self._asks: Levels = {}
        self._epoch = 0
        self._broken = False
        self._drift = 0
        self._last_id = FIRST_ID
        self.changes: list[Change] = []
        self.by_id: dict[UpdateId, Position] = {}
        self.by_stamp: dict[int, Position] = {}
        self.breaks: set[Position] = set()
        self._past: list[tuple[Levels, Levels]] = []
        self._sorted: dict[tuple[Position, bool], list[tuple[Decimal, Decimal]]] = {}
        rows = [(True, 10_000 - t, chance.randint(1, 99)) for t in range(1, 10)]
        rows += [(False, 10_000 + t, chance.randint(1, 99)) for t in range(1, 10)]
        self._commit(rows)

    @property
    def now(self) -> Position:
        """Where the true book stands."""
        return len(self._past) - 1

    def levels(self, at: Position, *, bids: bool) -> list[tuple[Decimal, Decimal]]:
        """One side as it was at `at`, best first, exact."""
        found = self._sorted.get((at, bids))
        if found is None:
            side, level = self._past[at][not bids], self.spelling.level
            found = [level(ticks, side[ticks]) for ticks in sorted(side, reverse=bids)]
            self._sorted[at, bids] = found
        return found

    def touches(self, at: Position, *, bids: bool) -> set[Decimal]:
        """The prices of one side that the change to `at` named."""
        price = self.spelling.price
        return {price(ticks) for bid, ticks, _ in self.changes[at].rows if bid is bids}

    def restart(self, *, linked: bool) -> None:
        """Number from a lower id on; `linked`: the next change still names the one before it."""
        self._epoch += 1
        self._broken = not (linked and self._numbering is Numbering.LINKED)

    # --- moving

    def move(self) -> Position:
        """Change the book; it is never crossed."""
        chance = self._chance
        if chance.random() < 0.03:
            self._drift = chance.choice((-1, 0, 0, 1))
        rows: list[tuple[bool, int, int]] = []
        if self._drift and chance.random() < 0.5:
            rows += self._sweep(bids=self._drift < 0)
        for _ in range(chance.choice((1, 1, 2, 3))):
            rows.append(self._nudge(bids=chance.random() < 0.5))
            self._put(rows[-1])
        for bids, side in ((True, self._bids), (False, self._asks)):
            while len(side) > MOST_LEVELS:
                rows.append((bids, min(side) if bids else max(side), 0))
                self._put(rows[-1])
        return self._commit(rows)

    def _put(self, row: tuple[bool, int, int]) -> None:
        bids, ticks, lots = row
        side = self._bids if bids else self._asks
        if lots:
            side[ticks] = lots
        else:
            side.pop(ticks, None)

    def _sweep(self, *, bids: bool) -> list[tuple[bool, int, int]]:
        """Take the best of one side away and stand the other in its place."""
        side, best = (self._bids, max) if bids else (self._asks, min)
        rows: list[tuple[bool, int, int]] = []
        for _ in range(self._chance.randint(1, 3)):
            if not side:
                break
            ticks = best(side)
            rows.append((bids, ticks, 0))
            self._put(rows[-1])
            if self._chance.random() < 0.6:
                rows.append((not bids, ticks, self._chance.randint(1, 99)))
                self._put(rows[-1])
        return rows

    def _nudge(self, *, bids: bool) -> tuple[bool, int, int]:
        chance = self._chance
        away = 1 + int(chance.expovariate(0.2))
        if bids:
            edge = min(self._asks, default=max(self._bids, default=10_000) + 2)
            ticks = edge - away
        else:
            edge = max(self._bids, default=min(self._asks, default=10_000) - 2)
            ticks = edge + away
        side = self._bids if bids else self._asks
        gone = chance.random() < (0.45 if ticks in side else 0.04)
        return bids, ticks, 0 if gone else chance.randint(1, 99)

    def _commit(self, rows: list[tuple[bool, int, int]]) -> Position:
        at = len(self._past)
        base = FIRST_ID - self._epoch * EPOCH_IDS
        previous = self._last_id
        last = previous if base <= previous < base + EPOCH_IDS else base
        first = last + 1
        if self._numbering is Numbering.SPAN:
            last = first + self._chance.randint(0, 3)
        elif self._numbering is Numbering.STEP:
            last = first
        else:
            last = first = last + self._chance.randint(1, 9)
        if self._broken:
            previous, self._broken = base - 1, False
            self.breaks.add(at)
        stamp = EPOCH_NS + at * STAMP_STEP_NS - self._epoch * LEAP_NS
        self._last_id = last
        self.by_id[last] = at
        self.by_stamp[stamp] = at
        past = self._visible()
        self.changes.append(Change(self._seen(rows, past), first, last, previous, stamp))
        self._past.append(past)
        return at

    def _visible(self) -> tuple[Levels, Levels]:
        if self._kept is None:
            return self._bids.copy(), self._asks.copy()
        bids = sorted(self._bids, reverse=True)[: self._kept]
        asks = sorted(self._asks)[: self._kept]
        return {t: self._bids[t] for t in bids}, {t: self._asks[t] for t in asks}

    def _seen(
        self, rows: list[tuple[bool, int, int]], now: tuple[Levels, Levels]
    ) -> tuple[tuple[bool, int, int], ...]:
        """The rows of the change as the venue shows it."""
        if self._kept is None or not self._past:
            return tuple(rows)
        seen: list[tuple[bool, int, int]] = []
        for bids, whole in ((True, self._bids), (False, self._asks)):
            before, after = self._past[-1][not bids], now[not bids]
            # A level that only fell out of sight is not said to be gone: the client cuts it.
            seen += [(bids, t, 0) for t in before if t not in whole]
            seen += [(bids, t, lots) for t, lots in after.items() if before.get(t) != lots]
        return tuple(seen)

    # --- saying

    def delta(self, first: Position, last: Position, *, stamped: bool) -> BookDelta:
        """What the venue says of the changes first..last, both included."""
        changes = self.changes[first : last + 1]
        net: dict[tuple[bool, int], int] = {}
        for change in changes:
            for bid, ticks, lots in change.rows:
                net[bid, ticks] = lots
        sides: tuple[list[list[str]], list[list[str]]] = ([], [])
        for (bid, ticks), lots in net.items():
            rows = sides[not bid]
            if self.spelling.mixed and self._chance.random() < 0.03:
                rows.append(self.spelling.row(ticks, lots + 7))
            rows.append(self.spelling.row(ticks, lots))
        last_change = changes[-1]
        numbering = self._numbering
        return BookDelta(
            self.pair,
            *sides,
            last_id=None if numbering is Numbering.NONE else last_change.last_id,
            first_id=changes[0].first_id if numbering is Numbering.SPAN else None,
            previous_id=changes[0].previous_id if numbering is Numbering.LINKED else None,
            event_ns=last_change.event_ns if stamped else None,
        )

    def snapshot(self, at: Position, depth: int | None, *, stamped: bool) -> BookSnapshot:
        """What the venue says of its book at `at`; `depth`: the row limit asked with."""
        row = self.spelling.row
        bids, asks = self._past[at]
        bid_ticks = sorted(bids, reverse=True)[:depth]
        ask_ticks = sorted(asks)[:depth]
        if self._chance.random() < 0.5:
            self._chance.shuffle(bid_ticks)
            ask_ticks.reverse()
        change = self.changes[at]
        return BookSnapshot(
            self.pair,
            [row(ticks, bids[ticks]) for ticks in bid_ticks],
            [row(ticks, asks[ticks]) for ticks in ask_ticks],
            last_id=None if self._numbering is Numbering.NONE else change.last_id,
            depth=depth,
            event_ns=change.event_ns if stamped else None,
        )
