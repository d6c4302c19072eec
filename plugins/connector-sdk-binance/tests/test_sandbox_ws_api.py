"""The embedded venue's WebSocket API: requests, replies, log-on and subscriptions."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from documented import CANCELED, FULL, LIMIT, ORDER, SESSION, TRADE
from private_client import (
    LIMIT as LIMIT_ORDER,
)
from private_client import (
    START_NS,
    ApiSocket,
    PrivateClient,
    check_fields,
    quiet_venue,
    shared_venue,
    types,
)

from connector_sdk_binance.sandbox.ws_message import parsed, read_request

NOW_MS = START_NS // 1_000_000
# binance-spot-api-docs, web-socket-api.md, "SIGNED request example (HMAC)".
DOCUMENTED = (
    '{"id":"4885f793","method":"order.place","params":{"symbol":"BTCUSDT","side":"SELL",'
    '"type":"LIMIT","timeInForce":"GTC","quantity":"0.01000000","price":"52000.00",'
    '"recvWindow":100,"timestamp":1645423376532,"apiKey":"KEY","signature":"x"}}'
)


def socket(**options: Any) -> ApiSocket:
    return ApiSocket(shared_venue(), **options)


def ed25519_socket() -> ApiSocket:
    """A connection of an account that proves itself by an Ed25519 key."""
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    core = quiet_venue()
    account = core.open_account(public.decode())
    return ApiSocket(
        core, account, sign=lambda payload: b64encode(key.sign(payload.encode())).decode()
    )


@pytest.mark.parametrize("number", ["7", '"7"', '"a-b c"', "null", "-1", str(2**70)])
def test_an_id_is_echoed_with_its_type(number: str) -> None:
    told = socket().say(f'{{"id":{number},"method":"ping"}}')
    assert told["id"] == json.loads(number)
    assert type(told["id"]) is type(json.loads(number))
    assert (told["status"], told["result"]) == (200, {})


def test_a_reply_tells_the_limits_unless_it_is_asked_not_to() -> None:
    told = socket().ask("time")
    assert list(told) == ["id", "status", "result", "rateLimits"]
    (row,) = told["rateLimits"]
    assert types(row) == LIMIT
    assert (row["rateLimitType"], row["limit"]) == ("REQUEST_WEIGHT", 6_000)
    assert "rateLimits" not in socket().ask("time", returnRateLimits=False)
    silent = socket(query="returnRateLimits=false")
    assert "rateLimits" not in silent.ask("time")
    assert "rateLimits" in silent.ask("time", returnRateLimits=True)


def test_requests_take_from_the_same_weight_as_those_by_rest() -> None:
    api = ApiSocket(quiet_venue())
    used = [api.ask(method)["rateLimits"][0]["count"] for method in ("ping", "exchangeInfo")]
    assert used == [1, 21]
    placed = api.signed("order.place", **LIMIT_ORDER)
    assert [row["count"] for row in placed["rateLimits"]] == [1, 1, 21]
    assert api.signed("order.cancel", symbol="BTCUSDT", orderId=1)["status"] == 400
    assert api.ask("ping")["rateLimits"][0]["count"] == 23


def test_requests_have_a_weight_and_are_not_counted_a_second() -> None:
    api = ApiSocket(quiet_venue())
    for _ in range(50):
        assert api.ask("ping")["status"] == 200
    for _ in range(6):
        api.session.receive_ping(b"")
    assert api.tape.closed == 1008


def test_beyond_the_weight_it_answers_429_with_the_time_to_come_back() -> None:
    api = ApiSocket(quiet_venue())
    told = [api.ask("depth", symbol="BTCUSDT", limit=5_000) for _ in range(25)][-1]
    assert (told["status"], told["error"]["code"]) == (429, -1003)
    assert types(told["error"]["data"]) == {"serverTime": int, "retryAfter": int}
    assert told["error"]["data"]["retryAfter"] > told["error"]["data"]["serverTime"] == NOW_MS


@pytest.mark.parametrize(
    ("message", "number", "code"),
    [
        ("{", None, -1135),
        ("[]", None, -1135),
        ('{"id":1.5,"method":"ping"}', None, -1135),
        ('{"id":1}', 1, -1102),
        ('{"id":1,"method":7}', 1, -1102),
        ('{"id":1,"method":"ping","params":[]}', 1, -1135),
        ('{"id":1,"method":"no.such"}', 1, -1020),
        ('{"id":1,"method":"time","params":{"x":1}}', 1, -1101),
        ('{"id":1,"method":"depth","params":{"symbol":"NOPE"}}', 1, -1121),
        ('{"id":1,"method":"order.place","params":{}}', 1, -1102),
        ('{"id":1,"method":"order.place","params":{"apiKey":"nobody"}}', 1, -2015),
    ],
)
def test_a_message_that_cannot_be_served_says_why(
    message: str, number: int | None, code: int
) -> None:
    told = socket().say(message)
    assert (told["id"], told["error"]["code"]) == (number, code)
    assert told["status"] == (401 if code == -2015 else 400)
    assert "result" not in told


def test_a_method_may_name_its_version() -> None:
    assert socket().ask("v3/time")["result"] == {"serverTime": NOW_MS}


def test_public_methods_answer_what_rest_answers() -> None:
    api = socket()
    for method, path, params in (
        ("exchangeInfo", "exchangeInfo", {"symbol": "BTCUSDT"}),
        ("depth", "depth", {"symbol": "BTCUSDT", "limit": 5}),
        ("trades.recent", "trades", {"symbol": "BTCUSDT", "limit": 5}),
        ("ticker.book", "ticker/bookTicker", {"symbol": "BTCUSDT"}),
        ("ticker.price", "ticker/price", {"symbol": "BTCUSDT"}),
        ("avgPrice", "avgPrice", {"symbol": "BTCUSDT"}),
    ):
        query = "&".join(f"{name}={value}" for name, value in params.items())
        by_rest = PrivateClient(api.core).send("GET", path, query).body
        assert api.ask(method, **params)["result"] == by_rest, method
    listed = api.ask("exchangeInfo", symbols=["ETHUSDT", "BTCUSDT"])["result"]["symbols"]
    assert [row["symbol"] for row in listed] == ["ETHUSDT", "BTCUSDT"]


def test_the_documented_signature_is_over_the_sorted_texts() -> None:
    request = read_request(parsed(DOCUMENTED))
    assert request.payload == (
        b"apiKey=KEY&price=52000.00&quantity=0.01000000&recvWindow=100&side=SELL&symbol=BTCUSDT"
        b"&timeInForce=GTC&timestamp=1645423376532&type=LIMIT"
    )


def test_numbers_and_booleans_are_signed_as_they_are_written() -> None:
    request = read_request(
        parsed('{"method":"m","params":{"a":1.10,"c":true,"b":0.00000001,"d":"１"}}')  # noqa: RUF001
    )
    assert request.payload.decode() == "a=1.10&b=0.00000001&c=true&d=１"  # noqa: RUF001


def test_an_order_may_be_sent_with_json_numbers() -> None:
    api = socket()
    wanted = {**LIMIT_ORDER, "quantity": 0.01, "price": 50000}
    told = api.signed("order.place", **wanted)
    check_fields(told["result"], FULL)
    assert told["result"]["price"] == "50000.00000000"


def test_an_orders_life_by_socket() -> None:
    api = socket()
    placed = api.signed("order.place", **LIMIT_ORDER, newClientOrderId="mine")["result"]
    seen = api.signed("order.status", symbol="BTCUSDT", origClientOrderId="mine")["result"]
    check_fields(seen, ORDER)
    assert api.signed("openOrders.status")["result"] == [seen]
    changed = api.signed(
        "order.amend.keepPriority", symbol="BTCUSDT", orderId=placed["orderId"], newQty="0.005"
    )
    assert changed["result"]["amendedOrder"]["qty"] == "0.00500000"
    gone = api.signed("order.cancel", symbol="BTCUSDT", orderId=placed["orderId"])
    check_fields(gone["result"], CANCELED)
    again = api.signed("openOrders.cancelAll", symbol="BTCUSDT")
    assert (again["status"], again["error"]["code"]) == (400, -2011)
    (row,) = api.signed("allOrders", symbol="BTCUSDT")["result"]
    assert row["status"] == "CANCELED"


def test_account_methods_answer_what_rest_answers() -> None:
    api = socket()
    rest = PrivateClient(api.core, api.account)
    api.signed("order.place", symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
    for method, path, params in (
        ("account.status", "account", {}),
        ("account.commission", "account/commission", {"symbol": "BTCUSDT"}),
        ("account.rateLimits.orders", "rateLimit/order", {}),
        ("myTrades", "myTrades", {"symbol": "BTCUSDT"}),
    ):
        assert api.signed(method, **params)["result"] == rest("GET", path, **params).body
    for row in api.signed("myTrades", symbol="BTCUSDT")["result"]:
        check_fields(row, TRADE)


def test_a_replacement_that_fails_by_half_is_409_with_both_halves() -> None:
    told = socket().signed(
        "order.cancelReplace",
        **LIMIT_ORDER,
        cancelReplaceMode="ALLOW_FAILURE",
        cancelOrderId=1,
    )
    assert (told["status"], told["error"]["code"]) == (409, -2021)
    assert told["error"]["data"]["cancelResponse"]["code"] == -2011


def test_a_wrong_signature_or_time_is_refused() -> None:
    api = socket(sign=lambda _: "0" * 64)
    assert api.signed("account.status")["error"]["code"] == -1022
    late = socket().signed("account.status", timestamp=NOW_MS - 5_001)
    assert (late["status"], late["error"]["code"]) == (400, -1021)
    unsigned = socket()
    told = unsigned.ask("account.status", apiKey=unsigned.account.key, timestamp=NOW_MS)
    assert told["error"]["code"] == -1102


def test_a_subscription_by_signature_is_one_an_account_and_starts_at_zero() -> None:
    api = socket()
    other = ApiSocket(api.core)
    told = api.signed("userDataStream.subscribe.signature")
    # Clients exist that cannot read an acknowledgement without its limits.
    assert list(told) == ["id", "status", "result", "rateLimits"]
    assert (told["status"], told["result"]) == (200, {"subscriptionId": 0})
    assert api.signed("userDataStream.subscribe.signature")["error"] == {
        "code": -2035,
        "msg": "User Data Stream subscription already active.",
    }
    api.account = other.account
    assert api.signed("userDataStream.subscribe.signature")["result"] == {"subscriptionId": 1}
    assert api.ask("session.subscriptions")["result"] == [
        {"subscriptionId": 0},
        {"subscriptionId": 1},
    ]
    assert api.ask("session.status")["result"]["userDataStream"] is True


def test_a_subscription_ends_by_its_number_or_all_together() -> None:
    api = socket()
    api.signed("userDataStream.subscribe.signature")
    rest = PrivateClient(api.core, api.account)
    assert api.ask("userDataStream.unsubscribe", subscriptionId=5)["error"]["code"] == -2036
    assert api.ask("userDataStream.unsubscribe", subscriptionId=0)["result"] == {}
    rest.place()
    assert api.events == []
    assert api.ask("userDataStream.unsubscribe")["error"]["code"] == -2036
    assert api.signed("userDataStream.subscribe.signature")["result"] == {"subscriptionId": 1}
    rest.place()
    assert {event["subscriptionId"] for event in api.events} == {1}
    assert api.ask("userDataStream.unsubscribe")["result"] == {}


def test_a_session_needs_an_ed25519_key() -> None:
    api = socket()
    told = api.signed("session.logon")
    assert (told["status"], told["error"]["code"]) == (400, -4056)
    assert api.ask("userDataStream.subscribe")["error"]["code"] == -1002
    assert types(api.ask("session.status")["result"]) == SESSION


def test_a_session_trades_without_key_and_signature_until_it_logs_out() -> None:
    api = ed25519_socket()
    told = api.signed("session.logon")["result"]
    assert types(told) == {**SESSION, "apiKey": str, "authorizedSince": int}
    assert told["apiKey"] == api.account.key
    assert api.ask("order.place", **api.stamped(**LIMIT_ORDER))["status"] == 200
    assert api.ask("openOrders.status")["error"]["code"] == -1102
    late = api.ask("openOrders.status", timestamp=NOW_MS - 6_000)
    assert late["error"]["code"] == -1021
    assert api.ask("userDataStream.subscribe")["result"] == {"subscriptionId": 0}
    assert api.ask("session.logout")["result"]["apiKey"] is None
    assert api.ask("session.subscriptions")["result"] == []
    assert api.ask("order.place", **api.stamped(**LIMIT_ORDER))["error"]["code"] == -1102


def test_logging_out_leaves_a_subscription_by_signature() -> None:
    api = ed25519_socket()
    api.signed("session.logon")
    api.signed("userDataStream.subscribe.signature")
    api.ask("session.logout")
    assert api.ask("session.subscriptions")["result"] == [{"subscriptionId": 0}]


def test_words_nobody_documented_come_in_orders_too() -> None:
    core = quiet_venue("unknown-enum:request=open-orders:count=2")
    api = ApiSocket(core)
    api.signed("order.place", **LIMIT_ORDER)
    (by_socket,) = api.signed("openOrders.status")["result"]
    (by_rest,) = PrivateClient(core, api.account)("GET", "openOrders").body
    assert by_socket["status"] == by_rest["status"] == "NOVELTY"
    assert api.signed("openOrders.status")["result"][0]["status"] == "NEW"


def test_fields_nobody_documented_come_inside_an_events_wrapping() -> None:
    api = ApiSocket(quiet_venue("unknown-field:stream=user"))
    api.signed("userDataStream.subscribe.signature")
    api.signed("order.place", **LIMIT_ORDER)
    first, second = api.events
    assert "zz" in first["event"]
    assert "zz" not in second["event"]
