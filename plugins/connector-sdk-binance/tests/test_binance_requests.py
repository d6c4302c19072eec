"""Binance's trading requests, as the connector builds them.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api (read 2026-11),
"Trading endpoints" and "Account endpoints".
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from binance_account import API, INTENT, LISTED, MINE, changed, instrument, read

from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderKey, OrderType, Side, TimeInForce
from connector_sdk.model.wire import Call, Priority, RestRequest
from connector_sdk_binance import connector

WINDOW = ("recvWindow", "5000")


def test_a_limit_order_says_everything_and_where_it_is_counted() -> None:
    assert API.place(INTENT, "mine-1", LISTED).request == RestRequest(
        "POST",
        "/api/v3/order",
        (
            ("symbol", "BTCUSDT"),
            ("side", "BUY"),
            ("type", "LIMIT"),
            ("timeInForce", "GTC"),
            ("quantity", "0.00001000"),
            ("price", "50000.10"),
            ("newClientOrderId", "mine-1"),
            ("newOrderRespType", "FULL"),
            WINDOW,
        ),
        signed=True,
        costs={"weight": 1, "orders_10s": 1, "orders_1d": 1},
        priority=Priority.PLACE,
    )


@pytest.mark.parametrize(
    ("intent", "missing"),
    [
        (
            changed(INTENT, order_type=OrderType.MARKET, price=None, time_in_force=None),
            {"price", "timeInForce"},
        ),
        (changed(INTENT, order_type=OrderType.LIMIT_MAKER, time_in_force=None), {"timeInForce"}),
        (changed(INTENT, side=Side.SELL, time_in_force=TimeInForce.FOK), set[str]()),
    ],
)
def test_an_order_says_only_what_its_type_has(intent: OrderIntent, missing: set[str]) -> None:
    query = dict(API.place(intent, "mine-1", LISTED).request.query)
    everything = dict(API.place(INTENT, "mine-1", LISTED).request.query)
    assert everything.keys() - query.keys() == missing
    assert query["type"] == intent.order_type.name
    assert query["side"] == intent.side.name


@pytest.mark.parametrize("text", ["1E-8", "0.00000001", "1E+5", "123456789012345678.123456789"])
def test_decimals_are_written_without_an_exponent(text: str) -> None:
    intent = changed(INTENT, quantity=Decimal(text), price=Decimal(text))
    query = dict(API.place(intent, "mine-1", LISTED).request.query)
    assert "E" not in query["quantity"] + query["price"]
    assert Decimal(query["quantity"]) == Decimal(query["price"]) == Decimal(text)


@pytest.mark.parametrize(
    ("call", "method", "weight", "priority"),
    [
        (API.cancel(MINE, LISTED), "DELETE", 1, Priority.CANCEL),
        (API.order_status(MINE, LISTED), "GET", 4, Priority.RECONCILE),
    ],
)
def test_an_order_is_found_by_both_ids(
    call: Call[Any], method: str, weight: int, priority: Priority
) -> None:
    assert call.request == RestRequest(
        method,
        "/api/v3/order",
        (("symbol", "BTCUSDT"), ("orderId", "28"), ("origClientOrderId", "mine-1"), WINDOW),
        signed=True,
        costs={"weight": weight},
        priority=priority,
    )


def test_an_order_that_was_not_acknowledged_is_found_by_our_id_alone() -> None:
    for call in (API.cancel, API.order_status):
        query = dict(call(OrderKey("BTC-USDT", "mine-1"), LISTED).request.query)
        assert query["origClientOrderId"] == "mine-1"
        assert "orderId" not in query


def test_a_smaller_quantity_is_amended_in_place_and_keeps_our_id() -> None:
    call = API.amend(MINE, INTENT, changed(INTENT, quantity=Decimal("0.000005")), LISTED)
    assert call is not None
    assert (call.request.method, call.request.path) == ("PUT", "/api/v3/order/amend/keepPriority")
    query = dict(call.request.query)
    assert (query["newQty"], query["newClientOrderId"]) == ("0.000005", "mine-1")
    assert (query["orderId"], query["origClientOrderId"]) == ("28", "mine-1")


@pytest.mark.parametrize(
    "wanted",
    [
        INTENT,
        changed(INTENT, quantity=Decimal("0.00002")),
        changed(INTENT, quantity=Decimal("0.000005"), price=Decimal(50_000)),
        changed(INTENT, quantity=Decimal("0.000005"), order_type=OrderType.LIMIT_MAKER),
    ],
    ids=["the same", "larger", "another price", "another type"],
)
def test_no_other_change_is_possible_in_place(wanted: OrderIntent) -> None:
    assert API.amend(MINE, INTENT, wanted, LISTED) is None


def test_a_symbol_that_does_not_allow_it_is_not_amended() -> None:
    listed = Instruments([instrument("BTC", "USDT", amendable=False)])
    assert API.amend(MINE, INTENT, changed(INTENT, quantity=Decimal("0.000005")), listed) is None


def test_the_fills_of_an_order_are_asked_for_page_by_page() -> None:
    first, second = API.order_fills(MINE, LISTED), API.order_fills(MINE, LISTED, "57")
    assert first.request.query == (
        ("symbol", "BTCUSDT"),
        ("orderId", "28"),
        ("limit", "1000"),
        WINDOW,
    )
    assert ("fromId", "57") in second.request.query
    assert first.request.costs == {"weight": 5}


def test_recent_fills_begin_with_a_time_and_go_on_with_an_id() -> None:
    first = API.recent_fills("BTC-USDT", 1_499_865_549_590_123_456, None, LISTED).request
    assert first.query == (
        ("symbol", "BTCUSDT"),
        ("startTime", "1499865549590"),
        ("limit", "1000"),
        WINDOW,
    )
    after = API.recent_fills("BTC-USDT", 1_499_865_549_590_123_456, "57", LISTED).request
    assert after.query == (("symbol", "BTCUSDT"), ("fromId", "57"), ("limit", "1000"), WINDOW)
    assert first.costs == after.costs == {"weight": 20}


@pytest.mark.parametrize(("pair", "weight"), [("BTC-USDT", 6), (None, 80)])
def test_open_orders_of_every_pair_weigh_more(pair: str | None, weight: int) -> None:
    request = API.open_orders(pair, LISTED).request
    assert request.costs == {"weight": weight}
    assert ("symbol" in dict(request.query)) is (pair is not None)


def test_balances_leave_out_what_is_not_held() -> None:
    request = API.balances().request
    assert request.query == (("omitZeroBalances", "true"), WINDOW)
    assert (request.signed, request.costs) == (True, {"weight": 20})


def test_the_time_is_asked_for_unsigned_and_without_a_window() -> None:
    call = API.server_time()
    assert call is not None
    assert (call.request.signed, call.request.query) == (False, ())
    assert read(call, {"serverTime": 1499827319559}) == 1_499_827_319_559_000_000


def test_every_cost_names_a_pool_of_the_manifest() -> None:
    pools = {pool.name: pool for pool in connector.manifest.rate_limits}
    calls = (API.place(INTENT, "mine-1", LISTED), API.cancel(MINE, LISTED), API.balances())
    assert {name for call in calls for name in call.request.costs} == pools.keys()
    assert set(connector.manifest.weight_headers.values()) == pools.keys()
    assert pools["weight"].reserve > 0
    assert pools["orders_10s"].per_key
    assert pools["orders_1d"].per_key
