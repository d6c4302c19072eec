"""Orders are found by their numbers, each within its pair."""

from __future__ import annotations

from connector_sdk.model.order_events import ExternalFill, ExternalOrder
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.orders.asking import QueryOrder
from orders_at_hand import asked, fill, opened, report, resting, told


def test_the_same_number_in_another_pair_is_another_order() -> None:
    orders = resting()
    orders.receive(fill("1", name=None, pair="ETH-USDT"), 2)
    assert told(orders) == [ExternalFill]
    assert orders.order("a").filled == 0
    assert orders.find("ETH-USDT", "7") is None


def test_a_client_order_id_that_somebody_else_uses_again_is_not_ours() -> None:
    orders = resting()
    orders.receive(fill("1", "1"), 2)
    orders.take_events()
    orders.receive(report(OrderStatus.OPEN, number="99", quantity="3"), 3)
    orders.receive(fill("2", "3", number="99"), 4)
    assert told(orders) == [ExternalOrder, ExternalFill]
    assert orders.order("a").filled == 1


def test_a_client_order_id_in_another_pair_is_not_ours() -> None:
    orders = opened()
    orders.receive(fill("1", number="99", pair="ETH-USDT"), 2)
    assert told(orders) == [ExternalFill]


def test_an_answer_that_names_the_id_without_the_number_is_ours() -> None:
    orders = resting()
    orders.receive(fill("1", "1", number=None), 2)
    assert orders.order("a").filled == 1


def test_a_listing_of_a_reused_id_does_not_vouch_for_our_order() -> None:
    orders = resting()
    listed = [report(OrderStatus.OPEN, number="99")]
    orders.receive_open_orders(None, listed, asked_ns=5, now_ns=6)
    assert isinstance(asked(orders, 6), QueryOrder)
