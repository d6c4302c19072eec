"""Cancelling: takes orders back, one, several or all; none hides what became of another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from connector_sdk.errors import (
    ConnectorError,
    OrderNotFound,
    RequestTimeout,
    Sent,
    TransportError,
)
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.outcome import Confirmed, RequestOutcome
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.trader import CancelResult
from connector_sdk.runtime.batches import of_each
from connector_sdk.runtime.execution import Execution
from connector_sdk.runtime.order_desk import OrderDesk

MAY_BE_GONE = (OrderNotFound, TransportError, type(None))
"""Answers to a cancel after which the order may turn out to rest no more."""
AT_REST = frozenset({OrderState.CANCELED, OrderState.EXPIRED})


class Cancelling:
    """Sends cancels. An order is known to be gone only when the venue reports it so."""

    def __init__(self, desk: OrderDesk, execution: Execution) -> None:
        self._desk = desk
        self._execution = execution

    async def cancel(self, client_order_id: str) -> None:
        """Cancel one order; returns once the venue said yes, raises what it said else.

        One that has not left yet never does. One that is on its way may be overtaken by its cancel:
        then the cancel is sent once more.
        """
        record = self._desk.ledger.order(client_order_id)
        if not record.state.is_open and record.state is not OrderState.LOST:
            if record.state in AT_REST:
                return
            said = f"order {client_order_id} is {record.state.value}: there is nothing to cancel"
            raise OrderNotFound(self._desk.api.venue, record.state.value, said)
        on_its_way = record.state is OrderState.PENDING_CREATE
        self._execution.withdraw((client_order_id,))
        await self._execution.departed(client_order_id)
        if on_its_way and record.state is OrderState.FAILED:
            return
        try:
            await self._send(record)
        except OrderNotFound:
            if not on_its_way:
                raise
            while record.state is OrderState.PENDING_CREATE:
                await self._desk.order(client_order_id).change()
            if record.state.is_open:
                await self._send(record)

    async def _send(self, record: OrderRecord) -> None:
        desk, name = self._desk, record.client_order_id
        call = desk.api.cancel(record.key, desk.instruments())
        await self._perform([name], call)

    async def _perform(self, names: Sequence[str], call: Call[Sequence[OrderMessage]]) -> None:
        desk = self._desk
        for name in names:
            desk.ledger.cancel_asked(name, desk.clock.now_ns())
        outcome = await desk.settled(call, partial(self._settle, names))
        if not isinstance(outcome, Confirmed):
            raise outcome.error

    def _settle(self, names: Sequence[str], outcome: RequestOutcome, now_ns: int) -> None:
        for name, of_one in of_each(outcome, names).items():
            self._desk.ledger.settle_cancel(name, of_one, now_ns)

    async def cancel_all(self, pair: str | None, timeout_s: float) -> Sequence[CancelResult]:
        """Cancel every open order (of `pair`); what is not answered in time goes on without us."""
        desk = self._desk
        records = list(desk.ledger.open_orders(pair))
        errors: dict[str, ConnectorError] = {}
        try:
            async with desk.clock.timeout(timeout_s):
                self._execution.withdraw([record.client_order_id for record in records])
                open_still = [record for record in records if record.state.is_open]
                for task in self._tasks(open_still, errors):
                    await asyncio.wait([task])
                for record in records:
                    await self._gone(record, errors.get(record.client_order_id))
        except TimeoutError:
            pass  # each order that is still open says so
        late = RequestTimeout(f"{desk.api.venue}: not certain within {timeout_s:g} s", Sent.MAYBE)
        return [
            CancelResult(
                record.client_order_id,
                errors.get(record.client_order_id, late) if record.state.is_open else None,
            )
            for record in records
        ]

    async def _gone(self, record: OrderRecord, error: ConnectorError | None) -> None:
        """Wait for the end of an order, as long as its cancel, or being asked for, may bring it."""
        desk, name = self._desk, record.client_order_id
        if not isinstance(error, MAY_BE_GONE):
            return
        while record.state.is_open:
            if isinstance(error, OrderNotFound) and not desk.ledger.is_canceling(name):
                return
            await desk.order(name).change()

    def _tasks(
        self, records: Sequence[OrderRecord], errors: dict[str, ConnectorError]
    ) -> Sequence[asyncio.Task[None]]:
        desk = self._desk
        keys = [record.key for record in records]
        together = desk.api.cancel_batch(keys, desk.instruments()) if len(keys) > 1 else None
        if together is None:
            names = [[key.client_order_id] for key in keys]
            works = [partial(self.cancel, name) for (name,) in names]
        else:
            names = [[key.client_order_id for key in keys]]
            works = [partial(self._perform, names[0], together)]
        return [
            desk.spawn(f"cancel {of[0]}", partial(_noting, work, of, errors))
            for work, of in zip(works, names, strict=True)
        ]


async def _noting(
    work: Callable[[], Awaitable[None]], names: Sequence[str], errors: dict[str, ConnectorError]
) -> None:
    try:
        await work()
    except ConnectorError as error:
        errors.update(dict.fromkeys(names, error))
