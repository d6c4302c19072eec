"""What an account may ask of the embedded venue by REST, and how it proves who it is."""

from __future__ import annotations

import json
from decimal import Decimal
from urllib.parse import quote

import pytest
from documented import (
    ACCOUNT,
    BALANCE,
    COMMISSION,
    DISCOUNT,
    LIMIT,
    ORDER,
    RATES,
    TRADE,
)
from private_client import (
    SECOND_NS,
    START_NS,
    STOP,
    PrivateClient,
    check_fields,
    hmac_of,
    quiet_venue,
    shared_venue,
    types,
)

from connector_sdk.sandbox.dialect import VenueRequest

MARKET = {"type": "MARKET", "timeInForce": "", "price": ""}
NOW_MS = START_NS // 1_000_000
DAY_MS = 86_400_000
ZERO = Decimal(0)
BTC = {"symbol": "BTCUSDT"}


def client() -> PrivateClient:
    return PrivateClient(shared_venue())


def test_an_order_is_found_by_either_id_with_the_documented_fields() -> None:
    trader = client()
    placed = trader.place(newClientOrderId="mine").body
    row = trader("GET", "order", **BTC, orderId=placed["orderId"]).body
    check_fields(row, ORDER)
    assert row == trader("GET", "order", **BTC, origClientOrderId="mine").body
    assert (row["status"], row["isWorking"], row["workingTime"]) == ("NEW", True, NOW_MS)
    trader("DELETE", "order", **BTC, origClientOrderId="mine", newClientOrderId="away")
    row = trader("GET", "order", **BTC, orderId=placed["orderId"]).body
    assert (row["clientOrderId"], row["status"]) == ("mine", "CANCELED")


def test_an_order_that_waits_for_its_trigger_is_not_working() -> None:
    trader = client()
    trader.place(**STOP)
    (row,) = trader("GET", "openOrders", **BTC).body
    check_fields(row, ORDER)
    assert (row["isWorking"], row["workingTime"], row["stopPrice"]) == (
        False,
        -1,
        "55000.00000000",
    )


def test_an_expired_order_says_why() -> None:
    trader = client()
    order_id = trader.place(timeInForce="FOK").body["orderId"]
    row = trader("GET", "order", **BTC, orderId=order_id).body
    check_fields(row, ORDER, "expiryReason")
    assert (row["status"], row["expiryReason"]) == ("EXPIRED", "UNFILLED_FOK_ORDER_EXPIRED")


def test_an_unfilled_order_is_archived_after_ninety_days() -> None:
    trader = PrivateClient(quiet_venue())
    order_id = trader.place(timeInForce="IOC").body["orderId"]
    trader.core.agenda.now_ns += 91 * DAY_MS * 1_000_000
    assert trader("GET", "order", **BTC, orderId=order_id).error[:2] == (400, -2026)


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"orderId": 1}, (400, -2013, "Order does not exist.")),
        ({"origClientOrderId": "no"}, (400, -2013, "Order does not exist.")),
        (
            {},
            (
                400,
                -1102,
                "Param 'origClientOrderId' or 'orderId' must be sent, but both were empty/null!",
            ),
        ),
    ],
)
def test_an_order_that_is_not_there_is_said_to_be_absent(
    params: dict[str, int], error: tuple[int, int, str]
) -> None:
    assert client()("GET", "order", **BTC, **params).error == error


def test_all_orders_are_paged_by_id_and_by_time() -> None:
    trader = PrivateClient(quiet_venue())
    ids: list[int] = []
    for _ in range(4):
        ids.append(trader.place().body["orderId"])
        trader.core.step(trader.core.now_ns + SECOND_NS)

    def asked(**params: int) -> list[int]:
        rows = trader("GET", "allOrders", **BTC, **params).body
        return [row["orderId"] for row in rows]

    assert asked() == ids
    assert asked(limit=2) == ids[2:]
    assert asked(orderId=ids[1], limit=2) == ids[1:3]
    assert asked(startTime=NOW_MS + 1_000, limit=2) == ids[1:3]
    assert asked(endTime=NOW_MS + 1_000) == ids[:2]
    assert asked(startTime=NOW_MS * 1_000 + 1_000_000) == ids[1:]
    too_long = trader("GET", "allOrders", **BTC, startTime=1, endTime=DAY_MS + 2)
    assert too_long.error[:2] == (400, -1127)


