"""Side: the levels of one side of a book, and how they are read.

What is held:
- `rows`, price text → quantity text, in no order. A deleted level stays as a dead row, one with
  quantity zero, until the dead are two thirds of all; one that comes back finds its place again.
- a window: the texts of the best prices, in order. Every live row whose key is at or above `low`
  stands in it; deeper rows are in no order at all. `low == floor`: it is the whole side.
  It may also hold texts of dead rows, and of none, until somebody comes across them.
- `floor`, the key of the horizon: rows beyond it are not taken.
- `by_value`, on a side where one price may be spelled in several ways: the one text of each.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import compress, islice
from typing import ClassVar, Final, cast

from connector_sdk.book.level_cache import LevelCache
from connector_sdk.book.price_keys import (
    BELOW_ALL,
    FLOAT_DIGITS,
    ZEROS,
    Key,
    KeyOf,
    exact,
    exact_key,
    negative_exact_key,
    negative_float,
)
from connector_sdk.book.price_window import PriceWindow
from connector_sdk.model.market_data import PriceLevel, Rows, amount

NO_GLANCE: Final = (-1, 0, 0.0, 0.0, 0.0, 0.0)
"""No text has that length."""
DEAD: Final[frozenset[str | None]] = ZEROS | {None}
"""What `rows.get` says of a level that is not there any more."""


class Side:
    """One side of a book, to be read.

    bids:   whether the highest price is the best one.
    best:   the best proven level; None where there is none.
    depth:  the row limit of the snapshot that cut this side; 0 where it was not cut.
    exact:  whether keys are Decimals.
    """

    window_size: ClassVar[int] = 128
    widest_window: ClassVar[int] = 1024
    fewest_rows: ClassVar[int] = 64

    __slots__ = (
        "_by_value",
        "_cache",
        "_crowded",
        "_dot",
        "_floor",
        "_floor_text",
        "_full",
        "_glance",
        "_key",
        "_low",
        "_rows",
        "_sign",
        "_size",
        "_update",
        "_window",
        "best",
        "bids",
        "depth",
        "exact",
    )

    def __init__(self, *, bids: bool) -> None:
        self.bids = bids
        self._sign = 1.0 if bids else -1.0
        self._clear()

    @property
    def horizon(self) -> Decimal | None:
        """The price to which this side is proven, that price included; None: all of it is."""
        return None if self._floor_text is None else Decimal(self._floor_text)

    @property
    def known_to(self) -> Decimal | None:
        """The price up to which nothing is missing, that price included; None: all is there."""
        return self.horizon

    @property
    def best_key(self) -> Key:
        """The key of the best level. Only where there is one."""
        return self._window.keys[-1]

    def quantity_at(self, price: Decimal) -> Decimal | None:
        """What rests at exactly that price; None where that lies beyond what is known."""
        edge = self.known_to
        if edge is not None and (price < edge if self.bids else price > edge):
            return None
        text: str | None = None
        if self._by_value is not None:
            text = self._by_value.get(self._key(str(price)))
        elif price.adjusted() < FLOAT_DIGITS:
            text = f"{price:.{max(-self._dot - 1, 0)}f}"
        if text is None or Decimal(text) != price:
            return Decimal(0)
        return amount(self._rows.get(text, "0"))

    def has(self, count: int) -> bool:
        """Whether at least `count` levels are proven."""
        live = (quantity for quantity in self._rows.values() if quantity not in ZEROS)
        return sum(1 for _ in islice(live, count)) == count

    def live(self) -> dict[str, str]:
        """Price text → quantity text of all proven levels, in no order."""
        return {text: quantity for text, quantity in self._rows.items() if quantity not in ZEROS}

    def top(self, count: int | None) -> list[PriceLevel]:
        """The best `count` levels (None: all), best first."""
        if count is None:
            return self._all()
        if count <= 0:
            return []
        texts, rows = self._window.texts[: -count - 1 : -1], self._rows
        if len(texts) == count or self._low <= self._floor:
            found = [*map(rows.get, texts)]
            levels = self._cache.seen(texts, found)
            if levels is not None:
                return levels
            if DEAD.isdisjoint(found):
                return self._cache.top(texts, cast("list[str]", found))
        texts = self._live_texts(count)
        return self._cache.top(texts, [*map(rows.__getitem__, texts)])

    def _all(self) -> list[PriceLevel]:
        live, level = self.live(), self._cache.level
        texts = sorted(live, key=exact if self.exact else float, reverse=self.bids)
        return [level(text, live[text]) for text in texts]

    def _live_texts(self, count: int) -> list[str]:
        """The texts of the best `count` levels, best first; dead ones among them go."""
        while True:
            window, rows = self._window, self._rows
            texts = window.texts
            at, found = len(texts), 0
            while at and found < count:
                at -= 1
                if rows.get(texts[at]) in DEAD:
                    self._bury(at, at + 1)
                else:
                    found += 1
            if found == count or self._low <= self._floor:
                return window.texts[: -count - 1 : -1]
            self._widen(count)

    def _clear(self) -> None:
        self._rows: dict[str, str] = {}
        self._update = cast("Callable[[Rows], None]", self._rows.update)
        self._full = self.fewest_rows
        self._by_value: dict[Key, str] | None = None
        self._set_exact(exact=False)
        self._floor = self._low = BELOW_ALL
        self._floor_text: str | None = None
        self._window = PriceWindow((), self._key)
        self._size = self.window_size
        self._crowded = 2 * self.window_size
        self._glance = NO_GLANCE
        self._dot = 0
        self._cache = LevelCache(self._rows)
        self.best: PriceLevel | None = None
        self.depth = 0

    def _set_exact(self, *, exact: bool) -> None:
        self.exact = exact
        if exact:
            self._key: KeyOf = exact_key if self.bids else negative_exact_key
        else:
            self._key = float if self.bids else negative_float

    def _forget_unknown_values(self) -> None:
        if self._by_value is not None:
            rows = self._rows
            self._by_value = {key: text for key, text in self._by_value.items() if text in rows}

    def _compact(self) -> None:
        """Forget the dead rows."""
        rows = self._rows
        dead = [*compress(rows, map(ZEROS.__contains__, rows.values()))]
        for text in dead:
            del rows[text]
        self._full = 3 * len(rows) + self.fewest_rows
        self._forget_unknown_values()

    def _tidy(self) -> None:
        window = self._window
        window.keep_known(self._rows)
        if len(window.keys) > self.widest_window:
            window.keep_best(self._size)
            self._low = window.keys[0]
        self._crowded = 2 * max(self._size, len(window.keys))
        self._look_around()

    def _find_best(self) -> bool:
        """Find the best level anew; say whether it is another one."""
        before, by_value = self.best, self._by_value
        while True:
            rows, window = self._rows, self._window
            keys, texts = window.keys, window.texts
            size = len(texts)
            while texts:
                text = texts[-1]
                quantity = rows.get(text, "0")
                if quantity not in ZEROS:
                    if len(texts) < size:
                        window.settle()
                    self.best = level = self._cache.level(text, quantity)
                    return level is not before
                rows.pop(text, None)
                texts.pop()
                key = keys.pop()
                if by_value is not None:
                    by_value.pop(key, None)
            window.settle()
            if self._low <= self._floor:
                self.best = None
                return before is not None
            self._widen(1)
            by_value = self._by_value

    def _bury(self, start: int, stop: int | None) -> None:
        """Forget the dead levels whose texts stand in that slice of the window."""
        rows, window = self._rows, self._window
        for text in window.texts[start:stop]:
            rows.pop(text, None)
        if self._by_value is not None:
            for key in window.keys[start:stop]:
                self._by_value.pop(key, None)
        window.drop(start, stop)

    def _widen(self, count: int) -> None:
        """The window was used up: fill it anew, with more, so that this remains rare."""
        self._size = max(min(2 * self._size, self.widest_window // 2), 2 * count)
        self._fill()

    def _fill(self) -> None:
        """Build the window anew, of the best levels."""
        self._compact()
        texts = sorted(self._rows, key=exact if self.exact else float, reverse=not self.bids)
        self._window = PriceWindow(texts[-self._size :], self._key)
        self._low = self._window.keys[0] if len(texts) > self._size else self._floor
        self._crowded = 2 * max(min(self._size, len(texts)), self.fewest_rows)
        self._look_around()

    def _look_around(self) -> None:
        """Say which new texts are plain at a glance, and which of those need no place.

        Within one power of ten, length and dot tell. No place: between the horizon and the edge
        of the window.
        """
        self._glance = NO_GLANCE
        texts = self._window.texts
        if self._by_value is not None or not texts:
            return
        length, dot, floor = len(texts[0]), self._dot, self._floor
        whole = length + dot
        least, most = (10.0 ** (whole - 1) if whole > 1 else 0.0), 10.0**whole
        above, below = most, least
        if self._low > floor:
            above = max(least, floor) if self.bids else -self._low
            below = self._low if self.bids else min(most, -floor)
        self._glance = (length, dot, least, most, above, below)
