"""A process that trades for some time at some rate, then cleans up and tells what is left."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from random import Random
from typing import Any

from child_process import commands, tell
from connector_sdk.connect import connect
from connector_sdk.errors import ConnectorError
from connector_sdk.model.order import OrderIntent, Side, TimeInForce
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.reconciliation import Rhythm
from connector_sdk.runtime.trading_settings import TradingSettings
from impatient import IMPATIENT, hasty
from live_venue import QUICK

PAIR = "BTC-USDT"
TICK = Decimal("0.01")
QUANTITY = Decimal("0.001")
MOST_OPEN = 50
CANCELS_AT_ONCE = 20
CLEARED_S = 60.0
VALIDITY_S = 2.0
SETTINGS = TradingSettings(rhythm=Rhythm(short_s=1.0, long_s=5.0), ledger=IMPATIENT)


class Strategy:
    """Takes and quotes around the middle of the book; no more than so many orders are open."""

    def __init__(self, market: LiveMarket, seed: int) -> None:
        self._market = market
        self._chance = Random(seed)
        self._open: deque[InFlightOrder] = deque()
        self._cancels = asyncio.Semaphore(CANCELS_AT_ONCE)
        self.placed = self.failed = 0

    async def trade(self, rate: float, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with asyncio.TaskGroup() as tasks:
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(begun + number / rate - loop.time(), 0))
                await self._place()
                if len(self._open) > MOST_OPEN:
                    await self._cancels.acquire()
                    tasks.create_task(self._cancel(self._open.popleft()))

    async def _place(self) -> None:
        book = self._market.order_book(PAIR).last_known
        middle = (book.best_bid.price + book.best_ask.price) / 2 // TICK * TICK
        side = self._chance.choice((Side.BUY, Side.SELL))
        takes = self._chance.random() < 0.3
        ticks = self._chance.randint(300, 900) if takes else -self._chance.randint(1, 2_000)
        price = middle + (ticks if side is Side.BUY else -ticks) * TICK
        force = TimeInForce.IOC if takes else TimeInForce.GTC
        intent = OrderIntent(PAIR, side, QUANTITY, price, time_in_force=force)
        try:
            order = await self._market.submit(intent)
        except ConnectorError:
            self.failed += 1
            return
        self.placed += 1
        if not takes:
            self._open.append(order)

    async def _cancel(self, order: InFlightOrder) -> None:
        try:
            if order.is_open:
                await self._market.cancel(order)
        except ConnectorError:
            return  # how it then stands is asked for
        finally:
            self._cancels.release()


async def live(given: Mapping[str, Any]) -> None:
    market = connect(
        hasty(VALIDITY_S),
        [PAIR],
        credentials={"api_key": given["key"], "secret": given["secret"]},
        store=given["store"],
        endpoints=given["endpoints"],
        settings=QUICK,
        trading=SETTINGS,
    )
    before = len(asyncio.all_tasks())
    async with market:
        await market.ready()
        idle = len(asyncio.all_tasks())
        tell({"ready": idle})
        strategy = Strategy(market, given["seed"])
        await strategy.trade(given["rate"], given["seconds"])
        tell({"placed": strategy.placed, "failed": strategy.failed})
        await market.cancel_all(timeout_s=CLEARED_S)
        told = await commands()
        while (await told.readline()).decode().strip() == "report":
            tell(report(market, idle))
    tell({"left": len(asyncio.all_tasks()) - before})


def report(market: LiveMarket, idle: int) -> dict[str, object]:
    """What is known, and how many tasks there are more than when nothing had been done yet."""
    return {
        "open": [str(order) for order in market.in_flight_orders.values()],
        "more_tasks": len(asyncio.all_tasks()) - idle,
        "balances": {
            asset: [str(held.available), str(held.locked)]
            for asset, held in market.balances.items()
        },
        "health": market.health.reason,
    }


if __name__ == "__main__":
    asyncio.run(live(json.loads(sys.stdin.readline())))
