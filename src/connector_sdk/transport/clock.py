"""Clock: the only thing that knows time. Everything that waits is given one."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager


class Clock(ABC):
    """Time, and waiting for it."""

    @abstractmethod
    def now_ns(self) -> int:
        """Nanoseconds since the epoch; never goes back while the process lives."""

    def machine_ns(self) -> int:
        """Nanoseconds since the machine started: one count for all its processes."""
        return self.now_ns()

    @abstractmethod
    async def sleep(self, seconds: float) -> None:
        """Wait."""

    @abstractmethod
    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """A block that ends in TimeoutError after `seconds`."""


class SystemClock(Clock):
    """The machine's monotonic clock, set to the epoch once at the start: a leap of the wall
    clock never reaches an age or a timeout.
    """

    def __init__(self) -> None:
        self._offset_ns = time.time_ns() - time.monotonic_ns()

    def now_ns(self) -> int:
        """Nanoseconds since the epoch, by the wall clock of when this object was made."""
        return time.monotonic_ns() + self._offset_ns

    def machine_ns(self) -> int:
        """The monotonic clock as it is."""
        return time.monotonic_ns()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[object]:
        """`asyncio.timeout`."""
        return asyncio.timeout(seconds)
