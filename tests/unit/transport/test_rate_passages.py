"""What a request on its way costs, who may use the reserve, and the pools of a pair."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.rate_limiter import RateLimiter

WEIGHT = RateLimitPool(name="weight", limit=10, window_s=60, reserve=0.2)
DAILY = RateLimitPool(name="daily", limit=2, window_s=86_400)
OF_PAIR = RateLimitPool(name="orders {pair}", limit=1, window_s=10)


class Contest:
    """A limiter under a manual clock, and what it let go, when."""

    def __init__(self, *pools: RateLimitPool, share: float = 1.0) -> None:
        self.clock = ManualClock()
        self.limiter = RateLimiter(pools, self.clock, share=share)
        self.went: dict[str, float] = {}
        self._start_ns = self.clock.now_ns()

    async def go(
        self,
        name: str,
        costs: Mapping[str, int],
        priority: Priority = Priority.POLL,
        takes_s: float = 0,
    ) -> None:
        async with self.limiter.passage(costs, priority):
            self.went[name] = (self.clock.now_ns() - self._start_ns) / 1e9
            await self.clock.sleep(takes_s)


async def test_a_weight_stays_from_its_departure_until_a_window_after_its_answer() -> None:
    contest = Contest(RateLimitPool(name="weight", limit=10, window_s=60))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("slow", {"weight": 10}, takes_s=100))
        await contest.clock.settle()
        tasks.create_task(contest.go("next", {"weight": 1}))
        await contest.clock.advance(99)
        assert contest.limiter.used("weight") == 10
        await contest.clock.advance(60)
        assert "next" not in contest.went
        await contest.clock.advance(2)
    assert contest.went["next"] > 160


async def test_an_answer_on_its_way_wakes_nobody_too_early_and_nobody_too_late() -> None:
    contest = Contest(RateLimitPool(name="weight", limit=1, window_s=1), DAILY)
    async with asyncio.TaskGroup() as tasks:
        for _ in range(2):
            tasks.create_task(contest.go("today", {"daily": 1}))
        tasks.create_task(contest.go("tomorrow", {"daily": 1}))
        tasks.create_task(contest.go("slow", {"weight": 1}, takes_s=5))
        tasks.create_task(contest.go("next", {"weight": 1}))
        await contest.clock.advance(7)
        assert 6 < contest.went["next"] < 6.1
        await contest.clock.advance(86_400 + 200)
    assert "tomorrow" in contest.went


@pytest.mark.parametrize("priority", list(Priority))
async def test_the_reserve_is_for_cancels_and_reconciliation_alone(priority: Priority) -> None:
    contest = Contest(WEIGHT)
    await contest.go("polls", {"weight": 8})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("asks", {"weight": 2}, priority))
        await contest.clock.settle()
        urgent = priority in {Priority.CANCEL, Priority.RECONCILE}
        assert ("asks" in contest.went) is urgent
        await contest.clock.advance(61)
    assert "asks" in contest.went


async def test_what_is_urgent_leaves_the_reserve_to_what_is_urgent() -> None:
    contest = Contest(WEIGHT)
    await contest.go("cancels", {"weight": 3}, Priority.CANCEL)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("polls", {"weight": 6}))
        await contest.clock.settle()
        assert "polls" not in contest.went  # 5 are left beside the reserve of 2
        tasks.create_task(contest.go("cancel", {"weight": 7}, Priority.CANCEL))
        await contest.clock.settle()
        assert "cancel" in contest.went
        await contest.clock.advance(200)


def test_a_cost_beyond_what_the_reserve_leaves_is_refused_before_anything_is_sent() -> None:
    limiter = Contest(WEIGHT).limiter
    limiter.check({"weight": 10}, Priority.CANCEL)
    with pytest.raises(ConfigError, match="costs 9 of pool weight, which holds 8"):
        limiter.check({"weight": 9}, Priority.PLACE)


async def test_who_waits_for_tomorrow_holds_up_nobody_today() -> None:
    contest = Contest(RateLimitPool(name="weight", limit=10, window_s=60), DAILY)
    await contest.go("both", {"weight": 1, "daily": 2})
    async with asyncio.TaskGroup() as tasks:
        order = tasks.create_task(contest.go("order", {"weight": 1, "daily": 1}, Priority.PLACE))
        await contest.clock.settle()
        for number in range(20):
            tasks.create_task(contest.go(f"poll {number}", {"weight": 1}))
        await contest.clock.advance(200)
        # But its own weight is kept for it: with it, polls would have left nothing.
        assert "poll 19" in contest.went
        assert contest.went["poll 7"] == 0
        assert contest.went["poll 8"] > 60
        order.cancel()


async def test_one_who_needs_much_of_two_pools_is_not_starved_by_many_who_need_one() -> None:
    contest = Contest(
        RateLimitPool(name="a", limit=4, window_s=10), RateLimitPool(name="b", limit=4, window_s=7)
    )

    async def stream(pool: str) -> None:
        for number in range(100):
            await contest.go(f"{pool} {number}", {pool: 1})

    async with asyncio.TaskGroup() as tasks:
        streams = [tasks.create_task(stream(pool)) for pool in ("a", "b")]
        await contest.clock.advance(3)
        tasks.create_task(contest.go("large", {"a": 4, "b": 4}))
        await contest.clock.advance(25)
        assert "large" in contest.went
        for running in streams:
            running.cancel()


async def test_the_one_who_keeps_the_time_may_leave_and_another_does() -> None:
    contest = Contest(WEIGHT)
    await contest.go("fills", {"weight": 8})
    async with asyncio.TaskGroup() as tasks:
        leader = tasks.create_task(contest.go("leader", {"weight": 1}))
        await contest.clock.settle()
        for number in range(3):
            tasks.create_task(contest.go(str(number), {"weight": 1}))
        await contest.clock.settle()
        leader.cancel()
        await contest.clock.advance(61)
    assert list(contest.went) == ["fills", "0", "1", "2"]


async def test_a_share_of_the_limits_is_all_that_is_used() -> None:
    contest = Contest(WEIGHT, share=0.5)
    await contest.go("half", {"weight": 4})
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(contest.go("more", {"weight": 1}))
        await contest.clock.advance(59)
        assert "more" not in contest.went
        await contest.clock.advance(2)
    for share in (0, 1.1):
        with pytest.raises(ConfigError, match="share of the rate limits"):
            Contest(WEIGHT, share=share)


async def test_each_pair_has_a_pool_of_its_own_where_the_venue_counts_by_pair() -> None:
    contest = Contest(OF_PAIR)
    async with asyncio.TaskGroup() as tasks:
        for name in ("A-B", "C-D", "A-B again"):
            tasks.create_task(contest.go(name, {f"orders {name[:3]}": 1}))
        await contest.clock.advance(9)
        assert list(contest.went) == ["A-B", "C-D"]
        await contest.clock.advance(2)
    contest.limiter.freeze(None, 60)
    async with asyncio.TaskGroup() as tasks:
        banned = tasks.create_task(contest.go("E-F", {"orders E-F": 1}))
        await contest.clock.advance(59)
        assert "E-F" not in contest.went
        await contest.clock.advance(2)
        assert banned.done()
    for name in ("orders ", "order A-B", "orders"):
        with pytest.raises(ConfigError, match=r"no rate-limit pool .*known: .*orders \{pair\}"):
            contest.limiter.check({name: 1})


async def test_ten_thousand_who_wait_are_served_in_order_and_without_delay() -> None:
    contest = Contest(RateLimitPool(name="weight", limit=1_000, window_s=1))
    async with asyncio.TaskGroup() as tasks:
        for number in range(10_000):
            tasks.create_task(contest.go(str(number), {"weight": 1}))
        await contest.clock.advance(11)
    assert list(contest.went) == [str(number) for number in range(10_000)]
    assert contest.limiter.waiting == 0
    assert max(contest.went.values()) < 9.1
