"""Trading by REST at the embedded venue, against the documentation's answers and words."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from documented import (
    ACK,
    CANCELED,
    FILL,
    FULL,
    RESULT,
    TESTED,
    Fields,
)
from private_client import (
    LIMIT,
    SECOND_NS,
    START_NS,
    STOP,
    PrivateClient,
    check_fields,
    quiet_venue,
    shared_venue,
    types,
)

from connector_sdk.sandbox.trading import RefusalKind, Refused, Rule
from connector_sdk_binance.sandbox.api_error import refusal_error

NO_PRICE = {"timeInForce": "", "price": ""}
# binance-spot-api-docs, filters.md, "Symbol filters".
FILTER_NAMES = {
    Rule.PRICE: "PRICE_FILTER",
    Rule.LOT: "LOT_SIZE",
    Rule.MARKET_LOT: "MARKET_LOT_SIZE",
    Rule.NOTIONAL: "NOTIONAL",
    Rule.OPEN_ORDERS: "MAX_NUM_ORDERS",
    Rule.OPEN_TRIGGERS: "MAX_NUM_ALGO_ORDERS",
    Rule.ICEBERG_PARTS: "ICEBERG_PARTS",
    Rule.TRAILING_DELTA: "TRAILING_DELTA",
}


def client() -> PrivateClient:
    return PrivateClient(shared_venue())


@pytest.mark.parametrize(
    ("params", "known", "conditional"),
    [
        ({"newOrderRespType": "ACK"}, ACK, ()),
        ({"newOrderRespType": "RESULT"}, RESULT, ()),
        ({"newOrderRespType": "FULL"}, FULL, ()),
        ({}, FULL, ()),
        ({"type": "LIMIT_MAKER", "timeInForce": ""}, ACK, ()),
        (STOP, ACK, ()),
        ({**STOP, "newOrderRespType": "RESULT"}, RESULT, ("stopPrice",)),
        (
            {**STOP, "stopPrice": "", "trailingDelta": 100, "newOrderRespType": "RESULT"},
            RESULT,
            ("trailingDelta", "trailingTime"),
        ),
        ({"icebergQty": "0.005"}, FULL, ("icebergQty",)),
        ({"timeInForce": "IOC"}, FULL, ("expiryReason",)),
    ],
)
def test_a_placed_order_is_answered_with_the_documented_fields(
    params: dict[str, str], known: Fields, conditional: tuple[str, ...]
) -> None:
    answer = client().place(**params)
    assert answer.status == 200, answer.body
    check_fields(answer.body, known, *conditional)
    assert answer.headers["X-MBX-ORDER-COUNT-10S"] == "1"
    assert answer.headers["X-MBX-ORDER-COUNT-1D"] == "1"


def test_a_market_order_tells_its_fills_and_they_add_up() -> None:
    trader = client()
    _, ask = trader.best()
    row = trader.place(type="MARKET", quantity="0.5", **NO_PRICE).body
    check_fields(row, FULL)
    assert (row["status"], row["price"], row["timeInForce"]) == ("FILLED", "0.00000000", "GTC")
    fills = row["fills"]
    for fill in fills:
        check_fields(fill, FILL)
    assert Decimal(fills[0]["price"]) == ask
    assert sum(Decimal(fill["qty"]) for fill in fills) == Decimal(row["executedQty"])
    spent = sum(Decimal(fill["qty"]) * Decimal(fill["price"]) for fill in fills)
    assert spent == Decimal(row["cummulativeQuoteQty"])
    assert {fill["commissionAsset"] for fill in fills} == {"BTC"}


def test_a_market_order_may_say_what_to_spend() -> None:
    row = client().place(type="MARKET", quantity="", quoteOrderQty="1000", **NO_PRICE).body
    assert row["origQuoteOrderQty"] == "1000.00000000"
    assert Decimal(990) < Decimal(row["cummulativeQuoteQty"]) <= Decimal(1000)


def test_an_order_without_a_client_id_gets_one_of_its_own() -> None:
    trader = client()
    identifiers = [trader.place().body["clientOrderId"] for _ in range(3)]
    assert len(set(identifiers)) == 3
    assert all(re.fullmatch(r"[A-Za-z0-9]{22}", identifier) for identifier in identifiers)


def test_parameters_may_stand_in_the_query_or_in_the_body() -> None:
    trader = client()
    for call in (trader, trader.in_body):
        order_id = call("POST", "order", **LIMIT).body["orderId"]
        canceled = call("DELETE", "order", symbol="BTCUSDT", orderId=order_id)
        check_fields(canceled.body, CANCELED)


REFUSED: list[tuple[dict[str, str], int, str]] = [
    ({"symbol": ""}, -1102, "Mandatory parameter 'symbol' was not sent"),
    ({"symbol": "NOPE"}, -1121, "Invalid symbol."),
    ({"side": ""}, -1102, "Mandatory parameter 'side'"),
    ({"side": "HOLD"}, -1117, "Invalid side."),
    ({"type": "OTHER"}, -1116, "Invalid orderType."),
    ({"timeInForce": "GTD"}, -1115, "Invalid timeInForce."),
    ({"timeInForce": ""}, -1102, "Mandatory parameter 'timeInForce'"),
    ({"price": ""}, -1102, "Mandatory parameter 'price'"),
    ({"quantity": ""}, -1102, "Mandatory parameter 'quantity'"),
    ({"price": "5e4"}, -1100, "Illegal characters found in parameter 'price'; legal range is"),
    ({"price": "-1"}, -1100, "Illegal characters found in parameter 'price'"),
    ({"quantity": "0.000000001"}, -1111, "Parameter 'quantity' has too much precision."),
    ({"quantity": "0"}, -1013, "Invalid quantity."),
    ({"price": "50000.001"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"price": "1000000.01"}, -1013, "Filter failure: PRICE_FILTER"),
    ({"quantity": "0.000001"}, -1013, "Filter failure: LOT_SIZE"),
    ({"quantity": "9000.00001"}, -1013, "Filter failure: LOT_SIZE"),
    ({"quantity": "0.00009"}, -1013, "Filter failure: NOTIONAL"),
    ({"icebergQty": "0.0001"}, -1013, "Filter failure: ICEBERG_PARTS"),
    ({"icebergQty": "0.02"}, -2010, "IcebergQty exceeds QTY."),
    ({"icebergQty": "0.005", "timeInForce": "IOC"}, -1014, "Unsupported order combination."),
    ({**STOP, "trailingDelta": "5", "stopPrice": ""}, -1013, "Filter failure: TRAILING_DELTA"),
    ({"type": "MARKET"}, -1106, "Parameter 'timeInForce' sent when not required."),
    ({"type": "LIMIT_MAKER"}, -1106, "Parameter 'timeInForce' sent when not required."),
    ({"type": "MARKET", "timeInForce": ""}, -1106, "Parameter 'price' sent when not required."),
    ({"stopPrice": "1"}, -1106, "Parameter 'stopPrice' sent when not required."),
    (
        {"type": "MARKET", "quoteOrderQty": "9", **NO_PRICE},
        -1106,
        "Parameter 'quoteOrderQty' sent when not required.",
    ),
    (
        {"type": "MARKET", "quantity": "", **NO_PRICE},
        -1102,
        "Param 'quantity' or 'quoteOrderQty' must be sent, but both were empty/null!",
    ),
    (
        {"type": "STOP_LOSS", **NO_PRICE},
        -1102,
        "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!",
    ),
    ({"newClientOrderId": "x" * 37}, -1100, "Illegal characters found in parameter"),
    ({"newClientOrderId": "a b"}, -1100, "legal range is '^[a-zA-Z0-9-_]{1,36}$'."),
    ({"selfTradePreventionMode": "TRANSFER"}, -1130, "is not valid."),
    ({"newOrderRespType": "SOME"}, -1130, "is not valid."),
    ({"nonsense": "1"}, -1104, "Not all sent parameters were read; read '8' parameter(s) but was "),
    (
        {"quantity": "5000"},
        -2010,
        "Account has insufficient balance for requested action.",
    ),
    (
        {"type": "LIMIT_MAKER", "timeInForce": "", "price": "70000"},
        -2010,
        "Order would immediately match and take.",
    ),
    ({**STOP, "stopPrice": "70000"}, -2010, "Order would trigger immediately."),
]


@pytest.mark.parametrize(("params", "code", "message"), REFUSED)
@pytest.mark.parametrize("path", ["order", "order/test"])
def test_a_refused_order_is_refused_in_the_venues_words(
    path: str, params: dict[str, str], code: int, message: str
) -> None:
    trader = client()
    wanted = {**LIMIT, **params}
    answer = trader("POST", path, **{k: v for k, v in wanted.items() if v})
    assert answer.error[:2] == (400, code)
    assert message in answer.error[2]
    assert trader("GET", "openOrders").body == []
    assert trader("GET", "rateLimit/order").body[0]["count"] == 0


def test_a_client_order_id_is_taken_while_its_order_is_open_and_free_afterwards() -> None:
    trader = client()
    trader.place(newClientOrderId="mine")
    assert trader.place(newClientOrderId="mine").error == (400, -2010, "Duplicate order sent.")
    assert PrivateClient(trader.core).place(newClientOrderId="mine").status == 200
    trader("DELETE", "order", symbol="BTCUSDT", origClientOrderId="mine")
    assert trader.place(newClientOrderId="mine").status == 200


def test_order_test_places_nothing_and_may_tell_the_fees() -> None:
    trader = client()
    assert trader("POST", "order/test", **LIMIT).body == {}
    told = trader("POST", "order/test", **LIMIT, computeCommissionRates="true").body
    assert types(told) == TESTED
    assert told["standardCommissionForOrder"]["taker"] == "0.00100000"
    assert trader("GET", "allOrders", symbol="BTCUSDT").body == []


def test_too_many_orders_are_refused_with_429_until_the_ten_seconds_are_over() -> None:
    trader = PrivateClient(quiet_venue())
    for _ in range(50):
        assert trader.place().status == 200
    assert trader.place().error == (429, -1015, "Too many new orders.")
    trader.core.step(trader.core.now_ns + 10_000_000_000)
    assert trader.place().status == 200


def test_at_most_five_orders_may_wait_for_their_trigger() -> None:
    trader = client()
    for _ in range(5):
        assert trader.place(**STOP).status == 200
    assert trader.place(**STOP).error == (400, -1013, "Filter failure: MAX_NUM_ALGO_ORDERS")
    assert trader.place().status == 200


def test_at_most_two_hundred_orders_may_be_open() -> None:
    trader = PrivateClient(quiet_venue())
    for second in range(4):
        trader.core.step(START_NS + second * 10 * SECOND_NS)
        for _ in range(50):
            assert trader.place().status == 200
    trader.core.step(START_NS + 40 * SECOND_NS)
    assert trader.place().error == (400, -1013, "Filter failure: MAX_NUM_ORDERS")


def test_every_reason_to_refuse_has_its_code_and_words() -> None:
    for rule in Rule:
        error = refusal_error(Refused(RefusalKind.RULE, rule))
        assert (error.code, error.message) == (-1013, f"Filter failure: {FILTER_NAMES[rule]}")
    for kind in set(RefusalKind) - {RefusalKind.RULE}:
        assert refusal_error(Refused(kind)).code < 0
