"""Orders and fills of the account that are not ours, or that wait to be told whose they are."""

from __future__ import annotations

from connector_sdk.model.order_events import (
    ExternalFill,
    ExternalOrder,
    OrderAccepted,
    OrderFilled,
)
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.orders.outcome import Confirmed
from orders_at_hand import (
    PAIR,
    SECOND,
    answered,
    fill,
    kinds,
    ledger,
    opened,
    report,
    told,
)

OPEN, PARTLY, FILLED = OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED


def test_foreign_orders_are_listed_until_a_listing_leaves_them_out() -> None:
    orders = ledger()
    foreign = report(OPEN, name="x", number="9")
    orders.receive_open_orders(None, [foreign], asked_ns=1, now_ns=2)
    assert orders.external_open == {(PAIR, "9"): foreign}
    assert kinds(*orders.take_events()) == kinds(ExternalOrder(PAIR, foreign, 2))
    orders.receive_open_orders("ETH-USDT", [], asked_ns=3, now_ns=4)
    assert len(orders.external_open) == 1
    orders.receive_open_orders(PAIR, [], asked_ns=5, now_ns=6)
    assert orders.external_open == {}


def test_a_foreign_order_is_told_when_it_changes_and_only_then() -> None:
    orders = ledger()
    words = [(OPEN, "0"), (OPEN, "0"), (PARTLY, "0.5"), (PARTLY, "0.5"), (FILLED, "1")]
    for at, (status, filled) in enumerate([*words, (FILLED, "1"), (OPEN, "0")]):
        orders.receive(report(status, filled, name="x", number="9"), at)
    events = orders.take_events()
    said = [e.report.status for e in events if isinstance(e, ExternalOrder)]
    assert said == [OPEN, PARTLY, FILLED]
    assert orders.external_open == {}


def test_an_older_word_about_a_foreign_order_is_no_news() -> None:
    orders = ledger()
    orders.receive(report(PARTLY, "0.5", name="x", number="9", at=5), 1)
    orders.receive(report(OPEN, "0", name="x", number="9", at=4), 2)
    assert told(orders) == [ExternalOrder]


def test_a_fill_of_a_foreign_order_is_told_once() -> None:
    orders = ledger()
    for _ in range(2):
        orders.receive(fill("1", name="x", number="9"), 1)
        orders.receive(fill("1", name=None, number="9"), 1)
    assert told(orders) == [ExternalFill]


def test_a_fill_that_comes_before_its_order_is_known_is_kept_for_it() -> None:
    orders = opened()
    orders.receive(fill("1", name=None), 1)
    assert told(orders) == []
    orders.settle("a", Confirmed([report(OPEN)]), 2)
    assert told(orders) == [OrderAccepted, OrderFilled]


def test_a_fill_that_turns_out_to_be_anothers_is_told_as_such() -> None:
    orders = opened()
    orders.receive(fill("1", name=None, number="9"), 1)
    orders.settle("a", Confirmed([report(OPEN)]), 2)
    assert told(orders) == [OrderAccepted, ExternalFill]


def test_a_foreign_order_that_shows_up_takes_its_fills_along() -> None:
    orders = opened()
    orders.receive(fill("1", name=None, number="9"), 1)
    orders.receive(report(PARTLY, "0.5", name="x", number="9"), 2)
    assert told(orders) == [ExternalOrder, ExternalFill]


def test_a_waiting_fill_has_the_orders_asked_for_that_may_be_its_own() -> None:
    orders = opened()
    orders.settle("a", Confirmed(), 1)
    orders.receive(fill("1", name=None), 2)
    assert orders.due(5 * SECOND) == []
    answered(orders, 6 * SECOND, report(PARTLY, "0.5"))
    assert told(orders) == [OrderAccepted, OrderFilled]
    assert orders.next_due_ns is None


def test_fills_that_wait_are_bounded_and_the_oldest_is_told_first() -> None:
    orders = opened(unclaimed_kept=2)
    for number in ("91", "92", "93"):
        orders.receive(fill("1", name=None, number=number), 1)
    (event,) = orders.take_events()
    assert isinstance(event, ExternalFill)
    assert event.fill.exchange_order_id == "91"


def test_what_is_kept_of_foreign_orders_is_bounded() -> None:
    orders = ledger(external_kept=10)
    for number in range(50):
        orders.receive(report(OPEN, name=None, number=str(number)), number)
        orders.receive(fill("1", name=None, number=str(number)), number)
        orders.receive(report(FILLED, "1", name=None, number=f"e{number}"), number)
    assert [number for _, number in orders.external_open] == [str(n) for n in range(40, 50)]
    assert len(orders._external._ended) == len(orders._external._fills) == 10
