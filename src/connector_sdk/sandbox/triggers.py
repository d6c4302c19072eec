"""Triggers: orders that wait until a trade's price reaches theirs."""

from __future__ import annotations

from dataclasses import dataclass

from connector_sdk.sandbox.open_orders import OpenOrder
from connector_sdk.sandbox.trading import VenueOrderType

LOSS_TYPES = frozenset({VenueOrderType.STOP_LOSS, VenueOrderType.STOP_LOSS_LIMIT})
WHOLE = 10_000
"""Hundredths of a percent in one."""


def would_trigger(one: OpenOrder, price: int) -> bool:
    """Whether that price would set the order off at once; one that trails follows it instead."""
    stop = one.ticket.stop
    return stop is not None and one.order.new.trailing_delta is None and _met(one, stop, price)


def _met(one: OpenOrder, stop: int, price: int) -> bool:
    loses = one.order.new.type in LOSS_TYPES
    return price >= stop if loses is one.buys else price <= stop


@dataclass(slots=True)
class _Waiting:
    """An order, and the best price since it came (or since its stop price was reached)."""

    one: OpenOrder
    best: int | None

    def sees(self, price: int) -> bool:
        """Note a trade's price; whether the order goes to the book for it."""
        stop, delta = self.one.ticket.stop, self.one.order.new.trailing_delta
        if delta is None:
            return stop is not None and _met(self.one, stop, price)
        if self.best is None:
            if stop is not None and _met(self.one, stop, price):
                self.best = price
            return False
        if self.one.buys:
            self.best = min(self.best, price)
            return price * WHOLE >= self.best * (WHOLE + delta)
        self.best = max(self.best, price)
        return price * WHOLE <= self.best * (WHOLE - delta)


class Triggers:
    """The waiting orders of one pair, oldest first."""

    def __init__(self) -> None:
        self._waiting: dict[int, _Waiting] = {}

    def add(self, one: OpenOrder, price: int) -> None:
        """Let an order wait, from that last price on."""
        best = price if one.ticket.stop is None else None
        self._waiting[one.order_id] = _Waiting(one, best)

    def remove(self, order_id: int) -> None:
        """It waits no more."""
        self._waiting.pop(order_id, None)

    def met(self, price: int) -> list[OpenOrder]:
        """Note a trade's price; the orders it sets off, which wait no more."""
        found = [each.one for each in self._waiting.values() if each.sees(price)]
        for one in found:
            self.remove(one.order_id)
        return found
