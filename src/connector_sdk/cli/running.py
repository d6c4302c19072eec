"""Running a command on an event loop, until it is done or a signal says stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, nullcontext, suppress
from importlib.util import find_spec
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")


class Stop:
    """The wish to end, from SIGINT or SIGTERM.

    Commands that run until told otherwise `wait` for it. Where a command is busy with something
    else, connecting or closing, the signal cancels it.
    """

    def __init__(self, task: asyncio.Task[object] | None) -> None:
        self._task = task
        self._asked = asyncio.Event()
        self._awaited = False

    @property
    def asked(self) -> bool:
        """Whether somebody asked for it."""
        return self._asked.is_set()

    def ask(self) -> None:
        """Ask for the end."""
        self._asked.set()
        if not self._awaited and self._task is not None:
            self._task.cancel()

    async def wait(self, seconds: float | None) -> bool:
        """Wait for the end, or `seconds`; True once the end was asked for."""
        self._awaited = True
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return False
        finally:
            self._awaited = False
        return True


def run(work: Callable[[Stop], Coroutine[None, None, T]]) -> T:
    """Run `work` to its end, on uvloop where it is installed.

    Raises KeyboardInterrupt where a signal cut it short.
    """
    with asyncio.Runner(loop_factory=_fastest_loop()) as runner:
        try:
            return runner.run(_watched(work))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _watched(work: Callable[[Stop], Coroutine[None, None, T]]) -> T:
    stop = Stop(asyncio.current_task())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows: Ctrl-C then ends the command less gently
            loop.add_signal_handler(number, stop.ask)
    return await work(stop)


def _fastest_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if find_spec("uvloop") is None:
        return None
    import uvloop

    return uvloop.new_event_loop


def connecting(venue: str) -> AbstractContextManager[object]:
    """Tells a person at a terminal what is being waited for."""
    console = Console(stderr=True)
    return console.status(f"connecting to {venue} …") if console.is_terminal else nullcontext()
