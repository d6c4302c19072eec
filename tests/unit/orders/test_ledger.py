"""What the ledger decides, case by case."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector_sdk.errors import ConfigError, ConnectFailed, InvariantError
from connector_sdk.model.account import Fee
from connector_sdk.model.order_events import (
    LateFill,
    OrderAccepted,
    OrderCanceled,
    OrderCompleted,
    OrderExpired,
    OrderFailed,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderOverfilled,
    OrderRecovered,
    OrderRefused,
)
from connector_sdk.model.order_update import OrderMessage, OrderStatus
from connector_sdk.orders.asking import QueryFills, QueryOrder
from connector_sdk.orders.exposure import Exposure
from connector_sdk.orders.outcome import Confirmed, NotSent, Refused, Unknown
from connector_sdk.orders.states import OrderEvent, OrderState
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
    ledger,
    opened,
    report,
    resting,
    sell,
    told,
)

OPEN, PARTLY, FILLED = OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED
CANCELED, EXPIRED, REJECTED = OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REJECTED


def test_a_new_order_is_to_be_written_down_and_counts_as_exposure() -> None:
    orders = ledger()
    record = orders.create(buy("2"), "a", 5)
    (entry,) = orders.take_dirty()
    assert (entry.client_order_id, entry.done, entry.updated_ns) == ("a", False, 5)
    assert record.state is OrderState.PENDING_CREATE
    assert orders.exposure(PAIR) == Exposure(buy=Decimal(2))
    assert orders.take_dirty() == []
    assert orders.due(100 * SECOND) == [], "its request is under way"


def test_one_id_is_one_order() -> None:
    with pytest.raises(InvariantError, match="order a exists already"):
        opened().create(buy(), "a", 1)


def test_a_confirmation_without_words_means_that_the_venue_has_it() -> None:
    orders = opened()
    orders.settle("a", Confirmed(), 1)
    assert told(orders) == [OrderAccepted]
    assert orders.order("a").state is OrderState.OPEN


def test_an_answer_may_tell_the_fills_and_the_end_at_once() -> None:
    orders = opened()
    answer: list[OrderMessage] = [
        report(FILLED, "1"),
        fill("1", name=None),
        fill("2", name=None),
    ]
    orders.settle("a", Confirmed(answer), 1)
    assert told(orders) == [OrderAccepted, OrderFilled, OrderFilled, OrderCompleted]


def test_an_answer_may_tell_of_other_orders_too() -> None:
    orders = opened()
    orders.create(sell(), "b", 0)
    orders.settle("a", Confirmed([report(OPEN), report(OPEN, name="b", number="8")]), 1)
    assert orders.order("b").state is OrderState.OPEN
    assert orders.find(PAIR, "8") is orders.order("b")


def test_a_refusal_is_told_alone_with_what_the_venue_said() -> None:
    orders = opened()
    orders.settle("a", Refused(POOR), 1)
    (event,) = orders.take_events()
    assert kinds(event) == kinds(OrderRefused(PAIR, "a", POOR, 1))
    assert orders.order("a").error is POOR
    assert orders.exposure(PAIR) == Exposure()
    (entry,) = orders.take_dirty()
    assert entry.done


def test_what_never_left_has_failed() -> None:
    orders = opened()
    error = ConnectFailed("no such host")
    orders.settle("a", NotSent(error), 1)
    assert kinds(*orders.take_events()) == kinds(OrderFailed(PAIR, "a", error, 1))


def test_an_unknown_outcome_counts_as_exposure_and_is_asked_for_at_once() -> None:
    orders = opened()
    orders.settle("a", Unknown(TIMEOUT), 1)
    assert kinds(*orders.take_events()) == kinds(OrderOutcomeUnknown(PAIR, "a", str(TIMEOUT), 1))
    assert orders.exposure(PAIR).buy == 1
    assert isinstance(asked(orders, 1), QueryOrder)
    assert [record.client_order_id for record in orders.unknown_orders()] == ["a"]


def test_what_the_stream_told_already_does_not_become_unknown() -> None:
    orders = opened()
    orders.receive(report(OPEN), 1)
    orders.settle("a", Unknown(TIMEOUT), 2)
    assert told(orders) == [OrderAccepted]
    assert orders.order("a").state is OrderState.OPEN
    assert orders.illegal == {}


@pytest.mark.parametrize("outcome", [Refused(POOR), NotSent(ConnectFailed("no such host"))])
def test_a_refusal_of_an_order_that_is_seen_resting_closes_nothing(
    outcome: Refused | NotSent,
) -> None:
    orders = resting()
    orders.settle("a", outcome, 2)
    assert orders.order("a").state is OrderState.OPEN
    assert sum(orders.illegal.values()) == 1
    assert "yet its request failed" in asked(orders, 2).reason


def test_an_order_said_to_be_refused_that_shows_up_is_taken_back() -> None:
    orders = opened()
    orders.settle("a", Refused(POOR), 1)
    orders.take_events()
    orders.receive(report(OPEN), 2)
    assert told(orders) == [OrderRecovered, OrderAccepted]
    assert orders.exposure(PAIR).buy == 1
    assert orders.order("a").error is None
    assert list(orders.active) == ["a"]


def test_a_rejection_by_report_after_the_request_was_taken_is_believed() -> None:
    orders = opened()
    orders.settle("a", Confirmed(), 1)
    orders.receive(report(REJECTED, reason="price too far"), 2)
    _, event = orders.take_events()
    assert isinstance(event, OrderRefused)
    assert "price too far" in str(event.error)


def test_an_order_nobody_knows_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ConfigError, match="no order 'b' is remembered"):
        ledger().settle("b", Confirmed(), 1)


def test_sums_are_exact_and_fees_are_kept_by_asset() -> None:
    orders = resting()
    orders.receive(fill("1", "0.1", "100.1", fee=Fee("BNB", Decimal("0.01"))), 2)
    orders.receive(fill("2", "0.2", "100.2", fee=Fee("BNB", Decimal("0.02"))), 3)
    orders.receive(fill("3", "0.3", "100.3", fee=Fee("BTC", Decimal("-0.001"))), 4)
    record = orders.order("a")
    assert (record.filled, record.filled_quote) == (Decimal("0.6"), Decimal("60.14"))
    assert record.average_price == Decimal("100.2333333333333333333333333")
    assert record.fees == {"BNB": Decimal("0.03"), "BTC": Decimal("-0.001")}
    assert record.state is OrderState.PARTIALLY_FILLED
    assert orders.exposure(PAIR).buy == Decimal("0.4")


def test_a_fill_that_comes_twice_counts_once() -> None:
    orders = resting()
    for _ in range(3):
        orders.receive(fill("1"), 2)
        orders.receive(fill("1", name=None), 2)
    assert told(orders) == [OrderFilled]
    assert orders.order("a").filled == Decimal("0.5")


def test_fills_that_add_up_end_the_order_without_a_report() -> None:
    orders = resting()
    orders.receive(fill("1"), 2)
    orders.receive(fill("2"), 3)
    assert orders.take_events()[-1] == OrderCompleted(PAIR, "a", Decimal(1), 3)


def test_a_fill_may_be_the_first_sign_of_an_order() -> None:
    orders = opened()
    orders.receive(fill("1"), 1)
    assert told(orders) == [OrderAccepted, OrderFilled]
    assert orders.order("a").exchange_order_id == "7"


def test_more_than_was_ordered_is_told_as_such() -> None:
    orders = resting()
    orders.receive(fill("1", "0.7"), 2)
    orders.receive(fill("2", "0.7"), 3)
    events = orders.take_events()
    assert [type(e) for e in events] == [
        OrderFilled,
        OrderFilled,
        OrderOverfilled,
        OrderCompleted,
    ]
    assert kinds(events[2]) == kinds(OrderOverfilled(PAIR, "a", Decimal("1.4"), Decimal(1), 3))


def test_a_late_fill_counts_and_changes_no_state() -> None:
    orders = resting()
    orders.receive(report(CANCELED, "0"), 2)
    orders.receive(fill("1"), 3)
    assert told(orders) == [OrderCanceled, LateFill]
    record = orders.order("a")
    assert (record.state, record.filled) == (OrderState.CANCELED, Decimal("0.5"))


def test_an_end_is_held_back_until_its_fills_have_come() -> None:
    orders = resting()
    orders.receive(report(FILLED, "1"), 2)
    assert told(orders) == []
    assert orders.order("a").closing
    assert orders.exposure(PAIR).buy == 1, "it will be filled, and is not yet"
    assert orders.due(2 + 5 * SECOND - 1) == []
    assert isinstance(asked(orders, 2 + 5 * SECOND), QueryFills)
    orders.receive(fill("1", "1"), 6 * SECOND)
    assert told(orders) == [OrderFilled, OrderCompleted]
    assert orders.next_due_ns is None


def test_an_end_whose_fills_never_show_is_told_with_a_reason() -> None:
    orders = resting()
    orders.receive(report(CANCELED, "0.7", reason="by the user"), 0)
    now_ns, queries = 0, 0
    while not orders.order("a").done:
        assert orders.next_due_ns is not None
        now_ns = orders.next_due_ns
        queries += 1
        answered(orders, now_ns, fill("1", "0.2"))
    assert queries == 3
    _, event = orders.take_events()
    assert type(event) is OrderCanceled
    assert event == OrderCanceled(
        PAIR,
        "a",
        Decimal("0.2"),
        "by the user; the venue claims 0.7 filled and does not show fills of 0.5",
        now_ns,
    )
    orders.receive(fill("2"), now_ns + 1)
    assert told(orders) == [LateFill]


def test_a_network_that_fails_is_no_answer_about_fills() -> None:
    orders = resting()
    orders.receive(report(FILLED, "1"), 0)
    for _ in range(20):
        now_ns = orders.next_due_ns
        assert now_ns is not None
        orders.query_failed(asked(orders, now_ns), TIMEOUT, now_ns)
    assert orders.order("a").closing
    assert told(orders) == []


def test_an_end_that_does_not_say_what_was_filled_is_told_once_the_fills_were_asked_for() -> None:
    orders = resting()
    orders.receive(report(EXPIRED, None), 2)
    assert told(orders) == []
    query = asked(orders, 2)
    assert isinstance(query, QueryFills)
    orders.receive(fill("1"), 3)
    orders.query_answered(query, 3)
    assert told(orders) == [OrderFilled, OrderExpired]


def test_fills_that_an_open_order_claims_are_asked_for_too() -> None:
    orders = resting()
    orders.receive(report(PARTLY, "0.5"), 0)
    assert orders.due(4 * SECOND) == []
    assert isinstance(asked(orders, 5 * SECOND), QueryFills)
    orders.receive(fill("1"), 5 * SECOND)
    assert orders.next_due_ns is None


def test_fills_that_a_closed_order_claims_later_are_asked_for() -> None:
    orders = resting()
    orders.receive(report(CANCELED, "0"), 0)
    orders.receive(report(CANCELED, "0.5"), 1)
    query = asked(orders, 6 * SECOND)
    assert isinstance(query, QueryFills)
    orders.receive(fill("1"), 6 * SECOND)
    orders.query_answered(query, 6 * SECOND)
    assert told(orders) == [OrderCanceled, LateFill]
    assert orders.next_due_ns is None


def test_a_claim_without_an_exchange_order_id_is_asked_for_by_our_own() -> None:
    orders = opened()
    orders.receive(report(FILLED, "1", number=None), 0)
    query = asked(orders, 5 * SECOND)
    assert isinstance(query, QueryOrder)
    orders.receive(report(FILLED, "1"), 5 * SECOND)
    orders.query_answered(query, 5 * SECOND)
    assert isinstance(asked(orders, 5 * SECOND), QueryFills)


@pytest.mark.parametrize("number", ["7", None])
def test_an_end_is_told_at_last_though_the_venue_has_forgotten_the_order(
    number: str | None,
) -> None:
    before = opened()
    before.receive(report(CANCELED, "0.5", number=number), 2)
    orders = ledger()
    orders.restore(before.take_dirty(), 10)
    for _ in range(3):
        now_ns = orders.next_due_ns
        assert now_ns is not None
        orders.query_failed(asked(orders, now_ns), NOT_FOUND, now_ns)
    (event,) = orders.take_events()
    assert isinstance(event, OrderCanceled)
    assert "does not show fills of 0.5" in event.reason
    assert orders.next_due_ns is None


def test_an_illegal_transition_is_counted_and_changes_nothing() -> None:
    orders = resting()
    orders.receive(report(FILLED, "1"), 2)
    orders.receive(fill("1", "1"), 2)
    orders.take_events()
    orders.take_dirty()
    orders.receive(report(CANCELED, "0"), 3)
    orders.receive(report(OPEN, "0"), 4)
    assert orders.illegal == {
        (OrderState.FILLED, OrderEvent.CANCELED): 1,
        (OrderState.FILLED, OrderEvent.ACCEPTED): 1,
    }
    assert told(orders) == []
    assert orders.take_dirty() == []
