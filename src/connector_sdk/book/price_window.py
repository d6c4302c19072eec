"""PriceWindow: the texts of a side's best prices, in order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Container, Iterable
from itertools import compress
from typing import TYPE_CHECKING

from connector_sdk.book.price_keys import Key, KeyOf

if TYPE_CHECKING:

    class SortedKeyList:
        """What is used of sortedcontainers' class, with its types."""

        _keys: list[list[Key]]
        _len: int
        _lists: list[list[str]]
        _maxes: list[Key]

        def __init__(self, iterable: Iterable[str], key: KeyOf) -> None: ...

        def clear(self) -> None:
            """Take out everything."""

        def _check(self) -> None: ...

else:
    from sortedcontainers import SortedKeyList


class PriceWindow(SortedKeyList):
    """A SortedKeyList of price texts, best last, that never splits its one sublist.

    A window holds a few hundred texts, each of them at another price. Knowing that saves what
    the general container pays to find the sublist and to balance it. `texts` and `keys` are that
    sublist and its keys; who changes them, both alike, calls `settle` when done.
    """

    DEFAULT_LOAD_FACTOR = 1 << 30

    texts: list[str]
    keys: list[Key]

    def __init__(self, texts: Iterable[str], key: KeyOf) -> None:
        super().__init__(texts, key=key)
        self.texts = self._lists[0] if self._lists else []
        self.keys = self._keys[0] if self._lists else []

    def put(self, key: Key, text: str) -> None:
        """Add `text`, in place of one that had the same key."""
        keys, texts = self.keys, self.texts
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            texts[at] = text
        else:
            keys.insert(at, key)
            texts.insert(at, text)
        self.settle()

    def drop(self, start: int, stop: int | None) -> None:
        """Take out the texts of a slice."""
        del self.keys[start:stop], self.texts[start:stop]
        self.settle()

    def keep_best(self, count: int) -> None:
        """Forget all but the `count` best."""
        del self.keys[:-count], self.texts[:-count]
        self.settle()

    def keep_known(self, known: Container[str]) -> None:
        """Forget the texts that are not in `known`."""
        held = [text in known for text in self.texts]
        self.keys[:] = list(compress(self.keys, held))
        self.texts[:] = list(compress(self.texts, held))
        self.settle()

    def settle(self) -> None:
        """Make the container's own account of its sublist true again, after changes to it."""
        keys = self.keys
        if keys and self._maxes:
            self._maxes[0] = keys[-1]
        elif keys:
            self._lists.append(self.texts)
            self._keys.append(keys)
            self._maxes.append(keys[-1])
        else:
            self.clear()
        self._len = len(keys)
