"""The supervisor: what it starts again, and how it ends."""

from __future__ import annotations

import asyncio

import pytest

from connector_sdk.errors import InvariantError
from connector_sdk.runtime.supervisor import Supervisor
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.backoff import Backoff


async def started() -> Supervisor:
    clock = ManualClock()
    supervisor = Supervisor(clock, Backoff(clock))
    await supervisor.start()
    return supervisor


async def test_a_task_about_to_go_on_does_not_once_closing_has_begun() -> None:
    supervisor = await started()
    due, steps = asyncio.Event(), list[str]()

    async def work() -> None:
        await due.wait()
        steps.append("went on")

    supervisor.keep("work", work)
    await asyncio.sleep(0)
    due.set()
    await supervisor.close()
    assert steps == []
    assert supervisor.failures == {}


async def test_a_task_that_cleans_up_is_cancelled_once_and_waited_for() -> None:
    supervisor = await started()
    steps: list[str] = []

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            steps.append("cleaned up")

    supervisor.keep("work", work)
    await asyncio.sleep(0)
    await supervisor.close()
    assert steps == ["cleaned up"]


async def test_a_closed_supervisor_takes_no_task_and_closes_again() -> None:
    supervisor = await started()
    await supervisor.close()
    await supervisor.close()
    with pytest.raises(InvariantError):
        supervisor.spawn("work", lambda: asyncio.sleep(0))
