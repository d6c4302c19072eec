"""Orders that have ended: many, small, and still to be found when something late comes."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakValueDictionary

from connector_sdk.model.order import OrderKey
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.record_text import record_bytes, record_from

UNPACKED = 1_000
"""The newest stay as they are: what comes late comes soon."""


class ClosedLimits(NamedTuple):
    """How many are kept.

    kept:     more are kept only while they ended within `late_ns`, and never twice as many.
    late_ns:  how long after its end something late may come.
    age_ns:   the oldest that is kept.
    """

    kept: int
    late_ns: int
    age_ns: int


class Ended(NamedTuple):
    """When an order ended, and the venue's id of it as of then."""

    ended_ns: int
    client_order_id: str
    pair: str
    exchange_order_id: str | None


class ClosedOrders:
    """Client order id → an order that has ended.

    All but the newest are kept as text. Whoever holds an order's record goes on seeing it change:
    while anybody does, the same record comes back.
    """

    def __init__(self, limits: ClosedLimits) -> None:
        self._limits = limits
        self._orders: dict[str, OrderRecord | bytes] = {}
        self._ended: deque[Ended] = deque()
        self._revived: Counter[str] = Counter()
        self._unpacked: deque[str] = deque()
        self._alive: WeakValueDictionary[str, OrderRecord] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._orders)

    def __contains__(self, client_order_id: str) -> bool:
        return client_order_id in self._orders

    def newest(self) -> Iterator[OrderRecord]:
        """All of them, the newest first."""
        found = (self.get(name) for name in reversed(self._orders))
        return (record for record in found if record is not None)

    def get(self, client_order_id: str) -> OrderRecord | None:
        """The order; a change to it is kept once it is put again."""
        kept = self._orders.get(client_order_id)
        if kept is None or isinstance(kept, OrderRecord):
            return kept
        record = self._alive.get(client_order_id)
        if record is None:
            record = record_from(kept)
            self._alive[client_order_id] = record
        return record

    def put(self, record: OrderRecord, now_ns: int) -> list[OrderKey]:
        """Keep `record`, which has ended or changed after its end; those that are forgotten."""
        name = record.client_order_id
        if name not in self._orders:
            ended = Ended(now_ns, name, record.intent.pair, record.exchange_order_id)
            self._ended.append(ended)
        if self._orders.get(name) is not record:
            self._orders[name] = record
            self._unpacked.append(name)
            self._pack()
        return self._forget(now_ns)

    def take(self, client_order_id: str) -> None:
        """It is open after all."""
        if self._orders.pop(client_order_id, None) is not None:
            self._revived[client_order_id] += 1

    def _pack(self) -> None:
        while len(self._unpacked) > UNPACKED:
            name = self._unpacked.popleft()
            record = self._orders.get(name)
            if isinstance(record, OrderRecord):
                self._alive[name] = record
                # A copy: orjson's own text keeps the kilobytes of its buffer alive.
                self._orders[name] = bytes(memoryview(record_bytes(record)))

    def _forget(self, now_ns: int) -> list[OrderKey]:
        forgotten: list[OrderKey] = []
        limits = self._limits
        while self._ended:
            ended_ns, name, pair, exchange_order_id = self._ended[0]
            if self._revived.get(name):
                self._ended.popleft()
                self._revived -= Counter((name,))
                continue
            age_ns, count = now_ns - ended_ns, len(self._orders)
            crowded = count > limits.kept and age_ns >= limits.late_ns
            if not crowded and age_ns < limits.age_ns and count <= 2 * limits.kept:
                break
            self._ended.popleft()
            record = None if exchange_order_id else self.get(name)
            if record is not None:  # the venue's id may have come after the end
                exchange_order_id = record.exchange_order_id
            del self._orders[name]
            forgotten.append(OrderKey(pair, name, exchange_order_id))
        return forgotten
