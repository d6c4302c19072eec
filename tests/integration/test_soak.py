"""Trading for ten minutes at 200 orders a second, under faults: nothing piles up."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from statistics import median
from time import monotonic
from typing import Any

import pytest

from child_process import Life, living
from connector_sdk.sandbox.trading import Account
from connector_sdk.sandbox.venue import EmbeddedVenue
from live_venue import venue_of

CHILD = Path(__file__).with_name("soak_child.py")
PAIR = "BTC-USDT"
RATE, SECONDS = 200.0, 600.0
SHORT_RATE, SHORT_SECONDS = 100.0, 4.0
MOST_GROWTH = 1.05
FIRST_MINUTE_S = 60.0
SETTLED_WITHIN_S = 60.0
FAULTS = (
    "answer-lost:p=0.004,request-lost:p=0.004,status-unknown:p=0.002,"
    "status-unknown:executed=0:p=0.002,server-error:request=cancel:executed=1:p=0.002,"
    "timestamp-refused:p=0.001,fill-first:p=0.02,slow-answer:request=place:delay_ms=300:p=0.01,"
    "drop:stream=user:p=0.002,duplicate:stream=user:p=0.01,reorder:stream=user:p=0.01,"
    "stream-end:every=15000,reset:stream=user:every=9000,drop:stream=depth:p=0.001,"
    "close:stream=depth:every=2000"
)


class Memory:
    """Resident size of a process, by the second."""

    def __init__(self, pid: int) -> None:
        self._statm = Path(f"/proc/{pid}/statm")
        self.sizes: list[tuple[float, float]] = []

    async def watch(self) -> None:
        begun = monotonic()
        while True:
            pages = int(self._statm.read_text("ascii").split()[1])
            self.sizes.append((monotonic() - begun, pages * resource.getpagesize() / 1e6))
            await asyncio.sleep(1.0)

    @property
    def growth(self) -> tuple[float, float]:
        """(MB at the end of the first minute, how many times that was the most afterwards)."""
        first = median(size for at, size in self.sizes if abs(at - FIRST_MINUTE_S) < 5)
        return first, max(size for at, size in self.sizes if at > FIRST_MINUTE_S) / first


def differences(report: Mapping[str, Any], venue: EmbeddedVenue, account: str) -> list[str]:
    """What is not as it should be, once everything has settled."""
    wrong = [f"open: {report['open']}"] if report["open"] else []
    if report["more_tasks"] > 0:
        wrong.append(f"{report['more_tasks']} tasks more than before")
    for asset, true in venue.core.desk.balances(account).items():
        held = [Decimal(text) for text in report["balances"].get(asset, ("0", "0"))]
        if held != [true.free, true.locked]:
            wrong.append(f"{asset} is {held} here, {true} there")
    return wrong


def given_to(venue: EmbeddedVenue, account: Account, store: Path) -> dict[str, Any]:
    """Where the child trades, and as whom."""
    endpoints = dict(venue.endpoints)
    keys = {"key": account.key, "secret": account.secret}
    return {**keys, "endpoints": endpoints, "store": str(store), "seed": 1}


async def wrong_after_settling(life: Life, venue: EmbeddedVenue, account: str) -> list[str]:
    """What still differs once there was time for it not to."""
    wrong, patience = ["nobody looked"], monotonic() + SETTLED_WITHIN_S
    while wrong and monotonic() < patience:
        report = await life.asked("report", "open")
        wrong = differences(report, venue, account)
        await asyncio.sleep(0.1)
    return wrong


@pytest.mark.campaign
async def test_nothing_piles_up_while_orders_come_and_go_under_faults(
    campaign: bool, tmp_path: Path
) -> None:
    rate, seconds = (RATE, SECONDS) if campaign else (SHORT_RATE, SHORT_SECONDS)
    async with venue_of([PAIR], flow=50.0, faults=FAULTS) as venue:
        account = venue.core.open_account()
        given = {
            **given_to(venue, account, tmp_path / "orders.sqlite"),
            "rate": rate,
            "seconds": seconds,
        }
        async with living(CHILD, given, tmp_path / "errors") as life:
            await life.word("ready")
            memory = Memory(life.pid)
            watching = asyncio.create_task(memory.watch())
            begun = monotonic()
            traded = await life.word("placed", patience_s=2 * seconds + 60)
            took = monotonic() - begun
            watching.cancel()
            wrong = await wrong_after_settling(life, venue, account.name)
            life.tell("end")
            left = await life.word("left")
        trading = venue.journal.trading
        accepted = Counter(row.client_order_id for row in trading.orders)
        told = {
            "placed": traded["placed"],
            "not placed": traded["failed"],
            "a second": round(traded["placed"] / took, 1),
            "accepted": len(accepted),
            "fills": len(trading.fills(account.name)),
            "faults": dict(Counter(one.name for one in venue.journal.faults)),
            "MB, growth": [round(n, 3) for n in memory.growth] if campaign else None,
        }
    sys.stdout.write(f"{told}\n")
    assert wrong == [], told
    assert left["left"] == 0
    assert max(accepted.values()) == 1
    assert traded["placed"] > 0.9 * rate * seconds, told
    assert not campaign or memory.growth[1] <= MOST_GROWTH, told
