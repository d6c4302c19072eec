"""Ladder: one side of a book, made to cost nothing for what nobody reads.

A message is one `dict.update`. Where the number of rows did not change, the order stands. New
texts are the dict's newest; of them, only those within the window are placed.

Two texts may spell one price. While all are spelled plainly (see price_keys), they cannot, and
nothing is done about it. The first text that is not plain makes the side keep `by_value`, the
one text of each price, in which every new text is then looked up; the first text with too many
digits for a float makes it a map of Decimals, and the window one ordered by them.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice
from typing import cast

from connector_sdk.book.price_keys import ZEROS, Key, are_plain, fits_float, is_plain, plain_offset
from connector_sdk.book.side import Side
from connector_sdk.model.market_data import Rows


class Ladder(Side):
    """One side of a book, to be written. For OrderBook alone."""

    __slots__ = ()

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
                self._place_new(levels, [*islice(reversed(rows), added)], before)
        except BaseException:
            self._forget_newest(before)
            raise
        best, texts = self.best, self._window.texts
        if best is not None and texts:
            text = texts[-1]
            if text is best.price_text and self._rows.get(text) is best.quantity_text:
                return False
        return self._find_best()

    def _forget_newest(self, before: int) -> None:
        """Take back what a malformed message added after the first `before` rows."""
        self._take_back(before)
        self._window.settle()
        self._forget_unknown_values()
        self._find_best()

    def _take_back(self, before: int) -> list[str]:
        rows = self._rows
        return [rows.popitem()[0] for _ in range(len(rows) - before)]

    def _place_new(self, levels: Rows, new: list[str], before: int) -> None:
        """Give texts that `levels` added, after the first `before` rows, their place."""
        length, dot, least, most, above, below = self._glance
        rows, sign, floor, window = self._rows, self._sign, self._floor, self._window
        keys = window.keys
        size = len(keys)
        for text in new:
            if len(text) != length or text[dot] != ".":
                self._take_in(levels, new, before)
                break
            value = float(text)
            if above < value < below:
                continue
            key = sign * value
            if key < floor:
                del rows[text]
                continue
            if key < self._low or not least <= value < most:
                self._take_in(levels, new, before)
                break
            at = bisect_left(keys, key)
            if at < len(keys) and keys[at] == key:
                window.texts[at] = text
            else:
                keys.insert(at, key)
                window.texts.insert(at, text)
        if len(keys) != size:
            self._window.settle()
            if len(self._window.keys) > self._crowded:
                self._tidy()
        if len(rows) > self._full:
            self._compact()

    def _take_in(self, levels: Rows, new: list[str], before: int) -> None:
        """Place texts that do not look like those before them."""
        if self._by_value is not None:
            self._take_in_by_value(levels, new, before)
            return
        rows, low, floor = self._rows, self._low, self._floor
        for text in new:
            key = self._key(text)
            if key < floor:
                rows.pop(text, None)
            elif not is_plain(text, self._dot):
                self._window.settle()
                self._spell_anew(levels, before)
                return
            elif key >= low:
                self._window.put(key, text)
        if len(self._window.keys) > self._crowded:
            self._tidy()

    def _spell(self, levels: Rows) -> None:
        """Take in the first rows of all: see how they are spelled."""
        self._update(levels)
        rows = self._rows
        if rows:
            texts = [*rows]
            self._dot = dot = plain_offset(texts[0])
            if not (dot and are_plain(texts, dot)):
                rows.clear()
                self._keep_by_value(texts)
                self._replay(levels)

    def _spell_anew(self, levels: Rows, before: int) -> None:
        """Take in a message with texts that are not spelled like those before it."""
        rows = self._rows
        new = self._take_back(before)
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

    def _take_in_by_value(self, levels: Rows, new: list[str], before: int) -> None:
        if not self.exact and not all(map(fits_float, new)):
            self._spell_anew(levels, before)
            return
        by_value = cast("dict[Key, str]", self._by_value)
        keyed = {self._key(text): text for text in new}
        if len(keyed) < len(new) or not by_value.keys().isdisjoint(keyed):
            self._take_back(before)
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
            self._window.put(key, text)
            if len(self._window.keys) > self._crowded:
                self._tidy()
