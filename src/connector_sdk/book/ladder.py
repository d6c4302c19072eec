"""Ladder: one side of a book, made to cost nothing for what nobody reads.

What is held:
- `rows`, price text → quantity text, in no order. A deleted level stays as a dead row, one with
  quantity zero, until the dead are half of all; a level that comes back finds its place again.
- a window: the texts of the best prices, in order. Every live row whose key is at or above `low`
  stands in it; deeper rows are in no order at all. `low == floor`: it is the whole side.
  It may also hold texts of dead rows, and of none, until somebody comes across them.
- `floor`, the key of the horizon: rows beyond it are not taken.

A message is one `dict.update`. Where the number of rows did not change, the order stands. New
texts are the dict's newest; of them, only those within the window are placed.

Two texts may spell one price. While all are spelled plainly (see price_keys), they cannot, and
nothing is done about it. The first text that is not plain makes the side keep `by_value`, the
one text of each price, in which every new text is then looked up; the first text with too many
digits for a float makes it a map of Decimals, and the window one ordered by them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import ClassVar, Final, cast

from connector_sdk.book.price_keys import (
    BELOW_ALL,
    ZEROS,
    Key,
    KeyOf,
    are_plain,
    exact,
    exact_key,
    fits_float,
    is_plain,
    negative_exact_key,
    negative_float,
    plain_offset,
)
from connector_sdk.book.price_window import PriceWindow
from connector_sdk.model.market_data import PriceLevel, Rows

NOWHERE: Final = (1.0, 0.0)
"""No number is above one and below zero."""
DEAD: Final[frozenset[str | None]] = ZEROS | {None}
"""What `rows.get` says of a level that is not there any more."""


class Ladder:
    """One side of a book. For OrderBook alone.

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
        "_crowded",
        "_decade",
        "_deep",
        "_dot",
        "_floor",
        "_floor_text",
        "_full",
        "_handed_out",
        "_key",
        "_length",
        "_low",
        "_rows",
        "_sign",
        "_size",
        "_top",
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

    # --- reading

    @property
    def horizon(self) -> Decimal | None:
        """The price to which this side is proven, that price included; None: all of it is."""
        return None if self._floor_text is None else Decimal(self._floor_text)

    @property
    def best_key(self) -> Key:
        """The key of the best level. Only where there is one."""
        return self._window.keys[-1]

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
        texts = self._window.texts[: -count - 1 : -1]
        quantities = [*map(self._rows.get, texts)]
        seen_texts, seen_quantities, levels = self._top
        short = len(texts) < count and self._low > self._floor
        if quantities == seen_quantities and texts == seen_texts and not short:
            return levels.copy()
        if short or not DEAD.isdisjoint(quantities):
            texts = self._live_texts(count)
            quantities = [*map(self._rows.__getitem__, texts)]
        known, make = self._handed_out.get, self._level
        levels = [
            level
            if (level := known(text)) is not None and level.quantity_text is quantity
            else make(text, quantity)
            for text, quantity in zip(texts, cast("list[str]", quantities), strict=True)
        ]
        self._top = (texts, quantities, levels)
        return levels.copy()

    def _all(self) -> list[PriceLevel]:
        live = self.live()
        texts = sorted(live, key=exact if self.exact else float, reverse=self.bids)
        return [self._level(text, live[text]) for text in texts]

    def _level(self, text: str, quantity: str) -> PriceLevel:
        """The level, the very object handed out before if its texts have not changed."""
        handed_out = self._handed_out
        level = handed_out.get(text)
        if level is not None and level.quantity_text == quantity:
            level.price_text, level.quantity_text = text, quantity  # equal, and now identical
            return level
        level = handed_out[text] = PriceLevel(text, quantity)
        if len(handed_out) > 2 * len(self._rows) + self.fewest_rows:
            self._handed_out = {t: old for t, old in handed_out.items() if t in self._rows}
            self._top = ([], [], [])
        return level

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

    # --- writing

    def replace(self, levels: Rows, depth: int | None) -> None:
        """Hold these levels and nothing else. Raises ValueError or TypeError if malformed.

        depth: the row limit the levels were asked with; None: they are the whole side.
        """
        self._clear()
        try:
            self._spell(levels)
            if depth is not None and len(levels) >= depth > 0:
                self._floor_text = min((row[0] for row in levels), key=self._key)
                self._floor = self._key(self._floor_text)
                self.depth = depth
        except BaseException:
            self._clear()
            raise
        self._fill()
        self._find_best()

    def apply(self, levels: Rows) -> bool:
        """Take the levels of one message; say whether `best` is another one now.

        Raises ValueError or TypeError for malformed rows. Then the texts that were new are not
        held, but known ones may have the new quantities.
        """
        rows = self._rows
        before = len(rows)
        try:
            self._update(levels)
            added = len(rows) - before
            if added:
                self._take_in(levels, [*islice(reversed(rows), added)])
        except BaseException:
            self._forget_newest(before)
            raise
        best, texts = self.best, self._window.texts
        if best is not None and texts:
            text = texts[-1]
            if text is best.price_text and self._rows.get(text) is best.quantity_text:
                return False
        return self._find_best()

    def _clear(self) -> None:
        self._hold({})
        self._by_value: dict[Key, str] | None = None
        self._set_exact(exact=False)
        self._floor = self._low = BELOW_ALL
        self._floor_text: str | None = None
        self._window = PriceWindow((), self._key)
        self._size = self.window_size
        self._crowded = 2 * self.window_size
        self._deep = self._decade = NOWHERE
        self._length = self._dot = 0
        self._handed_out: dict[str, PriceLevel] = {}
        self._top: tuple[list[str], list[str | None], list[PriceLevel]] = ([], [], [])
        self.best: PriceLevel | None = None
        self.depth = 0

    def _hold(self, rows: dict[str, str]) -> None:
        self._rows = rows
        self._update = cast("Callable[[Rows], None]", rows.update)
        self._full = 2 * len(rows) + self.fewest_rows

    def _set_exact(self, *, exact: bool) -> None:
        self.exact = exact
        if exact:
            self._key: KeyOf = exact_key if self.bids else negative_exact_key
        else:
            self._key = float if self.bids else negative_float

    def _forget_newest(self, before: int) -> None:
        """Take back what a malformed message added after the first `before` rows."""
        rows = self._rows
        while len(rows) > before:
            rows.popitem()
        self._forget_unknown_values()
        self._find_best()

    def _forget_unknown_values(self) -> None:
        if self._by_value is not None:
            rows = self._rows
            self._by_value = {key: text for key, text in self._by_value.items() if text in rows}

    def _compact(self) -> None:
        """Forget the dead rows."""
        self._hold(self.live())
        self._forget_unknown_values()

    def _take_in(self, levels: Rows, new: list[str]) -> None:
        """Give the texts that `levels` added to the rows their place; `new`: newest first."""
        if self._by_value is None:
            above, below = self._deep
            length, dot = self._length, self._dot
            near = [
                text
                for text in new
                if len(text) != length or text[dot] != "." or not above < float(text) < below
            ]
            if near and not self._take_in_near(near):
                self._spell_anew(levels, new)
        else:
            self._take_in_by_value(levels, new)
        if len(self._rows) > self._full:
            self._compact()

    def _take_in_near(self, new: list[str]) -> bool:
        """Take in texts that may have a place in the window; False: not all are plain."""
        rows, dot, sign, low, floor = self._rows, self._dot, self._sign, self._low, self._floor
        length, (least, most) = self._length, self._decade
        keyed: list[tuple[Key, str]] = []
        for text in new:
            value = float(text)
            key = sign * value
            if key < floor:
                del rows[text]
            elif (
                len(text) != length or text[dot] != "." or not least <= value < most
            ) and not is_plain(text, dot):
                return False
            elif key >= low:
                keyed.append((key, text))
        if keyed:
            self._put(keyed)
        return True

    def _put(self, keyed: list[tuple[Key, str]]) -> None:
        window = self._window
        window.put_all(keyed)
        if len(window.keys) > self._crowded:
            window.keep_known(self._rows)
            if len(window.keys) > self.widest_window:
                window.keep_best(self._size)
                self._low = window.keys[0]
            self._crowded = 2 * max(self._size, len(window.keys))
            self._look_around()

    def _spell(self, levels: Rows) -> None:
        """Take in the first rows of all: see how they are spelled."""
        rows = self._rows
        self._update(levels)
        if rows:
            texts = [*rows]
            self._dot = dot = plain_offset(texts[0])
            if not (dot and are_plain(texts, dot)):
                rows.clear()
                self._keep_by_value(texts)
                self._replay(levels)

    def _spell_anew(self, levels: Rows, new: list[str]) -> None:
        """Take in a message with texts that are not spelled like those before it."""
        rows = self._rows
        for text in new:
            rows.pop(text, None)
        if not rows and not self._dot and self._by_value is None:
            self._spell(levels)
        else:
            self._keep_by_value(new)
            self._replay(levels)
        self._fill()

    def _keep_by_value(self, new: list[str]) -> None:
        """From now on know each price's one text; by Decimal, if that takes one."""
        floor_text = self._floor_text
        texts = [*self._rows, *new] if floor_text is None else [*self._rows, *new, floor_text]
        self._set_exact(exact=self.exact or not all(map(fits_float, texts)))
        key = self._key
        self._by_value = {key(text): text for text in self._rows}
        if floor_text is not None:
            self._floor = key(floor_text)
        self._fill()

    def _take_in_by_value(self, levels: Rows, new: list[str]) -> None:
        if not self.exact and not all(map(fits_float, new)):
            self._spell_anew(levels, new)
            return
        by_value, rows = cast("dict[Key, str]", self._by_value), self._rows
        keyed = {self._key(text): text for text in new}
        if len(keyed) < len(new) or not by_value.keys().isdisjoint(keyed):
            for text in new:
                del rows[text]
            self._replay(levels)
            return
        for key, text in keyed.items():
            self._place(key, text)

    def _replay(self, levels: Rows) -> None:
        """Take the rows one by one, in order: two of them spell one price differently."""
        by_value, key_of, rows = cast("dict[Key, str]", self._by_value), self._key, self._rows
        for price_text, quantity_text in levels:
            key = key_of(price_text)
            text = by_value.get(key)
            if text is not None:
                rows[text] = quantity_text
            elif quantity_text not in ZEROS:
                rows[price_text] = quantity_text
                self._place(key, price_text)

    def _place(self, key: Key, text: str) -> None:
        if key < self._floor:
            del self._rows[text]
            return
        cast("dict[Key, str]", self._by_value)[key] = text
        if key >= self._low:
            self._put([(key, text)])

    def _find_best(self) -> bool:
        """Find the best level anew; say whether it is another one."""
        before = self.best
        while True:
            rows, texts = self._rows, self._window.texts
            at = len(texts)
            while at:
                at -= 1
                text = texts[at]
                quantity = rows.get(text, "0")
                if quantity not in ZEROS:
                    if at + 1 < len(texts):
                        self._bury(at + 1, None)
                    self.best = level = self._level(text, quantity)
                    return level is not before
            self._bury(0, None)
            if self._low <= self._floor:
                self.best = None
                return before is not None
            self._widen(1)

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
        """Say which new texts need no place: between the horizon and the edge of the window.

        And which are plain at a glance: within one power of ten, length and dot tell.
        """
        self._deep = self._decade = NOWHERE
        self._length = 0
        texts = self._window.texts
        if self._by_value is not None or not texts:
            return
        self._length = length = len(texts[0])
        whole = length + self._dot
        least, most = (10.0 ** (whole - 1) if whole > 1 else 0.0), 10.0**whole
        self._decade = (least, most)
        if self._low > self._floor:
            if self.bids:
                self._deep = (max(least, self._floor), self._low)
            else:
                self._deep = (-self._low, min(most, -self._floor))
