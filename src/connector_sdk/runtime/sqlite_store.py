"""SqliteStore: the default OrderStore. One file, one writing thread, one commit for many saves."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TypeVar

from connector_sdk.errors import StoreFailed
from connector_sdk.protocols.store import OrderStore, StoredOrder
from connector_sdk.runtime.order_file import (
    OrderFile,
    Retention,
    Room,
    failed,
    load_marks,
    load_orders,
)
from connector_sdk.transport.clock import Clock, SystemClock

T = TypeVar("T")
LOG = logging.getLogger(__name__)
MOST_SAVES_A_COMMIT = 512
ORDERS_BETWEEN_PRUNINGS = 1_000
BUSY_SHARE = 0.5
"""How much of a caller's patience the file may spend waiting for another process's lock."""


@dataclass(slots=True, eq=False)
class _Save:
    """What one caller waits for.

    room:       to be entered, whether or not orders are saved in it.
    last:       ends the writing thread.
    withdrawn:  nobody waits any more: need not be written.
    """

    written: asyncio.Future[None]
    orders: Sequence[StoredOrder] = ()
    marks: Mapping[str, int] = field(default_factory=dict[str, int])
    room: Room | None = None
    last: bool = False
    withdrawn: bool = False


class SqliteStore(OrderStore):
    """Orders in an SQLite file, which its owner alone may read (mode 0600).

    A save returns once it is synced to the disk; saves that come meanwhile share the next commit.
    At most `queue_size` saves wait, further callers wait before they queue; after `timeout_s` any
    of them gives up with StoreFailed. Time is the machine's own unless a clock is given: a disk
    does not follow a virtual one. The file is opened, or made, at the first use.

    Several processes may share a file, but not one venue and account of it: the second one gets
    StoreFailed. Done orders are forgotten as `retention` says. Serves one event loop.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        retention: Retention | None = None,
        timeout_s: float = 10.0,
        queue_size: int = 1_000,
        clock: Clock | None = None,
    ) -> None:
        self._path = Path(path).expanduser().absolute()
        self._retention = retention or Retention()
        self._timeout_s = timeout_s
        self._busy_s = timeout_s * BUSY_SHARE
        self._clock = clock or SystemClock()
        self._places = asyncio.Semaphore(queue_size)
        self._queue: SimpleQueue[_Save] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._file: OrderFile | None = None  # the thread's own
        self._last: _Save | None = None

    def __repr__(self) -> str:
        return f"SqliteStore({str(self._path)!r})"

    async def save(self, orders: Sequence[StoredOrder]) -> None:
        """Write them all, or none; returns once they would survive the end of the machine.

        Raises StoreFailed, which says what to do; what came too late may yet be found written.
        """
        await self._save(orders=tuple(orders))

    async def load(self, venue: str, account: str) -> Sequence[StoredOrder]:
        """Every order of that account, in the order they were first saved.

        Raises StoreFailed, also where another process has that account in hand.
        """
        await self._save(room=(venue, account))
        return await self._read(partial(load_orders, self._path, (venue, account)))

    async def save_marks(self, marks: Mapping[str, int]) -> None:
        """Write numbers of at most 64 bits; one that is lower than before changes nothing."""
        await self._save(marks=dict(marks))

    async def load_marks(self) -> Mapping[str, int]:
        """All marks, of every process that shares the file. Raises StoreFailed."""
        await self._save()
        return await self._read(partial(load_marks, self._path))

    async def close(self) -> None:
        """Write what waits, close the file, give the accounts free. Idempotent."""
        if self._last is None:
            self._last = _Save(asyncio.get_running_loop().create_future(), last=True)
            if self._thread is None:
                self._last.written.set_result(None)
            self._queue.put(self._last)
        await self._in_time(asyncio.shield(self._last.written))

    async def _save(
        self,
        *,
        orders: Sequence[StoredOrder] = (),
        marks: Mapping[str, int] | None = None,
        room: Room | None = None,
    ) -> None:
        written = asyncio.get_running_loop().create_future()
        await self._in_time(self._written(_Save(written, orders, marks or {}, room)))

    async def _written(self, save: _Save) -> None:
        await self._places.acquire()  # given back once the thread is done with it
        if self._last is not None:
            self._places.release()
            raise StoreFailed(f"{self._path}: this store was closed; nothing was sent")
        if self._thread is None:
            arguments = (asyncio.get_running_loop(),)
            self._thread = threading.Thread(target=self._write, args=arguments, daemon=True)
            self._thread.start()
        self._queue.put(save)
        try:
            await save.written
        finally:
            save.withdrawn = True

    async def _read(self, read: Callable[[float], T]) -> T:
        try:
            return await self._in_time(asyncio.to_thread(read, self._busy_s))
        except (sqlite3.Error, OSError) as error:
            raise failed(self._path, error) from error

    async def _in_time(self, work: Awaitable[T]) -> T:
        try:
            async with self._clock.timeout(self._timeout_s):
                return await work
        except TimeoutError as error:
            raise StoreFailed(
                f"{self._path}: the disk did not answer within {self._timeout_s:g} s: check it, or "
                "end what else writes to this file; nothing was sent"
            ) from error

    # --- the writing thread

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        unpruned = 0
        while True:
            saves = self._take()
            last = saves.pop() if saves[-1].last else None
            if saves:
                self._commit(loop, saves)
            unpruned += sum(len(save.orders) for save in saves)
            if unpruned >= ORDERS_BETWEEN_PRUNINGS or (last is not None and unpruned):
                unpruned = 0
                self._prune()
            if last is not None:
                if self._file is not None:
                    self._file.close()
                self._answer(loop, [last], None)
                return

    def _take(self) -> list[_Save]:
        """All that waits; a last one ends it."""
        saves = [self._queue.get()]
        with suppress(Empty):
            while len(saves) < MOST_SAVES_A_COMMIT and not saves[-1].last:
                saves.append(self._queue.get_nowait())
        return saves

    def _commit(self, loop: asyncio.AbstractEventLoop, saves: Sequence[_Save]) -> None:
        wanted = [save for save in saves if not save.withdrawn]
        try:
            file = self._file or OrderFile(self._path, self._retention, self._busy_s)
            self._file = file
            for save in wanted:
                if save.room is not None:
                    file.enter(save.room)
            file.write(
                [order for save in wanted for order in save.orders],
                [mark for save in wanted for mark in save.marks.items()],
            )
        except Exception as error:  # noqa: BLE001  # the thread's outermost edge tells the callers
            if len(wanted) > 1 and not isinstance(error, (sqlite3.DatabaseError, OSError)):
                for save in saves:  # one of them is to blame, and the others are not
                    self._commit(loop, [save])
                return
            self._answer(loop, saves, error)
        else:
            self._answer(loop, saves, None)

    def _prune(self) -> None:
        try:
            if self._file is not None:
                self._file.prune()
        except (sqlite3.Error, OSError) as error:
            LOG.warning("%s: old orders could not be forgotten: %s", self._path, error)

    def _answer(
        self, loop: asyncio.AbstractEventLoop, saves: Sequence[_Save], error: Exception | None
    ) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody listens any more
            loop.call_soon_threadsafe(self._settle, saves, error)

    def _settle(self, saves: Sequence[_Save], error: Exception | None) -> None:
        for save in saves:
            if not save.last:
                self._places.release()
            if save.written.done():
                continue
            if error is None:
                save.written.set_result(None)
            else:
                failure = failed(self._path, error)
                failure.__cause__ = error
                save.written.set_exception(failure)
