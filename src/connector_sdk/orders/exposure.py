"""What our orders may still fill."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from connector_sdk.model.exact import EXACT
from connector_sdk.model.order import Side
from connector_sdk.orders.order_record import ZERO, OrderRecord


class Exposure(NamedTuple):
    """Base units that open and unknown orders of one pair may still buy and sell."""

    buy: Decimal = ZERO
    sell: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What the position changes by if all of it fills; negative: it sells more."""
        return EXACT.subtract(self.buy, self.sell)


class Exposures:
    """Pair → Exposure, kept up with every change, so that reading costs nothing."""

    def __init__(self) -> None:
        self._orders: dict[str, Decimal] = {}
        self._pairs: dict[str, Exposure] = {}

    def of(self, pair: str) -> Exposure:
        """The exposure of one pair."""
        return self._pairs.get(pair, Exposure())

    def count(self, record: OrderRecord) -> None:
        """Take `record` as it stands now."""
        name, now = record.client_order_id, record.exposed
        before = self._orders.get(name, ZERO)
        if now == before:
            return
        if now:
            self._orders[name] = now
        else:
            del self._orders[name]
        pair = record.intent.pair
        buy, sell = self.of(pair)
        change = EXACT.subtract(now, before)
        if record.intent.side is Side.BUY:
            self._pairs[pair] = Exposure(EXACT.add(buy, change), sell)
        else:
            self._pairs[pair] = Exposure(buy, EXACT.add(sell, change))
