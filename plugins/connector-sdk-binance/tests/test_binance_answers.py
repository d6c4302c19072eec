"""Binance's own example answers to trading requests, read by the connector.

Source: https://developers.binance.com/docs/binance-spot-api-docs/rest-api (read 2026-11),
"Trading endpoints" and "Account endpoints".
"""

from __future__ import annotations

from decimal import Decimal

import pytest
from binance_account import API, INTENT, LISTED, MINE, changed, read

from connector_sdk.errors import WireError
from connector_sdk.model.account import Balance, BalanceReport, Fee, FeeRates
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import Fill, FillPage, OrderReport, OrderStatus

FULL = {
    "symbol": "BTCUSDT",
    "orderId": 28,
    "orderListId": -1,
    "clientOrderId": "6gCrw2kRUAF9CvJDGP16IP",
    "transactTime": 1507725176595,
    "price": "0.00000000",
    "origQty": "10.00000000",
    "executedQty": "10.00000000",
    "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "10.00000000",
    "status": "FILLED",
    "timeInForce": "GTC",
    "type": "MARKET",
    "side": "SELL",
    "workingTime": 1507725176595,
    "selfTradePreventionMode": "NONE",
    "fills": [
        {
            "price": "4000.00000000",
            "qty": "1.00000000",
            "commission": "4.00000000",
            "commissionAsset": "USDT",
            "tradeId": 56,
        },
        {
            "price": "3999.00000000",
            "qty": "9.00000000",
            "commission": "35.99100000",
            "commissionAsset": "USDT",
            "tradeId": 57,
        },
    ],
}
QUERIED = {
    "symbol": "LTCBTC",
    "orderId": 1,
    "orderListId": -1,
    "clientOrderId": "myOrder1",
    "price": "0.1",
    "origQty": "1.0",
    "executedQty": "0.0",
    "cummulativeQuoteQty": "0.0",
    "status": "NEW",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "stopPrice": "0.0",
    "icebergQty": "0.0",
    "time": 1499827319559,
    "updateTime": 1499827319560,
    "isWorking": True,
    "workingTime": 1499827319559,
    "origQuoteOrderQty": "0.000000",
    "selfTradePreventionMode": "NONE",
}
CANCELED = {
    "symbol": "LTCBTC",
    "origClientOrderId": "myOrder1",
    "orderId": 4,
    "orderListId": -1,
    "clientOrderId": "cancelMyOrder1",
    "transactTime": 1684804350068,
    "price": "2.00000000",
    "origQty": "1.00000000",
    "executedQty": "0.25000000",
    "origQuoteOrderQty": "0.000000",
    "cummulativeQuoteQty": "0.00000000",
    "status": "CANCELED",
    "timeInForce": "GTC",
    "type": "LIMIT",
    "side": "BUY",
    "selfTradePreventionMode": "NONE",
}
AMENDED = {
    "transactTime": 1741926410255,
    "executionId": 75,
    "amendedOrder": {
        "symbol": "BTCUSDT",
        "orderId": 33,
        "orderListId": -1,
        "origClientOrderId": "5xrgbMyg6z36NzBn2pbT8H",
        "clientOrderId": "PFaq6hIHxqFENGfdtn4J6Q",
        "price": "6.00000000",
        "qty": "5.00000000",
        "executedQty": "0.00000000",
        "preventedQty": "0.00000000",
        "quoteOrderQty": "0.00000000",
        "cumulativeQuoteQty": "0.00000000",
        "status": "NEW",
        "timeInForce": "GTC",
        "type": "LIMIT",
        "side": "SELL",
        "workingTime": 1741926410242,
        "selfTradePreventionMode": "NONE",
    },
}
TRADE = {
    "symbol": "BNBBTC",
    "id": 28457,
    "orderId": 100234,
    "orderListId": -1,
    "price": "4.00000100",
    "qty": "12.00000000",
    "quoteQty": "48.000012",
    "commission": "10.10000000",
    "commissionAsset": "BNB",
    "time": 1499865549590,
    "isBuyer": True,
    "isMaker": False,
    "isBestMatch": True,
}


def test_a_filled_order_is_answered_with_its_report_and_every_fill() -> None:
    report, first, second = read(API.place(INTENT, "6gCrw2kRUAF9CvJDGP16IP", LISTED), FULL)
    market = OrderIntent("BTC-USDT", Side.SELL, Decimal(10), None, OrderType.MARKET)
    assert report == OrderReport(
        "BTC-USDT",
        "6gCrw2kRUAF9CvJDGP16IP",
        "28",
        OrderStatus.FILLED,
        Decimal(10),
        Decimal(10),
        market,
        "",
        1_507_725_176_595_000_000,
    )
    assert first == Fill(
        "BTC-USDT",
        "56",
        "6gCrw2kRUAF9CvJDGP16IP",
        "28",
        Side.SELL,
        Decimal(4000),
        Decimal(1),
        Fee("USDT", Decimal(4)),
        maker=False,
        event_ns=1_507_725_176_595_000_000,
    )
    assert (second.trade_id, second.fee.quantity) == ("57", Decimal("35.991"))


def test_a_resting_order_is_read_with_what_it_was_placed_as() -> None:
    (report,) = read(API.order_status(MINE, LISTED), QUERIED)
    assert report == OrderReport(
        "LTC-BTC",
        "myOrder1",
        "1",
        OrderStatus.OPEN,
        Decimal(0),
        Decimal(1),
        OrderIntent(
            "LTC-BTC", Side.BUY, Decimal(1), Decimal("0.1"), OrderType.LIMIT, TimeInForce.GTC
        ),
        "",
        1_499_827_319_560_000_000,
    )


