"""A store and a transport that hold still at a point, for the parent process to end this one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from child_process import tell
from connector_sdk.model.wire import RestResponse
from connector_sdk.protocols.store import OrderStore, StoredOrder
from connector_sdk.transport.transport import Transport, WebSocketConnection
from kill_plan import Point


class Gate:
    """Lets `nth - 1` of a kind pass `point`, and holds the next one for ever."""

    def __init__(self, point: Point, nth: int) -> None:
        self.point = point
        self._left = nth

    def counts(self, *points: Point) -> bool:
        """Whether this is the one to hold, at any of `points`; counts it."""
        if self.point not in points:
            return False
        self._left -= 1
        return self._left == 0

    async def hold(self, **words: object) -> None:
        """Say so, and never return."""
        self.say(**words)
        await asyncio.get_running_loop().create_future()

    def say(self, **words: object) -> None:
        """Say that something is held."""
        tell({"held": self.point.name, **words})


class GatedStore(OrderStore):
    """Holds the save of a new order before it is written, or after; and then every other save."""

    def __init__(self, inner: OrderStore, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate
        self._known: set[str] = set()
        self._closed = False

    async def save(self, orders: Sequence[StoredOrder]) -> None:
        names = {order.client_order_id for order in orders}
        new = not names <= self._known
        self._known |= names
        # Two saves may hold the same new order, its own and one of all that changed.
        self._closed |= new and self._gate.counts(Point.BEFORE_COMMIT, Point.BEFORE_SEND)
        if self._closed and self._gate.point is Point.BEFORE_COMMIT:
            await self._gate.hold()
        await self._inner.save(orders)
        if self._closed:
            await self._gate.hold()

    async def load(self, venue: str, account: str) -> Sequence[StoredOrder]:
        found = await self._inner.load(venue, account)
        self._known |= {order.client_order_id for order in found}
        return found

    async def save_marks(self, marks: Mapping[str, int]) -> None:
        await self._inner.save_marks(marks)

    async def load_marks(self) -> Mapping[str, int]:
        return await self._inner.load_marks()

    async def close(self) -> None:
        await self._inner.close()


class GatedTransport(Transport):
    """Holds a request that changes an order: tells when it is sent, or when it is answered.

    Either way its answer never comes through.
    """

    def __init__(self, inner: Transport, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        return await self._inner.open_websocket(url, timeout_s=timeout_s)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        held = method != "GET" and self._gate.counts(Point.BEFORE_ANSWER, Point.BEFORE_RECORD)
        asked = dict(parse_qsl(urlsplit(url).query))
        name = asked.get("newClientOrderId") or asked.get("origClientOrderId")
        about = {"name": name, "kind": "place" if method == "POST" else "cancel"}
        if held and self._gate.point is Point.BEFORE_ANSWER:
            self._gate.say(**about)
        answer = await self._inner.request(
            method, url, headers=headers, body=body, timeout_s=timeout_s
        )
        if held:
            await self._gate.hold(**about)
        return answer

    async def close(self) -> None:
        await self._inner.close()
