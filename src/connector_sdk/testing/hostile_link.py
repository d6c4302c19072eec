"""HostileLink: one connection that loses, doubles, delays and swaps what is sent on it."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import NamedTuple

from connector_sdk.testing.hostile_market import Position


@dataclass(frozen=True, slots=True)
class Hostility:
    """How often things go wrong: per frame, per answer, or (from `lag` on) per step."""

    lost: float = 0.004
    doubled: float = 0.01
    late: float = 0.003
    swapped: float = 0.003
    refused: float = 0.12
    stale: float = 0.12
    lag: float = 0.05
    lull: float = 0.003
    cut: float = 0.01
    silence: float = 0.005
    handover: float = 0.01
    restart: float = 0.0025


class Kind(Enum):
    """What a frame says."""

    DELTA = "delta"
    SNAPSHOT = "snapshot"
    TRADE = "trade"
    OTHER = "other"


class Told(NamedTuple):
    """The truth about a frame: which changes of the true book it tells of.

    first..last:  both included; a snapshot stands at `last`. For a trade, its number.
    connection:   what it came on; empty for the answer to a request.
    number:       of the frame, where the venue counts frames.
    """

    pair: str
    kind: Kind
    first: Position
    last: Position
    connection: str = ""
    number: int | None = None


class Fate(Enum):
    """What became of a frame."""

    SENT = "sent"
    LOST = "lost"
    DOUBLED = "doubled"
    LATE = "late"
    SWAPPED = "swapped"


class HostileLink:
    """Frames leave in the order they were sent, but for what hostility does to single ones.

    number:  of the first frame, where the venue counts frames; None where it does not.
    lag:     steps between the venue and the client.
    """

    def __init__(
        self, name: str, chance: Random, injected: Counter[str], number: int | None = None
    ) -> None:
        self.name = name
        self.lag = 0
        self.muted = False
        self.number = number
        self._chance = chance
        self._injected = injected
        self._last_due = 0
        self._sent = 0
        self._queue: list[tuple[int, int, str, Told]] = []
        self._held: tuple[str, Told] | None = None

    def send(
        self, step: int, text: Callable[[int | None], str], told: Told, rates: Hostility | None
    ) -> Fate:
        """Send a frame at `step`; `text` is given its number. None as rates: nothing goes wrong."""
        said = text(self.number)
        told = told._replace(number=self.number)
        if self.number is not None:
            self.number += 1
        fate = Fate.SENT if rates is None else self._fate(rates)
        if fate is not Fate.SENT:
            self._injected[fate.value] += 1
        due = self._last_due = max(self._last_due, step + self.lag)
        if fate is Fate.SWAPPED and self._held is None:
            self._held = (said, told)
            return fate
        if fate is not Fate.LOST:
            moved = self._chance.randint(1, 8)
            self._queue_up(due + moved if fate is Fate.LATE else due, said, told)
            if fate is Fate.DOUBLED:
                self._queue_up(due + moved - 1, said, told)
        self._release(due)
        return fate

    def _fate(self, rates: Hostility) -> Fate:
        drawn = self._chance.random()
        for fate, rate in (
            (Fate.LOST, rates.lost),
            (Fate.DOUBLED, rates.doubled),
            (Fate.LATE, rates.late),
            (Fate.SWAPPED, rates.swapped),
        ):
            drawn -= rate
            if drawn < 0:
                return fate
        return Fate.SENT

    def _release(self, due: int) -> None:
        if self._held is not None:
            self._queue_up(due, *self._held)
            self._held = None

    def _queue_up(self, due: int, text: str, told: Told) -> None:
        self._sent += 1
        heapq.heappush(self._queue, (due, self._sent, text, told))

    def due(self, step: int) -> list[tuple[str, Told]]:
        """Frames that arrive by `step`."""
        arrived: list[tuple[str, Told]] = []
        while self._queue and self._queue[0][0] <= step:
            _, _, text, told = heapq.heappop(self._queue)
            arrived.append((text, told))
        return [] if self.muted else arrived
