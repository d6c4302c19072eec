"""ServerClock: what time it is at the venue."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from connector_sdk.errors import (
    ConnectorError,
    InvariantError,
    TransportError,
    VenueError,
    WireError,
)
from connector_sdk.transport.clock import Clock

AGREEING = 3
"""As many readings must allow the same offset."""
MOST_READINGS = 8
READING_GRAIN_NS = 1_000_000
"""A venue cuts its time to whole milliseconds, so it may be that much later than it says."""
MILLISECOND_NS = 1_000_000
FAILURES = (TransportError, VenueError, WireError)


class TimeReading(NamedTuple):
    """The venue's time, and our own before it was asked for and after it came; all in ns."""

    venue_ns: int
    sent_ns: int
    received_ns: int

    @property
    def lowest_ns(self) -> int:
        """The offset if the answer took no time to come: the least there can be."""
        return self.venue_ns - self.received_ns

    @property
    def highest_ns(self) -> int:
        """The offset if the question took no time to arrive: the most there can be."""
        return self.venue_ns + READING_GRAIN_NS - self.sent_ns


class ServerClock:
    """The local clock, set to the venue's.

    Each reading bounds the offset on both sides, however unevenly a round trip splits: the
    narrow ones, of short round trips, decide, and an absurd one agrees with no other. Of what is
    left the lower end is taken, so that a stamp is behind the venue's time rather than ahead.

    ask:  reads the venue's time once; None where requests carry no time, and ours will do.
    """

    def __init__(self, clock: Clock, ask: Callable[[], Awaitable[TimeReading]] | None) -> None:
        self._clock = clock
        self._ask = ask
        self._offset_ns = 0
        self._lock = asyncio.Lock()
        self._attempts = 0
        self._failure: ConnectorError | None = None

    @property
    def offset_ns(self) -> int:
        """The venue's time minus ours."""
        return self._offset_ns

    def now_ns(self) -> int:
        """The venue's time, ns since the epoch."""
        return self._clock.now_ns() + self._offset_ns

    def now_ms(self) -> int:
        """The venue's time, ms since the epoch."""
        return self.now_ns() // MILLISECOND_NS

    async def resync(self) -> None:
        """Read the venue's time anew; who asks meanwhile shares that one attempt.

        Raises what asking raised (TransportError, VenueError, WireError), or WireError when the
        readings contradict each other; the old offset then stays.
        """
        attempts = self._attempts
        async with self._lock:
            if self._attempts == attempts:
                await self._attempt()
            elif self._failure is not None:
                raise self._failure

    async def _attempt(self) -> None:
        if self._ask is None:
            return
        try:
            self._offset_ns = await self._measured(self._ask)
            self._failure = None
        except FAILURES as error:
            self._failure = error
            raise
        finally:
            self._attempts += 1

    async def _measured(self, ask: Callable[[], Awaitable[TimeReading]]) -> int:
        readings: list[TimeReading] = []
        failure: ConnectorError | None = None
        for _ in range(MOST_READINGS):
            try:
                readings.append(await ask())
            except FAILURES as error:
                if failure is not None:
                    raise
                failure = error
                continue
            offset_ns = agreed_offset_ns(readings)
            if offset_ns is not None:
                return offset_ns
        raise WireError(f"no {AGREEING} of {len(readings)} readings of the venue's time agree")


def agreed_offset_ns(readings: Sequence[TimeReading]) -> int | None:
    """The least offset that enough of `readings` allow, the most of them; None: too few agree."""
    agreeing: dict[int, int] = {}
    for candidate in readings:
        at_ns = candidate.lowest_ns
        allow = sum(r.lowest_ns <= at_ns <= r.highest_ns for r in readings)
        agreeing[at_ns] = allow
    if not agreeing:
        raise InvariantError("no reading to agree on")
    best = max(agreeing, key=lambda at_ns: (agreeing[at_ns], at_ns))
    return best if agreeing[best] >= AGREEING else None
