"""OrderIntents from what a strategy writes."""

from __future__ import annotations

from decimal import Decimal

from connector_sdk.errors import IntentRefused
from connector_sdk.model.instrument import trading_pair
from connector_sdk.model.number_text import exact_number
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce


def exact(amount: Decimal | str | int, what: str) -> Decimal:
    """`amount` as a Decimal. Raises IntentRefused for a float, a bool or what is no number."""
    return exact_number(amount, what, IntentRefused)


def order_intent(
    pair: str,
    side: Side,
    quantity: Decimal | str | int,
    *,
    price: Decimal | str | int | None = None,
    order_type: OrderType | None = None,
    time_in_force: TimeInForce | None = None,
) -> OrderIntent:
    """What a strategy asked for, exact and complete; nothing is rounded or checked yet.

    Without a type it is a market order if there is no price, else a limit order, which stands
    until it is canceled unless `time_in_force` says otherwise.
    """
    kind = order_type or (OrderType.MARKET if price is None else OrderType.LIMIT)
    if (price is None) is not (kind is OrderType.MARKET):
        needs = "takes no price" if kind is OrderType.MARKET else "needs a price"
        raise IntentRefused(f"a {kind.value} order {needs}")
    if kind is OrderType.LIMIT:
        time_in_force = time_in_force or TimeInForce.GTC
    elif time_in_force is not None:
        raise IntentRefused(f"a {kind.value} order takes no time in force")
    return OrderIntent(
        pair=trading_pair(pair),
        side=side,
        quantity=exact(quantity, "quantity"),
        price=None if price is None else exact(price, "price"),
        order_type=kind,
        time_in_force=time_in_force,
    )
