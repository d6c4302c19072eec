"""Orders are found by their numbers, each within its pair."""

from __future__ import annotations

from connector_sdk.model.order_events import ExternalFill
from orders_at_hand import fill, resting, told


def test_the_same_number_in_another_pair_is_another_order() -> None:
    orders = resting()
    orders.receive(fill("1", name=None, pair="ETH-USDT"), 2)
    assert told(orders) == [ExternalFill]
    assert orders.order("a").filled == 0
    assert orders.find("ETH-USDT", "7") is None
