"""One side of the matching engine's book: levels, each a queue of orders."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field

from connector_sdk.model.order import Side


@dataclass(slots=True)
class RestingOrder:
    """An order in the book.

    lots:    what is left of it and shown.
    hidden:  what is left of it and not shown.
    shown:   how much of it the book shows at a time; 0 for all.
    """

    order_id: int
    side: Side
    price: int
    lots: int
    owner: int
    hidden: int = 0
    shown: int = 0

    @property
    def left(self) -> int:
        """All that is left of it."""
        return self.lots + self.hidden


@dataclass(slots=True)
class Level:
    """The queue at one price, first come first, and the totals of what it shows and hides."""

    total: int = 0
    hidden: int = 0
    orders: dict[int, RestingOrder] = field(default_factory=dict[int, RestingOrder])

    def add(self, order: RestingOrder) -> int:
        """Put an order last in the queue; return the new total."""
        self.orders[order.order_id] = order
        self.total += order.lots
        self.hidden += order.hidden
        return self.total

    def remove(self, order: RestingOrder) -> None:
        """Take an order out of the queue."""
        del self.orders[order.order_id]
        self.total -= order.lots
        self.hidden -= order.hidden

    def take(self, order: RestingOrder, lots: int) -> bool:
        """Take lots off what the first order shows; return whether nothing is left of it.

        Shown again from what was hidden, it is last in the queue.
        """
        order.lots -= lots
        self.total -= lots
        if order.lots:
            return False
        del self.orders[order.order_id]
        if not order.hidden:
            return True
        order.lots = min(order.shown, order.hidden)
        order.hidden -= order.lots
        self.hidden -= order.lots
        self.total += order.lots
        self.orders[order.order_id] = order
        return False

    def reduce(self, order: RestingOrder, lots: int) -> int:
        """Take lots off an order, hidden ones first; return by how much the total fell."""
        hidden = min(lots, order.hidden)
        order.hidden -= hidden
        self.hidden -= hidden
        order.lots -= lots - hidden
        self.total -= lots - hidden
        return lots - hidden


class BookSide:
    """One side: levels by price, and their ranks (smallest is best) in order."""

    __slots__ = ("_sign", "levels", "ranks")

    def __init__(self, side: Side) -> None:
        self._sign = -1 if side is Side.BUY else 1
        self.ranks: list[int] = []
        self.levels: dict[int, Level] = {}

    def __len__(self) -> int:
        return len(self.ranks)

    @property
    def best(self) -> int | None:
        """The best price; None when the side is empty."""
        return self.ranks[0] * self._sign if self.ranks else None

    def price_at(self, rank: int) -> int:
        """The price `rank` levels behind the best (0); negative counts from the worst."""
        return self.ranks[rank] * self._sign

    def top(self, count: int) -> list[tuple[int, int]]:
        """Price and total of the best `count` levels, best first."""
        levels, sign = self.levels, self._sign
        return [(rank * sign, levels[rank * sign].total) for rank in self.ranks[:count]]

    def level(self, price: int) -> Level:
        """The level at `price`, made if it is not there."""
        found = self.levels.get(price)
        if found is None:
            found = self.levels[price] = Level()
            insort(self.ranks, price * self._sign)
        return found

    def drop(self, price: int) -> None:
        """Forget an empty level."""
        del self.levels[price]
        del self.ranks[bisect_left(self.ranks, price * self._sign)]

    def within(self, price: int | None) -> list[int]:
        """The prices at least as good as `price` (all without one), best first."""
        stop = len(self.ranks) if price is None else bisect_left(self.ranks, price * self._sign + 1)
        return [rank * self._sign for rank in self.ranks[:stop]]
