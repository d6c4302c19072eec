"""The rows that need a process of their own: memory, and what an import costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

from resident import STATM
from table import Measured, Skipped

HERE = Path(__file__).parent
ROUNDS = 7
NO_PROC = Skipped(f"this system has no {STATM}")
IMPORT = """
import time
import connector_sdk
from connector_sdk.plugins import load_connector
load_connector("binance")
seconds = time.process_time()
import os, pathlib, sys
sys.path.append({here!r})
from resident import resident_mb
print([seconds, resident_mb()])
"""


def measure_imports(_: set[str]) -> dict[str, Measured | Skipped]:
    """The whole process, interpreter included: its CPU time and its resident size."""
    if not STATM.exists():
        return dict.fromkeys(("import-time", "import-memory"), NO_PROC)
    program = IMPORT.format(here=str(HERE))
    runs = [printed_numbers("-c", program) for _ in range(ROUNDS + 1)][1:]
    bare = printed_numbers("-c", "import time; print([time.process_time()])")
    middle = median(seconds for seconds, _ in runs)
    note = f"CPU, best of {ROUNDS}; median {middle:.2f}; Python itself {bare[0]:.2f}"
    return {
        "import-time": Measured(min(seconds for seconds, _ in runs), note),
        "import-memory": Measured(min(size for _, size in runs), "resident, the whole process"),
    }


def measure_memory(_: set[str]) -> dict[str, Measured | Skipped]:
    if not STATM.exists():
        return {"memory": NO_PROC}
    before, after, levels = printed_numbers(str(HERE / "many_books.py"))
    note = f"growth of the resident size, from {before:.0f} MB; {levels:,.0f} levels in all"
    return {"memory": Measured(after - before, note)}


def measure_ledger(_: set[str]) -> dict[str, Measured | Skipped]:
    if not STATM.exists():
        return dict.fromkeys(("ledger-flat", "ledger-memory"), NO_PROC)
    before, after, *pairs = printed_numbers(str(HERE / "many_orders.py"))
    names = ("lookup", "update", "turnover")
    timed = dict(zip(names, zip(pairs[::2], pairs[1::2], strict=True), strict=True))
    told = (f"{name} {ratio:.2f}, {micros:.0f} us" for name, (ratio, micros) in timed.items())
    flat = max(ratio for ratio, _ in timed.values())
    grown = f"growth of the resident size, from {before:.0f} MB"
    return {
        "ledger-flat": Measured(flat, f"the worst; CPU against a tenth of them: {'; '.join(told)}"),
        "ledger-memory": Measured(after - before, grown),
    }


def printed_numbers(*arguments: str) -> list[float]:
    """What Python, run with `arguments`, prints: a JSON list of numbers."""
    done = subprocess.run(  # noqa: S603
        [sys.executable, *arguments], check=True, capture_output=True, text=True, timeout=300
    )
    numbers: list[float] = json.loads(done.stdout)
    return numbers
