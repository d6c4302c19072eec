"""QueuePlace: where an order of ours would stand in the queue of a real book."""

from __future__ import annotations

from collections import deque
from typing import Final, NamedTuple

LATE_NS: Final = 1_000_000_000
"""A trade may be told so much later than the level that it left behind."""


class Told(NamedTuple):
    """What a level held, in lots, and the venue's time of that; None where it gives none."""

    at_ns: int | None
    lots: int


class QueuePlace:
    """What is queued before one of our orders, by what the venue publishes of its level.

    When it is placed, all that rests at its price is before it. Trades at the price take from the
    front. What leaves the level otherwise is taken to have stood behind, as far as that can be:
    so the order is filled too late rather than too soon.

    A level and the trade that changed it are told in either order. A trade that is not known to be
    later than what was told of the level is taken to be told by the level already.

    All quantities are lots, all times the venue's, ns; None for a time that it did not tell.
    """

    __slots__ = ("_ahead", "_since_ns", "_there", "_told")

    def __init__(self, there: int | None, since_ns: int | None) -> None:
        """there: what rests at its price; None: that is not known yet."""
        self._ahead = self._there = there
        self._since_ns = since_ns
        self._told: deque[Told] = deque()

    @property
    def ahead(self) -> int | None:
        """What is before it at most, by all that was told; None: not known."""
        if self._ahead is None:
            return None
        return min([self._ahead, *(told.lots for told in self._told)])

    def level_is(self, there: int | None, at_ns: int | None) -> None:
        """The level holds `there` now; None: it is not known any more."""
        if there is None or there == self._there:
            return
        self._there = there
        if self._ahead is None:
            self._ahead = there
            return
        while self._told and _is_old(self._told[0], at_ns):
            self._settle()
        self._told.append(Told(at_ns, there))

    def came_after(self, at_ns: int | None) -> bool:
        """Whether what happened at that time had happened already when the order was placed."""
        return at_ns is not None and self._since_ns is not None and at_ns <= self._since_ns

    def traded(self, lots: int, at_ns: int | None) -> int:
        """A trade at its price took so many lots: what of them is left for the order."""
        while self._told and _is_earlier(self._told[0], at_ns):
            self._settle()
        if self._ahead is None:
            return 0
        before = min(self._ahead, lots)
        self._ahead -= before
        return lots - before

    def passed(self) -> None:
        """A trade went through its price: nothing can be before it any more."""
        self._ahead = 0
        self._told.clear()

    def _settle(self) -> None:
        lots = self._told.popleft().lots
        self._ahead = lots if self._ahead is None else min(self._ahead, lots)


def _is_old(told: Told, now_ns: int | None) -> bool:
    return told.at_ns is None or now_ns is None or told.at_ns <= now_ns - LATE_NS


def _is_earlier(told: Told, at_ns: int | None) -> bool:
    return told.at_ns is not None and at_ns is not None and told.at_ns < at_ns
