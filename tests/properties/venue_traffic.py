"""Random orders of every kind, at the embedded venue and at a naive one beside it."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal

from connector_sdk.model.order import Side, TimeInForce
from connector_sdk.sandbox.book_log import CANCEL, PLACE, Act, BookLog
from connector_sdk.sandbox.core import VenueCore, VenueSettings
from connector_sdk.sandbox.matching_engine import HOUSE
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.trading import (
    NewOrder,
    OrderPlaced,
    RefusalKind,
    Refused,
    TradePrevention,
    VenueOrderStatus,
    VenueOrderType,
)
from connector_sdk_binance.sandbox import dialect
from naive_venue import NaiveVenue, Wish

PAIR = "BTC-USDT"
ACCOUNTS = 3
TICK, LOT = Decimal("0.01"), Decimal("0.00001")
NOON_NS = 1_800_000_000_000_000_000
LIMIT, MARKET, MAKER = VenueOrderType.LIMIT, VenueOrderType.MARKET, VenueOrderType.LIMIT_MAKER
STOPS = {
    VenueOrderType.STOP_LOSS: "loss",
    VenueOrderType.STOP_LOSS_LIMIT: "loss",
    VenueOrderType.TAKE_PROFIT: "profit",
    VenueOrderType.TAKE_PROFIT_LIMIT: "profit",
}
PRICED_STOPS = {VenueOrderType.STOP_LOSS_LIMIT, VenueOrderType.TAKE_PROFIT_LIMIT}
STATES = {
    VenueOrderStatus.NEW: "open",
    VenueOrderStatus.PARTIALLY_FILLED: "open",
    VenueOrderStatus.FILLED: "filled",
    VenueOrderStatus.CANCELED: "canceled",
    VenueOrderStatus.EXPIRED: "expired",
    VenueOrderStatus.EXPIRED_IN_MATCH: "expired",
}


@dataclass
class Traffic:
    """One run. `seen` counts what happened, so that a test can tell that everything did."""

    seed: int
    wrong: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        rules = replace(dialect.rules.raised(), open_triggers=1_000, amends=2)
        settings = VenueSettings((PAIR,), self.seed, Pace(0), rules, ACCOUNTS)
        self.core = VenueCore(dialect, settings)
        self.core.step(NOON_NS)
        self.market = self.core.markets[PAIR]
        self.desk = self.core.orders
        self.naive = NaiveVenue(self.market.last_price)
        for book_side in (self.market.engine.bids, self.market.engine.asks):
            for price in book_side.within(None):
                for order in book_side.levels[price].orders.values():
                    side = 1 if order.side is Side.BUY else -1
                    wish = Wish(order.order_id, HOUSE, side, order.lots, price)
                    wish.visible = order.lots
                    self.naive.every[wish.number] = wish
                    self.naive.resting.append(wish)
        self.number = 0
        self.started = (self.log.chapters[-1].number, len(self.log.chapters[-1]))
        self.acts = self.started[1]
        self.chapter = self.log.chapters[-1].number

    @property
    def log(self) -> BookLog:
        assert self.market.engine.log is not None
        return self.market.engine.log

    def go_on(self) -> None:
        """One thing more: mostly an order, else a cancel, an amendment, or the venue's flow."""
        self.core.step(self.core.agenda.now_ns + 1_000_000)
        what = self.chance.random()
        if what < 0.62:
            self.place()
        elif what < 0.77:
            self.cancel()
        elif what < 0.85:
            self.amend()
        else:
            self.flow()

    def place(self) -> None:
        self.number += 1
        account = self.chance.randint(1, ACCOUNTS)
        order = self.order()
        wish = self.wish(order, account)
        matches = order.type is MAKER and self.naive.would_match(wish)
        triggers = bool(wish.stop_type) and self.naive.would_trigger(wish)
        if order.quote_quantity is not None:
            wish.lots = self.naive.lots_for(wish.side, int(order.quote_quantity / (TICK * LOT)))
        placed = self.desk.place(f"account-{account}", order)
        if isinstance(placed, Refused):
            self.seen[placed.kind.value] += 1
            if matches is not (placed.kind is RefusalKind.WOULD_MATCH):
                self.wrong.append(f"{placed} for {order}")
            if triggers is not (placed.kind is RefusalKind.WOULD_TRIGGER):
                self.wrong.append(f"{placed} for {order}")
            return
        assert isinstance(placed, OrderPlaced)
        if matches or triggers:
            self.wrong.append(f"{order} was taken")
        self.seen[order.type.value] += 1
        self.seen[f"prevention {order.prevention.value}"] += 1
        wish.number = placed.order.order_id
        self.naive.submit(wish)

    def cancel(self) -> None:
        standing = list(self.desk.life.open)
        if standing:
            one = self.chance.choice(standing)
            done = self.desk.cancel(one.order.account, one.order_id, "c")
            assert not isinstance(done, Refused)
            self.naive.cancel(one.order_id)
            self.seen["cancel"] += 1

    def amend(self) -> None:
        standing = [one for one in self.desk.life.open if one.left > 1]
        if standing:
            one = self.chance.choice(standing)
            less = self.chance.randint(1, one.left - 1)
            quantity = one.order.quantity - LOT * less
            self.number += 1
            done = self.desk.amend(
                one.order.account, one.order_id, quantity, f"amended-{self.number}"
            )
            if isinstance(done, Refused):
                self.seen[done.kind.value] += 1
            else:
                self.naive.amend(one.order_id, less)
                self.seen["amend"] += 1

    def flow(self) -> None:
        """Let the venue's own traders act, and have the naive venue do the same."""
        self.catch_up()
        self.market.act(self.core.agenda.now_ns)
        for act in self.new_acts():
            if act.owner != HOUSE:
                continue
            if act.kind == PLACE:
                self.naive.submit(Wish(act.order_id, HOUSE, act.side, act.lots, act.price))
            elif act.kind == CANCEL:
                self.naive.cancel(act.order_id)
        self.seen["flow"] += 1

    def catch_up(self) -> None:
        for _ in self.new_acts():
            pass

    def new_acts(self) -> list[Act]:
        found: list[Act] = []
        for chapter in self.log.chapters:
            if chapter.number < self.chapter:
                continue
            if chapter.number > self.chapter:
                self.chapter, self.acts = chapter.number, 0
            found += [chapter.act(index) for index in range(self.acts, len(chapter))]
            self.acts = len(chapter)
        return found

    def order(self) -> NewOrder:
        chance = self.chance
        side = chance.choice((Side.BUY, Side.SELL))
        kind = chance.choices((LIMIT, MARKET, MAKER, *STOPS), (46, 12, 12, 8, 8, 7, 7))[0]
        lots = chance.randint(20, 4_000)
        prevention = chance.choice(tuple(TradePrevention))
        order = NewOrder(PAIR, side, kind, f"{self.number}", LOT * lots, prevention=prevention)
        near = self.market.last_price + chance.randint(-120, 120)
        if kind is MARKET and chance.random() < 0.4:
            spent = TICK * LOT * near * lots
            none = TradePrevention.NONE
            return replace(order, quantity=None, quote_quantity=spent, prevention=none)
        if kind in STOPS:
            order = self.triggered(order)
        if kind is LIMIT or kind in PRICED_STOPS:
            force = chance.choices(tuple(TimeInForce), (6, 2, 2))[0]
            order = replace(order, price=TICK * near, time_in_force=force)
        elif kind is MAKER:
            order = replace(order, price=TICK * near)
        gtc = order.time_in_force in {None, TimeInForce.GTC}
        if kind in {LIMIT, MAKER} and gtc and chance.random() < 0.3:
            order = replace(order, iceberg=LOT * chance.randint(lots // 9 + 1, lots))
        return order

    def triggered(self, order: NewOrder) -> NewOrder:
        chance = self.chance
        stop = TICK * (self.market.last_price + chance.randint(-150, 150))
        what = chance.random()
        if what < 0.6:
            return replace(order, stop_price=stop)
        if what < 0.8:
            return replace(order, trailing_delta=10)
        return replace(order, stop_price=stop, trailing_delta=10)

    def wish(self, order: NewOrder, account: int) -> Wish:
        def steps(number: Decimal | None, step: Decimal) -> int | None:
            return None if number is None else int(number / step)

        force = "gtc" if order.time_in_force is None else order.time_in_force.value
        return Wish(
            0,
            account,
            1 if order.side is Side.BUY else -1,
            steps(order.quantity, LOT) or 0,
            steps(order.price, TICK),
            force,
            steps(order.iceberg, LOT) or 0,
            order.prevention.value,
            order.type is MAKER,
            STOPS.get(order.type, ""),
            steps(order.stop_price, TICK),
            order.trailing_delta,
        )

    def compared(self) -> list[str]:
        """Where the two venues differ."""
        found: list[str] = []
        true = self.true_fills()
        if true != self.naive.fills:
            pairs = zip(true, self.naive.fills, strict=False)
            at = next((n for n, (a, b) in enumerate(pairs) if a != b), "the end")
            found.append(f"{len(true)} fills, not {len(self.naive.fills)}; they part at {at}")
        for number, wish in self.naive.every.items():
            order = self.desk.order(f"account-{wish.owner}", PAIR, order_id=number)
            if order is None:
                continue
            told = (STATES[order.status], int(order.filled / LOT))
            if told != (wish.state, wish.filled):
                found.append(f"{number} is {told}, not {(wish.state, wish.filled)}")
        book: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
        for sign, book_side in ((1, self.market.engine.bids), (-1, self.market.engine.asks)):
            for price in book_side.within(None):
                queue = book_side.levels[price].orders.values()
                book[sign, price] = [(o.order_id, o.lots, o.hidden) for o in queue]
        if book != self.naive.book():
            found.append("the books differ")
        return found

    def true_fills(self) -> list[tuple[int, int, int, int]]:
        """(maker, taker, price, lots), as the journal has them since the start."""
        found: list[tuple[int, int, int, int]] = []
        start_acts = self.started
        for chapter in self.log.chapters:
            met = 0
            for index in range(len(chapter)):
                act = chapter.act(index)
                for _ in range(act.meetings):
                    meeting = chapter.meeting(met)
                    met += 1
                    if not meeting.prevented and (chapter.number, index) >= start_acts:
                        found.append(
                            (meeting.maker_order_id, act.order_id, meeting.price, meeting.lots)
                        )
        return found
