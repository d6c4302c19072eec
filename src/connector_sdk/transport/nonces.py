"""Nonces: numbers that only rise for one key, over tasks, restarts and clocks set back."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from connector_sdk.transport.clock import Clock

BLOCK_NS = 60_000_000_000
"""How far ahead of the number given out the store's mark is set: a minute of nanoseconds."""


class Marks(Protocol):
    """Where numbers that must never fall are kept: the part of an OrderStore needed here."""

    async def save_marks(self, marks: Mapping[str, int]) -> None:
        """Write them durably. Raises StoreFailed."""

    async def load_marks(self) -> Mapping[str, int]:
        """All of them. Raises StoreFailed."""
        ...


class Nonces:
    """Numbers in nanoseconds of the local clock, never below the mark the store keeps.

    The mark is written before any number under it is given out, so that a crash costs at most one
    block of numbers and reuses none.

    name:  of the mark: one key of one venue.
    """

    def __init__(self, name: str, marks: Marks, clock: Clock) -> None:
        self._name = f"nonce {name}"
        self._marks = marks
        self._clock = clock
        self._last: int | None = None
        self._mark = 0
        self._lock = asyncio.Lock()

    async def take(self) -> int:
        """The next number; every call gets a higher one. Raises StoreFailed."""
        if self._last is not None:
            number = max(self._clock.now_ns(), self._last + 1)
            if number <= self._mark:
                self._last = number
                return number
        async with self._lock:
            return await self._leased()

    async def _leased(self) -> int:
        if self._last is None:
            self._last = self._mark = (await self._marks.load_marks()).get(self._name, 0)
        number = max(self._clock.now_ns(), self._last + 1)
        if number > self._mark:
            mark = number + BLOCK_NS
            await self._marks.save_marks({self._name: mark})
            self._mark = mark
            # Others may have been served from the block before while this one was written.
            number = max(number, self._last + 1)
        self._last = number
        return number
