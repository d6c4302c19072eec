"""Interleaved timing: every lane runs every round, so that all see the same machine."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from statistics import median
from time import process_time
from typing import Final, TypeAlias, TypeVar

from connector_sdk.model.wire import Frame

T = TypeVar("T")
Lane: TypeAlias = Callable[[Sequence[bytes]], None]
"""Takes the next part of the stream and keeps its own state between parts."""

ROUNDS: Final = 15


class Interleaved:
    """The lanes' CPU seconds, round by round: one list a lane, all of one length."""

    def __init__(self, lanes: Mapping[str, Lane], warm_up: Sequence[bytes]) -> None:
        self._lanes = lanes
        self.seconds: dict[str, list[float]] = {name: [] for name in lanes}
        for lane in lanes.values():
            lane(warm_up)

    def run(self, parts: Sequence[Sequence[bytes]]) -> None:
        """One round a part; who goes first changes every round."""
        names = list(self._lanes)
        for number, part in enumerate(parts):
            shift = number % len(names)
            for name in (*names[shift:], *names[:shift]):
                self.seconds[name].append(cpu_seconds(partial(self._lanes[name], part)))

    def ratio(self, lane: str, base: str) -> float:
        """Median over the rounds of how many times `base` the `lane` took in the same round."""
        pairs = zip(self.seconds[lane], self.seconds[base], strict=True)
        return median(mine / theirs for mine, theirs in pairs)

    def micros(self, lane: str, part_length: int) -> float:
        """Median microseconds a message."""
        return median(self.seconds[lane]) / part_length * 1e6


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of `work`, garbage collected before and not during it."""
    gc.collect()
    gc.disable()
    try:
        begin = process_time()
        work()
        return process_time() - begin
    finally:
        gc.enable()


def split(stream: Sequence[T], warm_up: int) -> tuple[Sequence[T], list[Sequence[T]]]:
    """(the first `warm_up`, the rest in ROUNDS parts of one length)."""
    length = (len(stream) - warm_up) // ROUNDS
    rest = iter(stream[warm_up:])
    return stream[:warm_up], [list(islice(rest, length)) for _ in range(ROUNDS)]


def frame(data: bytes, received_ns: int = 1_700_000_000_000_000_000) -> Frame:
    return Frame(data, received_ns, None, "ws.1")
