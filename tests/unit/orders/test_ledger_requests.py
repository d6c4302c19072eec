"""What cancels and amendments of an order come to."""

from __future__ import annotations

from decimal import Decimal

from connector_sdk.errors import ConnectFailed
from connector_sdk.model.order_events import (
    CancelRefused,
    ExternalOrder,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderCompleted,
    OrderFilled,
    OrderOutcomeUnknown,
)
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.orders.asking import QueryOrder
from connector_sdk.orders.outcome import Confirmed, NotSent, Refused, Unknown
from connector_sdk.orders.states import OrderState
from orders_at_hand import (
    NOT_FOUND,
    PAIR,
    POOR,
    SECOND,
    TIMEOUT,
    answered,
    asked,
    buy,
    fill,
    kinds,
    opened,
    report,
    resting,
    told,
)

OPEN, PARTLY, FILLED = OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, EXPIRED, REJECTED = OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED


def test_a_confirmed_cancel_that_tells_the_end_closes_the_order() -> None:
    orders = resting()
    orders.cancel_asked("a", 2)
    assert orders.is_canceling("a")
    orders.settle_cancel("a", Confirmed([report(CANCELED, "0")]), 3)
    assert told(orders) == [OrderCanceled]
    assert not orders.is_canceling("a")


def test_a_confirmed_cancel_without_words_is_asked_about() -> None:
    orders = resting()
    orders.settle_cancel("a", Confirmed(), 2)
    assert orders.order("a").state is OrderState.OPEN
    answered(orders, 2, report(CANCELED, "0"))
    assert told(orders) == [OrderCanceled]


def test_a_cancel_that_finds_no_order_closes_nothing_by_itself() -> None:
    orders = resting()
    orders.cancel_asked("a", 2)
    orders.settle_cancel("a", Refused(NOT_FOUND), 3)
    assert orders.order("a").state is OrderState.OPEN
    assert told(orders) == []
    answered(orders, 3, report(FILLED, "1"), fill("1", "1"))
    assert told(orders) == [OrderFilled, OrderCompleted]


def test_a_refused_cancel_is_told_once_the_order_is_known_to_rest() -> None:
    orders = resting()
    orders.cancel_asked("a", 2)
    orders.settle_cancel("a", Refused(NOT_FOUND), 3)
    answered(orders, 3, report(OPEN))
    assert kinds(*orders.take_events()) == kinds(CancelRefused(PAIR, "a", NOT_FOUND, 3))
    assert not orders.is_canceling("a")
    assert orders.next_due_ns is None


def test_a_cancel_that_overtakes_its_order_is_told_when_that_is_known() -> None:
    orders = opened()
    orders.settle_cancel("a", Refused(NOT_FOUND), 1)
    assert orders.due(1) == [], "its own request is under way"
    orders.settle("a", Confirmed([report(OPEN)]), 2)
    answered(orders, 2 * SECOND, report(OPEN))
    assert told(orders) == [OrderAccepted, CancelRefused]


def test_an_unknown_cancel_is_asked_about() -> None:
    orders = resting()
    orders.settle_cancel("a", Unknown(TIMEOUT), 2)
    assert "what its cancel did" in asked(orders, 2).reason


def test_a_cancel_that_was_not_sent_changes_nothing() -> None:
    orders = resting()
    orders.settle_cancel("a", NotSent(ConnectFailed("no such host")), 2)
    assert orders.next_due_ns is None
    assert told(orders) == []


def test_a_cancel_of_an_order_that_has_ended_is_not_told() -> None:
    orders = resting()
    orders.receive(fill("1", "1"), 2)
    orders.take_events()
    orders.settle_cancel("a", Refused(NOT_FOUND), 3)
    assert told(orders) == []
    assert orders.due(3) == []


def test_a_query_that_was_out_before_the_cancel_failed_does_not_settle_it() -> None:
    orders = resting()
    orders.ask_about("a", "a poll found it silent", 2)
    query = asked(orders, 2)
    orders.settle_cancel("a", Unknown(TIMEOUT), 3)
    orders.receive(report(OPEN), 4)
    orders.query_answered(query, 4)
    assert "what its cancel did" in asked(orders, 4).reason


