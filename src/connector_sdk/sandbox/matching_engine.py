"""One pair's matching engine: price-time priority over integer ticks and lots, so it is exact.

Pure: no clock, no await. Every level change has an update id of its own, one above the last.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import NamedTuple

from connector_sdk.errors import InvariantError
from connector_sdk.model.order import Side

HOUSE = 0
"""Owner of the orders that the venue's own flow places."""


class LevelChange(NamedTuple):
    """A level's new total in lots (0: the level is gone), as of `update_id`."""

    update_id: int
    side: Side
    price: int
    lots: int


class Fill(NamedTuple):
    """One match at the maker's price. `taker_side` is the side of the order that came last."""

    trade_id: int
    price: int
    lots: int
    maker_order_id: int
    taker_order_id: int
    taker_side: Side


class Outcome(NamedTuple):
    """What an order or a cancel did.

    resting:   lots now in the book under `order_id`.
    unfilled:  lots that neither matched nor rest (a market order that ran out of book).
    """

    order_id: int
    changes: tuple[LevelChange, ...]
    fills: tuple[Fill, ...] = ()
    resting: int = 0
    unfilled: int = 0


@dataclass(slots=True)
class RestingOrder:
    """An order in the book; `lots` is what is left of it."""

    order_id: int
    side: Side
    price: int
    lots: int
    owner: int


@dataclass(slots=True)
class Level:
    """The queue at one price, first come first, and its total."""

    total: int = 0
    orders: dict[int, RestingOrder] = field(default_factory=dict[int, RestingOrder])


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


class MatchingEngine:
    """Price-time priority for one pair.

    update_id: id of the last level change; `place` and `cancel` count on from it.
    """

    def __init__(self, update_id: int = 0, order_id: int = 0, trade_id: int = 0) -> None:
        self.update_id = update_id
        self._order_id = order_id
        self._trade_id = trade_id
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)
        self._orders: dict[int, RestingOrder] = {}

    def side(self, side: Side) -> BookSide:
        """The bids for BUY, the asks for SELL."""
        return self.bids if side is Side.BUY else self.asks

    def order(self, order_id: int) -> RestingOrder | None:
        """The order, while it rests in the book."""
        return self._orders.get(order_id)

    def place(
        self, side: Side, lots: int, price: int | None = None, *, owner: int = HOUSE
    ) -> Outcome:
        """Match an order, then rest what is left at `price`; without a price nothing rests."""
        if lots <= 0 or (price is not None and price <= 0):
            raise InvariantError(f"an order of {lots} lots at {price} ticks reached the engine")
        self._order_id += 1
        order_id = self._order_id
        changes: list[LevelChange] = []
        fills: list[Fill] = []
        left = self._match(RestingOrder(order_id, side, price or 0, lots, owner), changes, fills)
        if left and price is not None:
            order = RestingOrder(order_id, side, price, left, owner)
            level = self.side(side).level(price)
            level.orders[order_id] = self._orders[order_id] = order
            level.total += left
            changes.append(self._changed(side, price, level.total))
            return Outcome(order_id, tuple(changes), tuple(fills), resting=left)
        return Outcome(order_id, tuple(changes), tuple(fills), unfilled=left)

    def cancel(self, order_id: int) -> Outcome | None:
        """Take an order out of the book; None if it does not rest there."""
        order = self._orders.pop(order_id, None)
        if order is None:
            return None
        book_side = self.side(order.side)
        level = book_side.levels[order.price]
        del level.orders[order_id]
        level.total -= order.lots
        if not level.orders:
            book_side.drop(order.price)
        return Outcome(order_id, (self._changed(order.side, order.price, level.total),))

    def _match(self, taker: RestingOrder, changes: list[LevelChange], fills: list[Fill]) -> int:
        opposite = Side.SELL if taker.side is Side.BUY else Side.BUY
        book_side = self.side(opposite)
        while taker.lots and (price := book_side.best) is not None:
            if taker.price and _is_worse(price, taker.price, taker.side):
                break
            level = book_side.levels[price]
            self._consume(level, taker, fills)
            if not level.orders:
                book_side.drop(price)
            changes.append(self._changed(opposite, price, level.total))
        return taker.lots

    def _consume(self, level: Level, taker: RestingOrder, fills: list[Fill]) -> None:
        while taker.lots and level.orders:
            maker = next(iter(level.orders.values()))
            lots = min(maker.lots, taker.lots)
            self._trade_id += 1
            fills.append(
                Fill(self._trade_id, maker.price, lots, maker.order_id, taker.order_id, taker.side)
            )
            maker.lots -= lots
            taker.lots -= lots
            level.total -= lots
            if not maker.lots:
                del level.orders[maker.order_id]
                del self._orders[maker.order_id]

    def _changed(self, side: Side, price: int, lots: int) -> LevelChange:
        self.update_id += 1
        return LevelChange(self.update_id, side, price, lots)


def _is_worse(price: int, limit: int, taker_side: Side) -> bool:
    return price > limit if taker_side is Side.BUY else price < limit
