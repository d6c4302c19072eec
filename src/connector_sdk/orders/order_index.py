"""The orders of an account, found by either id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from connector_sdk.orders.closed_orders import ClosedLimits, ClosedOrders
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.states import OrderState


class OrderIndex:
    """Every order that is remembered, by client order id and by pair and exchange order id.

    Both lookups take the same time however many there are.
    """

    def __init__(self, limits: ClosedLimits) -> None:
        self._active: dict[str, OrderRecord] = {}
        self._closed = ClosedOrders(limits)
        self._lost: dict[str, None] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._nameless: dict[str, dict[str, None]] = {}

    @property
    def active(self) -> Mapping[str, OrderRecord]:
        """Client order id → order, of those whose end was not told yet, oldest first."""
        return MappingProxyType(self._active)

    @property
    def closed(self) -> ClosedOrders:
        """Those whose end was told."""
        return self._closed

    @property
    def lost(self) -> Mapping[str, OrderRecord]:
        """Client order id → order, of those the venue said it does not have."""
        found = ((name, self._closed.get(name)) for name in self._lost)
        return {name: record for name, record in found if record is not None}

    def get(self, client_order_id: str) -> OrderRecord | None:
        """The order with that client order id."""
        record = self._active.get(client_order_id)
        return record if record is not None else self._closed.get(client_order_id)

    def find(
        self, pair: str, client_order_id: str | None, exchange_order_id: str | None
    ) -> OrderRecord | None:
        """The order with either id, where they do not contradict what is known of it."""
        if client_order_id is not None:
            record = self.get(client_order_id)
            if record is not None and may_mean(record, pair, exchange_order_id):
                return record
        if exchange_order_id is None:
            return None
        name = self._names.get(pair, {}).get(exchange_order_id)
        return None if name is None else self.get(name)

    def without_ids(self, pair: str) -> Sequence[OrderRecord]:
        """Orders of the pair that may be real and whose exchange order id is not known yet."""
        return [self._active[name] for name in self._nameless.get(pair, ())]

    def put(self, record: OrderRecord, now_ns: int) -> str | None:
        """Keep `record` where it belongs now. Its exchange order id, if that is news."""
        name, pair = record.client_order_id, record.intent.pair
        learned = self._learn(record)
        if not record.done and learned is None and name in self._active:
            return None
        nameless = self._nameless.setdefault(pair, {})
        if record.exchange_order_id is None and not record.done:
            nameless[name] = None
        else:
            nameless.pop(name, None)
        if not record.done:
            if name not in self._active:
                self._closed.take(name)
                self._lost.pop(name, None)
                self._active[name] = record
            return learned
        self._active.pop(name, None)
        if record.state is OrderState.LOST:
            self._lost[name] = None
        for key in self._closed.put(record, now_ns):
            self._lost.pop(key.client_order_id, None)
            if key.exchange_order_id is not None:
                self._names.get(key.pair, {}).pop(key.exchange_order_id, None)
        return learned

    def _learn(self, record: OrderRecord) -> str | None:
        number = record.exchange_order_id
        if number is None:
            return None
        names = self._names.setdefault(record.intent.pair, {})
        if number in names:
            return None
        names[number] = record.client_order_id
        return number


def may_mean(record: OrderRecord, pair: str, exchange_order_id: str | None) -> bool:
    """Whether what names that number can be about `record`.

    Once an order has ended, somebody else may use its client order id again.
    """
    known = record.exchange_order_id
    return record.intent.pair == pair and (
        known is None or exchange_order_id is None or known == exchange_order_id
    )
