"""Canceling, amending and replacing orders by REST at the embedded venue, as documented."""

from __future__ import annotations

from decimal import Decimal

import pytest
from documented import AMENDED, AMENDMENT, CANCELED, FULL, REPLACED
from private_client import LIMIT, STOP, PrivateClient, check_fields, shared_venue, types


def client() -> PrivateClient:
    return PrivateClient(shared_venue())


def test_a_cancel_answers_with_its_own_id_and_the_orders() -> None:
    trader = client()
    placed = trader.place(newClientOrderId="mine").body
    row = trader(
        "DELETE",
        "order",
        symbol="BTCUSDT",
        origClientOrderId="mine",
        newClientOrderId="away",
    ).body
    check_fields(row, CANCELED)
    assert (row["origClientOrderId"], row["clientOrderId"]) == ("mine", "away")
    assert (row["orderId"], row["status"]) == (placed["orderId"], "CANCELED")


@pytest.mark.parametrize(
    ("params", "code", "message"),
    [
        ({}, -1102, "Param 'origClientOrderId' or 'orderId' must be sent"),
        ({"orderId": "1"}, -2011, "Unknown order sent."),
        ({"origClientOrderId": "other"}, -2011, "Unknown order sent."),
        ({"orderId": "x"}, -1100, "Illegal characters found in parameter 'orderId'"),
        (
            {"origClientOrderId": "mine", "cancelRestrictions": "ONLY_PARTIALLY_FILLED"},
            -2011,
            "Order was not canceled due to cancel restrictions.",
        ),
        (
            {"origClientOrderId": "mine", "cancelRestrictions": "NEVER"},
            -1145,
            "`cancelRestrictions` has to be either `ONLY_NEW` or `ONLY_PARTIALLY_FILLED`.",
        ),
    ],
)
def test_a_cancel_that_cannot_be_done_says_why(
    params: dict[str, str], code: int, message: str
) -> None:
    trader = client()
    trader.place(newClientOrderId="mine")
    answer = trader("DELETE", "order", symbol="BTCUSDT", **params)
    assert answer.error[:2] == (400, code)
    assert message in answer.error[2]
    assert len(trader("GET", "openOrders").body) == 1


def test_an_order_named_by_two_ids_that_differ_is_refused() -> None:
    trader = client()
    placed = trader.place(newClientOrderId="mine").body
    for method in ("GET", "DELETE"):
        answer = trader(
            method,
            "order",
            symbol="BTCUSDT",
            orderId=placed["orderId"],
            origClientOrderId="other",
        )
        assert answer.error == (400, -2039, "Client order ID is not correct for this order ID.")


def test_another_account_does_not_see_an_order() -> None:
    trader = client()
    order_id = trader.place().body["orderId"]
    other = PrivateClient(trader.core)
    asked = {"symbol": "BTCUSDT", "orderId": order_id}
    assert other("GET", "order", **asked).error == (400, -2013, "Order does not exist.")
    assert other("DELETE", "order", **asked).error == (400, -2011, "Unknown order sent.")


def test_cancel_all_answers_for_each_order_and_is_refused_without_any() -> None:
    trader = client()
    ids = [trader.place().body["orderId"], trader.place(**STOP).body["orderId"]]
    trader.place(symbol="ETHUSDT", price="2000")
    rows = trader("DELETE", "openOrders", symbol="BTCUSDT").body
    assert [row["orderId"] for row in rows] == ids
    check_fields(rows[0], CANCELED)
    check_fields(rows[1], CANCELED, "stopPrice")
    again = trader("DELETE", "openOrders", symbol="BTCUSDT")
    assert again.error == (400, -2011, "Unknown order sent.")
    assert [row["symbol"] for row in trader("GET", "openOrders").body] == ["ETHUSDT"]


def test_an_amendment_makes_an_order_smaller_and_gives_it_another_id() -> None:
    trader = client()
    placed = trader.place(newClientOrderId="mine").body
    path = "order/amend/keepPriority"
    told = trader("PUT", path, symbol="BTCUSDT", origClientOrderId="mine", newQty="0.004").body
    assert types(told) == AMENDMENT
    check_fields(told["amendedOrder"], AMENDED)
    assert told["amendedOrder"]["orderId"] == placed["orderId"]
    assert told["amendedOrder"]["origClientOrderId"] == "mine"
    assert told["amendedOrder"]["clientOrderId"] != "mine"
    assert told["amendedOrder"]["qty"] == "0.00400000"
    (row,) = trader("GET", "openOrders").body
    assert row["origQty"] == "0.00400000"


