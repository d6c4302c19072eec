"""What a process that is to be killed does, and where it is killed: all of it from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from random import Random
from typing import Any, NamedTuple

from connector_sdk.model.order import OrderIntent, Side, TimeInForce

PAIR = "BTC-USDT"
TICK, LOT = Decimal("0.01"), Decimal("0.00001")
SMALLEST = Decimal("0.002")
STEPS, AFTER = 15, 3


class Point(Enum):
    """Where a process is ended."""

    BEFORE_COMMIT = "before the commit"
    BEFORE_SEND = "commit to send"
    BEFORE_ANSWER = "send to answer"
    BEFORE_RECORD = "answer to record"
    IDLE = "idle"


class Step(NamedTuple):
    """One thing the process does.

    intent:    number of the order intent to place; its quantity is no other intent's. A negative
               one cancels instead: the order of the intent -1, -2 … steps before.
    ticks:     of its price, above (or below) the middle of the book.
    waits:     whether the process waits for the venue's word before it goes on.
    """

    intent: int
    side: Side = Side.BUY
    ticks: int = 0
    time_in_force: TimeInForce = TimeInForce.GTC
    waits: bool = True

    @property
    def quantity(self) -> Decimal:
        """Base units."""
        return SMALLEST + self.intent * LOT

    def order(self, price: Decimal) -> OrderIntent:
        """What is asked for."""
        return OrderIntent(PAIR, self.side, self.quantity, price, time_in_force=self.time_in_force)

    def as_json(self) -> list[object]:
        return [self.intent, self.side.value, self.ticks, self.time_in_force.value, self.waits]

    @classmethod
    def from_json(cls, told: Sequence[Any]) -> Step:
        intent, side, ticks, force, waits = told
        return cls(intent, Side(side), ticks, TimeInForce(force), waits)


@dataclass(frozen=True, slots=True)
class KillPlan:
    """One life and death.

    nth:      of the saves of a new order, or of the requests that change one, which is held.
    arrives:  whether a request that is held was seen at the venue before the process is killed.
    linger_s: how long the process lives on once it is held: other orders go on meanwhile.
    after:    what its last successor does.
    again_s:  how long its successor lives before it is killed, too; None: it is not.
    """

    seed: int
    point: Point
    steps: tuple[Step, ...]
    nth: int
    arrives: bool
    linger_s: float
    after: tuple[Step, ...]
    again_s: float | None


def kill_plan(seed: int, point: Point) -> KillPlan:
    chance = Random(f"{seed}/{point.value}")
    every = tuple(_steps(chance))
    steps, after = every[:-AFTER], every[-AFTER:]
    placings = sum(step.intent >= 0 for step in steps)
    return KillPlan(
        seed,
        point,
        steps,
        nth=chance.randint(1, placings),
        arrives=chance.random() < 0.6,
        linger_s=chance.choice((0.0, 0.0, 0.005, 0.02, 0.1)),
        after=tuple(step for step in after if step.intent >= 0),
        again_s=chance.choice((None, None, None, 0.4, 0.6, 0.9)),
    )


def _steps(chance: Random) -> list[Step]:
    steps: list[Step] = []
    intents = 0
    while len(steps) < STEPS:
        if intents > 1 and chance.random() < 0.25:
            steps.append(Step(-chance.randint(1, min(intents, 4)), waits=chance.random() < 0.5))
            continue
        side = chance.choice((Side.BUY, Side.SELL))
        deep, near, crossing = chance.randint(2_000, 9_000), chance.randint(1, 60), -2_000
        ticks = chance.choice((deep, near, near, crossing))
        steps.append(
            Step(
                intents,
                side,
                -ticks if side is Side.BUY else ticks,
                chance.choice((TimeInForce.GTC, TimeInForce.GTC, TimeInForce.IOC)),
                waits=chance.random() < 0.6,
            )
        )
        intents += 1
    return steps
