"""Processes that are told what to do, and tell what they did, a line of JSON at a time."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

PATIENCE_S = 60.0


def tell(words: Mapping[str, object]) -> None:
    """One line to the parent process, at once."""
    os.write(1, (json.dumps(words) + "\n").encode())


async def commands() -> asyncio.StreamReader:
    """The lines that the parent process writes."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


class Life:
    """One process. It says words, each a line of JSON, and is told commands, each a line."""

    def __init__(self, process: asyncio.subprocess.Process, errors: Path) -> None:
        self._process = process
        self._errors = errors

    async def word(self, *wanted: str, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """Its next line that is one of `wanted`."""
        assert self._process.stdout is not None
        async with asyncio.timeout(patience_s):
            while line := await self._process.stdout.readline():
                words: dict[str, Any] = json.loads(line)
                if words.keys() & set(wanted):
                    return words
        said = await asyncio.to_thread(self._errors.read_text)
        raise AssertionError(f"the process ended before it said {wanted}: {said[-3_000:]}")

    async def asked(self, command: str, wanted: str) -> dict[str, Any]:
        self.tell(command)
        return await self.word(wanted)

    def tell(self, command: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())

    async def end(self) -> None:
        """Let it close everything and end by itself."""
        self.tell("end")
        async with asyncio.timeout(PATIENCE_S):
            code = await self._process.wait()
        said = await asyncio.to_thread(self._errors.read_text)
        assert code == 0, said[-3_000:]

    @property
    def pid(self) -> int:
        return self._process.pid

    async def kill(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()


@asynccontextmanager
async def living(script: Path, given: Mapping[str, Any], errors: Path) -> AsyncIterator[Life]:
    """A process that runs `script`, is given `given`, and is killed in the end if it still lives.

    errors: the file that takes what it writes to standard error.
    """
    with errors.open("ab") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(script),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=sink,
            limit=1 << 24,
        )
    life = Life(process, errors)
    life.tell(json.dumps(given))
    try:
        yield life
    finally:
        await life.kill()
