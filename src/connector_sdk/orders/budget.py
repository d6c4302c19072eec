"""What may be spent: balances, less what is under way, within the limits somebody set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import NamedTuple

from connector_sdk.errors import IntentRefused
from connector_sdk.model.account import Balance
from connector_sdk.model.exact import EXACT, ZERO
from connector_sdk.model.instrument import Instrument
from connector_sdk.model.order import OrderIntent, OrderType
from connector_sdk.model.order_update import Fill
from connector_sdk.orders.fees import FeeSchedule
from connector_sdk.orders.locks import add_fill
from connector_sdk.orders.quantize import quantity_step, quantized


class Affordable(NamedTuple):
    """What became of one intent.

    intent:  what can be paid for: as it was asked, or smaller; None: nothing of it.
    needs:   asset → what it takes of the budget.
    reason:  why it is not as it was asked; empty where it is.
    """

    asked: OrderIntent
    intent: OrderIntent | None
    needs: Mapping[str, Decimal]
    reason: str = ""


class Priced(NamedTuple):
    """What judging an intent takes.

    price: what a market order is valued at; None: a limit order's own price is meant.
    """

    instrument: Instrument
    fees: FeeSchedule
    price: Decimal | None = None


class AssetLimits:
    """How much of an asset may be put to work, by name; an asset that is not named has no limit.

    A limit is for what was there when it was set: what fills bring in may be used again, what they
    take is gone from it.
    """

    def __init__(self, limits: Mapping[str, Decimal]) -> None:
        self._limits = limits
        self._change: dict[str, Decimal] = {}

    def fill(self, fill: Fill) -> None:
        """Count a fill that came after the limits were set."""
        add_fill(self._change, fill)

    def left(self, locks: Mapping[str, Decimal]) -> Mapping[str, Decimal]:
        """Asset → what may still be used, beside what our orders lock: `OrderLedger.locks`."""
        found: dict[str, Decimal] = {}
        for asset, limit in self._limits.items():
            kept = EXACT.add(limit, self._change.get(asset, ZERO))
            found[asset] = EXACT.subtract(kept, locks.get(asset, ZERO))
        return found


def spendable(
    balances: Mapping[str, Balance],
    unseen: Mapping[str, Decimal],
    left: Mapping[str, Decimal] | None = None,
) -> Mapping[str, Decimal]:
    """Asset → what new orders may use; never negative.

    unseen: what orders may lock that the balances do not show yet, as `OrderLedger.unseen_locks`.
    left:   what the limits leave, as `AssetLimits.left`; None: there are none.
    """
    free = {
        asset: EXACT.subtract(balance.available, unseen.get(asset, ZERO))
        for asset, balance in balances.items()
    }
    for asset, most in (left or {}).items():
        free[asset] = min(free.get(asset, ZERO), most)
    return {asset: max(quantity, ZERO) for asset, quantity in free.items()}


class BudgetChecker:
    """Gives out a budget, one intent after the other; together they never take more than it.

    free:  asset → what may be spent, as `spendable` says.
    """

    def __init__(self, free: Mapping[str, Decimal]) -> None:
        self._free = dict(free)

    @property
    def free(self) -> Mapping[str, Decimal]:
        """Asset → what is left."""
        return self._free

    def affordable(
        self,
        intents: Sequence[OrderIntent],
        priced: Callable[[OrderIntent], Priced],
        *,
        resize: bool = False,
    ) -> Sequence[Affordable]:
        """Each of `intents`, quantized as they are, in their order.

        resize: make one smaller that cannot be paid in full, to the exact lot that can.
        """
        return [self._judge(intent, priced(intent), resize=resize) for intent in intents]

    def _judge(self, intent: OrderIntent, priced: Priced, *, resize: bool) -> Affordable:
        price = priced.price if intent.order_type is OrderType.MARKET else intent.price
        if price is None:
            return Affordable(intent, None, {}, f"{intent.pair}: no price to value the order at")
        needs = priced.fees.needs(intent.side, price, intent.quantity)
        short = self._shortage(needs)
        if not short:
            self._take(needs)
            return Affordable(intent, intent, needs)
        reason = f"{intent.pair}: {short}"
        smaller = self._resized(intent, priced, price) if resize else None
        if smaller is None:
            return Affordable(intent, None, {}, reason)
        needs = priced.fees.needs(intent.side, price, smaller.quantity)
        self._take(needs)
        return Affordable(intent, smaller, needs, reason)

    def _resized(self, intent: OrderIntent, priced: Priced, price: Decimal) -> OrderIntent | None:
        """The largest that can be paid for; None where that is too small for the instrument."""
        market = intent.order_type is OrderType.MARKET
        step = quantity_step(priced.instrument, market=market)
        lots = EXACT.divide_int(intent.quantity, step)
        for asset, quantity in priced.fees.needs(intent.side, price, step).items():
            if quantity:
                lots = min(lots, EXACT.divide_int(self._free.get(asset, ZERO), quantity))
        smaller = replace(intent, quantity=EXACT.multiply(lots, step))
        try:
            return quantized(smaller, priced.instrument, reference_price=price)
        except IntentRefused:
            return None

    def _shortage(self, needs: Mapping[str, Decimal]) -> str:
        for asset, quantity in needs.items():
            free = self._free.get(asset, ZERO)
            if quantity > free:
                return f"it takes {quantity} {asset}, and {free} may be spent"
        return ""

    def _take(self, needs: Mapping[str, Decimal]) -> None:
        for asset, quantity in needs.items():
            self._free[asset] = EXACT.subtract(self._free.get(asset, ZERO), quantity)
