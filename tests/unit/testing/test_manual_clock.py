"""ManualClock: sleepers and timeouts in order, and nothing moves by itself."""

from __future__ import annotations

import asyncio

import pytest

from connector_sdk.testing.manual_clock import ManualClock

SECOND_NS = 1_000_000_000


async def test_sleepers_wake_in_the_order_of_their_times_and_see_the_time_they_asked_for() -> None:
    clock = ManualClock()
    start_ns = clock.now_ns()
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, *naps: float) -> None:
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, (clock.now_ns() - start_ns) / SECOND_NS))

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sleeper("long", 10))
        tasks.create_task(sleeper("short", 3, 3, 3))
        await clock.advance(5)
        assert woken == [("short", 3)]
        await clock.advance(5)
    assert woken == [("short", 3), ("short", 6), ("short", 9), ("long", 10)]
    assert clock.now_ns() == start_ns + 10 * SECOND_NS


async def test_a_timeout_ends_its_block_when_time_was_advanced_that_far_and_not_before() -> None:
    clock = ManualClock()

    async def patient() -> str:
        try:
            async with clock.timeout(30):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            return "timed out"
        return "?"

    waiting = asyncio.create_task(patient())
    await clock.advance(29)
    assert not waiting.done()
    await clock.advance(2)
    assert await waiting == "timed out"


async def test_a_block_that_ends_in_time_is_left_alone() -> None:
    clock = ManualClock()
    async with clock.timeout(5):
        pass
    await clock.advance(10)


async def test_a_cancellation_from_outside_passes_through_a_timeout() -> None:
    clock = ManualClock()

    async def patient() -> None:
        async with clock.timeout(30):
            await clock.sleep(60)

    waiting = asyncio.create_task(patient())
    await clock.advance(1)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_a_sleeper_sets_off_settles_before_time_goes_on() -> None:
    clock = ManualClock()
    queue: asyncio.Queue[int] = asyncio.Queue()
    seen: list[tuple[int, int]] = []

    async def producer() -> None:
        for number in range(3):
            await clock.sleep(1)
            await queue.put(number)

    async def consumer() -> None:
        while len(seen) < 3:
            seen.append((await queue.get(), clock.now_ns()))

    start_ns = clock.now_ns()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(producer())
        tasks.create_task(consumer())
        await clock.advance(100)
    assert seen == [(n, start_ns + (n + 1) * SECOND_NS) for n in range(3)]
