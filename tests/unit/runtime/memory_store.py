"""An OrderStore in memory, that outlives the markets of a test and fails when it is told to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence

from connector_sdk.errors import StoreFailed
from connector_sdk.protocols.store import OrderStore, StoredOrder


class MemoryStore(OrderStore):
    """`orders`: what would survive, by client order id; `held`: while set, no save returns."""

    def __init__(self) -> None:
        self.orders: dict[str, StoredOrder] = {}
        self.marks: dict[str, int] = {}
        self.saves: list[list[str]] = []
        self.broken = False
        self.held: asyncio.Event | None = None
        self.closed = 0

    def state(self, client_order_id: str) -> str:
        """The state of an order that would survive."""
        state = json.loads(self.orders[client_order_id].body)["state"]
        assert isinstance(state, str)
        return state

    async def save(self, orders: Sequence[StoredOrder]) -> None:
        if self.held is not None:
            await self.held.wait()
        if self.broken:
            raise StoreFailed("the disk is full")
        self.saves.append([order.client_order_id for order in orders])
        self.orders.update({order.client_order_id: order for order in orders})

    async def load(self, venue: str, account: str) -> Sequence[StoredOrder]:
        return list(self.orders.values())

    async def save_marks(self, marks: Mapping[str, int]) -> None:
        self.marks.update({n: max(at, self.marks.get(n, 0)) for n, at in marks.items()})

    async def load_marks(self) -> Mapping[str, int]:
        return dict(self.marks)

    async def close(self) -> None:
        self.closed += 1
