"""BookLog: every act on a pair's book and what it met, so that its priorities can be judged."""

from __future__ import annotations

from array import array
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from connector_sdk.model.order import Side
from connector_sdk.sandbox.book_side import RestingOrder

if TYPE_CHECKING:
    from connector_sdk.sandbox.matching_engine import MatchingEngine, Outcome, Terms

ACTS_A_CHAPTER = 4_096
PLACE, CANCEL, REDUCE = 0, 1, 2


class Act(NamedTuple):
    """One thing done to the book. For REDUCE, `lots` is what was taken off.

    price:     0 for none.
    rests:     1 if what did not match may stay.
    meetings:  how many orders of the book it met.
    """

    kind: int
    order_id: int
    side: int
    price: int
    lots: int
    owner: int
    shown: int
    rests: int
    meetings: int


class Meeting(NamedTuple):
    """An order of the book that an incoming one met: filled, or (`prevented`) kept from it.

    flags: of a prevented one: 1 maker expired, 2 taker expired, 4 both became smaller.
    """

    maker_order_id: int
    price: int
    lots: int
    prevented: int
    flags: int


class Chapter:
    """A book, order by order, and the acts after it."""

    __slots__ = ("acts", "book", "meetings", "number")

    def __init__(self, number: int, book: array[int]) -> None:
        self.number = number
        self.book = book
        self.acts = array("q")
        self.meetings = array("q")

    def __len__(self) -> int:
        return len(self.acts) // len(Act._fields)

    def act(self, index: int) -> Act:
        """The act of that number."""
        width = len(Act._fields)
        return Act(*self.acts[index * width : (index + 1) * width])

    def meeting(self, index: int) -> Meeting:
        """The meeting of that number, counted over all acts of the chapter."""
        width = len(Meeting._fields)
        return Meeting(*self.meetings[index * width : (index + 1) * width])


class BookLog:
    """What happened to one book.

    Bounded: the newest `most_chapters` of 4,096 acts each; the oldest go first.
    """

    def __init__(self, engine: MatchingEngine, most_chapters: int) -> None:
        self._engine = engine
        self._number = 0
        self.chapters: deque[Chapter] = deque(maxlen=most_chapters)
        self._turn()

    def placed(self, order: RestingOrder, lots: int, terms: Terms, outcome: Outcome) -> None:
        """An order of so many lots came in."""
        chapter, met = self.chapters[-1], outcome.meetings
        for one in met:
            chapter.meetings.extend(one.meeting)
        side = 1 if order.side is Side.BUY else -1
        self._write(
            Act(
                PLACE,
                order.order_id,
                side,
                order.price,
                lots,
                order.owner,
                terms.shown,
                int(terms.rests),
                len(met),
            )
        )

    def canceled(self, order_id: int) -> None:
        """An order was taken out."""
        self._write(Act(CANCEL, order_id, 0, 0, 0, 0, 0, 0, 0))

    def reduced(self, order_id: int, lots: int) -> None:
        """So many lots were taken off an order."""
        self._write(Act(REDUCE, order_id, 0, 0, lots, 0, 0, 0, 0))

    def _write(self, act: Act) -> None:
        chapter = self.chapters[-1]
        chapter.acts.extend(act)
        if len(chapter) >= ACTS_A_CHAPTER:
            self._turn()

    def _turn(self) -> None:
        self._number += 1
        self.chapters.append(Chapter(self._number, book_rows(self._engine)))


def book_rows(engine: MatchingEngine) -> array[int]:
    """Every order of the book, level by level, first come first, seven numbers each."""
    rows = array("q")
    for book_side in (engine.bids, engine.asks):
        for price in book_side.within(None):
            for order in book_side.levels[price].orders.values():
                side = 1 if order.side is Side.BUY else -1
                row = (order.order_id, side, price, order.lots, order.hidden, order.shown)
                rows.extend((*row, order.owner))
    return rows
