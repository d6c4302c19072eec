"""The engine is price-time exact: a second, naive one agrees with it on every fill."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from connector_sdk.errors import InvariantError
from connector_sdk.model.order import Side
from connector_sdk.sandbox.matching_engine import MatchingEngine

BUY, SELL = Side.BUY, Side.SELL


@dataclass
class Resting:
    number: int
    side: Side
    price: int
    lots: int


class NaiveEngine:
    """One list of orders in the order they came; the best is searched for each time."""

    def __init__(self) -> None:
        self.orders: list[Resting] = []
        self.fills: list[tuple[int, int, int, int]] = []

    def place(self, number: int, side: Side, lots: int, price: int | None) -> None:
        while lots:
            against = [o for o in self.orders if o.side is not side and self.meets(o, side, price)]
            if not against:
                break
            wanted = (min if side is BUY else max)(o.price for o in against)
            maker = next(o for o in against if o.price == wanted)
            taken = min(maker.lots, lots)
            self.fills.append((maker.number, number, maker.price, taken))
            maker.lots -= taken
            lots -= taken
            if not maker.lots:
                self.orders.remove(maker)
        if lots and price is not None:
            self.orders.append(Resting(number, side, price, lots))

    @staticmethod
    def meets(maker: Resting, side: Side, price: int | None) -> bool:
        return price is None or (maker.price <= price if side is BUY else maker.price >= price)

    def cancel(self, number: int) -> None:
        self.orders = [o for o in self.orders if o.number != number]

    def book(self, side: Side) -> dict[int, int]:
        totals: dict[int, int] = {}
        for order in self.orders:
            if order.side is side:
                totals[order.price] = totals.get(order.price, 0) + order.lots
        return totals


def test_its_fills_equal_those_of_a_naive_engine_over_10_000_orders() -> None:
    chance = random.Random(7)
    engine, naive = MatchingEngine(), NaiveEngine()
    fills: list[tuple[int, int, int, int]] = []
    for number in range(1, 10_001):
        side = chance.choice((BUY, SELL))
        lots = chance.randint(1, 30)
        price = None if chance.random() < 0.05 else chance.randint(90, 110)
        outcome = engine.place(side, lots, price)
        assert outcome.order_id == number
        fills += [(f.maker_order_id, f.taker_order_id, f.price, f.lots) for f in outcome.fills]
        naive.place(number, side, lots, price)
        if chance.random() < 0.8:
            gone = chance.randint(max(1, number - 40), number)
            engine.cancel(gone)
            naive.cancel(gone)
        bids, asks = engine.bids.best, engine.asks.best
        assert bids is None or asks is None or bids < asks
        if number % 50 == 0:
            assert dict(engine.bids.top(99)) == naive.book(BUY)
            assert dict(engine.asks.top(99)) == naive.book(SELL)
    assert fills == naive.fills
    assert len(fills) > 4_000


def test_every_level_change_has_the_next_id_and_the_levels_new_total() -> None:
    chance = random.Random(8)
    engine = MatchingEngine(update_id=500)
    book: dict[tuple[Side, int], int] = {}
    last_id = 500
    for _ in range(3_000):
        side, price = chance.choice((BUY, SELL)), chance.randint(95, 105)
        outcome = engine.place(side, chance.randint(1, 9), price)
        if chance.random() < 0.4:
            outcome = outcome._replace(changes=outcome.changes)
            canceled = engine.cancel(outcome.order_id)
            changes = outcome.changes + (canceled.changes if canceled else ())
        else:
            changes = outcome.changes
        for change in changes:
            assert change.update_id == last_id + 1
            last_id = change.update_id
            book[change.side, change.price] = change.lots
        for each in (BUY, SELL):
            shown = {p: lots for (s, p), lots in book.items() if s is each and lots}
            assert dict(engine.side(each).top(99)) == shown
    assert engine.update_id == last_id


def test_a_market_order_takes_the_best_first_and_leaves_nothing_resting() -> None:
    engine = MatchingEngine()
    first = engine.place(SELL, 5, 101).order_id
    second = engine.place(SELL, 5, 101).order_id
    engine.place(SELL, 5, 103)
    outcome = engine.place(BUY, 20)
    assert [(f.maker_order_id, f.price, f.lots) for f in outcome.fills][:2] == [
        (first, 101, 5),
        (second, 101, 5),
    ]
    assert (outcome.unfilled, outcome.resting, len(engine.asks)) == (5, 0, 0)
    assert [(c.price, c.lots) for c in outcome.changes] == [(101, 0), (103, 0)]


def test_a_partly_filled_order_keeps_its_place_in_the_queue() -> None:
    engine = MatchingEngine()
    first = engine.place(BUY, 10, 100).order_id
    engine.place(BUY, 10, 100)
    engine.place(SELL, 4, 100)
    assert [f.maker_order_id for f in engine.place(SELL, 6, 100).fills] == [first]


def test_canceling_an_order_that_does_not_rest_does_nothing() -> None:
    engine = MatchingEngine()
    filled = engine.place(BUY, 1, 100).order_id
    engine.place(SELL, 1, 100)
    at = engine.update_id
    assert engine.cancel(filled) is None
    assert engine.cancel(99) is None
    assert engine.update_id == at


@pytest.mark.parametrize(("lots", "price"), [(0, 100), (-1, 100), (1, 0), (1, -5)])
def test_an_order_of_nothing_is_our_own_bug(lots: int, price: int) -> None:
    with pytest.raises(InvariantError):
        MatchingEngine().place(BUY, lots, price)
