"""Binance's own example events of an account, read by the connector.

Source: https://developers.binance.com/docs/binance-spot-api-docs/user-data-stream and
https://developers.binance.com/docs/binance-spot-api-docs/websocket-api (read 2026-11).
"""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from connector_sdk.model.account import Balance, BalanceReport, Fee
from connector_sdk.model.instrument import Instruments, ProvisionalInstruments
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus
from connector_sdk.model.wire import (
    Frame,
    SessionEnding,
    Stamp,
    StreamRequest,
    Subscribed,
    SubscriptionRefused,
    Unrecognized,
    UserMessage,
)
from connector_sdk.protocols.data_source import Login
from connector_sdk.protocols.market import MALFORMED
from connector_sdk_binance import MANIFEST, connector
from connector_sdk_binance.auth import BinanceAuth, BinanceCredentials

assert connector.trading is not None
SOURCE = connector.trading.user_stream
SPELLED = ProvisionalInstruments(MANIFEST.symbol_format, "binance")

NEW: dict[str, Any] = {
    "e": "executionReport",
    "E": 1499405658658,
    "s": "ETHBTC",
    "c": "mUvoqJxFIILMdfAW5iGSOW",
    "S": "BUY",
    "o": "LIMIT",
    "f": "GTC",
    "q": "1.00000000",
    "p": "0.10264410",
    "P": "0.00000000",
    "F": "0.00000000",
    "g": -1,
    "C": "",
    "x": "NEW",
    "X": "NEW",
    "r": "NONE",
    "i": 4293153,
    "l": "0.00000000",
    "z": "0.00000000",
    "L": "0.00000000",
    "n": "0",
    "N": None,
    "T": 1499405658657,
    "t": -1,
    "I": 8641984,
    "w": True,
    "m": False,
    "M": False,
    "O": 1499405658657,
    "Z": "0.00000000",
    "Y": "0.00000000",
    "Q": "0.00000000",
    "W": 1499405658657,
    "V": "NONE",
}
TRADE = NEW | {
    "x": "TRADE",
    "X": "PARTIALLY_FILLED",
    "l": "0.25000000",
    "z": "0.75000000",
    "L": "0.10264400",
    "n": "0.00000250",
    "N": "BNB",
    "t": 17,
    "m": True,
}
POSITION = {
    "e": "outboundAccountPosition",
    "E": 1564034571105,
    "u": 1564034571073,
    "B": [{"a": "ETH", "f": "10000.000000", "l": "0.500000"}],
}
AT_NS = 1_499_405_658_657_000_000
INTENT = OrderIntent(
    "ETH-BTC", Side.BUY, Decimal(1), Decimal("0.1026441"), OrderType.LIMIT, TimeInForce.GTC
)
REPORT = OrderReport(
    "ETH-BTC",
    "mUvoqJxFIILMdfAW5iGSOW",
    "4293153",
    OrderStatus.OPEN,
    Decimal(0),
    Decimal(1),
    INTENT,
    "",
    AT_NS,
)


def read(frame: object, instruments: Instruments = SPELLED) -> list[UserMessage]:
    return list(SOURCE.open(instruments)(Frame(json.dumps(frame), 1)))


def told(event: object) -> list[UserMessage]:
    return read({"subscriptionId": 0, "event": event})


def report_of(event: object) -> OrderReport:
    (report, *_) = told(event)
    assert isinstance(report, OrderReport)
    return report


def test_a_new_order_is_reported_as_open_with_what_it_was_placed_as() -> None:
    assert told(NEW) == [REPORT]


def test_a_trade_is_a_report_and_its_fill() -> None:
    report, fill = told(TRADE)
    assert report == REPORT._replace(status=OrderStatus.PARTIALLY_FILLED, filled=Decimal("0.75"))
    assert fill == Fill(
        "ETH-BTC",
        "17",
        "mUvoqJxFIILMdfAW5iGSOW",
        "4293153",
        Side.BUY,
        Decimal("0.102644"),
        Decimal("0.25"),
        Fee("BNB", Decimal("0.0000025")),
        maker=True,
        event_ns=AT_NS,
    )