def test_fills_are_told_row_by_row_and_paged() -> None:
    trader = client()
    order = trader.place(**MARKET, quantity="0.5").body
    rows = trader("GET", "myTrades", **BTC).body
    assert [row["id"] for row in rows] == [fill["tradeId"] for fill in order["fills"]]
    assert len(rows) > 1
    for row in rows:
        check_fields(row, TRADE)
        assert Decimal(row["quoteQty"]) == Decimal(row["price"]) * Decimal(row["qty"])
    first, second = (row["id"] for row in rows[:2])
    assert trader("GET", "myTrades", **BTC, fromId=second, limit=1).body == [rows[1]]
    assert trader("GET", "myTrades", **BTC, orderId=order["orderId"], fromId=first).body == rows
    assert trader("GET", "myTrades", **BTC, orderId=1).body == []
    assert trader("GET", "myTrades", **BTC, startTime=NOW_MS).body == rows
    refused = trader("GET", "myTrades", **BTC, orderId=1, startTime=1)
    assert refused.error == (400, -1128, "Combination of optional parameters invalid.")


def test_balances_move_exactly_with_locks_and_fills() -> None:
    trader = client()
    usdt, btc = Decimal(1_000_000), Decimal(1_000)
    assert trader.balances()["USDT"] == (usdt, ZERO)
    trader.place(quantity="0.01", price="50000")
    assert trader.balances()["USDT"] == (usdt - 500, Decimal(500))
    trader("DELETE", "openOrders", **BTC)
    assert trader.balances()["USDT"] == (usdt, ZERO)
    order = trader.place(**MARKET, quantity="0.01").body
    fees = sum(Decimal(fill["commission"]) for fill in order["fills"])
    assert trader.balances()["USDT"] == (usdt - Decimal(order["cummulativeQuoteQty"]), ZERO)
    assert trader.balances()["BTC"] == (btc + Decimal("0.01") - fees, ZERO)


def test_the_account_has_the_documented_fields() -> None:
    trader = client()
    told = trader("GET", "account").body
    assert types(told) == ACCOUNT
    assert types(told["commissionRates"]) == RATES
    assert all(types(row) == BALANCE for row in told["balances"])
    assert (told["makerCommission"], told["takerCommission"]) == (8, 10)
    trader.core.desk.deposit(trader.account.name, "ETH", Decimal(-1_000))
    kept = trader("GET", "account", omitZeroBalances="true").body["balances"]
    assert [row["asset"] for row in kept] == ["BTC", "USDT"]


def test_fees_and_order_counts_have_the_documented_fields() -> None:
    trader = client()
    told = trader("GET", "account/commission", **BTC).body
    assert types(told) == COMMISSION
    assert all(types(told[name]) == RATES for name in list(told)[1:4])
    assert types(told["discount"]) == DISCOUNT
    trader.place()
    rows = trader("GET", "rateLimit/order").body
    assert all(types(row) == LIMIT for row in rows)
    assert [(row["interval"], row["limit"], row["count"]) for row in rows] == [
        ("SECOND", 50, 1),
        ("DAY", 160_000, 1),
    ]


@pytest.mark.parametrize(
    ("call", "weight"),
    [
        (("GET", "order", {**BTC, "orderId": 1}), 4),
        (("GET", "openOrders", BTC), 6),
        (("GET", "openOrders", {}), 80),
        (("GET", "allOrders", BTC), 20),
        (("GET", "myTrades", BTC), 20),
        (("GET", "myTrades", {**BTC, "orderId": 1}), 5),
        (("GET", "account", {}), 20),
        (("GET", "account/commission", BTC), 20),
        (("GET", "rateLimit/order", {}), 40),
        (("DELETE", "order", {**BTC, "orderId": 1}), 1),
        (("POST", "order", BTC), 1),
    ],
)
def test_private_calls_weigh_what_the_documentation_says(
    call: tuple[str, str, dict[str, str | int]], weight: int
) -> None:
    method, path, params = call
    answer = client()(method, path, **params)
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)


def test_orders_and_cancels_that_succeed_weigh_nothing() -> None:
    trader = client()
    assert trader.place().headers["X-MBX-USED-WEIGHT-1M"] == "0"
    canceled = trader("DELETE", "openOrders", **BTC)
    assert canceled.headers["X-MBX-USED-WEIGHT-1M"] == "0"


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("", (401, -2014, "API-key format invalid.")),
        ("a b", (401, -2014, "API-key format invalid.")),
        ("nobody", (401, -2015, "Invalid API-key, IP, or permissions for action.")),
    ],
)
def test_a_key_that_is_not_known_is_refused(key: str, error: tuple[int, int, str]) -> None:
    trader = client()
    form = f"timestamp={NOW_MS}"
    signed = f"{form}&signature={hmac_of(trader.account.secret, form)}"
    assert trader.send("GET", "account", signed, key=key).error == error


