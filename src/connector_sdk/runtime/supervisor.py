"""Supervisor: one TaskGroup over everything a market runs; what dies is started again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import cast

from connector_sdk.errors import InvariantError
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.clock import Clock

LOG = logging.getLogger(__name__)
STABLE_NS = 60 * 1_000_000_000


class Supervisor:
    """Owns tasks. `close` cancels them all and waits until they have ended."""

    def __init__(self, clock: Clock, backoff: Backoff) -> None:
        self._clock = clock
        self._backoff = backoff
        self._group: asyncio.TaskGroup | None = None
        self._root: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failures: dict[str, str] = {}

    @property
    def running(self) -> bool:
        """Whether it takes tasks."""
        return self._group is not None

    @property
    def failures(self) -> Mapping[str, str]:
        """Name of what died and was not started again → why."""
        return self._failures

    async def start(self) -> None:
        """Make ready to take tasks."""
        started = asyncio.Event()
        self._root = asyncio.create_task(self._run(started), name="supervisor")
        await started.wait()

    async def _run(self, started: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            self._group = group
            started.set()
            await self._stopping.wait()

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run `work` until it returns; when it raises, again, spaced by backoff."""
        return self.spawn(name, lambda: self._kept(name, work))

    def spawn(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Run `work` once; if it raises, that is reported and harms nothing else."""
        if self._group is None:
            raise InvariantError(f"task {name}: the supervisor is not running")
        task = self._group.create_task(self._guarded(name, work), name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _kept(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        attempt = 0
        while True:
            begun_ns = self._clock.now_ns()
            try:
                await work()
            except Exception as error:
                attempt = 1 if self._clock.now_ns() - begun_ns > STABLE_NS else attempt + 1
                self._failures[name] = f"{name} died: {_told(error)}"
                LOG.exception("task %s died; it is started again", name)
                await self._backoff.pause(attempt)
                del self._failures[name]
            else:
                return

    async def _guarded(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except Exception as error:
            self._failures[name] = f"{name} died: {_told(error)}"
            LOG.exception("task %s died", name)

    async def close(self) -> None:
        """Cancel every task and wait for its end. Idempotent."""
        root, self._root, self._group = self._root, None, None
        if root is None:
            return
        # Each by itself and now: one that is about to go on must not go on without a supervisor,
        # and one that is cleaning up must not be cancelled again.
        for task in list(self._tasks):
            task.cancel()
        self._stopping.set()
        await asyncio.wait([root])


def _told(error: BaseException) -> str:
    """The first real cause, out of however many groups."""
    while isinstance(error, BaseExceptionGroup):
        error = cast("BaseExceptionGroup[BaseException]", error).exceptions[0]
    return f"{type(error).__name__}: {error}"
