"""Orders as a shell sees them, and what a connector declares of trading."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest

from connector_sdk.cli.order_changes import WORDS, change_of, resting
from connector_sdk.cli.order_lines import intent_words, report_row, show_orders
from connector_sdk.cli.views import in_words
from connector_sdk.errors import OrderRejected
from connector_sdk.model.account import Fee
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_events import (
    AccountReconciled,
    CancelRefused,
    ExternalFill,
    ExternalOrder,
    LateFill,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderChange,
    OrderFilled,
    OrderOutcomeUnknown,
    OrderRefused,
)
from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.runtime.live_order import LiveOrder
from served import run

PAIR = "BTC-USDT"
INTENT = OrderIntent(
    PAIR, Side.BUY, Decimal("0.100"), Decimal("50000.0"), time_in_force=TimeInForce.IOC
)
REPORT = OrderReport(
    PAIR, "a1", "77", OrderStatus.PARTIALLY_FILLED, Decimal("0.05"), Decimal("0.1"), INTENT
)
FILL = Fill(
    PAIR,
    trade_id="5",
    client_order_id="a1",
    exchange_order_id="77",
    side=Side.BUY,
    price=Decimal("49999.00"),
    quantity=Decimal("0.050"),
    fee=Fee("BTC", Decimal("0.00005")),
    maker=True,
    event_ns=9,
)
NO = OrderRejected("binance", "-2010", "no money")


def test_an_intent_is_told_as_one_would_say_it() -> None:
    assert intent_words(INTENT) == "buy 0.1 BTC-USDT, limit at 50000 ioc"
    market = OrderIntent(PAIR, Side.SELL, Decimal(2), order_type=OrderType.MARKET)
    assert intent_words(market) == "sell 2 BTC-USDT, market"


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (OrderAccepted(PAIR, "a1", "77", 1), "BTC-USDT order a1 accepted"),
        (OrderOutcomeUnknown(PAIR, "a1", "cut", 1), "BTC-USDT order a1 outcome unknown: cut"),
        (
            OrderFilled(PAIR, "a1", FILL, Decimal(1), 1),
            "BTC-USDT order a1 fill: buy 0.05 at 49999",
        ),
        (
            LateFill(PAIR, "a1", FILL, Decimal(1), 1),
            "BTC-USDT order a1 late fill: buy 0.05 at 49999",
        ),
        (OrderAmended(PAIR, "a1", Decimal("0.10"), 1), "BTC-USDT order a1 amended: now 0.1"),
        (OrderCanceled(PAIR, "a1", Decimal(0), "halt", 1), "BTC-USDT order a1 canceled: halt"),
        (
            OrderRefused(PAIR, "a1", NO, 1),
            "BTC-USDT order a1 refused: binance: the venue answered -2010: no money",
        ),
        (
            CancelRefused(PAIR, "a1", NO, 1),
            "BTC-USDT order a1 cancel refused: binance: the venue answered -2010: no money",
        ),
        (ExternalOrder(PAIR, REPORT, 1), "BTC-USDT order a1 partially filled"),
        (ExternalFill(PAIR, FILL, 1), "BTC-USDT order a1 fill: buy 0.05 at 49999"),
    ],
)
def test_what_happens_to_an_order_is_told_in_a_line(event: OrderChange, words: str) -> None:
    assert in_words(event) == words


def test_there_is_a_word_for_everything_that_can_happen_to_an_order() -> None:
    assert {*WORDS, ExternalOrder} == set(get_args(OrderChange))


def test_a_comparison_of_the_account_says_what_was_asked_and_what_was_news() -> None:
    event = AccountReconciled(None, 1, 2, "asked for balances", proven=True, orders=1, fills=2)
    words = "account compared: asked for balances, 1 orders and 2 fills were news"
    assert in_words(event) == words


def test_a_change_as_json_has_the_order_or_the_fill_with_exact_numbers() -> None:
    of_fill = change_of(ExternalFill(PAIR, FILL, 3)).row("binance")
    assert of_fill["fill"] == {
        "trade_id": "5",
        "side": "buy",
        "price": "49999",
        "quantity": "0.05",
        "fee": ["BTC", "0.00005"],
        "maker": True,
    }
    assert (of_fill["change"], of_fill["order"], of_fill["at_ns"]) == ("fill", None, 3)
    of_order = change_of(ExternalOrder(PAIR, REPORT, 3)).row("binance")
    assert of_order["change"] == "partially_filled"
    assert of_order["order"] == report_row(REPORT)


def test_an_order_of_others_is_shown_as_far_as_the_venue_tells(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bare = OrderReport(PAIR, None, "78", OrderStatus.OPEN)
    ended = bare._replace(status=OrderStatus.CANCELED, filled=Decimal("0.10"))
    show_orders([REPORT, bare, ended], as_json=False)
    known, scarce, over = capsys.readouterr().out.splitlines()
    words = "a1  buy 0.1 BTC-USDT, limit at 50000 ioc: partially filled 0.05"
    assert known == f"{words} (placed elsewhere)"
    assert over == "78  BTC-USDT: canceled, filled 0.1 (placed elsewhere)"
    assert scarce == "78  BTC-USDT: open (placed elsewhere)"
    show_orders([bare], as_json=True)
    row = json.loads(capsys.readouterr().out)
    assert (row["exchange_order_id"], row["side"], row["quantity"]) == ("78", None, None)


def test_what_is_left_of_ours_and_of_others_orders_adds_up_at_its_side_and_price() -> None:
    ledger = OrderLedger("binance", "account")
    limit = replace(INTENT, time_in_force=TimeInForce.GTC)
    asked = (limit, replace(limit, side=Side.SELL), replace(limit, pair="ETH-USDT"))
    ours = [
        LiveOrder(ledger.create(intent, f"o{n}", now_ns=n), "binance")
        for n, intent in enumerate(asked, 1)
    ]
    fill = FILL._replace(client_order_id="o1", quantity=Decimal("0.03"))
    ledger.receive(fill, now_ns=9)
    market = REPORT._replace(intent=replace(INTENT, price=None, order_type=OrderType.MARKET))
    found = resting(PAIR, ours, [REPORT, market, OrderReport(PAIR, None, "78", OrderStatus.OPEN)])
    assert found == {
        (Side.BUY, Decimal(50_000)): Decimal("0.07") + Decimal("0.05"),
        (Side.SELL, Decimal(50_000)): Decimal("0.1"),
    }


def test_info_names_what_trading_takes_and_where_it_is_looked_for() -> None:
    code, stdout, _ = run("info", "binance")
    assert code == 0
    rows = {line[:24].strip(): line[24:].strip() for line in stdout.splitlines()}
    assert rows["credentials api_key"] == "required, secret: BINANCE_API_KEY"
    assert rows["credentials private_key"] == "optional, secret: BINANCE_PRIVATE_KEY"
    assert rows["time in force"] == "gtc, ioc, fok"
    assert rows["client order ids"] == "text of at most 36 characters"


def test_info_as_json_has_the_manifest_and_the_schema_of_the_credentials() -> None:
    code, stdout, _ = run("info", "binance", "--json")
    assert code == 0
    said = json.loads(stdout)
    assert said["venue"] == "binance"
    assert said["order_types"] == ["limit", "market", "limit_maker"]
    assert said["credentials"]["required"] == ["api_key"]
    assert said["credentials"]["properties"]["secret"]["default"] is None
