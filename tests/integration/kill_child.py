"""A trading process that is to be killed. Reads one line of JSON, trades, and tells what it knows.

To standard output it writes one JSON line a word: `ready`, `held` (at the gate), `idle` (all was
done), and the answers to the commands it then reads: `report`, `trade`, `end`. Before it asks for
an order it writes the intent down in a log file of its own; and after that, its client order id.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from child_process import commands, tell
from connector_sdk.connect import connect
from connector_sdk.errors import ConnectorError
from connector_sdk.model.order_events import ExternalFill, ExternalOrder
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.sqlite_store import SqliteStore
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.transport.aiohttp_transport import AiohttpTransport
from impatient import IMPATIENT, hasty
from kill_gates import Gate, GatedStore, GatedTransport
from kill_plan import PAIR, TICK, Point, Step
from live_venue import QUICK

READY_S = 30.0
VALIDITY_S = 1.0
UNSETTLED = {OrderState.PENDING_CREATE, OrderState.UNKNOWN}


class Child:
    """One process's life.

    life:  number of this process among those that shared the store.
    """

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given
        self._log = os.open(given["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._placed: dict[int, str] = {}
        self._foreign: list[str] = []
        gate = Gate(Point[given["point"]], given["nth"])
        self._store = GatedStore(SqliteStore(given["store"]), gate)
        self._transport = GatedTransport(AiohttpTransport(), gate)
        self._market = self._made()

    def _made(self) -> LiveMarket:
        return connect(
            hasty(VALIDITY_S),
            [PAIR],
            credentials={"api_key": self._given["key"], "secret": self._given["secret"]},
            store=self._store,
            endpoints=self._given["endpoints"],
            transport=self._transport,
            settings=QUICK,
            trading=TradingSettings(ledger=IMPATIENT),
        )

    async def live(self) -> None:
        market = self._market
        async with market:
            market.on(ExternalOrder, lambda event: self._foreign.append(str(event.report)))
            market.on(ExternalFill, lambda event: self._foreign.append(str(event.fill)))
            await market.ready(READY_S)
            tell({"ready": os.getpid()})
            for step in self._given["steps"]:
                await self._do(Step.from_json(step))
            tell({"idle": len(self._given["steps"])})
            await self._serve()
        await self._transport.close()
        await self._store.close()

    async def _serve(self) -> None:
        told = await commands()
        while (command := (await told.readline()).decode().strip()) != "end":
            if command == "report":
                tell(self._report())
            elif command == "clear":
                results = await self._market.cancel_all()
                tell({"cleared": len(results)})

    def _note(self, **words: object) -> None:
        os.write(self._log, (json.dumps(words) + "\n").encode())

    async def _do(self, step: Step) -> None:
        if step.intent < 0:
            await self._cancel(step)
            return
        book = self._market.order_book(PAIR)
        middle = (book.best_bid.price + book.best_ask.price) / 2
        price = (middle // TICK + step.ticks) * TICK
        self._note(intent=step.intent, quantity=str(step.quantity))
        order = await self._market.submit(step.order(price))
        self._note(intent=step.intent, placed=order.client_order_id)
        self._placed[step.intent] = order.client_order_id
        if step.waits:
            try:
                await order.acknowledged()
            except ConnectorError as error:
                self._note(intent=step.intent, refused=str(error))

    async def _cancel(self, step: Step) -> None:
        name = list(self._placed.values())[step.intent]
        self._note(cancel=name)
        try:
            await self._market.cancel(name)
        except ConnectorError as error:
            self._note(cancel=name, refused=str(error))

    def _report(self) -> dict[str, object]:
        """What this process knows, once nothing is in doubt; until then, what is."""
        market = self._market
        unsettled = [o.client_order_id for o in market.in_flight_orders.values() if in_doubt(o)]
        return {
            "unsettled": unsettled,
            "health": market.health.reason,
            "foreign": self._foreign,
            "orders": [told(order) for order in self._remembered()],
            "balances": {
                asset: [str(held.available), str(held.locked)]
                for asset, held in market.balances.items()
            },
        }

    def _remembered(self) -> list[InFlightOrder]:
        ledger = self._market.user_stream_tracker.ledger
        names = [*ledger.active, *(record.client_order_id for record in ledger.recently_closed())]
        return [self._market.order(name) for name in names]


def in_doubt(order: InFlightOrder) -> bool:
    return order.state in UNSETTLED


def told(order: InFlightOrder) -> dict[str, object]:
    return {
        "name": order.client_order_id,
        "asked": str(order.intent.quantity),
        "state": order.state.value,
        "open": order.is_open,
        "quantity": str(order.quantity),
        "filled": str(order.filled),
        "fills": [
            [
                fill.trade_id,
                str(fill.price),
                str(fill.quantity),
                str(fill.fee and fill.fee.quantity),
            ]
            for fill in order.fills
        ],
    }


if __name__ == "__main__":
    asyncio.run(Child(json.loads(sys.stdin.readline())).live())
