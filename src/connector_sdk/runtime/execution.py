"""Execution: places orders. Each is written down before it is sent, and never sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
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
from connector_sdk.transport.departure import Departure


@dataclass(slots=True, eq=False)
class _Placing:
    """Orders that one request places, until it was answered.

    task: what sends it; None before.
    """

    names: Sequence[str]
    call: Call[Sequence[OrderMessage]]
    departure: Departure
    task: asyncio.Task[None] | None = None


class Execution:
    """Takes intents. What becomes of them is told by the ledger's events.

    patience_s: within this time of being taken an order leaves, or never does: with the time for
                the answer, no request and no task of it lives longer.
    """

    def __init__(self, desk: OrderDesk, checks: OrderChecks, patience_s: float) -> None:
        self._desk = desk
        self._checks = checks
        self._patience_s = patience_s
        self._placing: dict[str, _Placing] = {}

    async def submit(self, intent: OrderIntent) -> LiveOrder:
        """Place one order; returns once it is written down, before the network."""
        desk = self._desk
        # All that can fail without the venue is done before anything is written down.
        (wanted,) = self._checks.accepted((intent,))
        name = self._checks.mint()
        call = desk.api.place(wanted, name, desk.instruments())
        record = desk.ledger.create(wanted, name, desk.clock.now_ns())
        await self._written([_Placing((name,), call, self.departure())])
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
        requests = [(names, together)] if together else [((n,), c) for n, c in apart.items()]
        await self._written([_Placing(of, call, self.departure()) for of, call in requests])
        return [desk.order(name) for name in names]

    def departure(self) -> Departure:
        """The way out of a request that is made now and may add to what the account has open."""
        return Departure(self._desk.clock.now_ns(), self._patience_s, self._checks.demand_open)

    def withdraw(self, names: Collection[str]) -> None:
        """Keep from leaving those of `names` that have not left; of a batch all, or none."""
        error = IntentRefused(f"{self._desk.api.venue}: withdrawn by a cancel before it was sent")
        for placing in {id(p): p for n in names if (p := self._placing.get(n))}.values():
            if placing.departure.left or not set(placing.names) <= set(names):
                continue
            placing.departure.withdraw(error)
            if placing.task is not None:
                placing.task.cancel()
            # Not left to the task: it ends without a word if it has not begun.
            self._settle(placing.names, NotSent(error), self._desk.clock.now_ns())
            self._forget(placing)
            self._desk.tell()

    async def departed(self, name: str) -> None:
        """Wait until the request that places `name` has left, or never will."""
        placing = self._placing.get(name)
        if placing is not None:
            await placing.departure.decided.wait()

    async def _written(self, placings: Sequence[_Placing]) -> None:
        """Write the orders down, and then send their requests."""
        names = [name for placing in placings for name in placing.names]
        for placing in placings:
            self._placing.update(dict.fromkeys(placing.names, placing))
        sent = False
        try:
            await self._desk.write_down(names, partial(self._settle, names))
            self._demand_still_open(names)
            for placing in placings:
                if not placing.departure.is_withdrawn:
                    work = partial(self._place, placing)
                    placing.task = self._desk.spawn(f"place {placing.names[0]}", work)
            sent = True
        finally:
            if not sent:
                for placing in placings:
                    self._forget(placing)

    def _demand_still_open(self, names: Sequence[str]) -> None:
        """Send none of them where that was forbidden while they were written down."""
        try:
            self._checks.demand_open()
        except IntentRefused as error:
            self._settle(names, NotSent(error), self._desk.clock.now_ns())
            self._desk.tell()
            raise

    async def _place(self, placing: _Placing) -> None:
        try:
            settle = partial(self._settle, placing.names)
            await self._desk.settled(placing.call, settle, placing.departure)
        finally:
            self._forget(placing)

    def _forget(self, placing: _Placing) -> None:
        placing.departure.decided.set()
        for name in placing.names:
            self._placing.pop(name, None)

    def _settle(self, names: Sequence[str], outcome: RequestOutcome, now_ns: int) -> None:
        ledger = self._desk.ledger
        outcomes: Mapping[str, RequestOutcome] = of_each(outcome, names)
        for name, of_one in outcomes.items():
            ledger.settle(name, of_one, now_ns)
