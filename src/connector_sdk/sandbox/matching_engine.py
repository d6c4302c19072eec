"""One pair's matching engine: price-time priority over integer ticks and lots, so it is exact.

Pure: no clock, no await. Every level change has an update id of its own, one above the last.
"""

from __future__ import annotations

from typing import NamedTuple

from connector_sdk.errors import InvariantError
from connector_sdk.model.order import Side
from connector_sdk.sandbox.book_log import BookLog, Meeting
from connector_sdk.sandbox.book_side import BookSide, Level, RestingOrder
from connector_sdk.sandbox.trading import TradePrevention

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

    @property
    def meeting(self) -> Meeting:
        """As the book's log has it."""
        return Meeting(self.maker_order_id, self.price, self.lots, 0, 0)


class Prevented(NamedTuple):
    """A match that did not happen, because one owner stood on both sides.

    lots:                         what would have matched.
    maker_expired, taker_expired: which of the two is out of the book for it.
    decremented:                  whether both became smaller by `lots`.
    fills_before:                 how many fills the incoming order had before it.
    """

    price: int
    lots: int
    maker_order_id: int
    taker_order_id: int
    maker_expired: bool
    taker_expired: bool
    decremented: bool
    fills_before: int

    @property
    def meeting(self) -> Meeting:
        """As the book's log has it."""
        flags = self.maker_expired + 2 * self.taker_expired + 4 * self.decremented
        return Meeting(self.maker_order_id, self.price, self.lots, 1, flags)


class Terms(NamedTuple):
    """How an order wants to be treated.

    rests:       whether what does not match at once stays in the book.
    shown:       the lots of it that the book shows at a time; 0 for all.
    prevention:  what happens where it meets an order of its own owner.
    """

    rests: bool = True
    shown: int = 0
    prevention: TradePrevention = TradePrevention.NONE


PLAIN = Terms()


class Outcome(NamedTuple):
    """What an order, a cancel or a reduction did.

    resting:   lots now in the book under `order_id`, hidden ones included.
    unfilled:  lots that neither matched nor rest (a market order that ran out of book).
    """

    order_id: int
    changes: tuple[LevelChange, ...]
    fills: tuple[Fill, ...] = ()
    resting: int = 0
    unfilled: int = 0
    prevented: tuple[Prevented, ...] = ()

    @property
    def meetings(self) -> list[Fill | Prevented]:
        """Fills and what was prevented, in the order it happened."""
        met: list[Fill | Prevented] = list(self.fills)
        # From the last, so that each stands where the fills before it ended.
        for one in reversed(self.prevented):
            met.insert(one.fills_before, one)
        return met


class _Taker:
    """An order on its way through the book, and what it did there."""

    __slots__ = ("changes", "fills", "order", "prevented", "prevention", "stopped")

    def __init__(self, order: RestingOrder, prevention: TradePrevention) -> None:
        self.order = order
        self.prevention = prevention
        self.changes: list[LevelChange] = []
        self.fills: list[Fill] = []
        self.prevented: list[Prevented] = []
        self.stopped = False

    def outcome(self, resting: int = 0) -> Outcome:
        return Outcome(
            self.order.order_id,
            tuple(self.changes),
            tuple(self.fills),
            resting,
            0 if resting else self.order.lots,
            tuple(self.prevented),
        )


