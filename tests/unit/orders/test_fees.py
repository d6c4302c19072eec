from __future__ import annotations

from decimal import Decimal

import pytest

from connector_sdk.model.account import Fee, FeeRates
from connector_sdk.model.order import Side
from connector_sdk.orders.fees import (
    FeeSchedule,
    FeeStyle,
    FeeToken,
    FeeTotal,
    total_fees,
    without_fees,
)
from orders_at_hand import PAIR, fill

RATES = FeeRates(PAIR, maker=Decimal("0.001"), taker=Decimal("0.002"))
DEDUCTED = FeeSchedule(RATES)
ADDED = FeeSchedule(RATES, FeeStyle.ADDED)
TOKEN = FeeSchedule(RATES, token=FeeToken("BNB", Decimal(300)))


def of(**amounts: str) -> dict[str, Decimal]:
    return {asset: Decimal(amount) for asset, amount in amounts.items()}


@pytest.mark.parametrize(
    ("schedule", "side", "expected"),
    [
        (DEDUCTED, Side.BUY, of(BTC="0.499", USDT="-50")),
        (DEDUCTED, Side.SELL, of(BTC="-0.5", USDT="49.9")),
        (ADDED, Side.BUY, of(BTC="0.5", USDT="-50.1")),
        (ADDED, Side.SELL, of(BTC="-0.5", USDT="49.9")),
        (TOKEN, Side.BUY, of(BTC="0.5", USDT="-50", BNB="-0.0003333333333333333333333333334")),
        (without_fees(PAIR), Side.SELL, of(BTC="-0.5", USDT="50")),
    ],
)
def test_a_fill_changes_the_account_as_the_style_of_fees_says(
    schedule: FeeSchedule, side: Side, expected: dict[str, Decimal]
) -> None:
    assert schedule.changes(fill("1", side=side)) == expected


def test_a_maker_pays_the_makers_rate() -> None:
    assert DEDUCTED.changes(fill("1")._replace(maker=True))["BTC"] == Decimal("0.4995")


def test_a_token_that_is_traded_pays_its_own_fee() -> None:
    schedule = FeeSchedule(FeeRates("BNB-USDT", *RATES[1:]), token=FeeToken("BNB", Decimal(100)))
    bought = fill("1", quantity="1", pair="BNB-USDT")
    assert schedule.changes(bought) == of(BNB="0.998", USDT="-100")
    needed = schedule.needs(Side.SELL, Decimal(100), Decimal(1))
    assert needed == of(BNB="1.002")


@pytest.mark.parametrize(
    ("schedule", "side", "expected"),
    [
        (DEDUCTED, Side.BUY, of(USDT="50")),
        (ADDED, Side.BUY, of(USDT="50.1")),
        (ADDED, Side.SELL, of(BTC="0.5")),
        (TOKEN, Side.SELL, of(BTC="0.5", BNB="0.0003333333333333333333333333334")),
    ],
)
def test_what_an_order_needs_counts_the_fees_that_are_paid_before_it_earns(
    schedule: FeeSchedule, side: Side, expected: dict[str, Decimal]
) -> None:
    assert schedule.needs(side, Decimal(100), Decimal("0.5")) == expected


def test_a_rebate_is_not_counted_on() -> None:
    rebate = FeeSchedule(FeeRates(PAIR, Decimal("-0.001"), Decimal("-0.001")), FeeStyle.ADDED)
    assert rebate.needs(Side.BUY, Decimal(100), Decimal(1)) == of(USDT="100")
    assert rebate.changes(fill("1"))["USDT"] == Decimal("-49.95")


def test_fees_are_summed_in_whatever_asset_there_is_a_rate_to() -> None:
    fills = [
        fill("1", fee=Fee("BNB", Decimal("0.1"))),
        fill("2", fee=Fee("BNB", Decimal("0.2"))),
        fill("3", fee=Fee("USDT", Decimal(-1))),
    ]
    rates = {("BNB", "USDT"): Decimal(300), ("USDT", "BTC"): Decimal("0.00001")}
    total = total_fees(fills, "USDT", lambda a, b: rates.get((a, b)))
    assert total == FeeTotal(Decimal(89), {}, 0)
    assert total.complete


def test_a_missing_rate_leaves_a_part_that_is_named() -> None:
    fills = [
        fill("1", fee=Fee("BNB", Decimal("0.1"))),
        fill("2", fee=Fee("USDT", Decimal(1))),
        fill("3"),
    ]
    total = total_fees(fills, "USDT", lambda _one, _other: None)
    assert total == FeeTotal(Decimal(1), {"BNB": Decimal("0.1")}, 1)
    assert not total.complete
