"""Unmodified ccxt.pro follows the embedded venue: every book it shows is the venue's own.

Starts the venue in this process, lets ccxt fetch books by REST and watch them by stream, and
compares each with the venue's journal at the update id it carries. Prints one JSON line; exits 0
when every comparison held. Needs `pip install ccxt` beside the SDK and its Binance plugin.

    python tests/oracles/follow_ccxt.py --updates 50 --symbol BTC/USDT
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from typing import Any

from ccxt_client import CCXT, client
from connector_sdk.sandbox.journal import Journal
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk_binance.sandbox import dialect

COMPARED = 100
TIMEOUT_S = 15.0


def differs(journal: Journal, pair: str, book: Any) -> str:
    """What is wrong with a book of ccxt; empty when it is the venue's."""
    true = journal.book_at(pair, book["nonce"], COMPARED)
    for side, levels in (("bids", true.bids), ("asks", true.asks)):
        expected = [[float(price), float(quantity)] for price, quantity in levels]
        came = [list(row[:2]) for row in book[side][:COMPARED]]
        if came != expected:
            rows = [row for row in came if row not in expected][:2]
            lost = [row for row in expected if row not in came][:2]
            return f"{side} at {book['nonce']}: has {rows}, lacks {lost}"
    return ""


async def follow(arguments: argparse.Namespace) -> dict[str, Any]:
    """Watch and fetch; count what was compared."""
    pair = arguments.symbol.replace("/", "-")
    wrong: list[str] = []
    async with EmbeddedVenue(
        dialect, [pair, "ETH-USDT"], seed=arguments.seed, faults=arguments.faults
    ) as venue:
        exchange = client(venue.endpoints)
        started = time.monotonic()
        watched = fetched = 0
        try:
            while watched < arguments.updates:
                async with asyncio.timeout(TIMEOUT_S):
                    book = await exchange.watch_order_book(arguments.symbol)
                wrong += filter(None, [differs(venue.journal, pair, book)])
                watched += 1
            while fetched < arguments.fetches:
                async with asyncio.timeout(TIMEOUT_S):
                    book = await exchange.fetch_order_book(arguments.symbol, COMPARED)
                wrong += filter(None, [differs(venue.journal, pair, book)])
                fetched += 1
        except CCXT.BaseError as error:
            wrong.append(f"{type(error).__name__}: {error}")
        finally:
            await exchange.close()
    return {
        "client": f"ccxt {CCXT.__version__}",
        "seconds": round(time.monotonic() - started, 1),
        "watched": watched,
        "fetched": fetched,
        "wrong": wrong[:5],
        "ok": not wrong and watched > 0,
    }


def main() -> int:
    """Run; 0 when all is well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--symbol", default="BTC/USDT")
    parser.add_argument("--updates", type=int, default=50)
    parser.add_argument("--fetches", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", default="", help="as withhold:every=5, to see it fail")
    verdict = asyncio.run(follow(parser.parse_args()))
    print(json.dumps(verdict))
    return 0 if verdict["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
