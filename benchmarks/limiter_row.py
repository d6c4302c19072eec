"""What one request pays the rate limiter, with 6,000 others in the window."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from statistics import median
from time import process_time

from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority
from connector_sdk.transport.clock import SystemClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.shared_budget import BudgetFolder
from table import Measured, Skipped
from timing import uncollected

CALLS = 6_000
LAP = 500
ROUNDS = 15
COSTS = {"weight": 1, "orders_10s": 1, "orders_1d": 1}
SPREAD_S = 2.0
"""The calls come over this time, so that they are not all one grain of the window."""


def measure_limiter(_: set[str]) -> dict[str, Measured | Skipped]:
    alone = asyncio.run(_acquire_us(None))
    with tempfile.TemporaryDirectory() as folder:
        shared = asyncio.run(_acquire_us(BudgetFolder(Path(folder), "binance", "account")))
    note = f"three pools, shared with other processes; alone {alone:.1f}"
    return {"limiter": Measured(shared, note)}


async def _acquire_us(folder: BudgetFolder | None) -> float:
    clock = SystemClock()
    pools = [
        RateLimitPool(name=name, limit=100_000, window_s=window_s)
        for name, window_s in (("weight", 60.0), ("orders_10s", 60.0), ("orders_1d", 86_400.0))
    ]
    limiter = RateLimiter(pools, clock, folder=folder)
    for _ in range(CALLS // 100):
        for _ in range(100):
            await limiter.acquire(COSTS, Priority.PLACE)
        await clock.sleep(SPREAD_S / (CALLS // 100))
    if limiter.used("weight") < CALLS:
        raise RuntimeError(f"only {limiter.used('weight')} calls are in the window")
    times: list[float] = []
    with uncollected():
        for _ in range(ROUNDS):
            begin = process_time()
            for _ in range(LAP):
                await limiter.acquire(COSTS, Priority.PLACE)
            times.append((process_time() - begin) / LAP * 1e6)
    limiter.close()
    return median(times)
