"""RateLimiter: never more than the limit in any window, in turn, and nothing for who leaves."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from time import process_time

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.rate_limiter import RateLimiter

SECOND_NS = 1_000_000_000
WEIGHT = RateLimitPool(name="weight", limit=10, window_s=60)
ORDERS = RateLimitPool(name="orders", limit=3, window_s=10)


class Contest:
    """A limiter under a manual clock, and what it let go, when."""

    def __init__(self, *pools: RateLimitPool) -> None:
        self.clock = ManualClock()
        self.limiter = RateLimiter(pools or (WEIGHT, ORDERS), self.clock)
        self.went: list[tuple[str, float]] = []
        self._start_ns = self.clock.now_ns()

    @property
    def now_s(self) -> float:
        return (self.clock.now_ns() - self._start_ns) / SECOND_NS

    async def go(
        self, name: str, costs: Mapping[str, int], priority: Priority = Priority.POLL
    ) -> None:
        await self.limiter.acquire(costs, priority)
        self.went.append((name, self.now_s))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.went]


@pytest.mark.parametrize("seed", range(20))
async def test_no_window_ever_exceeds_a_limit_with_twenty_tasks_contending(seed: int) -> None:
    draw = random.Random(seed)
    pools = (WEIGHT, ORDERS, RateLimitPool(name="fast", limit=5, window_s=1))
    contest = Contest(*pools)
    spent: list[tuple[int, Mapping[str, int]]] = []

    async def contender() -> None:
        for _ in range(draw.randint(3, 8)):
            await contest.clock.sleep(draw.random() * 20)
            chosen = draw.sample(pools, draw.randint(1, 3))
            costs = {pool.name: draw.randint(1, 3) for pool in chosen}
            try:
                async with contest.clock.timeout(draw.choice([0.5, 1e6])):
                    await contest.limiter.acquire(costs, draw.choice(list(Priority)))
            except TimeoutError:
                continue
            spent.append((contest.clock.now_ns(), costs))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(20):
            tasks.create_task(contender())
        for _ in range(60):
            await contest.clock.advance(60)
    assert contest.limiter.waiting == 0
    for pool in pools:
        window_ns = int(pool.window_s * SECOND_NS)
        trace = [(at, costs[pool.name]) for at, costs in spent if pool.name in costs]
        for first, _ in trace:
            within = sum(cost for at, cost in trace if first <= at < first + window_ns)
            assert within <= pool.limit


async def test_a_request_takes_from_all_its_pools_or_from_none() -> None:
    contest = Contest()
    await contest.go("fills orders", {"orders": 3})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("both", {"orders": 1, "weight": 10}))
        await contest.clock.settle()
        assert contest.limiter.used("weight") == 0
        await contest.clock.advance(11)
    assert contest.names == ["fills orders", "both"]
    assert contest.limiter.used("weight") == 10


async def test_equals_are_served_in_the_order_they_came() -> None:
    contest = Contest()
    async with asyncio.TaskGroup() as tasks:
        for number in range(9):
            tasks.create_task(contest.go(str(number), {"orders": 1}))
        await contest.clock.advance(40)
    assert contest.names == [str(number) for number in range(9)]
    assert [int(at // 10) for _, at in contest.went] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


async def test_a_small_request_does_not_overtake_a_large_one() -> None:
    contest = Contest()
    await contest.go("first", {"weight": 5})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("large", {"weight": 9}))
        await contest.clock.settle()
        tasks.create_task(contest.go("small", {"weight": 1}))
        await contest.clock.advance(130)
    assert contest.names == ["first", "large", "small"]


async def test_a_cancel_is_served_before_queued_polls() -> None:
    contest = Contest()
    await contest.go("fills", {"orders": 3})
    async with asyncio.TaskGroup() as tasks:
        for number in range(3):
            tasks.create_task(contest.go(f"poll {number}", {"orders": 1}))
        await contest.clock.settle()
        tasks.create_task(contest.go("cancel", {"orders": 1}, Priority.CANCEL))
        await contest.clock.advance(40)
    assert contest.names[1] == "cancel"


async def test_who_waits_for_one_pool_does_not_hold_up_those_who_need_another() -> None:
    contest = Contest()
    await contest.go("fills", {"orders": 3})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("waits", {"orders": 1}, Priority.CANCEL))
        await contest.clock.settle()
        tasks.create_task(contest.go("passes", {"weight": 1}))
        await contest.clock.settle()
        assert contest.names == ["fills", "passes"]
        await contest.clock.advance(11)
    assert contest.names == ["fills", "passes", "waits"]


async def test_a_cancelled_waiter_consumes_nothing_and_the_next_takes_over() -> None:
    contest = Contest()
    await contest.go("fills", {"orders": 3})
    async with asyncio.TaskGroup() as tasks:
        leaving = tasks.create_task(contest.go("leaves", {"orders": 3}))
        await contest.clock.settle()
        tasks.create_task(contest.go("stays", {"orders": 3}))
        await contest.clock.advance(5)
        leaving.cancel()
        await contest.clock.advance(6)
    assert contest.names == ["fills", "stays"]
    assert contest.limiter.used("orders") == 3


async def test_a_waiter_cancelled_in_the_moment_it_is_served_gives_back() -> None:
    contest = Contest()
    await contest.go("fills", {"orders": 3})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("leader", {"orders": 1}))
        await contest.clock.settle()
        leaving = tasks.create_task(contest.go("leaves", {"orders": 1}))
        await contest.clock.settle()
        contest.clock._now_ns += 11 * SECOND_NS
        # Served by the leader within this turn, cancelled before its own task runs again.
        contest.limiter._serve()
        leaving.cancel()
        await contest.clock.advance(1)
    assert contest.names == ["fills", "leader"]
    assert contest.limiter.used("orders") == 1


async def test_a_frozen_pool_lets_nothing_go_for_that_long_and_others_go_on() -> None:
    contest = Contest()
    contest.limiter.freeze("orders", 7)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("orders", {"orders": 1}))
        tasks.create_task(contest.go("weight", {"weight": 1}))
        await contest.clock.advance(6.9)
        assert contest.names == ["weight"]
        await contest.clock.advance(0.2)
        assert contest.names == ["weight", "orders"]
        contest.limiter.freeze(None, 3)
        tasks.create_task(contest.go("banned", {"weight": 1}))
        await contest.clock.advance(2.9)
        assert "banned" not in contest.names
        await contest.clock.advance(0.2)
    assert contest.names[-1] == "banned"


async def test_a_freeze_that_comes_while_one_waits_is_kept() -> None:
    contest = Contest()
    await contest.go("fills", {"orders": 3})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("waits", {"orders": 1}))
        await contest.clock.advance(5)
        contest.limiter.freeze("orders", 30)
        await contest.clock.advance(29)
        assert contest.names == ["fills"]
        await contest.clock.advance(2)
    assert contest.names == ["fills", "waits"]


async def test_the_venues_own_count_is_believed_where_it_is_higher() -> None:
    contest = Contest()
    await contest.go("ours", {"weight": 2})
    contest.limiter.observe("weight", 1)
    assert contest.limiter.used("weight") == 2
    contest.limiter.observe("weight", 9)
    assert contest.limiter.used("weight") == 9
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("waits", {"weight": 2}))
        await contest.clock.advance(59)
        assert contest.names == ["ours"]
        await contest.clock.advance(2)
    assert contest.names == ["ours", "waits"]


async def test_pools_that_do_not_exist_and_costs_beyond_any_budget_are_refused() -> None:
    limiter = Contest().limiter
    with pytest.raises(ConfigError, match=r"'wieght'.*known: weight, orders"):
        await limiter.acquire({"wieght": 1})
    with pytest.raises(ConfigError, match="costs 11 of pool weight, which holds 10"):
        limiter.check({"weight": 11})
    await limiter.acquire({})
    await limiter.acquire({"weight": 0})
    assert limiter.used("weight") == 0


async def test_an_acquire_costs_the_same_with_six_thousand_in_the_window() -> None:
    limiter = RateLimiter([RateLimitPool(name="weight", limit=60_000, window_s=60)], ManualClock())
    for _ in range(6_000):
        await limiter.acquire({"weight": 1})
    begun = process_time()
    for _ in range(1_000):
        await limiter.acquire({"weight": 1})
    assert process_time() - begun < 0.5  # ten times the bound of the design: a shape, not a race
    assert len(limiter._windows["weight"]._spent) < 600
