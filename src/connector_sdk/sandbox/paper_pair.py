"""PaperPair: one pair's real book, as it would be with our orders in it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from decimal import Decimal
from typing import NamedTuple

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.reading import PriceType
from connector_sdk.errors import BookNotSynced, EmptySide, NoTradeYet
from connector_sdk.model.events import BookState
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.market_data import Trade, amount
from connector_sdk.model.order import Side
from connector_sdk.sandbox.accounts import EXACT
from connector_sdk.sandbox.book_side import RestingOrder
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.matching_engine import HOUSE, Fill, MatchingEngine, Outcome
from connector_sdk.sandbox.pair_market import TradedPair
from connector_sdk.sandbox.queue_place import QueuePlace
from connector_sdk.sandbox.trading import NewOrder


class Offer(NamedTuple):
    """A level of the real book, less what we took of it.

    ticks, lots:  what the engine counts it as.
    """

    price: Decimal
    ticks: int
    lots: int


class PaperEngine(MatchingEngine):
    """Our resting orders; while one of ours comes in, also what the real book offers it."""

    def __init__(self) -> None:
        super().__init__()
        self._house_id = 0

    def lend(self, side: Side, price: int, lots: int) -> RestingOrder:
        """Put an order of the house into the book, which meets nobody by that."""
        self._house_id -= 1
        order = RestingOrder(self._house_id, side, price, lots, HOUSE)
        self._orders[order.order_id] = order
        self.side(side).level(price).add(order)
        return order

    def take_back(self, order: RestingOrder) -> None:
        """Take out what is left of it."""
        if order.order_id in self._orders:
            self._take_out(order)

    def hit(self, order: RestingOrder, lots: int) -> Outcome:
        """Let the house take so many lots of one resting order."""
        self._house_id -= 1
        self._trade_id += 1
        book_side = self.side(order.side)
        level = book_side.levels[order.price]
        if level.take(order, lots):
            del self._orders[order.order_id]
        if not level.orders:
            book_side.drop(order.price)
        fill = Fill(
            self._trade_id, order.price, lots, order.order_id, self._house_id, order.side.opposite
        )
        change = self._changed(order.side, order.price, level.total)
        return Outcome(self._house_id, (change,), (fill,))


class PaperPair(TradedPair):
    """One pair.

    What we take of the real book is remembered level by level until the book has less there than
    that, or the level goes: the same liquidity is not taken twice. A resting order of ours is
    filled by real trades alone, those at its price that find nothing before it, and those that
    go through its price.

    The engine counts in the instrument's own ticks and lots. Where a real level does not, it is
    counted as less, and as a worse price.
    """

    engine: PaperEngine

    def __init__(self, instrument: Instrument) -> None:
        tick, lot = instrument.tick_size, instrument.lot_size
        super().__init__(Listing(instrument, 1, 1, tick, lot), PaperEngine())
        self.book: OrderBook | None = None
        self._taken: dict[tuple[Side, Decimal], int] = {}
        self._places: dict[int, QueuePlace] = {}
        self._newest_ns: int | None = None

    @property
    def real_book(self) -> OrderBook | None:
        """The real book; None while there is none that can be believed."""
        return self.book if self.book and self.book.state is BookState.SYNCED else None

    # What the real market does.

    def book_changed(self, event_ns: int | None) -> None:
        """The real book is another one now. event_ns: as of which time of the venue."""
        self._note(event_ns)
        book = self.real_book
        if book is None:
            return
        for (side, price), lots in tuple(self._taken.items()):
            there = self._resting(book, side, price)
            if there == 0:
                del self._taken[side, price]
            elif there is not None and there < lots:
                self._taken[side, price] = there
        for order_id, place in tuple(self._places.items()):
            order = self.engine.order(order_id)
            if order is None:
                del self._places[order_id]
            else:
                place.level_is(self._before(book, order), self._newest_ns)

    def traded(self, trade: Trade, now_ns: int) -> None:
        """A real trade happened: fill those of our orders that it would have met."""
        self._note(trade.event_ns)
        if not self._places:
            return
        price = amount(trade.price)
        left = whole_steps(amount(trade.quantity), self.listing.lot)
        for side in (trade.side.opposite, trade.side):
            for order in self._reached(side, price):
                hit = min(self._left_for(order, price, trade, left), order.left)
                if hit:
                    self.apply(self.engine.hit(order, hit), now_ns)
                    left -= hit

    def _left_for(self, order: RestingOrder, price: Decimal, trade: Trade, lots: int) -> int:
        """How much of so many lots of a trade is left for an order of ours that it reached."""
        place = self._places.get(order.order_id)
        if place is None or place.came_after(trade.event_ns):
            return 0
        if price != self.listing.price(order.price):
            place.passed()
            return lots
        return 0 if order.side is trade.side else place.traded(lots, trade.event_ns)

    def _reached(self, side: Side, price: Decimal) -> list[RestingOrder]:
        """Our resting orders that a trade at `price` is at or through, in their turn."""
        book_side = self.engine.side(side)
        ticks = whole_steps(price, self.listing.tick, up=side is Side.BUY)
        levels = [book_side.levels[reached] for reached in book_side.within(ticks)]
        return [order for level in levels for order in level.orders.values()]

    def _note(self, event_ns: int | None) -> None:
        if event_ns is not None:
            self._newest_ns = max(event_ns, self._newest_ns or 0)

    # What we do.

    @contextmanager
    def lent(self, new: NewOrder) -> Generator[None, None, None]:
        """While it lasts, the engine holds what the real book offers to `new`."""
        book, side = self.real_book, new.side.opposite
        if book is not None:
            self._value(book)
        offers = [] if book is None else self._offers(book, new)
        lent = [self.engine.lend(side, offer.ticks, offer.lots) for offer in offers]
        try:
            yield
        finally:
            for offer, order in zip(offers, lent, strict=True):
                self.engine.take_back(order)
                if order.lots < offer.lots:
                    key = side, offer.price
                    self._taken[key] = self._taken.get(key, 0) + offer.lots - order.lots

    def queue(self, order_id: int) -> None:
        """An order of ours came to rest: it stands behind all that rests at its price."""
        order, book = self.engine.order(order_id), self.real_book
        if order is not None and book is not None:
            self._places[order_id] = QueuePlace(self._before(book, order), self._newest_ns)

    def _offers(self, book: OrderBook, new: NewOrder) -> list[Offer]:
        """What `new` would meet, best first: no more than it needs, and no worse than its price."""
        buys, tick, lot = new.side is Side.BUY, self.listing.tick, self.listing.lot
        needed = new.quantity or Decimal(0)
        found: list[Offer] = []
        for level in book.offered(new.side):
            price = level.price
            if needed <= 0 or (new.price is not None and _is_worse(price, new.price, buys=buys)):
                break
            ticks = whole_steps(price, tick, up=buys)
            taken = self._taken.get((new.side.opposite, price), 0)
            lots = whole_steps(level.quantity, lot) - taken
            if lots > 0 and ticks > 0:
                found.append(Offer(price, ticks, lots))
                needed -= self.listing.quantity(lots)
        return found

    def _value(self, book: OrderBook) -> None:
        """Let what has no price be worth the last real trade, or the middle of the book."""
        known = book.last_known
        try:
            price = known.price(PriceType.LAST)
        except NoTradeYet:
            try:
                price = known.mid_price
            except (EmptySide, BookNotSynced):
                return
        self.last_price = max(whole_steps(price, self.listing.tick), 1)

    def _before(self, book: OrderBook, order: RestingOrder) -> int | None:
        return self._resting(book, order.side, self.listing.price(order.price), up=True)

    def _resting(
        self, book: OrderBook, side: Side, price: Decimal, *, up: bool = False
    ) -> int | None:
        quantity = book.resting_quantity(side, price)
        return None if quantity is None else whole_steps(quantity, self.listing.lot, up=up)


def whole_steps(number: Decimal, step: Decimal, *, up: bool = False) -> int:
    """How many whole steps fit into `number`; up: how many hold it."""
    whole = int(EXACT.divide_int(number, step))
    return whole + 1 if up and EXACT.remainder(number, step) else whole


def _is_worse(price: Decimal, limit: Decimal, *, buys: bool) -> bool:
    return price > limit if buys else price < limit
