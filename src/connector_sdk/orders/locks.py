"""What a venue sets aside for orders, and what fills change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from connector_sdk.model.exact import EXACT, ZERO
from connector_sdk.model.order import OrderIntent, Side
from connector_sdk.model.order_update import Fill
from connector_sdk.orders.fees import assets_of
from connector_sdk.orders.order_record import OrderRecord


def lock_of(intent: OrderIntent, quantity: Decimal) -> tuple[str, Decimal]:
    """(asset, how much of it) that is set aside while `quantity` of `intent` may fill.

    A market buy locks nothing: what it costs is not known before it is filled.
    """
    base, quote = assets_of(intent.pair)
    if intent.side is Side.SELL:
        return base, quantity
    return quote, ZERO if intent.price is None else EXACT.multiply(intent.price, quantity)


def locked_by(orders: Iterable[OrderRecord]) -> Mapping[str, Decimal]:
    """Asset → what is set aside for `orders` as they stand now."""
    locks: dict[str, Decimal] = {}
    for record in orders:
        if record.exposed:
            asset, quantity = lock_of(record.intent, record.exposed)
            locks[asset] = EXACT.add(locks.get(asset, ZERO), quantity)
    return locks


def add_fill(held: dict[str, Decimal], fill: Fill) -> None:
    """Add to `held` (asset → quantity) what `fill` and the fee it names changed."""
    base, quote = assets_of(fill.pair)
    worth = EXACT.multiply(fill.price, fill.quantity)
    got, gave = (base, quote) if fill.side is Side.BUY else (quote, base)
    received, spent = (fill.quantity, worth) if fill.side is Side.BUY else (worth, fill.quantity)
    held[got] = EXACT.add(held.get(got, ZERO), received)
    held[gave] = EXACT.subtract(held.get(gave, ZERO), spent)
    if fill.fee is not None:
        asset, paid = fill.fee
        held[asset] = EXACT.subtract(held.get(asset, ZERO), paid)
