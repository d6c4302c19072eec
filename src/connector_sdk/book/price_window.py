"""PriceWindow: the texts of a side's best prices, in order."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
        self._expose()

    def _expose(self) -> None:
        self.texts = self._lists[0] if self._lists else []
        self.keys = self._keys[0] if self._lists else []

    def put(self, key: Key, text: str) -> None:
        """Add `text`, whose key is `key`."""
        keys = self.keys
        if not keys:
            self.add(text)
            self._expose()
            return
        at = bisect_right(keys, key)
        keys.insert(at, key)
        self.texts.insert(at, text)
        self._maxes[0] = keys[-1]
        self._len += 1

    def drop_at(self, index: int) -> None:
        """Take out the text at `index`."""
        keys = self.keys
        del keys[index], self.texts[index]
        self._settle()

    def drop(self, key: Key) -> bool:
        """Take out the text with that key; False if there is none."""
        keys = self.keys
        at = bisect_left(keys, key)
        if at == len(keys) or keys[at] != key:
            return False
        self.drop_at(at)
        return True

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
        keys = self.keys
        if keys:
            self._maxes[0] = keys[-1]
            self._len = len(keys)
        else:
            self.clear()
            self._expose()
