"""Socket to callback on loopback: server and client each in a process, on a core of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from statistics import median

from process_rows import printed_numbers
from table import Measured, Skipped

HERE = Path(__file__).parent
MESSAGES = 15_000
ROUNDS = 5


def measure_socket(_: set[str]) -> dict[str, Measured | Skipped]:
    if find_spec("uvloop") is None:
        return {"socket": Skipped("uvloop is not installed here")}
    own, other = cores()
    client = str(HERE / "loopback_client.py")
    with _venue(other) as port:
        runs = [printed_numbers(client, str(port), str(MESSAGES), str(own)) for _ in range(ROUNDS)]
    by_cpu = [messages / cpu for messages, cpu, _ in runs]
    by_wall = max(messages / wall for messages, _, wall in runs)
    note = f"by CPU, best of {ROUNDS}; median {median(by_cpu):,.0f}; by the wall {by_wall:,.0f}"
    return {"socket": Measured(max(by_cpu), note)}


def cores() -> tuple[int, int]:
    """(the client's, the venue's); -1 where none can be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return -1, -1
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (-1, -1)


@contextmanager
def _venue(core: int) -> Iterator[int]:
    """The port of a venue that runs meanwhile."""
    command = [sys.executable, str(HERE / "blasting_venue.py"), str(MESSAGES), str(core)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:  # noqa: S603
        try:
            if venue.stdout is None:
                raise RuntimeError("the venue has no output")
            yield int(venue.stdout.readline())
        finally:
            venue.terminate()
