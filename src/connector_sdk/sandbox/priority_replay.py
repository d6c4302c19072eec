"""PriorityReplay: judges what a BookLog tells by price-time priority, act by act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector_sdk.sandbox.book_log import PLACE, REDUCE, Act, BookLog, Chapter, Meeting

ROW = 7
MAKER_GONE, TAKER_GONE, SMALLER = 1, 2, 4


@dataclass(slots=True, eq=False)
class _Standing:
    """An order of the replayed book."""

    order_id: int
    side: int
    price: int
    lots: int
    hidden: int
    shown: int
    owner: int

    @property
    def row(self) -> tuple[int, ...]:
        return (
            self.order_id,
            self.side,
            self.price,
            self.lots,
            self.hidden,
            self.shown,
            self.owner,
        )


class PriorityReplay:
    """Follows one book's log; may be asked again and again, and goes on where it stopped.

    Where the log has forgotten what comes next, it starts at the oldest chapter that is kept.
    """

    def __init__(self, pair: str, log: BookLog) -> None:
        self._pair = pair
        self._log = log
        self._chapter = 0
        self._act = 0
        self._meeting = 0
        self._sides: dict[int, dict[int, list[_Standing]]] = {1: {}, -1: {}}
        self._orders: dict[int, _Standing] = {}

    def violations(self) -> Iterator[str]:
        """What the acts since the last time broke, and where the book is not what it should be."""
        oldest = self._log.chapters[0].number
        if self._chapter < oldest:
            self._start(self._log.chapters[0])
        for chapter in tuple(self._log.chapters):
            if chapter.number < self._chapter:
                continue
            if chapter.number > self._chapter:
                yield from self._compared(chapter)
                self._start(chapter)
            while self._act < len(chapter):
                yield from self._follow(chapter, chapter.act(self._act))
                self._act += 1

    @property
    def rows(self) -> list[tuple[int, ...]]:
        """The replayed book in the order of `book_log.book_rows`."""
        bids, asks = self._sides[1], self._sides[-1]
        queues = [bids[price] for price in sorted(bids, reverse=True)]
        queues += [asks[price] for price in sorted(asks)]
        return [order.row for queue in queues for order in queue]

    def _start(self, chapter: Chapter) -> None:
        self._chapter, self._act, self._meeting = chapter.number, 0, 0
        self._sides, self._orders = {1: {}, -1: {}}, {}
        for at in range(0, len(chapter.book), ROW):
            self._stand(_Standing(*chapter.book[at : at + ROW]))

    def _compared(self, chapter: Chapter) -> Iterator[str]:
        rows = [number for row in self.rows for number in row]
        if rows != list(chapter.book):
            yield f"{self._pair}: the book is not what the acts before it make"

    def _follow(self, chapter: Chapter, act: Act) -> Iterator[str]:
        if act.kind == PLACE:
            yield from self._placed(chapter, act)
            return
        order = self._orders.get(act.order_id)
        if order is None:
            yield f"{self._pair}: order {act.order_id} was changed and does not stand"
        elif act.kind == REDUCE:
            _shrink(order, act.lots)
        else:
            self._remove(order)

    def _placed(self, chapter: Chapter, act: Act) -> Iterator[str]:
        left, gone = act.lots, False
        for _ in range(act.meetings):
            meeting = chapter.meeting(self._meeting)
            self._meeting += 1
            fault = self._misplaced(act, meeting, left)
            if gone or fault:
                yield f"{self._pair}: order {act.order_id}: {fault or 'it went on after its end'}"
                return
            left -= meeting.lots if meeting.flags & SMALLER or not meeting.prevented else 0
            gone = bool(meeting.flags & TAKER_GONE)
            self._met(meeting)
        best = self._best(act)
        if left and not gone and best is not None:
            yield f"{self._pair}: order {act.order_id} left {left} lots and did not take {best}"
        if left and not gone and act.rests and act.price:
            shown = min(act.shown or left, left)
            self._stand(
                _Standing(
                    act.order_id, act.side, act.price, shown, left - shown, act.shown, act.owner
                )
            )

    def _misplaced(self, act: Act, meeting: Meeting, left: int) -> str:
        """What is wrong with one meeting; empty where nothing is."""
        best = self._best(act)
        if best is None:
            return f"it met {meeting.maker_order_id}, and nothing was within its price"
        first = self._sides[-act.side][best][0]
        if first.order_id != meeting.maker_order_id or meeting.price != best:
            return f"it met {meeting.maker_order_id} before {first.order_id}"
        there = first.lots + first.hidden if meeting.prevented else first.lots
        if meeting.lots != min(there, left):
            return f"it met {meeting.lots} lots of {there}, with {left} left"
        return ""

    def _met(self, meeting: Meeting) -> None:
        order = self._orders[meeting.maker_order_id]
        if meeting.prevented:
            if meeting.flags & MAKER_GONE:
                self._remove(order)
            elif meeting.flags & SMALLER:
                _shrink(order, meeting.lots)
            return
        order.lots -= meeting.lots
        if order.lots:
            return
        self._remove(order)
        if order.hidden:
            order.lots = min(order.shown, order.hidden)
            order.hidden -= order.lots
            self._stand(order)

    def _best(self, act: Act) -> int | None:
        """The best price on the other side that the act's own price allows."""
        prices = self._sides[-act.side]
        if not prices:
            return None
        best = min(prices) if act.side > 0 else max(prices)
        worse = best > act.price if act.side > 0 else best < act.price
        return None if act.price and worse else best

    def _stand(self, order: _Standing) -> None:
        self._sides[order.side].setdefault(order.price, []).append(order)
        self._orders[order.order_id] = order

    def _remove(self, order: _Standing) -> None:
        queues = self._sides[order.side]
        queue = queues[order.price]
        queue.remove(order)
        if not queue:
            del queues[order.price]
        del self._orders[order.order_id]


def _shrink(order: _Standing, lots: int) -> None:
    hidden = min(lots, order.hidden)
    order.hidden -= hidden
    order.lots -= lots - hidden