def test_a_fill_without_a_commission_asset_leaves_the_fee_unknown() -> None:
    _, fill = told(TRADE | {"n": "0", "N": None})
    assert isinstance(fill, Fill)
    assert fill.fee is None


def test_a_trade_of_nothing_is_no_fill() -> None:
    ended = TRADE | {"l": "0.00000000", "X": "CANCELED", "t": -1}
    assert [type(message) for message in told(ended)] == [OrderReport]


@pytest.mark.parametrize("execution", ["NEW", "CANCELED", "EXPIRED", "TRADE_PREVENTION"])
def test_only_a_trade_is_a_fill(execution: str) -> None:
    assert len(told(TRADE | {"x": execution})) == 1


def test_a_canceled_order_is_known_by_its_own_id_not_by_the_cancels() -> None:
    canceled = {"x": "CANCELED", "X": "CANCELED", "c": "the cancel", "C": "mine", "z": "0.5"}
    report = report_of(NEW | canceled)
    assert report.client_order_id == "mine"
    assert (report.status, report.filled) == (OrderStatus.CANCELED, Decimal("0.5"))
    assert report.reason == ""


def test_an_amended_order_is_known_by_the_id_it_was_placed_with() -> None:
    report = report_of(NEW | {"x": "REPLACED", "c": "new id", "C": "mine", "q": "0.4"})
    assert (report.client_order_id, report.quantity) == ("mine", Decimal("0.4"))
    assert report.status is OrderStatus.OPEN


@pytest.mark.parametrize(
    ("ended", "status", "reason"),
    [
        (
            {"X": "EXPIRED", "eR": "UNFILLED_IOC_QUANTITY_EXPIRED"},
            OrderStatus.EXPIRED,
            "UNFILLED_IOC_QUANTITY_EXPIRED",
        ),
        ({"X": "EXPIRED_IN_MATCH"}, OrderStatus.EXPIRED, "EXPIRED_IN_MATCH"),
        (
            {"X": "REJECTED", "r": "INSUFFICIENT_BALANCES"},
            OrderStatus.REJECTED,
            "INSUFFICIENT_BALANCES",
        ),
    ],
)
def test_an_end_nobody_asked_for_says_why(
    ended: dict[str, str], status: OrderStatus, reason: str
) -> None:
    report = report_of(NEW | ended)
    assert (report.status, report.reason) == (status, reason)


def test_an_order_of_a_foreign_type_is_reported_without_its_intent() -> None:
    assert report_of(NEW | {"o": "STOP_LOSS_LIMIT"}).intent is None
    assert report_of(NEW | {"f": "GTD"}).intent is None


def test_a_status_nobody_knows_is_unrecognized_and_its_fill_is_kept() -> None:
    word, fill = told(TRADE | {"X": "A_STATUS_OF_TOMORROW"})
    assert word == Unrecognized("order status A_STATUS_OF_TOMORROW")
    assert isinstance(fill, Fill)


def test_unknown_fields_and_executions_change_nothing() -> None:
    assert told(NEW | {"gP": "PRIMARY_PEG", "x": "AN_EXECUTION_OF_TOMORROW"}) == [REPORT]


def test_balances_are_those_that_changed() -> None:
    assert told(POSITION) == [
        BalanceReport(
            (Balance("ETH", Decimal(10_000), Decimal("0.5")),),
            complete=False,
            event_ns=1_564_034_571_073_000_000,
        )
    ]


@pytest.mark.parametrize(
    "event",
    [
        {"e": "balanceUpdate", "E": 1, "a": "BTC", "d": "100.00000000", "T": 1},
        {"e": "externalLockUpdate", "E": 1, "a": "NEO", "d": "10.00000000", "T": 1},
        {"e": "listStatus", "E": 1, "s": "ETHBTC", "g": 2, "c": "OCO", "O": []},
    ],
    ids=lambda event: event["e"],
)
def test_what_absolute_events_tell_anyway_yields_nothing(event: dict[str, object]) -> None:
    assert told(event) == []


