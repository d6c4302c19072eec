from __future__ import annotations

import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from connector_sdk.model.account import Balance, FeeRates
from connector_sdk.model.exact import EXACT
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.order import OrderIntent
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.orders.budget import AssetLimits, BudgetChecker, Priced, spendable
from connector_sdk.orders.fees import FeeSchedule, FeeStyle, FeeToken
from connector_sdk.orders.outcome import Confirmed, Unknown
from orders_at_hand import PAIR, TIMEOUT, buy, fill, ledger, report, sell

RATE = Decimal("0.001")
RATES = FeeRates(PAIR, RATE, RATE)
RULES = Instrument(
    pair=PAIR,
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.001"),
    minimum_notional=Decimal(10),
)


def of(**amounts: str) -> dict[str, Decimal]:
    return {asset: Decimal(amount) for asset, amount in amounts.items()}


def always(priced: Priced) -> Callable[[OrderIntent], Priced]:
    return lambda _intent: priced


deducted = always(Priced(RULES, FeeSchedule(RATES)))
added = always(Priced(RULES, FeeSchedule(RATES, FeeStyle.ADDED)))


def test_what_can_be_paid_for_goes_as_it_is_until_the_budget_is_used_up() -> None:
    budget = BudgetChecker(of(USDT="150"))
    first, second = budget.affordable([buy("1"), buy("1")], deducted)
    assert first.intent == buy("1")
    assert second.intent is None
    assert second.reason == "BTC-USDT: it takes 100 USDT, and 50 may be spent"
    assert budget.free == of(USDT="50")


def test_an_order_is_made_smaller_to_the_exact_lot_that_can_be_paid() -> None:
    (judged,) = BudgetChecker(of(USDT="50.05")).affordable([buy("1")], added, resize=True)
    assert judged.intent == buy("0.500"), "0.5 costs 50.05 with its fee, exactly"
    (judged,) = BudgetChecker(of(USDT="50.04")).affordable([buy("1")], added, resize=True)
    assert judged.intent == buy("0.499")
    assert judged.needs == of(USDT="49.9499")
    assert "it takes 100.100 USDT, and 50.04 may be spent" in judged.reason


def test_what_would_be_too_small_for_the_instrument_is_refused() -> None:
    (judged,) = BudgetChecker(of(USDT="9.99")).affordable([buy("1")], deducted, resize=True)
    assert judged.intent is None


def test_a_sell_needs_what_it_sells() -> None:
    sold = BudgetChecker(of(BTC="0.5")).affordable([sell("0.5"), sell("0.1")], added)
    assert [judged.intent is None for judged in sold] == [False, True]


def test_a_market_order_is_valued_at_the_price_that_is_given() -> None:
    order = buy("1", None)
    (judged,) = BudgetChecker(of(USDT="100")).affordable([order], deducted)
    assert judged.reason == "BTC-USDT: no price to value the order at"
    priced = always(Priced(RULES, FeeSchedule(RATES), Decimal(101)))
    (judged,) = BudgetChecker(of(USDT="100")).affordable([order], priced, resize=True)
    assert judged.intent == buy("0.990", None)


def test_fees_in_a_token_come_out_of_the_budget_too() -> None:
    token = FeeSchedule(RATES, token=FeeToken("BNB", Decimal(100)))
    budget = BudgetChecker(of(USDT="1000", BNB="0.0005"))
    (judged,) = budget.affordable([buy("1")], always(Priced(RULES, token)), resize=True)
    assert judged.intent == buy("0.500")
    assert budget.free["BNB"] == 0


@pytest.mark.campaign
def test_a_batch_never_takes_more_than_there_is(campaign: bool) -> None:
    resized = refused = 0
    for seed in range(3_000 if campaign else 150):
        rng = random.Random(seed)
        there = of(USDT=str(rng.randint(0, 2_000)), BTC=str(rng.randint(0, 9)), BNB="0.01")
        token = rng.choice([None, FeeToken("BNB", Decimal(rng.randint(90, 700)))])
        schedule = FeeSchedule(RATES, rng.choice(list(FeeStyle)), token)
        budget = BudgetChecker(there)
        intents = [
            rng.choice([buy, sell])(str(rng.randint(1, 9)), str(rng.randint(50, 150)))
            for _ in range(rng.randint(1, 8))
        ]
        judged = budget.affordable(intents, always(Priced(RULES, schedule)), resize=True)
        spent: dict[str, Decimal] = dict.fromkeys(there, Decimal(0))
        for asked, one in zip(intents, judged, strict=True):
            assert one.asked is asked
            assert (one.reason == "") is (one.intent is asked)
            if one.intent is None or one.intent.price is None:
                refused += 1
                continue
            resized += one.intent is not asked
            needs = schedule.needs(one.intent.side, one.intent.price, one.intent.quantity)
            assert needs == one.needs
            for asset, quantity in needs.items():
                spent[asset] = EXACT.add(spent[asset], quantity)
        assert all(spent[asset] <= there[asset] for asset in there)
        assert budget.free == {a: EXACT.subtract(there[a], spent[a]) for a in there}
    assert resized > 20
    assert refused > 20


def test_orders_the_venue_may_not_have_counted_yet_are_not_spent_twice() -> None:
    orders = ledger()
    orders.create(buy("1"), "a", 0)
    balances = {"USDT": Balance("USDT", Decimal(300))}
    assert spendable(balances, orders.unseen_locks) == of(USDT="200")
    orders.settle("a", Unknown(TIMEOUT), 1)
    assert spendable(balances, orders.unseen_locks) == of(USDT="200")
    orders.receive(report(OrderStatus.OPEN), 2)
    balances = {"USDT": Balance("USDT", Decimal(200), Decimal(100))}
    assert spendable(balances, orders.unseen_locks) == of(USDT="200")
    assert orders.locks == of(USDT="100")


def test_a_limit_holds_for_open_orders_and_what_fills_took_from_it() -> None:
    orders, limits = ledger(), AssetLimits(of(USDT="150"))
    balances = {"USDT": Balance("USDT", Decimal(1_000)), "BTC": Balance("BTC", Decimal(1))}
    orders.create(buy("1"), "a", 0)
    orders.settle("a", Confirmed([report(OrderStatus.OPEN)]), 1)

    def left() -> Decimal:
        return spendable(balances, orders.unseen_locks, limits.left(orders.locks))["USDT"]

    assert left() == 50
    bought = fill("1", "0.5", "90")
    orders.receive(bought, 2)
    limits.fill(bought)
    assert left() == 55, "45 were spent, 50 are locked still"
    orders.receive(report(OrderStatus.CANCELED, "0.5"), 3)
    assert left() == 105
    limits.fill(fill("2", "0.5", "80", side=sell().side))
    assert left() == 145
    balances["USDT"] = Balance("USDT", Decimal(20))
    assert left() == 20


def test_an_asset_that_is_not_held_cannot_be_spent() -> None:
    assert spendable({}, {}, {"USDT": Decimal(10)}) == of(USDT="0")
