"""Nonces: they only rise, over tasks, restarts, crashes and clocks set back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from itertools import pairwise

import pytest

from connector_sdk.errors import StoreFailed
from connector_sdk.testing.manual_clock import START_NS, ManualClock
from connector_sdk.transport.nonces import BLOCK_NS, Nonces

HOUR_NS = 3_600_000_000_000


class Marks:
    """A memory of marks that outlives its process, and takes a moment to write."""

    def __init__(self, clock: ManualClock) -> None:
        self.kept: dict[str, int] = {}
        self.clock = clock
        self.saves = 0
        self.full = False

    async def save_marks(self, marks: Mapping[str, int]) -> None:
        await self.clock.sleep(0.01)
        if self.full:
            raise StoreFailed("the disk is full")
        self.saves += 1
        for name, value in marks.items():
            self.kept[name] = max(self.kept.get(name, 0), value)

    async def load_marks(self) -> Mapping[str, int]:
        await self.clock.sleep(0.01)
        return dict(self.kept)


@pytest.mark.parametrize("seed", range(5))
async def test_ten_thousand_tasks_get_ten_thousand_rising_numbers(seed: int) -> None:
    draw = random.Random(seed)
    clock = ManualClock()
    nonces = Nonces("key", marks := Marks(clock), clock)
    taken: list[int] = []

    async def request() -> None:
        await clock.sleep(draw.random() * 200)
        taken.append(await nonces.take())

    async with asyncio.TaskGroup() as tasks:
        for _ in range(10_000):
            tasks.create_task(request())
        await clock.advance(201)
    assert len(taken) == 10_000
    assert all(before < after for before, after in pairwise(taken))
    assert marks.saves <= 5  # a block lasts a minute, not a request


async def test_a_crash_and_a_clock_set_back_an_hour_reuse_nothing() -> None:
    clock = ManualClock()
    marks = Marks(clock)
    highest = 0
    for start_ns in (START_NS, START_NS - HOUR_NS, START_NS - HOUR_NS, START_NS + HOUR_NS):
        clock = marks.clock = ManualClock(start_ns)
        nonces = Nonces("key", marks, clock)
        for _ in range(3):
            taking = asyncio.create_task(nonces.take())
            await clock.advance(0.1)
            number = await taking
            assert number > highest
            highest = number
    assert highest >= START_NS + HOUR_NS  # where the clock is ahead, it leads


async def test_no_number_is_given_out_before_its_mark_is_written() -> None:
    clock = ManualClock()
    marks = Marks(clock)
    nonces = Nonces("key", marks, clock)
    taking = asyncio.create_task(nonces.take())
    await clock.advance(0.015)
    assert not taking.done()
    await clock.advance(0.01)
    assert await taking <= marks.kept["nonce key"]
    assert marks.kept["nonce key"] - clock.now_ns() <= BLOCK_NS


async def test_where_the_mark_cannot_be_written_there_is_no_number() -> None:
    clock = ManualClock()
    marks = Marks(clock)
    marks.full = True
    nonces = Nonces("key", marks, clock)
    taking = asyncio.create_task(nonces.take())
    await clock.advance(0.1)
    with pytest.raises(StoreFailed):
        await taking
    marks.full = False
    taking = asyncio.create_task(nonces.take())
    await clock.advance(0.1)
    assert await taking


async def test_keys_do_not_share_their_numbers() -> None:
    clock = ManualClock()
    marks = Marks(clock)
    for name in ("one", "other"):
        taking = asyncio.create_task(Nonces(name, marks, clock).take())
        await clock.advance(0.1)
        await taking
    assert set(marks.kept) == {"nonce one", "nonce other"}
