"""ManualClock: time that moves only when it is told to, by a test or a tape."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Sized
from contextlib import AbstractAsyncContextManager
from itertools import count
from types import TracebackType
from typing import cast

from connector_sdk.transport.clock import Clock

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000
BLIND_TURNS = 20


class ManualClock(Clock):
    """Virtual time for asyncio.

    `advance` wakes sleepers and ends timeouts in the order of their times, and lets everything
    they set off settle before time goes on: a day of loops passes in about a second.
    """

    def __init__(self, start_ns: int = START_NS) -> None:
        self._now_ns = start_ns
        self._alarms: list[tuple[int, int, Callable[[], None]]] = []
        self._numbers = count()

    def now_ns(self) -> int:
        """The virtual time."""
        return self._now_ns

    async def sleep(self, seconds: float) -> None:
        """Wait until time was advanced that far."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        self.at(seconds, lambda: None if woken.done() else woken.set_result(None))
        await woken

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """A block that ends in TimeoutError once time was advanced that far."""
        return _ManualTimeout(self, seconds)

    def at(self, seconds: float, alarm: Callable[[], None]) -> None:
        """Call `alarm` when `seconds` have passed from now."""
        due_ns = self._now_ns + round(max(seconds, 0.0) * SECOND_NS)
        heapq.heappush(self._alarms, (due_ns, next(self._numbers), alarm))

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        await self.advance_to(self._now_ns + round(seconds * SECOND_NS))

    async def advance_to(self, target_ns: int) -> None:
        """Let time pass until `target_ns`; nothing passes where that is not ahead."""
        target_ns = max(target_ns, self._now_ns)
        await self.settle()
        while self._alarms and self._alarms[0][0] <= target_ns:
            self._now_ns = max(self._alarms[0][0], self._now_ns)
            while self._alarms and self._alarms[0][0] <= self._now_ns:
                heapq.heappop(self._alarms)[2]()
            await self.settle()
        self._now_ns = target_ns
        await self.settle()

    async def settle(self) -> None:
        """Give the loop back until nothing is left to do without a clock or a socket."""
        ready = cast("Sized | None", getattr(asyncio.get_running_loop(), "_ready", None))
        # A loop that does not show its queue, as uvloop, is given a fixed number of turns.
        turns = BLIND_TURNS if ready is None else 1
        while turns > 0 or ready:
            turns -= 1
            await asyncio.sleep(0)


class _ManualTimeout(AbstractAsyncContextManager[object]):
    """`asyncio.timeout`, started by a manual clock."""

    def __init__(self, clock: ManualClock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._inner = asyncio.timeout(None)
        self._over = False

    async def __aenter__(self) -> object:
        await self._inner.__aenter__()
        self._clock.at(self._seconds, self._expire)
        return self._inner

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over = True
        await self._inner.__aexit__(kind, error, traceback)

    def _expire(self) -> None:
        if not self._over:
            self._inner.reschedule(asyncio.get_running_loop().time())