def test_a_canceled_order_keeps_our_id_and_not_the_cancels() -> None:
    (report,) = read(API.cancel(MINE, LISTED), CANCELED)
    assert report.client_order_id == "myOrder1"
    assert (report.status, report.filled) == (OrderStatus.CANCELED, Decimal("0.25"))
    assert report.event_ns == 1_684_804_350_068_000_000


def test_an_amended_order_says_its_new_quantity_under_its_old_id() -> None:
    call = API.amend(MINE, INTENT, changed(INTENT, quantity=Decimal("0.000005")), LISTED)
    assert call is not None
    (report,) = read(call, AMENDED)
    assert report.client_order_id == "5xrgbMyg6z36NzBn2pbT8H"
    assert (report.quantity, report.exchange_order_id) == (Decimal(5), "33")
    assert report.event_ns == 1_741_926_410_255_000_000


@pytest.mark.parametrize(
    ("word", "status", "reason"),
    [
        ("NEW", OrderStatus.OPEN, ""),
        ("PENDING_NEW", OrderStatus.OPEN, ""),
        ("PARTIALLY_FILLED", OrderStatus.PARTIALLY_FILLED, ""),
        ("FILLED", OrderStatus.FILLED, ""),
        ("CANCELED", OrderStatus.CANCELED, ""),
        ("REJECTED", OrderStatus.REJECTED, "REJECTED"),
        ("EXPIRED", OrderStatus.EXPIRED, "EXPIRED"),
        ("EXPIRED_IN_MATCH", OrderStatus.EXPIRED, "EXPIRED_IN_MATCH"),
    ],
)
def test_every_documented_status_is_one_of_ours(
    word: str, status: OrderStatus, reason: str
) -> None:
    (report,) = read(API.order_status(MINE, LISTED), QUERIED | {"status": word})
    assert (report.status, report.reason) == (status, reason)


def test_an_expired_order_says_why() -> None:
    ended = {"status": "EXPIRED", "expiryReason": "UNFILLED_IOC_QUANTITY_EXPIRED"}
    (report,) = read(API.order_status(MINE, LISTED), QUERIED | ended)
    assert report.reason == "UNFILLED_IOC_QUANTITY_EXPIRED"


@pytest.mark.parametrize("word", ["PENDING_CANCEL", "A_STATUS_OF_TOMORROW", ""])
def test_a_status_nobody_knows_leaves_the_outcome_unknown(word: str) -> None:
    with pytest.raises(WireError, match="/api/v3/order"):
        read(API.order_status(MINE, LISTED), QUERIED | {"status": word})


@pytest.mark.parametrize(
    "unknown", [{"type": "STOP_LOSS_LIMIT"}, {"timeInForce": "GTD"}, {"type": "TOMORROWS"}]
)
def test_an_order_of_a_foreign_type_is_reported_without_its_intent(unknown: dict[str, str]) -> None:
    (report,) = read(API.open_orders("LTC-BTC", LISTED), [QUERIED | unknown])
    assert (report.status, report.intent) == (OrderStatus.OPEN, None)


def test_fields_of_tomorrow_change_nothing() -> None:
    call = API.order_status(MINE, LISTED)
    assert read(call, QUERIED | {"pegPriceType": "PRIMARY_PEG"}) == read(call, QUERIED)


def test_a_fill_of_the_history_says_its_order_fee_and_side() -> None:
    page = read(API.recent_fills("BNB-BTC", 0, None, LISTED), [TRADE])
    fill = Fill(
        "BNB-BTC",
        "28457",
        None,
        "100234",
        Side.BUY,
        Decimal("4.000001"),
        Decimal(12),
        Fee("BNB", Decimal("10.1")),
        maker=False,
        event_ns=1_499_865_549_590_000_000,
    )
    assert page == FillPage((fill,), None)
    (sold,) = read(API.order_fills(MINE, LISTED), [TRADE | {"isBuyer": False, "isMaker": True}])[0]
    assert (sold.side, sold.maker) == (Side.SELL, True)


def test_only_a_full_page_of_fills_has_a_successor() -> None:
    rows = [TRADE | {"id": number} for number in range(1, 1001)]
    call = API.recent_fills("BNB-BTC", 0, None, LISTED)
    assert read(call, rows).cursor == "1000"
    assert read(call, rows[:-1]).cursor is None
    assert read(call, []) == FillPage((), None)


def test_balances_are_complete_and_as_of_the_accounts_last_change() -> None:
    account = {
        "canTrade": True,
        "updateTime": 123456789,
        "balances": [
            {"asset": "BTC", "free": "4723846.89208129", "locked": "0.00000000"},
            {"asset": "LTC", "free": "0.10000000", "locked": "0.90000000"},
        ],
    }
    assert read(API.balances(), account) == BalanceReport(
        (
            Balance("BTC", Decimal("4723846.89208129")),
            Balance("LTC", Decimal("0.1"), Decimal("0.9")),
        ),
        complete=True,
        event_ns=123_456_789_000_000,
    )


def test_fee_rates_add_what_is_standard_special_and_tax() -> None:
    call = API.fee_rates("BTC-USDT", LISTED)
    assert call is not None
    told = {
        "symbol": "BTCUSDT",
        "standardCommission": {"maker": "0.00100000", "taker": "0.00200000"},
        "specialCommission": {"maker": "0.01000000", "taker": "0.02000000"},
        "taxCommission": {"maker": "0.00000112", "taker": "0.00000114"},
        "discount": {"enabledForAccount": True, "discount": "0.75000000"},
    }
    assert read(call, told) == FeeRates("BTC-USDT", Decimal("0.01100112"), Decimal("0.02200114"))
