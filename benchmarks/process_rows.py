"""The rows that need a process of their own: memory, and what an import costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from table import Measured, Skipped

HERE = Path(__file__).parent
ROUNDS = 7
IMPORT = """
import resource, time
import connector_sdk
from connector_sdk.plugins import load_connector
load_connector("binance")
usage = resource.getrusage(resource.RUSAGE_SELF)
print([time.process_time(), usage.ru_maxrss / 1024])
"""


def measure_imports(_: set[str]) -> dict[str, Measured | Skipped]:
    """The whole process, interpreter included: its CPU time and its greatest size."""
    runs = [printed_numbers("-c", IMPORT) for _ in range(ROUNDS + 1)][1:]
    bare = printed_numbers("-c", "import time; print([time.process_time()])")
    note = f"CPU of the whole process, of which Python itself {bare[0]:.3f}"
    return {
        "import-time": Measured(median(seconds for seconds, _ in runs), note),
        "import-memory": Measured(median(size for _, size in runs), "peak of the whole process"),
    }


def measure_memory(_: set[str]) -> dict[str, Measured | Skipped]:
    if not Path("/proc/self/statm").exists():
        return {"memory": Skipped("no /proc/self/statm on this system")}
    before, after, levels = printed_numbers(str(HERE / "many_books.py"))
    note = f"growth of the resident size, from {before:.0f} MB; {levels:,.0f} levels in all"
    return {"memory": Measured(after - before, note)}


def printed_numbers(*arguments: str) -> list[float]:
    """What Python, run with `arguments`, prints: a JSON list of numbers."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, *arguments], check=True, capture_output=True, text=True, timeout=300
    )
    numbers: list[float] = json.loads(done.stdout)
    return numbers
