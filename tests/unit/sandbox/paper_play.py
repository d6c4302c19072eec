"""Runs a strategy on paper over a tape."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from pathlib import Path

from connector_sdk.sandbox.paper import paper_replay
from connector_sdk.sandbox.paper_market import PaperMarket
from paper_tape import PAIR

FUNDS: Mapping[str, Decimal | str | int] = {"BTC": "10", "USDT": 10_000}
Play = Callable[[PaperMarket], Awaitable[None]]


def run(tape: Path, play: Play, **options: object) -> None:
    """Let `play` trade on paper over a tape."""

    async def main() -> None:
        given = {"balances": FUNDS, **options}
        market = paper_replay("binance", tape, [PAIR], **given)  # type: ignore[arg-type]  # mixed
        async with market:
            await market.ready()
            await play(market)

    asyncio.run(main())
