"""Periodic: something done now and then; its failure stays visible until it succeeds again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from connector_sdk.errors import ConnectorError
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.clock import Clock

LOG = logging.getLogger(__name__)


class Periodic:
    """Does `work` every `period_s`; after a failure sooner, spaced by backoff.

    at_once:    whether it begins with that, or waits for the period to pass first.
    failure:    why the last attempt failed; None when it did not.
    succeeded:  set once it was done at least once.
    changed:    called after every attempt.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], Awaitable[None]],
        period_s: float,
        clock: Clock,
        *,
        at_once: bool = True,
        changed: Callable[[], None],
    ) -> None:
        self.name = name
        self.failure: str | None = None
        self.succeeded = asyncio.Event()
        self._work = work
        self._period_s = period_s
        self._clock = clock
        self._at_once = at_once
        self._changed = changed
        self._backoff = Backoff(clock)
        self._wake = asyncio.Event()

    def soon(self) -> None:
        """Do it now, and count the period from then."""
        self._wake.set()

    async def run(self) -> None:
        """Do it, for ever."""
        attempt = 0
        if not self._at_once:
            await self._pause()
        while True:
            try:
                await self._work()
            except ConnectorError as error:
                attempt += 1
                self.failure = str(error)
                if attempt == 1:
                    LOG.warning("%s failed: %s; trying again", self.name, error)
                self._changed()
                await self._backoff.pause(attempt)
            else:
                attempt, self.failure = 0, None
                self.succeeded.set()
                self._changed()
                await self._pause()

    async def _pause(self) -> None:
        try:
            async with self._clock.timeout(self._period_s):
                await self._wake.wait()
        except TimeoutError:
            return
        self._wake.clear()
