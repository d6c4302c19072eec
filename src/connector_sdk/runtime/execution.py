"""Execution: places orders. Each is written down before it is sent, and never sent twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from connector_sdk.errors import IntentRefused
from connector_sdk.model.order import OrderIntent
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call
from connector_sdk.orders.outcome import NotSent, RequestOutcome
from connector_sdk.runtime.batches import of_each
from connector_sdk.runtime.live_order import LiveOrder
from connector_sdk.runtime.order_checks import OrderChecks
from connector_sdk.runtime.order_desk import OrderDesk


class Execution:
    """Takes intents. What becomes of them is told by the ledger's events."""

    def __init__(self, desk: OrderDesk, checks: OrderChecks) -> None:
        self._desk = desk
        self._checks = checks

    async def submit(self, intent: OrderIntent) -> LiveOrder:
        """Place one order; returns once it is written down, before the network."""
        desk = self._desk
        # All that can fail without the venue is done before anything is written down.
        (wanted,) = self._checks.accepted((intent,))
        name = self._checks.mint()
        call = desk.api.place(wanted, name, desk.instruments())
        record = desk.ledger.create(wanted, name, desk.clock.now_ns())
        await desk.write_down((name,), partial(desk.ledger.settle, name))
        self._demand_still_open((name,))
        self._send((name,), call)
        return desk.tracker.order(record)

    async def submit_batch(self, intents: Sequence[OrderIntent]) -> Sequence[LiveOrder]:
        """Place several, in one request where the venue can; refused locally: none of them."""
        desk = self._desk
        instruments = desk.instruments()
        wanted = [(intent, self._checks.mint()) for intent in self._checks.accepted(intents)]
        together = desk.api.place_batch(wanted, instruments) if len(wanted) > 1 else None
        apart = {} if together else {n: desk.api.place(i, n, instruments) for i, n in wanted}
        names = [name for _, name in wanted]
        for intent, name in wanted:
            desk.ledger.create(intent, name, desk.clock.now_ns())
        await desk.write_down(names, partial(self._settle, names))
        self._demand_still_open(names)
        if together is not None:
            self._send(names, together)
        for name, call in apart.items():
            self._send((name,), call)
        return [desk.order(name) for name in names]

    def _demand_still_open(self, names: Sequence[str]) -> None:
        """Send none of them where that was forbidden while they were written down."""
        try:
            self._checks.demand_open()
        except IntentRefused as error:
            self._settle(names, NotSent(error), self._desk.clock.now_ns())
            self._desk.tell()
            raise

    def _send(self, names: Sequence[str], call: Call[Sequence[OrderMessage]]) -> None:
        self._desk.spawn(f"place {names[0]}", partial(self._place, names, call))

    async def _place(self, names: Sequence[str], call: Call[Sequence[OrderMessage]]) -> None:
        await self._desk.settled(call, partial(self._settle, names))

    def _settle(self, names: Sequence[str], outcome: RequestOutcome, now_ns: int) -> None:
        ledger = self._desk.ledger
        outcomes: Mapping[str, RequestOutcome] = of_each(outcome, names)
        for name, of_one in outcomes.items():
            ledger.settle(name, of_one, now_ns)
