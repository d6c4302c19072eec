"""Models that share nothing with the SDK's books and rules.

They say what a book must hold, and at which frame of a session a loss must first show.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from heapq import nlargest, nsmallest
from itertools import zip_longest

from connector_sdk.model.market_data import BookDelta, BookSnapshot, Row, Rows
from recorded_session import BookMessage, Place

Side = dict[Decimal, Row]


class NaiveBook:
    """A dict a side, sorted when asked.

    kept: levels a side the venue keeps; None for all.
    """

    def __init__(self, kept: int | None = None) -> None:
        self.kept = kept
        self.bids: Side = {}
        self.asks: Side = {}

    def take(self, message: BookMessage) -> None:
        if isinstance(message, BookSnapshot):
            self.bids, self.asks = {}, {}
        self._put(self.bids, message.bids)
        self._put(self.asks, message.asks)
        while self.kept is not None and len(self.bids) > self.kept:
            del self.bids[min(self.bids)]
        while self.kept is not None and len(self.asks) > self.kept:
            del self.asks[max(self.asks)]

    @staticmethod
    def _put(side: Side, rows: Rows) -> None:
        for row in rows:
            if Decimal(row[1]):
                side[Decimal(row[0])] = row
            else:
                side.pop(Decimal(row[0]), None)

    def best(self, count: int) -> tuple[list[Row], list[Row]]:
        bids, asks = nlargest(count, self.bids), nsmallest(count, self.asks)
        return [self.bids[price] for price in bids], [self.asks[price] for price in asks]


def left_by(messages: Iterable[BookMessage], kept: int | None) -> NaiveBook:
    """The book after all `messages`, taken in the order of their ids where they have any."""
    book = NaiveBook(kept)
    ordered = list(messages)
    if all(message.last_id is not None for message in ordered):
        ordered.sort(key=lambda m: (m.last_id or 0, isinstance(m, BookSnapshot)))
    for message in ordered:
        book.take(message)
    return book


def where_a_span_breaks(places: Iterable[Place]) -> int | None:
    """Ids must cover 1, 2, 3 … without a hole; a snapshot covers all up to its own."""
    oldest = newest = None
    for index, message in places:
        last = message.last_id
        assert last is not None
        if isinstance(message, BookSnapshot):
            if oldest is not None and oldest > last + 1:
                return index
            newest = last if newest is None else max(newest, last)
            continue
        first = message.first_id
        assert first is not None
        if newest is None:
            oldest, newest = first, last
        elif first > newest + 1:
            return index
        else:
            newest = max(newest, last)
    return None


def where_a_link_breaks(places: Iterable[Place]) -> int | None:
    """Every delta names the message before it."""
    before = None
    for index, message in places:
        if isinstance(message, BookDelta) and before not in {None, message.previous_id}:
            return index
        before = message.last_id
    return None


def where_covered_levels_differ(
    places: Iterable[Place], lost: int, covered: int, kept: int | None
) -> int | None:
    """The first message after the loss whose checksum, over `covered` levels, cannot fit.

    Two books are kept, one with and one without what was lost. Until the levels covered differ,
    nobody who sees the broken one can know.
    """
    whole, broken = NaiveBook(kept), NaiveBook(kept)
    for index, message in places:
        whole.take(message)
        if index == lost:
            continue
        broken.take(message)
        if index > lost and whole.best(covered) != broken.best(covered):
            return index
    return None


def differing(book: NaiveBook, bids: Iterable[Row], asks: Iterable[Row]) -> int:
    """Rows in which a book, best first, is not `book`. Counts texts, not values."""
    mine = book.best(len(book.bids) + len(book.asks))
    sides = zip(mine, (bids, asks), strict=True)
    return sum(
        (None if a is None else tuple(a)) != (None if b is None else tuple(b))
        for ours, theirs in sides
        for a, b in zip_longest(ours, theirs)
    )
