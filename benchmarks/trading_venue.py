"""The embedded venue with raised limits, for clients that are measured. Prints its ready line."""

from __future__ import annotations

import asyncio
import json
import os
import sys

from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk_binance.sandbox import dialect
from followed import PAIR

ACCOUNTS = 5


async def serve(flow: float) -> None:
    venue = EmbeddedVenue(
        dialect, [PAIR], flow=flow, rules=dialect.rules.raised(), accounts=ACCOUNTS
    )
    async with venue:
        print(json.dumps(venue.ready_line()), flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    flow, core = float(sys.argv[1]), int(sys.argv[2])
    if core >= 0:
        os.sched_setaffinity(0, {core})
    asyncio.run(serve(flow))
