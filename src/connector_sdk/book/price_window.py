"""PriceWindow: the texts of a side's best prices, in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable
from itertools import compress
from typing import TYPE_CHECKING

from sortedcontainers import SortedKeyList

from connector_sdk.book.price_keys import Key, KeyOf

if TYPE_CHECKING:
    Base = SortedKeyList[str, Key]
else:
    Base = SortedKeyList


class PriceWindow(Base):
    """A SortedKeyList of price texts, best last, that never splits its one sublist.

    A window holds a few hundred texts, each of them at another price. Knowing that saves what
    the general container pays to find the sublist and to balance it: its `add` costs three times
    an insertion here. `texts` and `keys` are that sublist and its keys: to read, not to change.
    """

    DEFAULT_LOAD_FACTOR = 1 << 30

    texts: list[str]
    keys: list[Key]

    def __init__(self, texts: Iterable[str], key: KeyOf) -> None:
        super().__init__(texts, key=key)
        self.texts = self._lists[0] if self._lists else []
        self.keys = self._keys[0] if self._lists else []

    def put_all(self, keyed: Iterable[tuple[Key, str]]) -> None:
        """Add texts with their keys; a text takes the place of one with the same key."""
        keys, texts = self.keys, self.texts
        for key, text in keyed:
            at = bisect_left(keys, key)
            if at < len(keys) and keys[at] == key:
                texts[at] = text
            else:
                keys.insert(at, key)
                texts.insert(at, text)
        self._settle()

    def drop(self, start: int, stop: int | None) -> None:
        """Take out the texts of a slice."""
        del self.keys[start:stop], self.texts[start:stop]
        self._settle()

    def keep_best(self, count: int) -> None:
        """Forget all but the `count` best."""
        del self.keys[:-count], self.texts[:-count]
        self._settle()

    def keep_known(self, known: Container[str]) -> None:
        """Forget the texts that are not in `known`."""
        held = [text in known for text in self.texts]
        self.keys[:] = list(compress(self.keys, held))
        self.texts[:] = list(compress(self.texts, held))
        self._settle()

    def _settle(self) -> None:
        """Make the container's own account of its sublist true again."""
        keys = self.keys
        if not keys:
            self.clear()
        elif self._maxes:
            self._maxes[0] = keys[-1]
        else:
            self._lists.append(self.texts)
            self._keys.append(keys)
            self._maxes.append(keys[-1])
        self._len = len(keys)
