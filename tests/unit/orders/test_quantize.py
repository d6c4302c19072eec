from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from connector_sdk.errors import IntentRefused
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.order import OrderIntent, OrderType, Side
from connector_sdk.orders.quantize import quantized

PAIR = "BTC-USDT"


def instrument(**rules: Any) -> Instrument:
    given = {"tick_size": "0.01", "lot_size": "0.00001", **rules}
    return Instrument(pair=PAIR, symbol="BTCUSDT", base="BTC", quote="USDT", **given)


def limit(side: Side, quantity: str, price: str) -> OrderIntent:
    return OrderIntent(PAIR, side, Decimal(quantity), Decimal(price))


def market(quantity: str) -> OrderIntent:
    return OrderIntent(PAIR, Side.BUY, Decimal(quantity), order_type=OrderType.MARKET)


@pytest.mark.parametrize(
    ("side", "price", "rules", "expected"),
    [
        (Side.BUY, "100.019", {}, "100.01"),
        (Side.SELL, "100.011", {}, "100.02"),
        (Side.SELL, "100.01", {}, "100.01"),
        (Side.BUY, "100.3", {"tick_size": "0.25"}, "100.25"),
        (Side.SELL, "100.3", {"tick_size": "0.25"}, "100.50"),
        (Side.BUY, "12345.67", {"price_digits": 5}, "12345"),
        (Side.SELL, "12345.67", {"price_digits": 5}, "12346"),
        (Side.SELL, "99999.5", {"price_digits": 5}, "100000"),
        (Side.BUY, "123.456", {"price_digits": 5}, "123.45"),
        (Side.BUY, "0.0123456", {"price_digits": 5, "tick_size": "0.000001"}, "0.012345"),
        (Side.BUY, "12.37", {"price_digits": 3, "tick_size": "0.25"}, "12.0"),
        (Side.SELL, "9.96", {"price_digits": 2, "tick_size": "0.3"}, "12"),
    ],
)
def test_a_price_is_rounded_to_the_grid_and_never_for_the_worse(
    side: Side, price: str, rules: dict[str, Any], expected: str
) -> None:
    rounded = quantized(limit(side, "1", price), instrument(**rules))
    assert rounded.price == Decimal(expected)


def test_a_quantity_is_rounded_down() -> None:
    assert quantized(limit(Side.SELL, "1.000019", "1"), instrument()).quantity == Decimal("1.00001")


def test_a_market_order_keeps_to_both_steps() -> None:
    rules = instrument(lot_size="0.04", market_lot_size="0.1")
    assert quantized(market("0.99"), rules).quantity == Decimal("0.8")


def test_what_is_on_the_grid_already_stays_as_it_was_written() -> None:
    intent = limit(Side.BUY, "1.50", "100.10")
    assert quantized(intent, instrument()) is intent


@pytest.mark.parametrize(
    ("intent", "rules", "words"),
    [
        (limit(Side.BUY, "0.000009", "1"), {}, "quantity 0.000009 .* write 0.00001 or more"),
        (limit(Side.BUY, "-1", "1"), {}, "quantity -1 is less than one step"),
        (limit(Side.BUY, "1", "-1"), {}, "price -1 is not positive"),
        (limit(Side.BUY, "1", "0.009"), {}, "price 0.009 .* write 0.01 or more"),
        (limit(Side.BUY, "1", "4"), {"minimum_price": "4.999"}, "price 4 .* write 5.00 or more"),
        (limit(Side.BUY, "1", "6"), {"maximum_price": "4.999"}, "price 6 .* write 4.99 or less"),
        (limit(Side.BUY, "1", "1"), {"minimum_quantity": "2"}, "quantity 1 .* write 2 or more"),
        (limit(Side.BUY, "9", "1"), {"maximum_quantity": "8"}, "quantity 9 .* write 8 or less"),
        (market("1"), {"minimum_market_quantity": "2"}, "quantity 1 .* write 2 or more"),
        (market("9"), {"maximum_market_quantity": "8"}, "quantity 9 .* write 8 or less"),
        (market("9"), {"maximum_quantity": "8"}, "quantity 9 .* write 8 or less"),
        (
            limit(Side.BUY, "1", "3"),
            {"minimum_notional": "10"},
            r"notional 3 \(1 at 3\) is less .* of 10: write a quantity of 3.33334 or more",
        ),
        (
            limit(Side.BUY, "4", "3"),
            {"maximum_notional": "10"},
            r"notional 12 \(4 at 3\) is more .* of 10: write a quantity of 3.33333 or less",
        ),
        (limit(Side.BUY, "1", "1"), {"tradable": False}, "BTC-USDT does not take orders now"),
    ],
)
def test_a_refusal_names_the_rule_the_number_and_what_to_write(
    intent: OrderIntent, rules: dict[str, Any], words: str
) -> None:
    with pytest.raises(IntentRefused, match=words):
        quantized(intent, instrument(**rules))


