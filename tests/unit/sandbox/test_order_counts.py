"""New orders are counted by account, in fixed windows of the clock."""

from __future__ import annotations

from connector_sdk.sandbox.dialect import VenueRules
from connector_sdk.sandbox.trading import RefusalKind, Refused
from trading_floor import ANN, BEN, BUY, SELL, Floor


def test_orders_are_counted_in_fixed_windows_and_fills_give_back() -> None:
    floor = Floor(rules=VenueRules(weight=1), orders_10s=3, orders_day=5)
    floor.place(BEN, SELL, "1", price="60000")
    for _ in range(3):
        floor.place(ANN, BUY, "0.01", price="50000")
    assert floor.desk.order_counts(ANN) == (3, 3)
    assert floor.ask(ANN, BUY, "0.01", price="50000") == Refused(RefusalKind.TOO_MANY_ORDERS)
    assert floor.journal.breaches == 1
    floor.wait(10)
    assert floor.desk.order_counts(ANN) == (0, 3)
    floor.place(ANN, BUY, "0.01", price="60000")
    assert floor.desk.order_counts(ANN) == (0, 3)
    floor.place(ANN, BUY, "0.01", price="50000")
    floor.place(ANN, BUY, "0.01", price="50000")
    assert floor.ask(ANN, BUY, "0.01", price="50000") == Refused(RefusalKind.TOO_MANY_ORDERS)
