"""Orders on an instrument's grid: rounded against whoever places them, and checked by its rules."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from connector_sdk.errors import IntentRefused
from connector_sdk.model.exact import EXACT
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.order import OrderIntent, OrderType, Side


def quantized(intent: OrderIntent, instrument: Instrument) -> OrderIntent:
    """`intent` on the grid: less quantity, and a price no worse than the one asked for.

    Raises IntentRefused where a rule of the instrument would still be broken.
    """
    if not instrument.tradable:
        raise IntentRefused(f"{intent.pair} is not open for trading now")
    market = intent.order_type is OrderType.MARKET
    lot = (instrument.market_lot_size if market else None) or instrument.lot_size
    quantity = _on_grid(intent.quantity, lot, ROUND_FLOOR)
    price = intent.price
    if price is not None:
        rounding = ROUND_FLOOR if intent.side is Side.BUY else ROUND_CEILING
        price = _on_grid(price, instrument.tick_size, rounding)
        _within(intent, "price", price, (instrument.minimum_price, instrument.maximum_price))
        notional = EXACT.multiply(price, quantity)
        limits = (instrument.minimum_notional, instrument.maximum_notional)
        _within(intent, "notional", notional, limits)
    least, most = instrument.minimum_quantity, instrument.maximum_quantity
    if market:
        least = instrument.minimum_market_quantity or least
        most = instrument.maximum_market_quantity or most
    _within(intent, "quantity", quantity, (least, most))
    return replace(intent, quantity=quantity, price=price)


def _on_grid(amount: Decimal, step: Decimal, rounding: str) -> Decimal:
    steps = EXACT.divide(amount, step).to_integral_value(rounding)
    return EXACT.multiply(steps, step)


def _within(
    intent: OrderIntent, what: str, amount: Decimal, limits: tuple[Decimal | None, Decimal | None]
) -> None:
    least, most = limits
    if amount <= 0 or (least is not None and amount < least):
        bound = f"at least {least}" if least is not None else "more than nothing"
        raise IntentRefused(f"{intent.pair}: a {what} of {amount} is too small: it takes {bound}")
    if most is not None and amount > most:
        raise IntentRefused(f"{intent.pair}: a {what} of {amount} is too large: at most {most}")
