"""Unmodified ccxt.pro trades at the embedded venue: what it hears is what the venue did.

Starts the venue in this process; lets ccxt place, find and cancel orders by REST and by socket,
and hear its own stream; then compares every order, fill and balance with the venue's own. Prints
one JSON line; exits 0 when all agree. Needs `pip install ccxt` beside the SDK and its Binance
plugin.

    python tests/oracles/trade_ccxt.py --rounds 5
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from decimal import Decimal
from typing import Any

from ccxt_client import CCXT, client
from connector_sdk.sandbox.trading import UserOrder, VenueOrderStatus
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk_binance.sandbox import dialect

PAIR, SYMBOL = "BTC-USDT", "BTC/USDT"
QUANTITY = 0.01
TIMEOUT_S = 20.0
LOOKS, LOOK_S = 50, 0.1
STATUSES = {
    VenueOrderStatus.NEW: "open",
    VenueOrderStatus.PARTIALLY_FILLED: "open",
    VenueOrderStatus.FILLED: "closed",
    VenueOrderStatus.CANCELED: "canceled",
    VenueOrderStatus.EXPIRED: "expired",
}


class Trader:
    """One ccxt exchange, and what it heard of its orders: id → (status, filled)."""

    def __init__(self, exchange: Any) -> None:
        self.exchange = exchange
        self.heard: dict[str, tuple[str, Decimal]] = {}
        self.balance: Any = {}

    async def listen(self) -> None:
        """Hear every order."""
        while True:
            for order in await self.exchange.watch_orders(SYMBOL):
                self.heard[order["id"]] = (order["status"], Decimal(str(order["filled"])))

    async def listen_to_balances(self) -> None:
        """Hear every balance."""
        while True:
            self.balance = await self.exchange.watch_balance()

    async def round(self) -> None:
        """Place, find and cancel by REST and by socket; buy and sell what the book has."""
        exchange = self.exchange
        book = await exchange.fetch_order_book(SYMBOL, 5)
        low = exchange.price_to_precision(SYMBOL, book["bids"][0][0] * 0.9)
        resting = await exchange.create_order(SYMBOL, "limit", "buy", QUANTITY, float(low))
        await exchange.fetch_order(resting["id"], SYMBOL)
        await exchange.cancel_order(resting["id"], SYMBOL)
        by_socket = await exchange.create_order_ws(SYMBOL, "limit", "buy", QUANTITY, float(low))
        await exchange.cancel_order_ws(by_socket["id"], SYMBOL)
        await exchange.create_order(SYMBOL, "market", "buy", QUANTITY)
        await exchange.create_order_ws(SYMBOL, "market", "sell", QUANTITY)
        await exchange.create_order(SYMBOL, "limit", "buy", QUANTITY, float(low))


def differs(trader: Trader, true: UserOrder) -> str:
    """What is wrong with what was heard of an order; empty when it is the venue's."""
    expected = (STATUSES[true.status], true.filled)
    came = trader.heard.get(str(true.order_id))
    return "" if came == expected else f"order {true.order_id}: heard {came}, is {expected}"


async def compare(trader: Trader, venue: EmbeddedVenue) -> list[str]:
    """Everything that ccxt heard or may ask, against the venue's own."""
    desk, account = venue.core.desk, venue.account().name
    wrong = [differs(trader, order) for order in desk.orders(account, PAIR)]
    fills = [str(fill.trade_id) for _, fill in desk.fills(account, PAIR)]
    came = [trade["id"] for trade in await trader.exchange.fetch_my_trades(SYMBOL)]
    if came != fills:
        wrong.append(f"fills {came}, are {fills}")
    for asset in PAIR.split("-"):
        true = desk.balances(account)[asset]
        heard = trader.balance.get(asset, {})
        if (heard.get("free"), heard.get("used")) != (float(true.free), float(true.locked)):
            wrong.append(f"{asset}: heard {heard}, is {true}")
    return list(filter(None, wrong))


def listening(venue: EmbeddedVenue) -> bool:
    """Whether somebody has subscribed to an account."""
    return any(session._accounts for session in venue.core.sessions.values())


async def converse(trader: Trader, venue: EmbeddedVenue, rounds: int) -> list[str]:
    """Trade so many rounds; say what differs when all is quiet, or when patience ends."""
    wrong: list[str] = []
    async with asyncio.TaskGroup() as group:
        ears = [
            group.create_task(trader.listen()),
            group.create_task(trader.listen_to_balances()),
        ]
        for _ in range(LOOKS):
            if not listening(venue):
                await asyncio.sleep(LOOK_S)
        for _ in range(rounds):
            await trader.round()
        for _ in range(LOOKS):
            if wrong := await compare(trader, venue):
                await asyncio.sleep(LOOK_S)
        for ear in ears:
            ear.cancel()
    return wrong


async def trade(arguments: argparse.Namespace) -> dict[str, Any]:
    """Let ccxt trade at a venue of its own."""
    started, wrong = time.monotonic(), list[str]()
    async with EmbeddedVenue(
        dialect, [PAIR, "ETH-USDT"], seed=arguments.seed, faults=arguments.faults
    ) as venue:
        trader = Trader(client(venue.endpoints, venue.account()))
        try:
            async with asyncio.timeout(TIMEOUT_S + arguments.rounds):
                await trader.exchange.load_markets()
                wrong = await converse(trader, venue, arguments.rounds)
        except* (CCXT.BaseError, TimeoutError) as errors:
            wrong += [f"{type(error).__name__}: {error}" for error in errors.exceptions]
        finally:
            await trader.exchange.close()
        orders = len(venue.core.desk.orders(venue.account().name, PAIR))
    return {
        "client": f"ccxt {CCXT.__version__}",
        "seconds": round(time.monotonic() - started, 1),
        "orders": orders,
        "wrong": wrong[:5],
        "ok": not wrong and orders == 5 * arguments.rounds,
    }


def main() -> int:
    """Run; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="", help="as drop:stream=user:every=5, to see it fail")
    verdict = asyncio.run(trade(parser.parse_args()))
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
