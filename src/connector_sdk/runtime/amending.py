"""Amending: changes an open order, in place where the venue can, else by another one."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial

from connector_sdk.errors import IntentRefused, OrderNotFound, RequestTimeout, Sent
from connector_sdk.model.exact import EXACT
from connector_sdk.model.order import OrderIntent
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.outcome import Confirmed
from connector_sdk.orders.states import OrderState
from connector_sdk.runtime.cancelling import Cancelling
from connector_sdk.runtime.execution import Execution
from connector_sdk.runtime.live_order import LiveOrder
from connector_sdk.runtime.order_checks import OrderChecks
from connector_sdk.runtime.order_desk import OrderDesk

CERTAIN_S = 30.0
"""How long a canceled order may take to be certainly gone."""
CHANGEABLE = frozenset({OrderState.OPEN, OrderState.PARTIALLY_FILLED})


class Amending:
    """Keeps the sum of what can be filled at or below what was wanted, at every moment."""

    def __init__(
        self, desk: OrderDesk, checks: OrderChecks, execution: Execution, cancelling: Cancelling
    ) -> None:
        self._desk = desk
        self._checks = checks
        self._execution = execution
        self._cancelling = cancelling
        self._changing: set[str] = set()

    async def amend(
        self, client_order_id: str, quantity: Decimal | None, price: Decimal | None
    ) -> LiveOrder:
        """Change an order; returns the one that stands for it now.

        One change at a time: of two at once, each would be made of what the other replaces.
        """
        record = self._desk.ledger.order(client_order_id)
        if record.state not in CHANGEABLE:
            said = f"order {client_order_id} is {record.state.value}: it cannot change"
            raise IntentRefused(said)
        if client_order_id in self._changing or record.amending is not None:
            raise IntentRefused(f"order {client_order_id} is changing already: wait for that")
        self._changing.add(client_order_id)
        try:
            return await self._amended(record, quantity, price)
        finally:
            self._changing.discard(client_order_id)

    async def _amended(
        self, record: OrderRecord, quantity: Decimal | None, price: Decimal | None
    ) -> LiveOrder:
        desk, client_order_id = self._desk, record.client_order_id
        standing = replace(record.intent, quantity=record.quantity)
        wanted = self._checks.amended(
            replace(standing, quantity=quantity or standing.quantity, price=price or standing.price)
        )
        if wanted == standing:
            return desk.order(client_order_id)
        call = desk.api.amend(record.key, standing, wanted, desk.instruments())
        if call is None:
            return await self._replaced(record, wanted)
        settle = partial(desk.ledger.settle_amend, client_order_id)
        desk.ledger.amend_asked(client_order_id, wanted, desk.clock.now_ns())
        await desk.write_down([client_order_id], settle)
        outcome = await desk.settled(call, settle, self._execution.departure())
        if not isinstance(outcome, Confirmed):
            raise outcome.error
        return desk.order(client_order_id)

    async def _replaced(self, record: OrderRecord, wanted: OrderIntent) -> LiveOrder:
        """Cancel it, and once that is certain place what is left of what was wanted."""
        desk, name = self._desk, record.client_order_id
        order = desk.order(name)
        await self._cancelling.cancel(name)
        try:
            async with desk.clock.timeout(CERTAIN_S):
                await order.done()
        except TimeoutError as error:
            said = f"order {name} is not certainly gone after {CERTAIN_S:g} s: nothing was placed"
            raise RequestTimeout(f"{desk.api.venue}: {said}", Sent.MAYBE) from error
        if record.state is OrderState.LOST:
            said = f"{desk.api.venue}: order {name} is lost, what it filled is not certain"
            raise OrderNotFound(desk.api.venue, "absent", f"{said}: nothing was placed")
        left = EXACT.subtract(wanted.quantity, max(record.filled, record.most_claimed))
        return await self._execution.submit(replace(wanted, quantity=left)) if left > 0 else order