@pytest.mark.parametrize(
    ("params", "error"),
    [
        (
            {"origClientOrderId": "mine", "newQty": "0.02"},
            (400, -2038, "Order amend (quantity increase) is not supported."),
        ),
        (
            {"origClientOrderId": "mine", "newQty": "0.01"},
            (400, -2038, "The requested action would change no state; rejecting."),
        ),
        ({"orderId": "1", "newQty": "0.001"}, (400, -2038, "Unknown order sent.")),
        (
            {"origClientOrderId": "mine", "newQty": "0.0000001"},
            (400, -1013, "Filter failure: LOT_SIZE"),
        ),
    ],
)
def test_an_amendment_that_cannot_be_done_says_why(
    params: dict[str, str], error: tuple[int, int, str]
) -> None:
    trader = client()
    trader.place(newClientOrderId="mine")
    answer = trader("PUT", "order/amend/keepPriority", symbol="BTCUSDT", **params)
    assert answer.error == error


def test_an_order_is_amended_ten_times_at_most() -> None:
    trader = client()
    order_id = trader.place(quantity="0.1").body["orderId"]
    path = "order/amend/keepPriority"
    for step in range(1, 11):
        quantity = f"{Decimal('0.1') - step * Decimal('0.001'):f}"
        told = trader("PUT", path, symbol="BTCUSDT", orderId=order_id, newQty=quantity)
        assert told.status == 200
    told = trader("PUT", path, symbol="BTCUSDT", orderId=order_id, newQty="0.01")
    assert told.error == (400, -2038, "Filter failure: MAX_NUM_ORDER_AMENDS")


REPLACE_LIMIT = {**LIMIT, "price": "50001", "cancelReplaceMode": "STOP_ON_FAILURE"}


def test_a_replacement_cancels_the_one_and_places_the_other() -> None:
    trader = client()
    trader.place(newClientOrderId="old")
    told = trader(
        "POST",
        "order/cancelReplace",
        **REPLACE_LIMIT,
        cancelOrigClientOrderId="old",
        newClientOrderId="new",
        cancelNewClientOrderId="away",
    ).body
    assert types(told) == REPLACED
    assert (told["cancelResult"], told["newOrderResult"]) == ("SUCCESS", "SUCCESS")
    check_fields(told["cancelResponse"], CANCELED)
    check_fields(told["newOrderResponse"], FULL)
    assert told["cancelResponse"]["clientOrderId"] == "away"
    assert [row["clientOrderId"] for row in trader("GET", "openOrders").body] == ["new"]


@pytest.mark.parametrize(
    ("mode", "old", "price", "error", "results"),
    [
        ("STOP_ON_FAILURE", "none", "50001", (400, -2022), ("FAILURE", "NOT_ATTEMPTED")),
        ("ALLOW_FAILURE", "none", "50001", (409, -2021), ("FAILURE", "SUCCESS")),
        ("STOP_ON_FAILURE", "old", "900000", (409, -2021), ("SUCCESS", "FAILURE")),
        ("ALLOW_FAILURE", "none", "900000", (400, -2022), ("FAILURE", "FAILURE")),
    ],
)
def test_a_replacement_that_fails_tells_both_halves(
    mode: str, old: str, price: str, error: tuple[int, int], results: tuple[str, str]
) -> None:
    trader = client()
    trader.place(newClientOrderId="old")
    wanted = {**REPLACE_LIMIT, "price": price, "quantity": "9", "cancelReplaceMode": mode}
    if price == "50001":
        wanted["quantity"] = "0.01"
    answer = trader("POST", "order/cancelReplace", **wanted, cancelOrigClientOrderId=old)
    assert answer.error[:2] == error
    told = answer.body["data"]
    assert (told["cancelResult"], told["newOrderResult"]) == results
    assert told["cancelResponse"].get("code", -2011) == -2011
    if results[1] == "NOT_ATTEMPTED":
        assert told["newOrderResponse"] is None
    if results[1] == "FAILURE":
        assert told["newOrderResponse"]["code"] == -2010


def test_a_replacement_whose_order_breaks_a_filter_cancels_nothing() -> None:
    trader = client()
    trader.place(newClientOrderId="old")
    wanted = {**REPLACE_LIMIT, "price": "50000.001"}
    answer = trader("POST", "order/cancelReplace", **wanted, cancelOrigClientOrderId="old")
    assert answer.error == (400, -1013, "Filter failure: PRICE_FILTER")
    assert len(trader("GET", "openOrders").body) == 1
