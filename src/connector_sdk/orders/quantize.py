"""An intent, made to fit the instrument's rules; or refused, with what to write instead."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from math import lcm
from typing import Final, NamedTuple

from connector_sdk.errors import IntentRefused
from connector_sdk.model.exact import EXACT
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.order import OrderIntent, OrderType, Side

ONE: Final = Decimal(1)


class Limits(NamedTuple):
    """The bounds of one number; None where there is none."""

    least: Decimal | None
    most: Decimal | None


def quantized(
    intent: OrderIntent, instrument: Instrument, *, reference_price: Decimal | None = None
) -> OrderIntent:
    """`intent` on the instrument's grid: the quantity rounded down, the price never for the worse.

    A buy's price is rounded down and a sell's up, so nobody pays more or gets less than written.
    reference_price:  what a market order is valued at for the limits of notional; without one they
                      are not checked, and the venue has the last word.

    Raises IntentRefused for what breaks a rule, naming the rule, the number and what would do.
    """
    pair = intent.pair
    if not instrument.tradable:
        raise IntentRefused(f"{pair} does not take orders now")
    market = intent.order_type is OrderType.MARKET
    price = intent.price
    if price is not None:
        price = _price_on_grid(price, intent.side, instrument)
        if not price:
            raise IntentRefused(
                f"{pair}: price {intent.price} is less than one tick: "
                f"write {instrument.tick_size} or more"
            )
        step = _price_step(price, instrument)
        limits = Limits(instrument.minimum_price, instrument.maximum_price)
        _check("price", price, limits, step, pair)
    step = quantity_step(instrument, market=market)
    quantity = _on_grid(intent.quantity, step, up=False)
    if quantity <= 0:
        raise IntentRefused(
            f"{pair}: quantity {intent.quantity} is less than one step: write {step} or more"
        )
    for limits in _quantity_limits(instrument, market=market):
        _check("quantity", quantity, limits, step, pair)
    _check_notional(instrument, quantity, price or reference_price, step)
    if quantity == intent.quantity and price == intent.price:
        return intent
    return replace(intent, quantity=quantity, price=price)


def _price_on_grid(price: Decimal, side: Side, instrument: Instrument) -> Decimal:
    if price <= 0:
        raise IntentRefused(f"{instrument.pair}: price {price} is not positive")
    up = side is Side.SELL
    rounded = _on_grid(price, _price_step(price, instrument), up=up)
    if not rounded:
        return rounded
    # Rounding up may reach the next power of ten, where fewer decimals are significant.
    return _on_grid(rounded, _price_step(rounded, instrument), up=up)


def _price_step(price: Decimal, instrument: Instrument) -> Decimal:
    digits = instrument.price_digits
    if digits is None:
        return instrument.tick_size
    return _common_step(instrument.tick_size, ONE.scaleb(price.adjusted() - digits + 1))


def quantity_step(instrument: Instrument, *, market: bool) -> Decimal:
    """The step of a quantity: of a market order, the one that fits both grids."""
    if not market or instrument.market_lot_size is None:
        return instrument.lot_size
    return _common_step(instrument.lot_size, instrument.market_lot_size)


def _quantity_limits(instrument: Instrument, *, market: bool) -> list[Limits]:
    limits = [Limits(instrument.minimum_quantity, instrument.maximum_quantity)]
    if market:
        of_market = instrument.minimum_market_quantity, instrument.maximum_market_quantity
        limits.append(Limits(*of_market))
    return limits


def _common_step(one: Decimal, other: Decimal) -> Decimal:
    """The least number that is a multiple of both steps."""
    if one == other:
        return one
    exponent = min(int(one.as_tuple().exponent), int(other.as_tuple().exponent))
    counts = (int(EXACT.scaleb(step, -exponent)) for step in (one, other))
    return EXACT.scaleb(Decimal(lcm(*counts)), exponent)


def _on_grid(number: Decimal, step: Decimal, *, up: bool) -> Decimal:
    """`number` as it is, if it is a multiple of `step`; else the next one below, or above."""
    if not EXACT.remainder(number, step):
        return number
    below = EXACT.multiply(EXACT.divide_int(number, step), step)
    return EXACT.add(below, step) if up else below


def _check(what: str, number: Decimal, limits: Limits, step: Decimal, pair: str) -> None:
    least, most = limits
    if least is not None and number < least:
        wanted = _on_grid(least, step, up=True)
        raise IntentRefused(
            f"{pair}: {what} {number} is less than the minimum of {least}: write {wanted} or more"
        )
    if most is not None and number > most:
        wanted = _on_grid(most, step, up=False)
        raise IntentRefused(
            f"{pair}: {what} {number} is more than the maximum of {most}: write {wanted} or less"
        )


def _check_notional(
    instrument: Instrument, quantity: Decimal, price: Decimal | None, step: Decimal
) -> None:
    if price is None:
        return
    notional = EXACT.multiply(price, quantity)
    least, most = instrument.minimum_notional, instrument.maximum_notional
    if least is not None and notional < least:
        of_step = EXACT.multiply(price, step)
        steps = EXACT.divide_int(_on_grid(least, of_step, up=True), of_step)
        wanted = EXACT.multiply(steps, step)
        raise IntentRefused(
            f"{instrument.pair}: notional {notional} ({quantity} at {price}) is less than the "
            f"minimum of {least}: write a quantity of {wanted} or more"
        )
    if most is not None and notional > most:
        wanted = EXACT.multiply(EXACT.divide_int(most, EXACT.multiply(price, step)), step)
        raise IntentRefused(
            f"{instrument.pair}: notional {notional} ({quantity} at {price}) is more than the "
            f"maximum of {most}: write a quantity of {wanted} or less"
        )
