"""Stop and take-profit orders wait for a trade's price, or follow it at a distance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector_sdk.sandbox.trading import (
    EndReason,
    OrderPlaced,
    TradePrevention,
    VenueOrderStatus,
    VenueOrderType,
)
from trading_floor import ANN, BEN, BUY, SELL, Floor

D = Decimal
LOSS, PROFIT = VenueOrderType.STOP_LOSS, VenueOrderType.TAKE_PROFIT
LOSS_LIMIT, PROFIT_LIMIT = VenueOrderType.STOP_LOSS_LIMIT, VenueOrderType.TAKE_PROFIT_LIMIT
STATUS = VenueOrderStatus


def trade_at(floor: Floor, price: str) -> None:
    """One trade of somebody else's at that price."""
    floor.ask(BEN, SELL, "0.001", price=price)
    floor.ask(BEN, BUY, "0.001", price=price)


@pytest.mark.parametrize(
    ("side", "kind", "stop", "before", "at"),
    [
        (SELL, LOSS_LIMIT, "59000", "59000.01", "59000"),
        (BUY, LOSS_LIMIT, "61000", "60999.99", "61000"),
        (SELL, PROFIT_LIMIT, "61000", "60999.99", "61000"),
        (BUY, PROFIT_LIMIT, "59000", "59000.01", "59000"),
    ],
)
def test_an_order_waits_until_a_trade_reaches_its_stop_price(
    side: Any, kind: VenueOrderType, stop: str, before: str, at: str
) -> None:
    floor = Floor()
    price = "65000" if side is SELL else "55000"
    order = floor.place(ANN, side, "0.01", type=kind, stop_price=stop, price=price).order
    assert (order.working_ns, floor.bids(), floor.asks()) == (None, [], [])
    locked = floor.balance(ANN, "BTC" if side is SELL else "USDT")[1]
    assert locked == (D("0.01") if side is SELL else D(550))
    trade_at(floor, before)
    assert order.working_ns is None
    floor.told(ANN)
    trade_at(floor, at)
    assert order.working_ns is not None
    assert floor.told(ANN) == ["triggered"]
    assert order.status is STATUS.NEW
    assert len(floor.bids()) + len(floor.asks()) == 1


def test_a_stop_without_a_price_takes_the_book_and_frees_what_it_had_set_aside() -> None:
    floor = Floor()
    order = floor.place(ANN, BUY, "0.02", type=LOSS, stop_price="61000").order
    assert floor.balance(ANN, "USDT") == (D(998_780), D(1_220))
    floor.place(BEN, SELL, "0.015", price="61500")
    trade_at(floor, "61000")
    assert (order.status, order.filled) == (STATUS.EXPIRED, D("0.015"))
    assert order.end_reason is EndReason.NO_LIQUIDITY
    assert floor.balance(ANN, "USDT") == (D(1_000_000) - D("922.5"), D(0))


def test_a_stop_that_cannot_pay_for_all_of_it_takes_what_it_can_pay() -> None:
    floor = Floor()
    floor.desk.deposit(ANN, "USDT", D(-998_000))
    order = floor.place(ANN, BUY, "0.03", type=LOSS, stop_price="61000").order
    floor.place(BEN, SELL, "1", price="100000")
    trade_at(floor, "61000")
    assert (order.status, order.filled) == (STATUS.EXPIRED, D("0.02"))
    assert floor.balance(ANN, "USDT") == (D(0), D(0))


@pytest.mark.parametrize(
    ("side", "path", "released"),
    [
        (SELL, ["60500", "60000", "59895"], [False, False, True]),
        (SELL, ["59500", "59400.01"], [False, False]),
        (BUY, ["59000", "59500", "59590"], [False, False, True]),
    ],
)
def test_a_trailing_order_follows_the_best_price_at_its_distance(
    side: Any, path: list[str], released: list[bool]
) -> None:
    floor = Floor()
    order = floor.place(ANN, side, "0.01", type=LOSS, trailing_delta=100).order
    seen: list[bool] = []
    for price in path:
        trade_at(floor, price)
        seen.append(order.working_ns is not None)
    assert seen == released


def test_a_trailing_order_with_a_stop_price_begins_to_follow_there() -> None:
    floor = Floor()
    order = floor.place(
        ANN, SELL, "0.01", type=PROFIT, stop_price="61000", trailing_delta=100
    ).order
    for price, working in (("60000", False), ("59000", False), ("61000", False), ("60390", True)):
        trade_at(floor, price)
        assert (order.working_ns is not None) is working, price


def test_one_trigger_sets_off_another_in_turn() -> None:
    floor = Floor()
    floor.place(BEN, BUY, "0.01", price="58500")
    floor.place(BEN, BUY, "0.01", price="57500")
    second = floor.place(ANN, SELL, "0.01", type=LOSS, stop_price="58500").order
    first = floor.place(ANN, SELL, "0.01", type=LOSS, stop_price="59000").order
    trade_at(floor, "59000")
    assert [fill.price for _, fill in floor.desk.fills(ANN, "BTC-USDT")] == [D(58_500), D(57_500)]
    assert (first.status, second.status) == (STATUS.FILLED, STATUS.FILLED)


def test_a_waiting_order_can_be_canceled_and_amended() -> None:
    floor = Floor()
    wanted = {"type": LOSS_LIMIT, "stop_price": "59000", "price": "58000"}
    order = floor.place(ANN, SELL, "0.02", **wanted).order
    floor.desk.amend(ANN, order.order_id, D("0.01"), "less")
    assert floor.balance(ANN, "BTC")[1] == D("0.01")
    floor.desk.cancel(ANN, order.order_id, "c")
    trade_at(floor, "58000")
    assert (order.status, order.working_ns) == (STATUS.CANCELED, None)


def test_a_triggered_order_that_meets_its_own_account_ends_as_it_chose() -> None:
    floor = Floor()
    resting = floor.place(ANN, SELL, "0.01", price="61500").order
    both = TradePrevention.EXPIRE_BOTH
    order = floor.place(ANN, BUY, "0.01", type=LOSS, stop_price="61000", prevention=both).order
    trade_at(floor, "61000")
    assert order.status is resting.status is STATUS.EXPIRED_IN_MATCH
    assert isinstance(floor.place(ANN, SELL, "0.01", price="61500"), OrderPlaced)