class MatchingEngine:
    """Price-time priority for one pair.

    update_id: id of the last level change; `place` and `cancel` count on from it.
    log:       told of every act, where there is one.
    """

    def __init__(self, update_id: int = 0, order_id: int = 0, trade_id: int = 0) -> None:
        self.update_id = update_id
        self._order_id = order_id
        self._trade_id = trade_id
        self.bids = BookSide(Side.BUY)
        self.asks = BookSide(Side.SELL)
        self._orders: dict[int, RestingOrder] = {}
        self.log: BookLog | None = None

    def side(self, side: Side) -> BookSide:
        """The bids for BUY, the asks for SELL."""
        return self.bids if side is Side.BUY else self.asks

    def order(self, order_id: int) -> RestingOrder | None:
        """The order, while it rests in the book."""
        return self._orders.get(order_id)

    def place(
        self,
        side: Side,
        lots: int,
        price: int | None = None,
        *,
        owner: int = HOUSE,
        order_id: int | None = None,
        terms: Terms = PLAIN,
    ) -> Outcome:
        """Match an order, then rest what is left at `price`; without a price nothing rests.

        order_id: one that no other order of this engine has; None: the next of its own.
        """
        if lots <= 0 or (price is not None and price <= 0):
            raise InvariantError(f"an order of {lots} lots at {price} ticks reached the engine")
        if order_id is None:
            self._order_id += 1
            order_id = self._order_id
        order = RestingOrder(order_id, side, price or 0, lots, owner)
        taker = _Taker(order, terms.prevention)
        self._match(taker)
        stays = bool(order.price and order.lots and terms.rests and not taker.stopped)
        outcome = self._rest(taker, terms.shown) if stays else taker.outcome()
        if self.log is not None:
            self.log.placed(order, lots, terms, outcome)
        return outcome

    def cancel(self, order_id: int) -> Outcome | None:
        """Take an order out of the book; None if it does not rest there."""
        order = self._orders.get(order_id)
        if order is None:
            return None
        total = self._take_out(order)
        if self.log is not None:
            self.log.canceled(order_id)
        return Outcome(order_id, (self._changed(order.side, order.price, total),))

    def reduce(self, order_id: int, lots: int) -> Outcome | None:
        """Take so many lots, and not all, off an order, which keeps its place; hidden ones first.

        None if it does not rest there.
        """
        order = self._orders.get(order_id)
        if order is None:
            return None
        if not 0 < lots < order.left:
            raise InvariantError(f"{lots} lots to be taken off an order of {order.left}")
        level = self.side(order.side).levels[order.price]
        shown = level.reduce(order, lots)
        if self.log is not None:
            self.log.reduced(order_id, lots)
        if not shown:
            return Outcome(order_id, (), resting=order.left)
        change = self._changed(order.side, order.price, level.total)
        return Outcome(order_id, (change,), resting=order.left)

    def _rest(self, taker: _Taker, shown: int) -> Outcome:
        order = taker.order
        left = order.lots
        if shown:
            order.shown = shown
            order.hidden = max(left - shown, 0)
            order.lots = left - order.hidden
        self._orders[order.order_id] = order
        total = self.side(order.side).level(order.price).add(order)
        taker.changes.append(self._changed(order.side, order.price, total))
        return taker.outcome(resting=left)

    def _match(self, taker: _Taker) -> None:
        order = taker.order
        opposite = order.side.opposite
        book_side = self.side(opposite)
        while order.lots and not taker.stopped and (price := book_side.best) is not None:
            if order.price and _is_worse(price, order.price, order.side):
                break
            level = book_side.levels[price]
            before = level.total
            self._consume(level, taker)
            if not level.orders:
                book_side.drop(price)
            if level.total != before or not level.orders:
                taker.changes.append(self._changed(opposite, price, level.total))

    def _consume(self, level: Level, taker: _Taker) -> None:
        order = taker.order
        while order.lots and level.orders:
            maker = next(iter(level.orders.values()))
            if (
                maker.owner == order.owner
                and maker.owner != HOUSE
                and taker.prevention is not TradePrevention.NONE
            ):
                self._prevent(level, maker, taker)
                if taker.stopped:
                    return
                continue
            lots = min(maker.lots, order.lots)
            self._trade_id += 1
            taker.fills.append(
                Fill(self._trade_id, maker.price, lots, maker.order_id, order.order_id, order.side)
            )
            order.lots -= lots
            if level.take(maker, lots):
                del self._orders[maker.order_id]

    def _prevent(self, level: Level, maker: RestingOrder, taker: _Taker) -> None:
        """Do what the taker chose for the case that it meets an order of its own account."""
        order, choice = taker.order, taker.prevention
        lots = min(maker.left, order.lots)
        decrements = choice is TradePrevention.DECREMENT
        maker_expired = (
            lots == maker.left if decrements else choice is not TradePrevention.EXPIRE_TAKER
        )
        taker.stopped = (
            lots == order.lots if decrements else choice is not TradePrevention.EXPIRE_MAKER
        )
        taker.prevented.append(
            Prevented(
                maker.price,
                lots,
                maker.order_id,
                order.order_id,
                maker_expired,
                taker.stopped,
                decrements,
                len(taker.fills),
            )
        )
        if maker_expired:
            level.remove(maker)
            del self._orders[maker.order_id]
        elif decrements:
            level.reduce(maker, lots)
        if decrements:
            order.lots -= lots

    def _take_out(self, order: RestingOrder) -> int:
        """Remove an order; the level's new total."""
        del self._orders[order.order_id]
        book_side = self.side(order.side)
        level = book_side.levels[order.price]
        level.remove(order)
        if not level.orders:
            book_side.drop(order.price)
        return level.total

    def _changed(self, side: Side, price: int, lots: int) -> LevelChange:
        self.update_id += 1
        return LevelChange(self.update_id, side, price, lots)


def _is_worse(price: int, limit: int, taker_side: Side) -> bool:
    return price > limit if taker_side is Side.BUY else price < limit
