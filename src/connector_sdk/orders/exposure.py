"""What our orders may still fill."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

from connector_sdk.model.exact import EXACT, ZERO
from connector_sdk.model.order import OrderIntent, Side
from connector_sdk.orders.locks import lock_of
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.states import UNSETTLED_STATES


class Exposure(NamedTuple):
    """Base units that open and unknown orders of one pair may still buy and sell."""

    buy: Decimal = ZERO
    sell: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What the position changes by if all of it fills; negative: it sells more."""
        return EXACT.subtract(self.buy, self.sell)


class Share(NamedTuple):
    """What one order adds to the sums."""

    intent: OrderIntent | None = None
    exposed: Decimal = ZERO
    asset: str = ""
    locked: Decimal = ZERO
    unseen: bool = False


NOTHING: Final = Exposure()
NO_SHARE: Final = Share()


class Exposures:
    """The sums over all open orders, kept up with every change, so that reading costs nothing.

    locks:   asset → what a venue sets aside for them.
    unseen:  the part of it that is of orders the venue's balances may not show yet.
    """

    def __init__(self) -> None:
        self.locks: dict[str, Decimal] = {}
        self.unseen: dict[str, Decimal] = {}
        self._shares: dict[str, Share] = {}
        self._pairs: dict[str, Exposure] = {}

    def of(self, pair: str) -> Exposure:
        """The exposure of one pair."""
        return self._pairs.get(pair, NOTHING)

    def count(self, record: OrderRecord) -> None:
        """Take `record` as it stands now."""
        name, exposed = record.client_order_id, record.exposed
        before = self._shares.get(name, NO_SHARE)
        intent, unseen = record.intent, record.state in UNSETTLED_STATES
        if (exposed, unseen) == (before.exposed, before.unseen) and intent is before.intent:
            return
        now = Share(intent, exposed, *lock_of(intent, exposed), unseen)
        if exposed:
            self._shares[name] = now
        else:
            self._shares.pop(name, None)
        self._count_pair(record, EXACT.subtract(exposed, before.exposed))
        _add(self.locks, now.asset, EXACT.subtract(now.locked, before.locked))
        seen = before.locked if before.unseen else ZERO
        _add(self.unseen, now.asset, EXACT.subtract(now.locked if unseen else ZERO, seen))

    def _count_pair(self, record: OrderRecord, change: Decimal) -> None:
        pair = record.intent.pair
        buy, sell = self.of(pair)
        if record.intent.side is Side.BUY:
            self._pairs[pair] = Exposure(EXACT.add(buy, change), sell)
        else:
            self._pairs[pair] = Exposure(buy, EXACT.add(sell, change))


def _add(sums: dict[str, Decimal], asset: str, change: Decimal) -> None:
    if change:
        total = EXACT.add(sums.get(asset, ZERO), change)
        if total:
            sums[asset] = total
        else:
            del sums[asset]
