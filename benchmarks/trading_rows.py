"""What an order costs: venue and client each in a process, on a core of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import TypeAlias

from socket_row import cores
from table import Measured, Skipped

HERE = Path(__file__).parent
FLOW = 0.1
CPU, WALL, WHOLE = range(3)
"""Places in a round's figures: to the socket, the wall time of that, and the whole order's CPU."""
Rounds: TypeAlias = Mapping[str, Sequence[Sequence[float]]]


def measure_trading(_: set[str]) -> dict[str, Measured | Skipped]:
    own, other = cores()
    with _venue(other) as ready, tempfile.TemporaryDirectory() as folder:
        found = _rounds(ready, str(Path(folder) / "orders.sqlite"), own)
    mine, bare = _typical(found, "null", CPU), _typical(found, "bare", CPU)
    stored = f"with SQLite {_ratio(found, 'sqlite', 'bare', CPU):.2f}, "
    stored += f"{_typical(found, 'sqlite', WALL):.0f} us by the wall"
    outcome: dict[str, Measured | Skipped] = {
        "buy": Measured(
            _ratio(found, "null", "bare", CPU), f"CPU, {mine:.0f} us to {bare:.0f}; {stored}"
        )
    }
    for key, lane, heard in (
        ("ccxt-order", "ccxt", "which hears of no order afterwards"),
        ("ccxt-pro-order", "ccxt.pro", "which hears of its orders, too"),
    ):
        if lane not in found:
            outcome[key] = Skipped("ccxt is not installed here")
            continue
        whole, theirs = _typical(found, "null", WHOLE), _typical(found, lane, WHOLE)
        note = f"CPU, {whole:.0f} us to {theirs:.0f}, {heard}"
        note += f"; a bare POST {_typical(found, 'bare', WHOLE):.0f}"
        outcome[key] = Measured(_ratio(found, lane, "null", WHOLE), note)
    return outcome


def _rounds(ready: str, store: str, core: int) -> Rounds:
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(HERE / "placing_client.py"), ready, store, str(core)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
    )
    rounds: Rounds = json.loads(done.stdout)
    return rounds


def _typical(found: Rounds, lane: str, place: int) -> float:
    return median(figures[place] for figures in found[lane])


def _ratio(found: Rounds, lane: str, base: str, place: int) -> float:
    """The median over the rounds of how many times `base` the `lane` took in each."""
    pairs = zip(found[lane], found[base], strict=True)
    return median(one[place] / other[place] for one, other in pairs)


@contextmanager
def _venue(core: int) -> Iterator[str]:
    """The ready line of a venue that runs meanwhile."""
    command = [sys.executable, str(HERE / "trading_venue.py"), str(FLOW), str(core)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as venue:  # noqa: S603
        try:
            if venue.stdout is None:
                raise RuntimeError("the venue has no output")
            yield venue.stdout.readline()
        finally:
            venue.terminate()