def test_a_newer_report_tells_another_quantity() -> None:
    orders = resting()
    orders.receive(report(OPEN, quantity="0.6", at=5), 5)
    assert kinds(*orders.take_events()) == kinds(OrderAmended(PAIR, "a", Decimal("0.6"), 5))
    assert orders.exposure(PAIR).buy == Decimal("0.6")


def test_an_older_report_never_takes_the_quantity_back() -> None:
    orders = resting()
    orders.receive(report(OPEN, quantity="0.6", at=5), 5)
    orders.receive(report(PARTLY, "0.1", quantity="1", at=4), 6)
    record = orders.order("a")
    assert record.quantity == Decimal("0.6")
    assert record.owed == Decimal("0.1"), "what it claims to be filled counts all the same"


def test_an_amendment_under_way_counts_with_the_greater_quantity() -> None:
    orders = resting()
    orders.amend_asked("a", buy("3"), 2)
    assert orders.exposure(PAIR).buy == 3
    orders.receive(fill("1", "1"), 3)
    assert orders.order("a").state is OrderState.PARTIALLY_FILLED, "it may be for 3 by now"
    orders.settle_amend("a", Refused(POOR), 4)
    assert orders.order("a").state is OrderState.FILLED


def test_a_confirmed_amendment_is_what_was_asked_for() -> None:
    orders = resting()
    orders.amend_asked("a", buy("0.5", "99"), 2)
    orders.settle_amend("a", Confirmed(), 3)
    record = orders.order("a")
    assert (record.quantity, record.intent.price) == (Decimal("0.5"), Decimal(99))
    assert told(orders) == [OrderAmended]
    assert orders.locks == {"USDT": Decimal("49.5")}


def test_an_unknown_amendment_is_settled_by_asking() -> None:
    orders = resting()
    orders.amend_asked("a", buy("2", "99"), 2)
    orders.settle_amend("a", Unknown(TIMEOUT), 3)
    assert orders.exposure(PAIR).buy == 2
    answered(orders, 3, report(OPEN, quantity="1"))
    assert orders.exposure(PAIR).buy == 1
    assert orders.order("a").intent.price == 100


def test_the_stream_may_prove_an_amendment_before_its_answer() -> None:
    orders = resting()
    orders.amend_asked("a", buy("2", "99"), 2)
    orders.receive(report(OPEN, quantity="2"), 3)
    orders.settle_amend("a", Unknown(TIMEOUT), 4)
    answered(orders, 4, report(OPEN, quantity="2"))
    record = orders.order("a")
    assert (record.quantity, record.intent.price) == (Decimal(2), Decimal(99))
    assert told(orders) == [OrderAmended]


def test_an_answer_that_was_asked_for_before_does_not_settle_an_amendment() -> None:
    orders = resting()
    orders.ask_about("a", "a poll found it silent", 2)
    query = asked(orders, 2)
    orders.amend_asked("a", buy("2"), 3)
    orders.receive(report(OPEN, quantity="1"), 4)
    orders.query_answered(query, 4)
    assert orders.exposure(PAIR).buy == 2


def test_an_amendment_down_to_what_is_filled_ends_the_order() -> None:
    orders = resting()
    orders.receive(fill("1"), 2)
    orders.amend_asked("a", buy("0.5"), 3)
    orders.settle_amend("a", Confirmed(), 4)
    assert told(orders) == [OrderFilled, OrderAmended, OrderCompleted]


def test_a_yes_about_another_order_says_nothing_of_ours() -> None:
    orders = opened()
    orders.settle("a", Confirmed([report(OPEN, name="b", number="8")]), 1)
    assert orders.order("a").state is OrderState.UNKNOWN
    assert told(orders) == [ExternalOrder, OrderOutcomeUnknown]
    assert isinstance(asked(orders, 1), QueryOrder)


def test_a_yes_about_another_order_amends_nothing() -> None:
    orders = resting(buy("2"))
    orders.amend_asked("a", buy("1"), 2)
    orders.settle_amend("a", Confirmed([report(OPEN, name=None, number="8")]), 3)
    assert orders.order("a").quantity == 2
    assert isinstance(asked(orders, 3), QueryOrder)
    assert orders.exposure(PAIR).buy == 2


def test_a_cancels_answer_about_another_order_ends_nothing_of_ours() -> None:
    orders = resting()
    orders.cancel_asked("a", 2)
    orders.settle_cancel("a", Confirmed([report(CANCELED, name=None, number="8")]), 3)
    assert orders.order("a").state is OrderState.OPEN
