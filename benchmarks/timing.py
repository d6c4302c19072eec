"""Interleaved timing: every lane runs every round, so that all see the same machine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from statistics import median
from time import process_time
from typing import Final, TypeAlias, TypeVar

from connector_sdk.model.wire import Frame
from table import Measured

T = TypeVar("T")
Lane: TypeAlias = Callable[[Sequence[bytes]], None]
"""Takes the next part of the stream and keeps its own state between parts."""

ROUNDS: Final = 15


class Interleaved:
    """The lanes' CPU seconds, round by round: one list a lane, all of one length."""

    def __init__(self, lanes: Mapping[str, Lane], warm_up: Sequence[bytes]) -> None:
        self._lanes = lanes
        self.seconds: dict[str, list[float]] = {name: [] for name in lanes}
        self._part_length = 1
        for lane in lanes.values():
            lane(warm_up)

    def run(self, parts: Sequence[Sequence[bytes]]) -> None:
        """One round a part; who goes first changes every round."""
        names = list(self._lanes)
        for number, part in enumerate(parts):
            self._part_length = len(part)
            shift = number % len(names)
            with uncollected():
                for name in (*names[shift:], *names[:shift]):
                    self.seconds[name].append(cpu_seconds(partial(self._lanes[name], part)))

    def measured(self, lane: str, base: str) -> Measured:
        """The median over the rounds of how many times `base` the `lane` took in each."""
        mine, theirs = self.seconds[lane], self.seconds[base]
        ratios = [one / other for one, other in zip(mine, theirs, strict=True)]
        each = 1e6 / self._part_length
        micros = f"{median(mine) * each:.1f} us to {median(theirs) * each:.1f}"
        return Measured(median(ratios), f"{micros}; rounds {min(ratios):.1f} to {max(ratios):.1f}")


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of `work`."""
    begin = process_time()
    work()
    return process_time() - begin


@contextmanager
def uncollected() -> Iterator[None]:
    """Garbage is collected before, and not during what is timed inside."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def split(stream: Sequence[T], warm_up: int) -> tuple[Sequence[T], list[Sequence[T]]]:
    """(the first `warm_up`, the rest in ROUNDS parts of one length)."""
    length = (len(stream) - warm_up) // ROUNDS
    rest = iter(stream[warm_up:])
    return stream[:warm_up], [list(islice(rest, length)) for _ in range(ROUNDS)]


def frame(data: bytes, received_ns: int = 1_700_000_000_000_000_000) -> Frame:
    return Frame(data, received_ns, None, "ws.1")
