"""Backoff: exponential, capped, full jitter, repeatable, on the clock it is given."""

from __future__ import annotations

import asyncio

import pytest

from connector_sdk.errors import ConnectFailed
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.backoff import Backoff, Spacing

SPACING = Spacing(first_s=0.5, cap_s=8.0)


def test_waits_grow_up_to_the_cap_and_are_spread_over_all_that_lies_below() -> None:
    backoff = Backoff(ManualClock(), SPACING, seed=1)
    for attempt, ceiling in ((1, 0.5), (2, 1.0), (3, 2.0), (5, 8.0), (50, 8.0), (5_000, 8.0)):
        waits = [backoff.delay_s(attempt) for _ in range(2_000)]
        assert 0.0 <= min(waits) < ceiling * 0.02
        assert ceiling * 0.98 < max(waits) <= ceiling
        assert abs(sum(waits) / len(waits) - ceiling / 2) < ceiling * 0.05


def test_no_failure_is_no_wait() -> None:
    assert Backoff(ManualClock(), SPACING).delay_s(0) == 0.0


def test_a_seed_repeats_the_jitter_and_no_seed_does_not() -> None:
    def waits(seed: int | None) -> list[float]:
        backoff = Backoff(ManualClock(), SPACING, seed)
        return [backoff.delay_s(5) for _ in range(5)]

    assert waits(3) == waits(3)
    assert waits(None) != waits(None)


async def test_it_waits_on_the_clock_it_was_given() -> None:
    clock = ManualClock()
    waiting = asyncio.create_task(Backoff(clock, Spacing(100.0, 1e4), seed=2).pause(8))
    await clock.advance(1)
    assert not waiting.done()
    await clock.advance(1e4)
    assert waiting.done()


async def test_retrying_calls_again_for_the_errors_named_and_raises_the_last() -> None:
    clock = ManualClock()
    calls = 0

    async def fail() -> None:
        nonlocal calls
        calls += 1
        raise ConnectFailed(f"call {calls}")

    async def persist() -> None:
        await Backoff(clock, SPACING).retrying(3, ConnectFailed)(fail)

    trying = asyncio.create_task(persist())
    await clock.advance(60)
    with pytest.raises(ConnectFailed, match="call 3"):
        await trying
    with pytest.raises(ConnectFailed, match="call 4"):
        await Backoff(clock, SPACING).retrying(3, ValueError)(fail)
