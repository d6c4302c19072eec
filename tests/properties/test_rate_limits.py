"""Whatever twenty tasks do, at any number of limiters: no window ever exceeds its limit."""

from __future__ import annotations

import asyncio
import random
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import pytest

from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.shared_budget import BudgetFolder

SEEDS, SEEDS_OF_CAMPAIGN = 30, 500
SEEDS_SHARED, SEEDS_SHARED_OF_CAMPAIGN = 2, 100
TASKS = 20
SECOND_NS = 1_000_000_000
POOLS = (
    RateLimitPool(name="minute", limit=40, window_s=60, reserve=0.1),
    RateLimitPool(name="ten", limit=12, window_s=10, reserve=0.25, per_key=True),
    RateLimitPool(name="second", limit=4, window_s=1),
)


@dataclass
class Account:
    """What the venue counted: it counts a request at some moment before its answer."""

    clock: ManualClock
    draw: random.Random
    limiters: Sequence[RateLimiter]
    counted: list[tuple[int, Mapping[str, int]]] = field(default_factory=list)
    given_up: int = 0
    going: int = 0

    async def request(self, limiter: RateLimiter) -> None:
        """One request of random costs, which may be given up while it waits or on its way."""
        draw = self.draw
        costs = {p.name: draw.randint(1, 3) for p in draw.sample(POOLS, draw.randint(1, 3))}
        slow = draw.random() < 0.1
        try:
            async with (
                self.clock.timeout(draw.choice([0.5, 20, 1e6])),
                limiter.passage(costs, draw.choice(list(Priority))),
            ):
                try:
                    await self.clock.sleep(draw.random() * (8 if slow else 0.3))
                finally:
                    self.counted.append((self.clock.now_ns(), costs))
                await self.clock.sleep(draw.random() * 0.3)
        except TimeoutError:
            self.given_up += 1

    async def contend(self) -> None:
        self.going += 1
        for _ in range(self.draw.randint(3, 8)):
            await self.clock.sleep(self.draw.random() ** 4 * 40)
            await self.request(self.draw.choice(self.limiters))
        self.going -= 1

    async def run(self) -> float:
        """All tasks to their ends; returns how long that took, s."""
        begun_ns = self.clock.now_ns()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(TASKS):
                tasks.create_task(self.contend())
            while self.going or self.clock.now_ns() == begun_ns:
                await self.clock.advance(5)
                self.disturb()
        return (self.clock.now_ns() - begun_ns) / SECOND_NS

    def disturb(self) -> None:
        """What the venue says of itself now and then."""
        limiter, pool = self.draw.choice(self.limiters), self.draw.choice(POOLS)
        if self.draw.random() < 0.05:
            limiter.freeze(pool.name, self.draw.random() * 5)

    def most(self, pool: RateLimitPool) -> int:
        """The most that lay within any window of `pool`."""
        trace = sorted((at, costs[pool.name]) for at, costs in self.counted if pool.name in costs)
        times = [at for at, _ in trace]
        sums = [0, *accumulate(cost for _, cost in trace)]
        width_ns = int(pool.window_s * SECOND_NS)
        ends = [bisect_left(times, at + width_ns) for at in times]
        return max((sums[end] - sums[i] for i, end in enumerate(ends)), default=0)


async def contest(seed: int, folder: Path | None, processes: int) -> None:
    clock, draw = ManualClock(), random.Random(seed)
    kept = None if folder is None else BudgetFolder(folder, "venue", "http://venue", "key")
    limiters = [RateLimiter(POOLS, clock, folder=kept) for _ in range(processes)]
    account = Account(clock, draw, limiters)
    took_s = await account.run()
    most = {pool.name: account.most(pool) for pool in POOLS}
    assert all(most[pool.name] <= pool.limit for pool in POOLS), (seed, most)
    assert all(limiter.waiting == 0 for limiter in limiters)
    spent = {p.name: sum(costs.get(p.name, 0) for _, costs in account.counted) for p in POOLS}
    fastest_s = max(spent[p.name] / p.limit * p.window_s for p in POOLS)
    assert took_s <= 3 * fastest_s + 200, (seed, took_s, fastest_s)


@pytest.mark.campaign
async def test_no_window_exceeds_its_limit_when_one_limiter_is_contended(campaign: bool) -> None:
    for seed in range(SEEDS_OF_CAMPAIGN if campaign else SEEDS):
        await contest(seed, None, 1)


@pytest.mark.campaign
async def test_no_window_exceeds_its_limit_when_processes_share_a_budget(
    campaign: bool, tmp_path: Path
) -> None:
    for seed in range(SEEDS_SHARED_OF_CAMPAIGN if campaign else SEEDS_SHARED):
        await contest(seed, tmp_path / str(seed), 2 + seed % 3)
