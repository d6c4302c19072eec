from __future__ import annotations

import gc
from decimal import Decimal

from connector_sdk.model.order_events import ExternalFill, LateFill
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.orders.closed_orders import UNPACKED, ClosedLimits, ClosedOrders
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.outcome import Confirmed
from orders_at_hand import PAIR, SECOND, buy, fill, ledger, report, told

MINUTE = 60 * SECOND


def closed(orders: OrderLedger, number: int, at_ns: int) -> None:
    """An order that is canceled at once."""
    name = f"o{number}"
    orders.create(buy(), name, at_ns)
    answer = report(OrderStatus.CANCELED, "0", name=name, number=str(number))
    orders.settle(name, Confirmed([answer]), at_ns)


def many(count: int, **settings: float) -> OrderLedger:
    """So many closed orders, ten a second."""
    orders = ledger(**settings)
    for number in range(count):
        closed(orders, number, number * SECOND // 10)
    orders.take_events()
    orders.take_dirty()
    gc.collect()
    return orders


def test_a_late_fill_finds_an_order_that_was_packed_away() -> None:
    orders = many(UNPACKED + 10)
    assert isinstance(orders._orders.closed._orders["o3"], bytes)
    orders.receive(fill("1", name=None, number="3"), 10 * MINUTE)
    orders.receive(fill("1", name="o3", number="3"), 10 * MINUTE)
    assert told(orders) == [LateFill]
    assert orders.order("o3").filled == Decimal("0.5")
    (entry,) = orders.take_dirty()
    assert entry.client_order_id == "o3"


def test_whoever_holds_an_order_sees_a_late_fill_of_it() -> None:
    orders = many(1)
    held = orders.order("o0")
    for number in range(1, UNPACKED + 10):
        closed(orders, number, SECOND)
    assert isinstance(orders._orders.closed._orders["o0"], bytes)
    assert orders.order("o0") is held
    orders.receive(fill("1", name=None, number="0"), MINUTE)
    assert held.filled == Decimal("0.5")


def test_beyond_the_number_that_is_kept_the_oldest_go_once_nothing_late_is_expected() -> None:
    orders = many(60, closed_kept=50, late_s=4.0)
    names = [record.client_order_id for record in orders.recently_closed()]
    assert names == [f"o{number}" for number in range(59, 9, -1)]
    orders.receive(fill("1", name=None, number="3"), MINUTE)
    assert told(orders) == [ExternalFill]


def test_orders_that_ended_just_now_are_kept_beyond_that_number() -> None:
    orders = many(90, closed_kept=50, late_s=600.0)
    assert len(list(orders.recently_closed())) == 90


def test_but_never_twice_as_many() -> None:
    orders = many(250, closed_kept=50, late_s=600.0)
    assert len(list(orders.recently_closed())) == 100
    assert len(orders._orders._names[PAIR]) == 100


def test_what_is_too_old_is_forgotten_whatever_the_number() -> None:
    orders = many(10, closed_age_s=60.0)
    closed(orders, 10, 2 * MINUTE)
    assert [record.client_order_id for record in orders.recently_closed()] == ["o10"]


def test_an_order_that_was_revived_and_ended_again_is_kept_from_its_second_end_on() -> None:
    kept = ClosedOrders(ClosedLimits(kept=2, late_ns=0, age_ns=10**18))
    records = [OrderRecord(buy(), f"o{number}", 0) for number in range(4)]
    kept.put(records[0], 0)
    kept.take("o0")
    kept.put(records[1], 1)
    kept.put(records[0], 2)
    assert kept.put(records[2], 3) == [records[1].key]
    assert kept.put(records[3], 4) == [records[0].key]
    assert [record.client_order_id for record in kept.newest()] == ["o3", "o2"]


def test_an_id_that_is_learned_after_the_end_is_forgotten_with_its_order() -> None:
    orders = ledger(closed_kept=1, late_s=0.0)
    orders.create(buy(), "a", 0)
    orders.receive(report(OrderStatus.CANCELED, "0", number=None), 1)
    orders.receive(report(OrderStatus.CANCELED, "0", number="7"), 2)
    assert orders.find(PAIR, "7") is orders.order("a")
    closed(orders, 8, 3)
    assert orders.find(PAIR, "7") is None
