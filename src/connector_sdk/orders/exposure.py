"""What our orders may still fill."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from connector_sdk.model.exact import EXACT, ZERO
from connector_sdk.model.order import Side
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

    exposed: Decimal = ZERO
    locked: Decimal = ZERO
    unseen: Decimal = ZERO


NOTHING: Final = Exposure()
NO_SHARE: Final = Share()


class Exposures:
    """The sums over all open orders. A read counts only what changed since the one before."""

    def __init__(self) -> None:
        self._locks: dict[str, Decimal] = {}
        self._unseen: dict[str, Decimal] = {}
        self._pairs: dict[str, Exposure] = {}
        self._shares: dict[str, Share] = {}
        self._changed: dict[str, OrderRecord] = {}

    def changed(self, record: OrderRecord) -> None:
        """`record` stands otherwise now."""
        name = record.client_order_id
        if record.done and name not in self._shares:
            self._changed.pop(name, None)
        else:
            self._changed[name] = record

    def of(self, pair: str) -> Exposure:
        """The exposure of one pair."""
        self._count()
        return self._pairs.get(pair, NOTHING)

    @property
    def locks(self) -> Mapping[str, Decimal]:
        """Asset → what a venue sets aside for them."""
        self._count()
        return self._locks

    @property
    def unseen(self) -> Mapping[str, Decimal]:
        """The part of `locks` that is of orders the venue's balances may not show yet."""
        self._count()
        return self._unseen

    def _count(self) -> None:
        changed, self._changed = self._changed, {}
        for record in changed.values():
            self._count_one(record)

    def _count_one(self, record: OrderRecord) -> None:
        name, intent, exposed = record.client_order_id, record.intent, record.exposed
        before = self._shares.get(name, NO_SHARE)
        asset, locked = lock_of(intent, exposed)
        now = Share(exposed, locked, locked if record.state in UNSETTLED_STATES else ZERO)
        if exposed:
            self._shares[name] = now
        else:
            self._shares.pop(name, None)
        self._count_pair(record, EXACT.subtract(exposed, before.exposed))
        _add(self._locks, asset, EXACT.subtract(locked, before.locked))
        _add(self._unseen, asset, EXACT.subtract(now.unseen, before.unseen))

    def _count_pair(self, record: OrderRecord, change: Decimal) -> None:
        pair = record.intent.pair
        buy, sell = self._pairs.get(pair, NOTHING)
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