@pytest.mark.parametrize(
    ("frame", "word"),
    [
        (
            {"subscriptionId": 0, "event": {"e": "eventStreamTerminated", "E": 1}},
            SessionEnding("the venue ended the account's stream"),
        ),
        (
            {"event": {"e": "serverShutdown", "E": 1}},
            SessionEnding("the venue announced a shutdown"),
        ),
        (
            {"id": 1, "status": 200, "result": {"subscriptionId": 0}, "rateLimits": []},
            Subscribed("1"),
        ),
        ({"id": "one", "status": 200, "result": {}}, Subscribed("one")),
        (
            {"id": 1, "status": 400, "error": {"code": -1022, "msg": "Signature"}},
            SubscriptionRefused("1", "-1022", "Signature"),
        ),
        (
            {"id": None, "status": 401, "error": {"code": -2015, "msg": "Invalid API-key"}},
            SubscriptionRefused(None, "-2015", "Invalid API-key"),
        ),
        ({"subscriptionId": 0, "event": {"e": "novelty"}}, Unrecognized("novelty")),
        ({"surprise": 1}, Unrecognized("no event type")),
    ],
)
def test_what_is_said_beside_events_is_a_control_word(frame: object, word: UserMessage) -> None:
    assert read(frame) == [word]


@pytest.mark.parametrize("missing", ["s", "S", "q", "z", "T", "X", "x"])
def test_an_event_without_what_it_must_say_is_malformed(missing: str) -> None:
    event = {name: value for name, value in NEW.items() if name != missing}
    try:
        messages = told(event)
    except MALFORMED:
        return
    assert [type(message) for message in messages] == [Unrecognized]


def test_the_stream_is_opened_by_a_signed_subscription_made_afresh() -> None:
    auth = BinanceAuth(BinanceCredentials.model_validate({"api_key": "key", "secret": "secret"}))
    texts: list[dict[str, Any]] = []
    for now_ms in (1_747_385_641_636, 1_747_385_641_637):
        stamp = Stamp(now_ms, 1)
        (request,) = SOURCE.subscribe(Login(auth, stamp), 9)
        assert isinstance(request, StreamRequest)
        assert request.ack == "9"
        texts.append(json.loads(request.text))
        assert texts[-1] == {
            "id": 9,
            "method": "userDataStream.subscribe.signature",
            "params": dict(auth.login(stamp)),
        }
    assert texts[0]["params"]["signature"] != texts[1]["params"]["signature"]


def test_the_stream_needs_nothing_before_its_connection() -> None:
    assert SOURCE.endpoint() == ("ws_api", "")
    assert SOURCE.preparation() is None
    assert SOURCE.session_lifetime_s == 24 * 3600


def test_every_stored_example_of_an_event_is_read() -> None:
    root = Path(__file__).parents[3]
    folder = Path(os.environ.get("CONNECTOR_SDK_TAPES", root.parent / "shared" / "data"))
    stored = folder / "fixtures" / "binance" / "nautilus.jsonl"
    if not stored.is_file():
        pytest.skip(f"no stored examples at {stored}: set CONNECTOR_SDK_TAPES")
    reports = fills = unread = 0
    for line in stored.read_text("utf-8").splitlines():
        example = json.loads(line)
        name = example["name"]
        ours = "spot/user_data" in name or "ws_spot_execution" in name
        if ours and "binance_us" not in name:  # another venue's
            frame = json.loads(example["raw"])
            messages = told(frame.get("event") or frame.get("data") or frame)
            reports += sum(isinstance(message, OrderReport) for message in messages)
            fills += sum(isinstance(message, Fill) for message in messages)
            unread += sum(isinstance(message, Unrecognized) for message in messages)
    # One of them has the status PENDING_CANCEL, which the documentation calls unused.
    assert (reports, fills, unread) == (23, 5, 1)
