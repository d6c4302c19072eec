"""Ladder: one side of a book, made to cost nothing for what nobody reads.

What is held:
- `rows`, price text → quantity text. A deleted level stays as a tombstone, a row with quantity
  zero, until rows are compacted; a level that comes back finds its place again.
- a window, the sorted texts of the best prices. Every row whose key is at or above `low`, dead
  or alive, stands in it; deeper rows are in no order. `low == floor`: it is the whole side.
- `floor`, the key of the horizon: rows beyond it are not taken.

A message is one `dict.update`. Where the number of rows did not change, nothing is new and the
order stands. New texts are the dict's newest; of them, only those within the window are placed.

Two texts may spell one price. While all are spelled plainly (see price_keys), they cannot, and
nothing is done about it. The first text that is not plain makes the side keep `by_value`, the
one text of each price, which is then looked up for every new text; the first text with too many
digits for a float makes it a map of Decimals, and the window one ordered by them.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from typing import ClassVar, Final, cast

from connector_sdk.book.price_keys import (
    BELOW_ALL,
    FLOAT_DIGITS,
    ZEROS,
    Key,
    KeyOf,
    are_plain,
    exact,
    exact_key,
    fits_float,
    negative_exact_key,
    negative_float,
    plain_offset,
)
from connector_sdk.book.price_window import PriceWindow
from connector_sdk.model.market_data import PriceLevel, Rows

UNBOUNDED: Final = 1 << 30
FEWEST_ROWS: Final = 64
PLAIN_LENGTH: Final = FLOAT_DIGITS + 1


class Ladder:
    """One side of a book. For OrderBook alone.

    bids:   whether the highest price is the best one.
    best:   the best proven level; None where there is none.
    depth:  the row limit of the snapshot that cut this side; 0 where it was not cut.
    """

    window_size: ClassVar[int] = 128
    widest_window: ClassVar[int] = 512

    __slots__ = (
        "_by_value",
        "_dot",
        "_floor",
        "_floor_text",
        "_full",
        "_handed_out",
        "_key",
        "_low",
        "_rows",
        "_sign",
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
        self.replace((), None)

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
        quantities = [*map(self._rows.__getitem__, texts)]
        if (len(texts) < count and self._low > self._floor) or not ZEROS.isdisjoint(quantities):
            self._make_ready(count)
            texts = self._window.texts[: -count - 1 : -1]
            quantities = [*map(self._rows.__getitem__, texts)]
        seen_texts, seen_quantities, levels = self._top
        if texts != seen_texts or quantities != seen_quantities:
            levels = [*map(self._level, texts, quantities)]
            self._top = (texts, quantities, levels)
        return levels.copy()

    def _all(self) -> list[PriceLevel]:
        live = self.live()
        texts = sorted(live, key=self._key, reverse=True)
        return [self._level(text, live[text]) for text in texts]

    def _level(self, text: str, quantity: str) -> PriceLevel:
        """The level, the very object handed out before if it has not changed."""
        level = self._handed_out.get(text)
        if level is None or level.quantity_text != quantity:
            level = self._handed_out[text] = PriceLevel(text, quantity)
            if len(self._handed_out) > 2 * self._full:
                live = self.live()
                self._handed_out = {t: old for t, old in self._handed_out.items() if t in live}
                self._top = ([], [], [])
        return level

    def _make_ready(self, count: int) -> None:
        """Let the best `count` texts of the window be live, or all of the side be in it."""
        rows = self._rows
        while True:
            window = self._window
            at = len(window.texts) - 1
            found = 0
            while at >= 0 and found < count:
                if rows[window.texts[at]] in ZEROS:
                    self._bury(at)
                else:
                    found += 1
                at -= 1
            if found == count or self._low <= self._floor:
                return
            self._fill(max(self.window_size, 2 * count))
            rows = self._rows

    # --- writing

    def replace(self, levels: Rows, depth: int | None) -> None:
        """Hold these levels and nothing else. Raises ValueError or TypeError if malformed.

        depth: the row limit the levels were asked with; None: they are the whole side.
        """
        self._clear()
        try:
            self._update(levels)
            self._take_in(levels, [*self._rows])
            if depth is not None and len(levels) >= depth > 0:
                self._cut(levels, depth)
        except BaseException:
            self._clear()
            raise
        self._fill(self.window_size)
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
            if text is best.price_text and self._rows[text] is best.quantity_text:
                return False
        return self._find_best()

    def _clear(self) -> None:
        self._hold({})
        self._dot = 0
        self._by_value: dict[Key, str] | None = None
        self._set_exact(exact=False)
        self._floor = self._low = BELOW_ALL
        self._floor_text: str | None = None
        self._window = PriceWindow((), self._key)
        self._handed_out: dict[str, PriceLevel] = {}
        self._top: tuple[list[str], list[str], list[PriceLevel]] = ([], [], [])
        self.best: PriceLevel | None = None
        self.depth = 0

    def _hold(self, rows: dict[str, str]) -> None:
        self._rows = rows
        self._update = cast("Callable[[Rows], None]", rows.update)
        self._full = max(FEWEST_ROWS, len(rows) * 3 // 2)

    def _set_exact(self, *, exact: bool) -> None:
        self.exact = exact
        self._sign = 1.0 if self.bids else -1.0
        if exact:
            self._key: KeyOf = exact_key if self.bids else negative_exact_key
        else:
            self._key = float if self.bids else negative_float

    def _cut(self, levels: Rows, depth: int) -> None:
        self._floor_text = min((row[0] for row in levels), key=self._key)
        self._floor = self._key(self._floor_text)
        self.depth = depth

    def _forget_newest(self, before: int) -> None:
        """Take back what a malformed message added after the first `before` rows."""
        rows = self._rows
        while len(rows) > before:
            rows.popitem()
        self._window.keep_known(rows)
        if self._by_value is not None:
            self._by_value = {k: text for k, text in self._by_value.items() if text in rows}
        self._find_best()

    def _take_in(self, levels: Rows, new: list[str]) -> None:
        """Give the texts that `levels` added to the rows their place; `new`: newest first."""
        if self._by_value is not None:
            self._take_in_by_value(levels, new)
            return
        dot, sign, low, window = self._dot, self._sign, self._low, self._window
        for text in new:
            key = sign * float(text)
            first = text[0]
            if (
                text[dot : dot + 1] != "."
                or len(text) > PLAIN_LENGTH
                or (first < "1" and (first != "0" or len(text) > 1 - dot))
            ):
                self._spell_anew(levels, new)
                return
            if key >= low:
                window.put(key, text)
            elif key < self._floor:
                del self._rows[text]
        self._limit()

    def _limit(self) -> None:
        if len(self._rows) > self._full:
            self._compact()
        if len(self._window.keys) > self.widest_window:
            self._window.keep_best(self.window_size)
            self._low = self._window.keys[0]

    def _spell_anew(self, levels: Rows, new: list[str]) -> None:
        """Take in a message with texts that are not spelled like those before them."""
        rows = self._rows
        for text in new:
            rows.pop(text, None)
        if not rows and self._by_value is None and not self._dot:
            self._dot = plain_offset(new[0])
            if self._dot and are_plain(new, self._dot):
                self._update(levels)
                self._take_in(levels, [*reversed(rows)])
                return
        texts = [*rows, *new] if self._floor_text is None else [*rows, *new, self._floor_text]
        self._set_exact(exact=self.exact or not all(map(fits_float, texts)))
        key = self._key
        self._by_value = {key(text): text for text in rows}
        if self._floor_text is not None:
            self._floor = key(self._floor_text)
        self._fill(self.window_size)
        self._replay(levels)

    def _take_in_by_value(self, levels: Rows, new: list[str]) -> None:
        if not self.exact and not all(map(fits_float, new)):
            self._spell_anew(levels, new)
            return
        by_value = cast("dict[Key, str]", self._by_value)
        keyed = dict(zip(map(self._key, new), new, strict=True))
        if len(keyed) < len(new) or not by_value.keys().isdisjoint(keyed):
            for text in new:
                del self._rows[text]
            self._replay(levels)
            return
        for key, text in keyed.items():
            self._place(key, text)
        self._limit()

    def _replay(self, levels: Rows) -> None:
        """Take the rows one by one, in order: two of them spell one price differently."""
        by_value, key_of = cast("dict[Key, str]", self._by_value), self._key
        for price_text, quantity_text in levels:
            key = key_of(price_text)
            text = by_value.get(key)
            if text is None:
                text = price_text
                self._rows[text] = quantity_text
                self._place(key, text)
            else:
                self._rows[text] = quantity_text
        self._limit()

    def _place(self, key: Key, text: str) -> None:
        if key < self._floor:
            del self._rows[text]
            return
        cast("dict[Key, str]", self._by_value)[key] = text
        if key >= self._low:
            self._window.put(key, text)

    def _find_best(self) -> bool:
        """Find the best level anew; say whether it is another one."""
        before = self.best
        while True:
            rows, texts = self._rows, self._window.texts
            while texts:
                text = texts[-1]
                quantity = rows[text]
                if quantity not in ZEROS:
                    self.best = level = self._level(text, quantity)
                    return level is not before
                self._bury(-1)
                texts = self._window.texts
            if self._low <= self._floor:
                self.best = None
                return before is not None
            self._fill(self.window_size)

    def _bury(self, index: int) -> None:
        """Forget the dead level whose text stands at `index` of the window."""
        window = self._window
        text, key = window.texts[index], window.keys[index]
        window.drop_at(index)
        del self._rows[text]
        if self._by_value is not None:
            del self._by_value[key]

    def _compact(self) -> None:
        """Forget all dead levels."""
        live = self.live()
        self._hold(live)
        self._window.keep_known(live)
        if self._by_value is not None:
            self._by_value = {key: text for key, text in self._by_value.items() if text in live}

    def _fill(self, count: int) -> None:
        """Build the window anew, of the best `count` levels."""
        self._compact()
        number = exact if self.exact else float
        texts = sorted(self._rows, key=number, reverse=not self.bids)
        self._window = window = PriceWindow(texts[-count:], self._key)
        self._low = window.keys[0] if len(texts) > count else self._floor


class KeptLadder(Ladder):
    """A side of which the venue keeps only the best `kept_depth` levels.

    Those that fall out are forgotten after each message; the window is the whole side, and no
    tombstone outlives its message, so that rows can be counted.
    """

    __slots__ = ("_kept_depth",)

    window_size = widest_window = UNBOUNDED

    def __init__(self, *, bids: bool, kept_depth: int) -> None:
        self._kept_depth = kept_depth
        super().__init__(bids=bids)

    def replace(self, levels: Rows, depth: int | None) -> None:
        """Hold the best of these levels and nothing else; no horizon arises."""
        super().replace(levels, None)
        self._truncate()

    def apply(self, levels: Rows) -> bool:
        """Take the levels of one message; say whether `best` is another one now."""
        moved = super().apply(levels)
        rows, by_value = self._rows, self._by_value
        for price_text in [price for price, quantity in levels if quantity in ZEROS]:
            key = self._key(price_text)
            text = price_text if by_value is None else by_value.get(key, price_text)
            if rows.get(text) in ZEROS:
                self._forget(key, text)
        if len(rows) > self._kept_depth:
            self._truncate()
        return moved

    def _truncate(self) -> None:
        while len(self._rows) > self._kept_depth:
            self._forget(self._window.keys[0], self._window.texts[0])

    def _forget(self, key: Key, text: str) -> None:
        self._window.drop(key)
        del self._rows[text]
        if self._by_value is not None:
            del self._by_value[key]
