"""Trading on paper at random: what must hold after every step, whatever happened."""

from __future__ import annotations

import os
import random
from collections import Counter
from decimal import Decimal

import pytest

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verification
from connector_sdk.model.events import BookState
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.market_data import BookDelta, BookSnapshot, Trade
from connector_sdk.model.order import Side, TimeInForce
from connector_sdk.sandbox.order_life import Fees
from connector_sdk.sandbox.paper_venue import PaperVenue
from connector_sdk.sandbox.trading import NewOrder, OrderPlaced, UserFill, VenueOrderType

CAMPAIGN = os.environ.get("CONNECTOR_SDK_CAMPAIGN") == "1"
SEEDS = range(300 if CAMPAIGN else 6)
STEPS = 400
PAIR = "BTC-USDT"
INSTRUMENT = Instrument(
    pair=PAIR,
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal(1),
    lot_size=Decimal(1),
)
FUNDS = {"BTC": Decimal(500), "USDT": Decimal(50_000)}
LEVELS = 6


class Walk:
    """A book that changes at random, trades at random, and an account that acts at random.

    fresh:  (side, price) → what came to rest there since the level was last empty.
    taken:  (side, price) → what we took of it meanwhile.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.venue = PaperVenue(Instruments([INSTRUMENT]), FUNDS, Fees(1_000, 2_000))
        self.book = OrderBook(PAIR, Verification.SEQUENCE, now_ns=lambda: 0)
        self.mid = 100
        self.levels: dict[tuple[Side, int], int] = {}
        self.fresh: Counter[tuple[Side, int]] = Counter()
        self.taken: Counter[tuple[Side, int]] = Counter()
        self.book.replace(BookSnapshot(PAIR, [["99", "5"]], [["101", "5"]]), 1, 0)
        self.book.mark(BookState.SYNCED, 0)
        self.venue.follow(PAIR, self.book)
        self.levels = {(Side.BUY, 99): 5, (Side.SELL, 101): 5}
        self.fresh.update(self.levels)
        self.now_ns = 0
        self.orders = 0
        self.traded = 0
        self.made = 0

    def step(self) -> None:
        self.now_ns += self.rng.randrange(1, 50) * 1_000_000
        act = self.rng.choice((self.change, self.change, self.trade, self.trade, self.act))
        act()
        self.check_money()

    def change(self) -> None:
        """The book moves; some levels appear, grow, shrink or go."""
        rng = self.rng
        self.mid = max(self.mid + rng.choice((-1, 0, 0, 1)), 20)
        rows: dict[Side, list[list[str]]] = {Side.BUY: [], Side.SELL: []}
        wanted = {level: 0 for level in self.levels if self._is_crossed(*level)}
        for side, sign in ((Side.BUY, -1), (Side.SELL, 1)):
            for _ in range(rng.randrange(3)):
                price = self.mid + sign * rng.randrange(1, LEVELS)
                wanted[side, price] = rng.choice((0, 1, 3, 8))
        for (side, price), lots in wanted.items():
            rows[side].append([str(price), str(lots)])
            self._became(side, price, lots)
        self.book.apply(BookDelta(PAIR, rows[Side.BUY], rows[Side.SELL]), 0, 0)
        self.venue.book_changed(PAIR, self.now_ns)

    def _is_crossed(self, side: Side, price: int) -> bool:
        return price >= self.mid if side is Side.BUY else price <= self.mid

    def _became(self, side: Side, price: int, lots: int) -> None:
        key = side, price
        self.fresh[key] += max(lots - self.levels.get(key, 0), 0)
        if lots:
            self.levels[key] = lots
        else:
            self.levels.pop(key, None)
            self.fresh[key] = self.taken[key] = 0

    def trade(self) -> None:
        """A real taker; it may have met anything around the middle."""
        rng = self.rng
        self.traded += 1
        before = len(self.fills)
        side, lots = rng.choice((Side.BUY, Side.SELL)), rng.randrange(1, 9)
        price = self.mid + rng.randrange(-LEVELS, LEVELS)
        at_ns = self.now_ns - rng.randrange(100) * 1_000_000
        trade = Trade(PAIR, str(self.traded), side, str(price), str(lots), at_ns)
        self.venue.traded(trade, self.now_ns)
        met = self.fills[before:]
        self.made += len(met)
        assert all(fill.maker for fill in met)
        assert sum(fill.quantity for fill in met) <= lots

    def act(self) -> None:
        """Place, cancel or amend."""
        open_orders = self.venue.desk.open_orders(self.venue.account, PAIR)
        rng = self.rng
        if open_orders and rng.random() < 0.3:
            order = rng.choice(open_orders)
            self.venue.desk.cancel(self.venue.account, order.order_id, "")
            return
        if open_orders and rng.random() < 0.2:
            order = rng.choice(open_orders)
            smaller = max(order.quantity - 1, Decimal(1))
            name = order.client_order_id
            self.venue.desk.amend(self.venue.account, order.order_id, smaller, name)
            return
        self.place()

    def place(self) -> None:
        rng = self.rng
        self.orders += 1
        kind = rng.choice(("limit", "limit", "limit", "limit_maker", "market"))
        limited = kind != "market"
        side = rng.choice((Side.BUY, Side.SELL))
        price = Decimal(self.mid + rng.randrange(-LEVELS, LEVELS)) if limited else None
        force = rng.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK))
        new = NewOrder(
            PAIR,
            side,
            VenueOrderType(kind),
            f"order-{self.orders}",
            quantity=Decimal(rng.randrange(1, 12)),
            price=price,
            time_in_force=force if kind == "limit" else None,
        )
        placed = self.venue.place(new)
        if isinstance(placed, OrderPlaced):
            self.took(new, placed.fills)

    def took(self, new: NewOrder, fills: tuple[UserFill, ...]) -> None:
        """Nothing is taken that was not there, or that was taken before."""
        prices = [fill.price for fill in fills]
        assert prices == sorted(prices, reverse=new.side is Side.SELL)
        for fill in fills:
            key = new.side.opposite, int(fill.price)
            self.taken[key] += int(fill.quantity)
            assert self.taken[key] <= self.fresh[key]
            assert fill.quantity <= self.levels[key]
            if new.price is not None:
                worse = fill.price > new.price if new.side is Side.BUY else fill.price < new.price
                assert not worse

    def check_money(self) -> None:
        """What the account holds is what it had and its fills; locked is what its orders need."""
        held = {asset: Decimal(amount) for asset, amount in FUNDS.items()}
        for order, fill in self.venue.desk.fills(self.venue.account, PAIR):
            sign = 1 if order.new.side is Side.BUY else -1
            held["BTC"] += sign * fill.quantity
            held["USDT"] -= sign * fill.quote
            held[fill.fee_asset] -= fill.fee
        locked = dict.fromkeys(FUNDS, Decimal(0))
        for order in self.venue.desk.open_orders(self.venue.account):
            left = order.quantity - order.filled
            assert left > 0
            assert order.new.price is not None
            if order.new.side is Side.BUY:
                locked["USDT"] += left * order.new.price
            else:
                locked["BTC"] += left
        balances = self.venue.desk.balances(self.venue.account)
        for asset, whole in held.items():
            assert (balances[asset].free, balances[asset].locked) == (
                whole - locked[asset],
                locked[asset],
            )

    @property
    def fills(self) -> list[UserFill]:
        return [fill for _, fill in self.venue.desk.fills(self.venue.account, PAIR)]


@pytest.mark.parametrize("seed", SEEDS)
def test_money_is_kept_and_no_liquidity_is_taken_twice(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        walk.step()
    assert walk.made > 5
    assert len(walk.fills) - walk.made > 10
