"""ServerClock: stamps lie within the venue's window, whatever the clocks and the line do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from connector_sdk.errors import Disconnected, Sent, TransportError, WireError
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.server_clock import (
    MOST_READINGS,
    ServerClock,
    TimeReading,
    agreed_offset_ns,
)

MS = 1_000_000
SECOND_NS = 1_000_000_000
RECEIVE_WINDOW_MS = 5_000
AHEAD_MS = 1_000


class Venue:
    """A venue whose clock differs from ours, over a line that takes its time."""

    def __init__(self, skew_s: float, draw: random.Random, slowest_s: float = 0.4) -> None:
        self.clock = ManualClock()
        self.skew_ns = int(skew_s * SECOND_NS)
        self.draw = draw
        self.slowest_s = slowest_s
        self.asked = 0
        self.absurd: Callable[[int], int | None] = lambda _: None

    def now_ns(self) -> int:
        return self.clock.now_ns() + self.skew_ns

    async def ask(self) -> TimeReading:
        """Its time in whole milliseconds; the two ways take whatever they take."""
        self.asked += 1
        number = self.asked
        sent_ns = self.clock.now_ns()
        await self.clock.sleep(self.draw.uniform(0.001, self.slowest_s))
        told_ns = self.absurd(number) or self.now_ns() // MS * MS
        await self.clock.sleep(self.draw.uniform(0.001, self.slowest_s))
        return TimeReading(told_ns, sent_ns, self.clock.now_ns())

    async def synced(self) -> ServerClock:
        server = ServerClock(self.clock, self.ask)
        await self.during(server.resync())
        return server

    async def during(self, resync: Awaitable[object]) -> None:
        task = asyncio.ensure_future(resync)
        while not task.done():
            await self.clock.advance(0.05)
        await task


@pytest.mark.parametrize("skew_s", [-5.0, -0.7, 0.0, 0.3, 5.0])
@pytest.mark.parametrize("seed", range(10))
async def test_a_stamp_is_never_ahead_of_the_venue_and_hardly_behind_it(
    skew_s: float, seed: int
) -> None:
    venue = Venue(skew_s, random.Random(seed))
    server = await venue.synced()
    behind_ms = venue.now_ns() / MS - server.now_ms()
    assert 0 <= behind_ms <= 2 * venue.slowest_s * 1000 + 1
    arrives_ms = behind_ms + venue.slowest_s * 1000
    assert -AHEAD_MS < 0 <= arrives_ms <= RECEIVE_WINDOW_MS


@pytest.mark.parametrize("lie_ns", [1, 3600 * SECOND_NS, 4_000_000_000 * SECOND_NS])
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_one_absurd_reading_changes_nothing(lie_ns: int, number: int) -> None:
    venue = Venue(2.0, random.Random(number))
    venue.absurd = lambda asked: lie_ns if asked == number else None
    server = await venue.synced()
    assert 0 <= venue.now_ns() - server.now_ns() <= 0.8 * SECOND_NS + MS


async def test_the_shortest_round_trips_decide() -> None:
    trips_s = [0.8, 0.004, 0.6]
    readings = [
        TimeReading(
            int(5 * SECOND_NS + trip * 0.9 * SECOND_NS) // MS * MS, 0, int(trip * SECOND_NS)
        )
        for trip in trips_s
    ]
    offset_ns = agreed_offset_ns(readings)
    assert offset_ns is not None
    assert 5 * SECOND_NS - 4 * MS <= offset_ns <= 5 * SECOND_NS


async def test_readings_that_contradict_each_other_leave_the_offset_as_it_was() -> None:
    venue = Venue(3.0, random.Random(1))
    server = await venue.synced()
    before_ns = server.offset_ns
    venue.absurd = lambda asked: asked * 3600 * SECOND_NS
    with pytest.raises(WireError, match=f"no 3 of {MOST_READINGS} readings"):
        await venue.during(server.resync())
    assert server.offset_ns == before_ns


async def test_who_asks_while_a_resync_runs_shares_it() -> None:
    venue = Venue(1.0, random.Random(1))
    server = ServerClock(venue.clock, venue.ask)
    await venue.during(asyncio.gather(*(server.resync() for _ in range(20))))
    assert venue.asked == 3
    await venue.during(server.resync())
    assert venue.asked == 6


async def test_one_lost_answer_is_forgiven_and_two_are_told_to_all_who_wait() -> None:
    venue = Venue(1.0, random.Random(1))
    lost = 1

    async def ask() -> TimeReading:
        nonlocal lost
        if lost:
            lost -= 1
            await venue.clock.sleep(0.1)
            raise Disconnected("venue: cut", Sent.MAYBE)
        return await venue.ask()

    server = ServerClock(venue.clock, ask)
    await venue.during(server.resync())
    offset_ns, lost = server.offset_ns, 2
    waiting = [asyncio.create_task(server.resync()) for _ in range(3)]
    await venue.clock.advance(1)
    said = await asyncio.gather(*waiting, return_exceptions=True)
    assert [isinstance(each, TransportError) for each in said] == [True] * 3
    assert (server.offset_ns, lost) == (offset_ns, 0)


async def test_a_venue_that_was_away_is_followed_again_when_it_is_back() -> None:
    venue = Venue(1.0, random.Random(1), slowest_s=0.01)
    away = True

    async def ask() -> TimeReading:
        if away:
            raise Disconnected("venue: cut", Sent.MAYBE)
        return await venue.ask()

    server = ServerClock(venue.clock, ask)
    with pytest.raises(Disconnected):
        await venue.during(server.resync())
    away, venue.skew_ns = False, -4 * SECOND_NS
    await venue.during(server.resync())
    assert 0 <= venue.now_ns() - server.now_ns() <= 0.03 * SECOND_NS


async def test_a_venue_whose_requests_carry_no_time_is_never_asked() -> None:
    clock = ManualClock()
    server = ServerClock(clock, None)
    await server.resync()
    assert server.now_ns() == clock.now_ns()
