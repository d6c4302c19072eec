"""A trading process is killed with SIGKILL and started again on the same store, many times.

No order is lost, doubled or misreported: the venue, which lives on, is the witness.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from pydantic import SecretStr

from child_process import Life, living
from connector_sdk.orders.record_text import record_from
from connector_sdk.runtime.sqlite_store import SqliteStore
from connector_sdk.sandbox.trading import Account
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk_binance.auth import BinanceAuth, BinanceCredentials
from kill_checks import differences, once_each, truth
from kill_plan import PAIR, KillPlan, Point, kill_plan
from live_venue import until, venue_of

CHILD = Path(__file__).with_name("kill_child.py")
SETTLED_WITHIN_S = 30.0
RUNS = 40
AT_ONCE = 5
FLOW = 30.0


@dataclass
class Verdict:
    """What one run showed."""

    plan: KillPlan
    wrong: list[str] = field(default_factory=list)
    orders: int = 0
    fills: int = 0
    lost: int = 0
    seconds: float = 0.0


class Run:
    """One plan, carried out by processes against an account of its own."""

    def __init__(self, venue: EmbeddedVenue, plan: KillPlan, folder: Path) -> None:
        self._venue = venue
        self._plan = plan
        self._account: Account = venue.core.open_account()
        self._log = folder / f"{plan.point.name}-{plan.seed}.log"
        self._store = self._log.with_suffix(".sqlite")
        self._errors = self._log.with_suffix(".err")
        self._verdict = Verdict(plan)

    def _given(self, steps: Sequence[Any], *, gated: bool = False) -> dict[str, Any]:
        return {
            "key": self._account.key,
            "secret": self._account.secret,
            "endpoints": dict(self._venue.endpoints),
            "store": str(self._store),
            "log": str(self._log),
            "steps": [step.as_json() for step in steps],
            "point": self._plan.point.name if gated else Point.IDLE.name,
            "nth": self._plan.nth,
        }

    async def carried_out(self) -> Verdict:
        begun = monotonic()
        await self._first_life()
        if self._plan.again_s is not None:
            async with living(CHILD, self._given(()), self._errors) as life:
                await asyncio.sleep(self._plan.again_s)
                await life.kill()
        await self._last_life()
        self._verdict.seconds = monotonic() - begun
        return self._verdict

    async def _first_life(self) -> None:
        plan = self._plan
        async with living(CHILD, self._given(plan.steps, gated=True), self._errors) as life:
            words = await life.word("idle" if plan.point is Point.IDLE else "held")
            if plan.point is Point.BEFORE_ANSWER and plan.arrives:
                await until(lambda: self._arrived(words["name"], words["kind"]))
            await asyncio.sleep(plan.linger_s)
            await life.kill()

    def _arrived(self, name: str, kind: str) -> bool:
        arrivals = self._venue.journal.arrivals
        return any((name, kind) == (one.client_order_id, one.kind) for one in arrivals)

    async def _last_life(self) -> None:
        verdict = self._verdict
        async with living(CHILD, self._given(self._plan.after), self._errors) as life:
            await life.word("idle")
            verdict.wrong += await self._settled(life)
            await life.asked("clear", "cleared")
            verdict.wrong += await self._settled(life)
            await life.end()
        venue = truth(self._venue.core, self._account.name)
        verdict.wrong += once_each(venue, self._log, await self._stored())
        verdict.orders = len(venue.orders)
        verdict.fills = sum(map(len, venue.fills.values()))

    async def _settled(self, life: Life) -> list[str]:
        """What differs between the process and the venue once both had time to agree."""
        wrong = ["nobody looked"]
        patience = monotonic() + SETTLED_WITHIN_S
        while wrong and monotonic() < patience:
            report = await life.asked("report", "orders")
            wrong = list(differences(report, truth(self._venue.core, self._account.name)))
            self._verdict.lost = sum(one["state"] == "lost" for one in report["orders"])
            await asyncio.sleep(0.1)
        return wrong

    async def _stored(self) -> dict[str, Decimal]:
        """Client order id → quantity asked for, of every order in the store."""
        key, secret = SecretStr(self._account.key), SecretStr(self._account.secret)
        auth = BinanceAuth(BinanceCredentials(api_key=key, secret=secret))
        store = SqliteStore(self._store)
        orders = await store.load("binance", auth.identity)
        await store.close()
        return {one.client_order_id: record_from(one.body).intent.quantity for one in orders}


def figures(verdicts: Sequence[Verdict]) -> str:
    """The campaign in a few lines."""
    points = Counter(verdict.plan.point.value for verdict in verdicts)
    again = sum(verdict.plan.again_s is not None for verdict in verdicts)
    rows = {
        "runs": len(verdicts),
        "killed": dict(points),
        "killed twice": again,
        "orders": sum(verdict.orders for verdict in verdicts),
        "fills": sum(verdict.fills for verdict in verdicts),
        "never arrived": sum(verdict.lost for verdict in verdicts),
        "longest run, s": round(max(verdict.seconds for verdict in verdicts), 1),
        "wrong": [(v.plan.point.value, v.plan.seed) for v in verdicts if v.wrong],
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items())


@pytest.mark.campaign
async def test_no_order_is_lost_doubled_or_misreported_when_its_process_is_killed(
    campaign: bool, tmp_path: Path
) -> None:
    seeds = range(1, (RUNS if campaign else 1) + 1)
    plans = [kill_plan(seed, point) for seed in seeds for point in Point]
    places = asyncio.Semaphore(AT_ONCE)
    async with venue_of([PAIR], flow=FLOW) as venue:

        async def carried_out(plan: KillPlan) -> Verdict:
            async with places:
                return await Run(venue, plan, tmp_path).carried_out()

        verdicts = await asyncio.gather(*map(carried_out, plans))
    told = figures(verdicts)
    sys.stdout.write(f"{told}\n")
    for verdict in verdicts:
        for wrong in verdict.wrong:
            sys.stdout.write(f"{verdict.plan.point.name} {verdict.plan.seed}: {wrong}\n")
    assert not [verdict.plan for verdict in verdicts if verdict.wrong], told
    assert sum(verdict.orders for verdict in verdicts) > 3 * len(verdicts), told
