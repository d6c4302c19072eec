"""Turns: one at a time, the most urgent first, and nothing is lost with who leaves."""

from __future__ import annotations

import asyncio

from connector_sdk.model.wire import Priority
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.turns import Turns


class Queue:
    """Who held a turn, in order; each holds it for a second."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.turns = Turns()
        self.held: list[str] = []
        self.inside = 0

    async def hold(self, name: str, priority: Priority) -> None:
        async with self.turns.turn(priority):
            self.inside += 1
            assert self.inside == 1
            self.held.append(name)
            await self.clock.sleep(1)
            self.inside -= 1


async def test_a_cancel_goes_before_polls_that_came_first_and_equals_go_in_order() -> None:
    queue = Queue()
    async with asyncio.TaskGroup() as tasks:
        for name in ("poll 1", "poll 2", "poll 3"):
            tasks.create_task(queue.hold(name, Priority.POLL))
        await queue.clock.settle()
        tasks.create_task(queue.hold("cancel", Priority.CANCEL))
        await queue.clock.advance(10)
    assert queue.held == ["poll 1", "cancel", "poll 2", "poll 3"]


async def test_one_who_leaves_the_queue_passes_its_turn_on() -> None:
    queue = Queue()
    async with asyncio.TaskGroup() as tasks:
        async with queue.turns.turn(Priority.POLL):
            leaving = tasks.create_task(queue.hold("leaves", Priority.POLL))
            handed = tasks.create_task(queue.hold("handed and gone", Priority.POLL))
            tasks.create_task(queue.hold("last", Priority.POLL))
            await queue.clock.settle()
            leaving.cancel()
            await queue.clock.settle()
        handed.cancel()  # the turn went to it, and it has not woken yet
        await queue.clock.advance(10)
    assert queue.held == ["last"]
    async with asyncio.timeout(1), queue.turns.turn(Priority.POLL):
        pass
