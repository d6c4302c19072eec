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

from loopback_client import WARM_UP
from process_rows import printed_numbers
from table import Measured, Skipped

HERE = Path(__file__).parent
MESSAGES = 20_000
ROUNDS = 7


def measure_socket(_: set[str]) -> dict[str, Measured | Skipped]:
    if find_spec("uvloop") is None:
        return {"socket": Skipped("uvloop is not installed here")}
    own, other = _cores()
    client = str(HERE / "loopback_client.py")
    with _venue(other) as port:
        runs = [printed_numbers(client, str(port), str(MESSAGES), str(own)) for _ in range(ROUNDS)]
    timed = MESSAGES - WARM_UP
    by_cpu = median(timed / cpu for cpu, _ in runs)
    by_wall = median(timed / wall for _, wall in runs)
    return {"socket": Measured(by_cpu, f"a CPU second of the client; by the wall {by_wall:,.0f}")}


def _cores() -> tuple[int, int]:
    """(the client's, the venue's); -1 where none can be chosen."""
    if not hasattr(os, "sched_getaffinity"):
        return -1, -1
    cores = sorted(os.sched_getaffinity(0))
    return (cores[0], cores[1]) if len(cores) > 1 else (-1, -1)


@contextmanager
def _venue(core: int) -> Iterator[int]:
    """The port of a venue that runs meanwhile."""
    command = [sys.executable, str(HERE / "blasting_venue.py"), str(MESSAGES + 1), str(core)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:  # noqa: S603
        try:
            if venue.stdout is None:
                raise RuntimeError("the venue has no output")
            yield int(venue.stdout.readline())
        finally:
            venue.terminate()
