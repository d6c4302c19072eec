"""What the ledger asks, when, and what it makes of "there is no such order"."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector_sdk.model.order import OrderKey
from connector_sdk.model.order_events import (
    OrderAccepted,
    OrderCompleted,
    OrderFilled,
    OrderLost,
    OrderOutcomeUnknown,
    OrderRecovered,
)
from connector_sdk.model.order_update import Absent, OrderStatus
from connector_sdk.orders.asking import QueryOrder
from connector_sdk.orders.exposure import Exposure
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.outcome import Confirmed, Unknown
from connector_sdk.orders.states import OrderState
from orders_at_hand import (
    NOT_FOUND,
    PAIR,
    SECOND,
    TIMEOUT,
    asked,
    buy,
    fill,
    kinds,
    ledger,
    opened,
    report,
    resting,
    told,
)

OPEN, PARTLY, FILLED = OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED = OrderStatus.CANCELED
ABSENT = Absent(PAIR, "a")
VALID_NS = 65 * SECOND
"""Validity and margin of the settings these tests use."""


def unknown(at_ns: int = 0) -> OrderLedger:
    orders = opened()
    orders.settle("a", Unknown(TIMEOUT), at_ns)
    orders.take_events()
    return orders


def say_absent(orders: OrderLedger, *times_ns: int) -> OrderState:
    for now_ns in times_ns:
        orders.receive(ABSENT, now_ns)
    return orders.order("a").state


def test_the_space_between_two_queries_doubles_up_to_half_a_minute() -> None:
    orders = unknown()
    times: list[int] = []
    for _ in range(9):
        now_ns = orders.next_due_ns
        assert now_ns is not None
        times.append(now_ns // SECOND)
        orders.query_failed(asked(orders, now_ns), TIMEOUT, now_ns)
    assert times == [0, 1, 3, 7, 15, 31, 61, 91, 121]


def test_a_query_is_handed_out_once_until_it_is_answered_or_failed() -> None:
    orders = unknown()
    query = asked(orders, 0)
    assert orders.due(1_000 * SECOND) == []
    assert orders.next_due_ns is None
    orders.query_failed(query, TIMEOUT, 1_000 * SECOND)
    assert orders.next_due_ns == 1_001 * SECOND


def test_an_answer_to_a_query_that_is_not_out_changes_nothing() -> None:
    orders = resting()
    query = QueryOrder(orders.order("a").key, "nobody asked")
    orders.query_answered(query, 2)
    orders.query_failed(query, TIMEOUT, 2)
    assert orders.next_due_ns is None


def test_an_order_that_becomes_known_is_asked_for_no_more() -> None:
    orders = unknown()
    query = asked(orders, 0)
    orders.receive(report(OPEN), 1)
    orders.query_failed(query, TIMEOUT, 2)
    assert orders.next_due_ns is None


def test_queries_name_both_ids_and_why() -> None:
    orders = resting()
    orders.ask_about("a", "a poll found it silent", 2)
    expected = QueryOrder(OrderKey(PAIR, "a", "7"), "a poll found it silent")
    assert kinds(asked(orders, 2)) == kinds(expected)


def test_the_longest_overdue_is_asked_first() -> None:
    orders = ledger()
    for name, at_ns in (("a", 3), ("b", 1), ("c", 2)):
        orders.create(buy(), name, 0)
        orders.settle(name, Unknown(TIMEOUT), at_ns)
    assert [query.key.client_order_id for query in orders.due(3)] == ["b", "c", "a"]


def test_it_is_not_believed_while_the_request_may_still_be_accepted() -> None:
    orders = unknown()
    early = [second * SECOND for second in range(0, 65, 3)]
    assert say_absent(orders, *early, VALID_NS) is OrderState.UNKNOWN


def test_it_is_believed_when_said_three_times_after_that() -> None:
    orders = unknown()
    times = [VALID_NS + second * SECOND for second in (1, 3)]
    assert say_absent(orders, *times) is OrderState.UNKNOWN
    assert say_absent(orders, VALID_NS + 5 * SECOND) is OrderState.LOST
    (event,) = orders.take_events()
    words = "the venue said 3 times that it does not have the order"
    assert kinds(event) == kinds(OrderLost(PAIR, "a", words, VALID_NS + 5 * SECOND))
    assert orders.exposure(PAIR) == Exposure()
    assert list(orders.lost) == ["a"]
    assert orders.next_due_ns is None


def test_the_time_counts_from_when_the_request_may_have_been_sent_last() -> None:
    orders = unknown(at_ns=40 * SECOND)
    times = [second * SECOND for second in range(65, 105, 3)]
    assert say_absent(orders, *times) is OrderState.UNKNOWN


def test_three_times_at_once_count_once() -> None:
    orders = unknown()
    assert say_absent(orders, *[VALID_NS + n for n in range(1, 9)]) is OrderState.UNKNOWN


def test_evidence_in_between_begins_the_count_anew() -> None:
    orders = unknown()
    say_absent(orders, VALID_NS + SECOND, VALID_NS + 4 * SECOND)
    orders.receive(report(OPEN), VALID_NS + 5 * SECOND)
    last = [VALID_NS + second * SECOND for second in (7, 10)]
    assert say_absent(orders, *last) is OrderState.OPEN
    assert say_absent(orders, VALID_NS + 13 * SECOND) is OrderState.LOST


def test_it_says_nothing_while_the_request_is_under_way() -> None:
    orders = opened()
    times = [VALID_NS + n * 10 * SECOND for n in range(1, 9)]
    assert say_absent(orders, *times) is OrderState.PENDING_CREATE


def test_it_says_nothing_of_an_order_that_has_ended() -> None:
    orders = resting()
    orders.receive(report(CANCELED, "0.5"), 2)
    times = [VALID_NS + n * 10 * SECOND for n in range(1, 9)]
    assert say_absent(orders, *times) is OrderState.CANCELED
    assert orders.order("a").closing, "its fill has still to come"


def test_a_query_answered_not_found_is_an_absence() -> None:
    orders = unknown()
    while orders.order("a").state is not OrderState.LOST:
        now_ns = orders.next_due_ns
        assert now_ns is not None
        assert now_ns < VALID_NS + 40 * SECOND
        orders.query_failed(asked(orders, now_ns), NOT_FOUND, now_ns)
    assert told(orders) == [OrderLost]


def test_late_evidence_revives_a_lost_order() -> None:
    orders = unknown()
    say_absent(orders, *[VALID_NS + n * 3 * SECOND for n in (1, 2, 3)])
    orders.take_events()
    orders.receive(fill("1"), 300 * SECOND)
    assert told(orders) == [OrderRecovered, OrderAccepted, OrderFilled]
    assert orders.exposure(PAIR).buy == Decimal("0.5")
    assert dict(orders.lost) == {}
    orders.receive(fill("2"), 301 * SECOND)
    assert told(orders) == [OrderFilled, OrderCompleted]


def test_an_open_order_that_the_venue_has_no_more_is_lost_too() -> None:
    orders = resting()
    times = [VALID_NS + n * 3 * SECOND for n in (1, 2, 3)]
    assert say_absent(orders, *times) is OrderState.LOST


def test_an_order_nobody_knows_may_be_absent() -> None:
    orders = ledger()
    orders.receive(Absent(PAIR, "x"), 1)
    assert told(orders) == []


def test_an_open_order_that_the_listing_does_not_name_is_asked_for() -> None:
    orders = resting()
    orders.receive_open_orders(None, [], asked_ns=2, now_ns=3)
    assert orders.order("a").state is OrderState.OPEN
    assert "does not name it" in asked(orders, 3).reason


@pytest.mark.parametrize("pair", [None, PAIR])
def test_one_that_it_names_is_not(pair: str | None) -> None:
    orders = resting()
    orders.receive_open_orders(pair, [report(OPEN, name=None)], asked_ns=2, now_ns=3)
    assert orders.due(3) == []


def test_a_listing_of_another_pair_says_nothing() -> None:
    orders = resting()
    orders.receive_open_orders("ETH-USDT", [], asked_ns=2, now_ns=3)
    assert orders.due(3) == []


def test_what_was_heard_after_the_question_is_not_doubted() -> None:
    orders = resting()
    orders.receive(report(OPEN), 4)
    orders.receive_open_orders(None, [], asked_ns=3, now_ns=5)
    assert orders.due(5) == []


def test_an_order_whose_request_is_under_way_is_not_doubted() -> None:
    orders = opened()
    orders.receive_open_orders(None, [], asked_ns=2, now_ns=3)
    orders.settle("a", Confirmed([report(OPEN)]), 4)
    assert orders.next_due_ns is None


def again(orders: OrderLedger, now_ns: int = 100) -> OrderLedger:
    fresh = ledger()
    fresh.restore(orders.take_dirty(), now_ns)
    return fresh


def test_a_request_that_was_under_way_is_unknown_and_asked_for() -> None:
    orders = ledger()
    orders.create(buy(), "a", 0)
    fresh = again(orders)
    assert told(fresh) == [OrderOutcomeUnknown]
    assert fresh.exposure(PAIR).buy == 1
    assert isinstance(asked(fresh, 100), QueryOrder)
    assert [entry.client_order_id for entry in fresh.take_dirty()] == ["a"]
    assert fresh.order("a").unknown_ns == 100, "it may have been sent until now"


def test_open_orders_are_left_to_the_listing_and_nothing_is_told_again() -> None:
    orders = resting()
    orders.receive(fill("1"), 2)
    fresh = again(orders)
    assert told(fresh) == []
    assert fresh.take_dirty() == []
    assert fresh.due(100) == []
    fresh.receive_open_orders(None, [], asked_ns=100, now_ns=101)
    assert asked(fresh, 101).reason == "the venue's list of open orders does not name it"
    fresh.receive(fill("1", name=None), 101)
    fresh.receive(fill("2", name=None), 101)
    assert told(fresh) == [OrderFilled, OrderCompleted]


def test_a_listing_that_names_restored_orders_leaves_nothing_to_ask() -> None:
    fresh = again(resting())
    fresh.receive_open_orders(None, [report(OPEN)], asked_ns=100, now_ns=101)
    assert fresh.due(101) == []
    assert fresh.next_due_ns is None


def test_a_clock_that_was_set_back_hides_no_restored_order_from_the_listing() -> None:
    orders = resting()
    orders.receive(report(OPEN, filled="0.1"), 5_000)
    fresh = again(orders, 100)
    fresh.receive_open_orders(None, [], asked_ns=100, now_ns=101)
    assert isinstance(asked(fresh, 101), QueryOrder)


def test_restored_orders_that_no_listing_settles_are_asked_for_at_once() -> None:
    nameless = opened()
    nameless.receive(report(OPEN, number=None), 1)
    changing = resting()
    changing.amend_asked("a", buy(quantity="0.5"), 2)
    for orders in (unknown(), nameless, changing):
        fresh = again(orders)
        query = asked(fresh, 100)
        assert isinstance(query, QueryOrder)
        assert query.reason == "the program was started again"


def test_an_end_that_was_held_back_is_still_told() -> None:
    orders = resting()
    orders.receive(report(FILLED, "1"), 2)
    fresh = again(orders)
    fresh.receive(fill("1", "1"), 101)
    assert told(fresh) == [OrderFilled, OrderCompleted]


def test_a_lost_order_stays_lost_and_can_be_revived() -> None:
    orders = unknown()
    say_absent(orders, *[VALID_NS + n * 3 * SECOND for n in (1, 2, 3)])
    fresh = again(orders)
    assert list(fresh.lost) == ["a"]
    assert fresh.due(1_000 * SECOND) == []
    fresh.receive(report(OPEN), 1_000 * SECOND)
    assert told(fresh) == [OrderRecovered, OrderAccepted]


def test_a_closed_order_still_knows_its_fills() -> None:
    orders = resting()
    orders.receive(fill("1", "1"), 2)
    fresh = again(orders)
    fresh.receive(fill("1", "1", name=None), 101)
    assert told(fresh) == []
    assert list(fresh.active) == []
    assert [record.client_order_id for record in fresh.recently_closed()] == ["a"]


def test_what_is_known_already_is_not_overwritten() -> None:
    orders = resting()
    (entry,) = orders.take_dirty()
    orders.receive(fill("1"), 2)
    orders.restore([entry], 3)
    assert orders.order("a").filled == Decimal("0.5")