def test_a_market_order_is_valued_at_the_reference_price_only_where_there_is_one() -> None:
    rules = instrument(minimum_notional="10")
    assert quantized(market("1"), rules) == market("1")
    assert quantized(market("1"), rules, reference_price=Decimal(10)) == market("1")
    with pytest.raises(IntentRefused, match="notional 9"):
        quantized(market("1"), rules, reference_price=Decimal(9))


def random_cases(seed: int) -> Iterator[tuple[OrderIntent, Instrument]]:
    """Intents around the limits of an instrument, on its grid and off it."""
    rng = random.Random(seed)
    steps = ["0.01", "0.05", "0.25", "1", "0.00001", "3", "10"]
    for _ in range(100):
        bound = [None, str(rng.randint(1, 9)), None, str(rng.randint(10, 200))]
        rules = {
            "tick_size": rng.choice(steps),
            "lot_size": rng.choice(steps),
            "market_lot_size": rng.choice([None, *steps]),
            "price_digits": rng.choice([None, 2, 3, 5]),
            "minimum_price": rng.choice(bound[:2]),
            "maximum_price": rng.choice(bound[2:]),
            "minimum_quantity": rng.choice(bound[:2]),
            "maximum_quantity": rng.choice(bound[2:]),
            "minimum_market_quantity": rng.choice(bound[:2]),
            "maximum_market_quantity": rng.choice(bound[2:]),
            "minimum_notional": rng.choice(bound[:2]),
            "maximum_notional": rng.choice([None, str(rng.randint(100, 2_000))]),
        }
        quantity, price = (
            Decimal(rng.randint(1, 30_000)).scaleb(-rng.randint(0, 5)) for _ in range(2)
        )
        intent = OrderIntent(PAIR, rng.choice(list(Side)), quantity, price)
        if rng.random() < 0.3:
            intent = replace(intent, price=None, order_type=OrderType.MARKET)
        yield intent, instrument(**rules)


def fits(number: Decimal, step: Decimal | None) -> bool:
    return step is None or (Fraction(number) / Fraction(step)).denominator == 1


def obeys(intent: OrderIntent, rules: Instrument) -> bool:
    """The rules once more, in fractions."""

    def within(number: Fraction, least: Decimal | None, most: Decimal | None) -> bool:
        low = least is None or number >= Fraction(least)
        return number > 0 and low and (most is None or number <= Fraction(most))

    quantity, price = Fraction(intent.quantity), intent.price
    good = fits(intent.quantity, rules.lot_size)
    good &= within(quantity, rules.minimum_quantity, rules.maximum_quantity)
    if intent.order_type is OrderType.MARKET:
        good &= fits(intent.quantity, rules.market_lot_size)
        good &= within(quantity, rules.minimum_market_quantity, rules.maximum_market_quantity)
    if price is not None:
        digits = len(price.normalize().as_tuple().digits)
        good &= rules.price_digits is None or digits <= rules.price_digits
        good &= fits(price, rules.tick_size)
        good &= within(Fraction(price), rules.minimum_price, rules.maximum_price)
        notional = quantity * Fraction(price)
        good &= within(notional, rules.minimum_notional, rules.maximum_notional)
    return good


@pytest.mark.campaign
def test_what_is_quantized_obeys_every_rule_and_nothing_that_obeys_is_refused(
    campaign: bool,
) -> None:
    taken = refused = 0
    for seed in range(1_000 if campaign else 30):
        for intent, rules in random_cases(seed):
            try:
                rounded = quantized(intent, rules)
            except IntentRefused:
                refused += 1
                assert not obeys(intent, rules)
                continue
            taken += 1
            assert obeys(rounded, rules)
            assert rounded.quantity <= intent.quantity
            assert obeys(intent, rules) is (rounded is intent)
            if rounded.price is not None and intent.price is not None:
                worse = rounded.price - intent.price
                assert worse <= 0 if intent.side is Side.BUY else worse >= 0
    assert taken > 500
    assert refused > 500
