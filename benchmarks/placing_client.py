"""Prints what placing an order costs, as JSON: lane → one list a round of microseconds an order.

Each list holds the CPU from the call to the write on the socket, the wall time of the same, and
the CPU of the whole order, its answer and its events included. The lanes are a bare aiohttp POST
with the same signature, the SDK with a null store and with SQLite, ccxt, and ccxt.pro that hears
of its orders. Run with the ready line of a venue, the path of a store and a core of its own (-1:
any).
"""

from __future__ import annotations

import asyncio
import hmac
import importlib.util
import json
import os
import sys
from abc import ABC, abstractmethod
from asyncio import selector_events
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256
from time import perf_counter, process_time, time_ns
from typing import Any
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from connector_sdk.connect import connect
from connector_sdk.model.order import TimeInForce
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.store import OrderStore
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.runtime.sqlite_store import SqliteStore
from followed import PAIR
from timing import uncollected

ROUNDS = 15
ORDERS = 40
LIMIT = 10_000_000
QUANTITY = Decimal("0.01")
SUBSCRIBED_S = 1.0
DRAIN_S = 0.02
"""For the account's events after the last order of a round."""


class SocketProbe:
    """Tells when the request of an order was handed to the socket."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0
        self._armed = False
        # Every lane's sockets are asyncio's own: what is told here is told of all of them alike.
        transport = vars(selector_events)["_SelectorSocketTransport"]
        for name in ("write", "writelines"):
            setattr(transport, name, self._watched(getattr(transport, name)))

    def arm(self) -> None:
        self._armed = True

    @property
    def told(self) -> bool:
        return not self._armed

    def _watched(self, write: Any) -> Any:  # noqa: ANN401  # a private method of asyncio
        def watched(this: object, given: Any) -> object:  # noqa: ANN401
            if self._armed:
                begin = given if isinstance(given, bytes | bytearray) else b"".join(given)
                if begin.startswith(b"POST /api/v3/order"):
                    self.cpu, self.wall, self._armed = process_time(), perf_counter(), False
            result: object = write(this, given)
            return result

        return watched


class Lane(ABC):
    @abstractmethod
    async def place(self) -> None:
        """Place an order that matches nothing, and see its end."""


class BareLane(Lane):
    def __init__(
        self, session: aiohttp.ClientSession, url: str, account: Mapping[str, str], price: str
    ) -> None:
        self._session = session
        self._url = f"{url}/api/v3/order"
        self._secret = account["secret"].encode()
        self._headers = {"X-MBX-APIKEY": account["key"]}
        self._price = price
        self._number = 0

    async def place(self) -> None:
        self._number += 1
        query = urlencode(
            {
                "symbol": "BTCUSDT",
                "side": "BUY",
                "type": "LIMIT",
                "timeInForce": "IOC",
                "quantity": f"{QUANTITY}",
                "price": self._price,
                "newClientOrderId": f"bare-{self._number:016d}",
                "newOrderRespType": "FULL",
                "recvWindow": "5000",
                "timestamp": str(time_ns() // 1_000_000),
            }
        )
        signature = hmac.new(self._secret, query.encode(), sha256).hexdigest()
        url = URL(f"{self._url}?{query}&signature={signature}", encoded=True)
        async with self._session.post(url, headers=self._headers) as answer:
            body = await answer.read()
        if answer.status != 200:
            raise RuntimeError(body)


class SdkLane(Lane):
    def __init__(self, market: LiveMarket, price: str) -> None:
        self._market = market
        self._price = Decimal(price)

    async def place(self) -> None:
        order = await self._market.buy(
            PAIR, QUANTITY, price=self._price, time_in_force=TimeInForce.IOC
        )
        await order.done()


class CcxtLane(Lane):
    def __init__(self, exchange: Any, price: str) -> None:  # noqa: ANN401  # a foreign object
        self._exchange = exchange
        self._price = float(price)

    async def place(self) -> None:
        await self._exchange.create_order(
            "BTC/USDT", "limit", "buy", float(QUANTITY), self._price, {"timeInForce": "IOC"}
        )


def unlimited() -> Connector:
    """The installed connector, with limits that nobody reaches."""
    connector = load_connector("binance")
    pools = [pool.model_copy(update={"limit": LIMIT}) for pool in connector.manifest.rate_limits]
    update = {"rate_limits": tuple(pools)}
    return replace(connector, manifest=connector.manifest.model_copy(update=update))


@asynccontextmanager
async def sdk_lane(
    endpoints: Mapping[str, str], account: Mapping[str, str], store: OrderStore, price: str
) -> AsyncIterator[SdkLane]:
    credentials = {"api_key": account["key"], "secret": account["secret"]}
    market = connect(unlimited(), [], credentials=credentials, store=store, endpoints=endpoints)
    async with market:
        await market.ready()
        yield SdkLane(market, price)
    await store.close()


@asynccontextmanager
async def ccxt_placing(
    endpoints: Mapping[str, str], account: Mapping[str, str], price: str
) -> AsyncIterator[CcxtLane]:
    """Its limiter works, as ours does, and has nothing to hold back."""
    exchange = ccxt_exchange("ccxt.async_support", endpoints, account)
    try:
        await exchange.load_markets()
        yield CcxtLane(exchange, price)
    finally:
        await exchange.close()


@asynccontextmanager
async def ccxt_watching(
    endpoints: Mapping[str, str], account: Mapping[str, str], price: str
) -> AsyncIterator[CcxtLane]:
    """As `ccxt_placing`, and it hears of its orders and balances, as the SDK always does."""
    exchange = ccxt_exchange("ccxt.pro", endpoints, account)

    async def watch(heard: Callable[[], Awaitable[object]]) -> None:
        while True:
            await heard()

    try:
        await exchange.load_markets()
        async with asyncio.TaskGroup() as tasks:
            watching = [
                tasks.create_task(watch(heard))
                for heard in (exchange.watch_orders, exchange.watch_balance)
            ]
            await asyncio.sleep(SUBSCRIBED_S)
            yield CcxtLane(exchange, price)
            for task in watching:
                task.cancel()
    finally:
        await exchange.close()


def ccxt_exchange(module: str, endpoints: Mapping[str, str], account: Mapping[str, str]) -> Any:  # noqa: ANN401  # a foreign object
    options: dict[str, Any] = {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}}
    options |= {"fetchMargins": False, "fetchCurrencies": False}
    exchange: Any = importlib.import_module(module).binance(
        {
            "apiKey": account["key"],
            "secret": account["secret"],
            "rateLimit": 0.001,
            "options": options,
        }
    )
    exchange.urls["api"]["public"] = exchange.urls["api"]["private"] = f"{endpoints['rest']}/api/v3"
    if module == "ccxt.pro":
        exchange.urls["api"]["ws"]["spot"] = f"{endpoints['ws']}/stream/ws"
        exchange.urls["api"]["ws"]["ws-api"]["spot"] = endpoints["ws_api"]
    return exchange


async def measured(lane: Lane, probe: SocketProbe) -> list[float]:
    """Microseconds an order: CPU to the socket, wall to the socket, CPU of the whole."""
    cpu = wall = 0.0
    idle = len(asyncio.all_tasks())
    for _ in range(ORDERS):
        probe.arm()
        cpu -= process_time()
        wall -= perf_counter()
        await lane.place()
        if not probe.told:
            raise RuntimeError("no order was seen on a socket")
        cpu += probe.cpu
        wall += probe.wall
        # The end may be heard before the answer, which is not to be counted as the next one's way.
        while len(asyncio.all_tasks()) > idle:  # noqa: ASYNC110  # no event says it
            await asyncio.sleep(0)
    begin = process_time()
    for _ in range(ORDERS):
        await lane.place()
    await asyncio.sleep(DRAIN_S)
    return [seconds / ORDERS * 1e6 for seconds in (cpu, wall, process_time() - begin)]


async def rounds(ready: Mapping[str, Any], path: str) -> dict[str, list[list[float]]]:
    endpoints, accounts = ready["endpoints"], ready["accounts"]
    price = "1000.00"
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession())
        lanes: dict[str, Lane] = {
            "bare": BareLane(session, endpoints["rest"], accounts[0], price),
            "null": await stack.enter_async_context(
                sdk_lane(endpoints, accounts[1], NullStore(), price)
            ),
            "sqlite": await stack.enter_async_context(
                sdk_lane(endpoints, accounts[2], SqliteStore(path), price)
            ),
        }
        if importlib.util.find_spec("ccxt") is not None:
            lanes["ccxt"] = await stack.enter_async_context(
                ccxt_placing(endpoints, accounts[3], price)
            )
            lanes["ccxt.pro"] = await stack.enter_async_context(
                ccxt_watching(endpoints, accounts[4], price)
            )
        probe = SocketProbe()
        found: dict[str, list[list[float]]] = {name: [] for name in lanes}
        names = list(lanes)
        for number in range(ROUNDS + 1):
            shift = number % len(names)
            for name in (*names[shift:], *names[:shift]):
                with uncollected():
                    found[name].append(await measured(lanes[name], probe))
        return {name: figures[1:] for name, figures in found.items()}


def main() -> None:
    ready, path, core = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    print(json.dumps(asyncio.run(rounds(ready, path))))


if __name__ == "__main__":
    main()
