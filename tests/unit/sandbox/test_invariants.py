"""The laws notice when they are broken: each is broken by hand, and says what is wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector_sdk.sandbox import book_log
from connector_sdk.sandbox.book_log import CANCEL, Act
from connector_sdk.sandbox.bounds import Bounds
from connector_sdk.sandbox.core import VenueCore, VenueSettings
from connector_sdk.sandbox.invariants import Invariants, violations
from connector_sdk.sandbox.matching_engine import MatchingEngine
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk_binance.sandbox import dialect
from trading_floor import ANN, BEN, BUY, NOON_NS, SELL, Floor


def lose_money(floor: Floor) -> None:
    floor.desk.life.accounts[ANN].holdings["USDT"].free -= 1


def go_below_zero(floor: Floor) -> None:
    accounts = floor.desk.life.accounts
    accounts.deposited["BTC"] -= accounts[BEN].holdings["BTC"].free + 1
    accounts[BEN].holdings["BTC"].free = -1


def lock_too_much(floor: Floor) -> None:
    floor.desk.life.accounts.lock(floor.desk.life.accounts[ANN], "BTC", 5)


def lock_for_the_house(floor: Floor) -> None:
    holding = floor.desk.life.accounts.house.holdings["BTC"]
    holding.free, holding.locked = -1, 1


def cross_the_book(floor: Floor) -> None:
    engine = floor.market.engine
    order = engine.order(engine.place(SELL, 5, 5_100_000).order_id)
    assert order is not None
    engine.bids.level(5_200_000).add(order)


def miscount_a_level(floor: Floor) -> None:
    floor.market.engine.bids.levels[5_000_000].total += 1


def lose_an_order(floor: Floor) -> None:
    log, floor.market.engine.log = floor.market.engine.log, None
    assert log is not None
    floor.market.engine.cancel(floor.desk.open_orders(ANN)[0].order_id)
    floor.market.engine.log = log


def jump_the_queue(floor: Floor) -> None:
    """Have the younger of two orders filled first."""
    level = floor.market.engine.bids.levels[5_000_000]
    first = next(iter(level.orders))
    level.orders[first] = level.orders.pop(first)
    floor.place_unjudged(ANN, SELL, "0.001", price="50000")


def shrink_an_order_unsaid(floor: Floor) -> None:
    one = next(iter(floor.desk.life.open))
    one.left -= 1


def name_a_stranger(floor: Floor) -> None:
    log = floor.market.engine.log
    assert log is not None
    log.chapters[-1].acts.extend(Act(CANCEL, 77, 0, 0, 0, 0, 0, 0, 0))


@pytest.mark.parametrize(
    ("crime", "told"),
    [
        (lose_money, "1E-16 of what was deposited is missing"),
        (go_below_zero, "account-2 has Holding(free=-1"),
        (lock_too_much, "its open orders need 0E-8"),
        (lock_for_the_house, "the house has locked"),
        (cross_the_book, "crossed"),
        (miscount_a_level, "not the sum of its orders"),
        (lose_an_order, "is not where it should be"),
        (jump_the_queue, "before"),
        (shrink_an_order_unsaid, "rests with"),
        (name_a_stranger, "order 77 was changed and does not stand"),
    ],
)
def test_a_broken_law_is_told(crime: Callable[[Floor], None], told: str) -> None:
    floor = Floor()
    floor.place(ANN, BUY, "0.01", price="50000")
    floor.place(BEN, BUY, "0.01", price="50000")
    floor.place(BEN, SELL, "0.001", price="50000")
    crime(floor)
    assert any(told in violation for violation in floor.laws.violations())


def test_a_venue_with_a_flow_keeps_them_over_chapters_and_forgetting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(book_log, "ACTS_A_CHAPTER", 200)
    core = VenueCore(dialect, VenueSettings(("BTC-USDT",), 3, Pace(100), bounds=Bounds(acts=2)))
    laws = Invariants(core.orders, core.markets)
    for second in range(5):
        core.step(NOON_NS + second * 1_000_000_000)
        assert [*laws.violations(), *violations(core)] == []
    log = core.markets["BTC-USDT"].engine.log
    assert log is not None
    assert [chapter.number for chapter in log.chapters] == [3, 4]


def test_an_order_that_takes_less_than_it_could_is_told() -> None:
    floor = Floor()
    floor.place(BEN, BUY, "0.01", price="50000")
    log = floor.market.engine.log
    assert log is not None
    other = MatchingEngine()
    other.log = log
    other.place(SELL, 10, 5_000_000, order_id=1_000)
    assert "order 1000 left 10 lots and did not take 5000000" in floor.laws.violations()[0]
