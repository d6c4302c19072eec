"""OrderQueries: asks the venue about single orders, a few at a time."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from connector_sdk.errors import ConnectorError, OrderNotFound, WireError
from connector_sdk.model.order_update import Fill, OrderMessage
from connector_sdk.model.wire import Call
from connector_sdk.orders.asking import Query, QueryOrder
from connector_sdk.protocols.market import MALFORMED
from connector_sdk.runtime.order_desk import OrderDesk
from connector_sdk.runtime.user_stream_tracker import Found

AT_ONCE = 5
MOST_PAGES = 1_000


class OrderQueries:
    """Performs the ledger's queries. The ledger hands out each order once: they cannot pile up.

    found:     where what they tell is counted; None while nobody counts.
    failure:   why the last one failed; None when it did not.
    """

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk
        self._waiting: deque[Query] = deque()
        self._wake = asyncio.Event()
        self.found: Found | None = None
        self.failure: str | None = None

    def put(self, query: Query) -> None:
        """Ask it when its turn comes."""
        self._waiting.append(query)
        self._wake.set()

    async def run(self) -> None:
        """Ask, for ever."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._ask_on())

    async def _ask_on(self) -> None:
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            await self._ask(self._waiting.popleft())

    async def _ask(self, query: Query) -> None:
        desk, ledger = self._desk, self._desk.ledger
        given_up = WireError(f"{desk.api.venue}: the query was given up")
        failure: ConnectorError | None = given_up
        try:
            messages = await self._answer(query)
            desk.tracker.answered(messages, desk.clock.now_ns(), self.found)
            failure = None
        except ConnectorError as error:
            failure = error
        finally:  # one that is never answered would never be asked again
            now_ns = desk.clock.now_ns()
            if failure is None:
                ledger.query_answered(query, now_ns)
            else:
                ledger.query_failed(query, failure, now_ns)
        self._note(query, failure)
        desk.tracker.tell(self.found)
        desk.tell()

    def _note(self, query: Query, error: ConnectorError | None) -> None:
        self.failure = None if error is None or isinstance(error, OrderNotFound) else str(error)
        # An answer that cannot be read would not read better a second time.
        answered = self.failure is None or isinstance(error, WireError)
        if answered and self.found is not None and isinstance(query, QueryOrder):
            self.found.asked.add(query.key.client_order_id)

    async def _answer(self, query: Query) -> Sequence[OrderMessage]:
        desk, key = self._desk, query.key
        try:
            if isinstance(query, QueryOrder):
                call: Call[Sequence[OrderMessage]] = desk.api.order_status(key, desk.instruments())
                return await desk.rest.call(call)
            fills: list[Fill] = []
            cursor: str | None = None
            for _ in range(MOST_PAGES):
                page = await desk.rest.call(desk.api.order_fills(key, desk.instruments(), cursor))
                fills += page.fills
                cursor = page.cursor
                if cursor is None:
                    break
        except MALFORMED as error:
            if isinstance(error, ConnectorError):
                raise
            said = f"{desk.api.venue}: an answer about {key.client_order_id} cannot be read"
            raise WireError(f"{said} ({error!r})") from error
        return fills