@pytest.mark.parametrize(
    ("form", "code", "message"),
    [
        ("", -1102, "Mandatory parameter 'timestamp' was not sent"),
        ("timestamp=x", -1100, "Illegal characters found in parameter 'timestamp'"),
        (f"timestamp={NOW_MS + 1000}", -1021, "1000ms ahead of the server's time."),
        (f"timestamp={(NOW_MS + 1000) * 1000}", -1021, "1000ms ahead of the server's time."),
        (f"timestamp={NOW_MS - 5001}", -1021, "outside of the recvWindow."),
        (f"timestamp={NOW_MS * 1000 - 5000001}", -1021, "outside of the recvWindow."),
        (f"timestamp={NOW_MS - 11}&recvWindow=10.5", -1021, "outside of the recvWindow."),
        (f"timestamp={NOW_MS}&recvWindow=60001", -1102, "Cannot be greater than '60000'."),
        (f"timestamp={NOW_MS}&recvWindow=1.2345", -1100, "parameter 'recvWindow'"),
        (f"timestamp={NOW_MS}&timestamp=1", -1101, "Duplicate values for a parameter detected."),
    ],
)
def test_a_request_outside_its_window_is_refused(form: str, code: int, message: str) -> None:
    trader = client()
    signed = f"{form}&signature={hmac_of(trader.account.secret, form)}"
    answer = trader.send("GET", "account", signed)
    assert answer.error[:2] == (400, code)
    assert message in answer.error[2]


@pytest.mark.parametrize(
    "form",
    [
        f"timestamp={NOW_MS + 999}",
        f"timestamp={(NOW_MS + 999) * 1000}",
        f"timestamp={NOW_MS - 5000}",
        f"timestamp={NOW_MS - 10}&recvWindow=10.5",
        f"timestamp={NOW_MS - 60000}&recvWindow=60000",
    ],
)
def test_a_request_at_the_edge_of_its_window_is_taken(form: str) -> None:
    trader = client()
    signed = f"{form}&signature={hmac_of(trader.account.secret, form)}"
    assert trader.send("GET", "account", signed).status == 200


def test_the_signature_is_over_query_and_body_as_they_were_sent() -> None:
    trader = client()
    query = f"symbol=BTCUSDT&side=BUY&type=LIMIT&newClientOrderId={quote('a-_1')}"
    body = f"timeInForce=GTC&quantity=0.01&price=50000&timestamp={NOW_MS}"
    true = hmac_of(trader.account.secret, query + body)
    placed = trader.send("POST", "order", query, f"{body}&signature={true.upper()}")
    assert placed.status == 200
    again = trader.send("POST", "order", f"signature={true}&{query}", body)
    assert again.error == (400, -2010, "Duplicate order sent.")
    for wrong in (hmac_of(trader.account.secret, f"{query}&{body}"), hmac_of("x", query + body)):
        refused = trader.send("POST", "order", query, f"{body}&signature={wrong}")
        assert refused.error == (400, -1022, "Signature for this request is not valid.")
    unsigned = trader.send("POST", "order", query, body)
    assert unsigned.error[1] == -1102


def test_a_parameter_in_query_and_body_counts_as_the_query_says() -> None:
    trader = client()
    query, body = "symbol=BTCUSDT", f"symbol=ETHUSDT&timestamp={NOW_MS}"
    true = hmac_of(trader.account.secret, query + body)
    trader.place()
    rows = trader.send("DELETE", "openOrders", query, f"{body}&signature={true}").body
    assert [row["symbol"] for row in rows] == ["BTCUSDT"]


def test_listen_keys_are_gone_and_other_markets_are_empty() -> None:
    core = shared_venue()

    def asked(method: str, path: str) -> tuple[int, bytes]:
        answer = core.request(VenueRequest(method, path, client="x"))
        return answer.status, answer.body

    for method in ("POST", "PUT", "DELETE"):
        assert asked(method, "/api/v3/userDataStream")[0] == 410
    assert asked("GET", "/sapi/v1/margin/allPairs") == (200, b"[]")
    for path in ("/fapi/v1/exchangeInfo", "/dapi/v1/exchangeInfo"):
        status, body = asked("GET", path)
        assert (status, json.loads(body)["symbols"]) == (200, [])
