"""Seeded episodes of trading under mixed faults: no order lost, doubled or misreported."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from time import monotonic

import pytest

from connector_sdk.sandbox.fault_catalogue import CATALOGUE
from connector_sdk.sandbox.faults import parse_faults
from trading_episode import Verdict, episode
from trading_script import FAULTS, TradingScript

MANY, BLOCK, FEW = 500, 50, 1
NOT_IN_MEMORY = {"nonce-refused", "bad-certificate"}
BOOKS_ONLY = {
    "snapshot-stale",
    "snapshot-ahead",
    "snapshot-fail",
    "message-cut",
    "sequence-reset",
}


def figures(verdicts: Sequence[Verdict], seconds: float) -> str:
    """The campaign in a few lines."""
    states: Counter[str] = sum((v.states for v in verdicts), Counter())
    faults: Counter[str] = sum((v.faults for v in verdicts), Counter())
    rows = {
        "episodes": len(verdicts),
        "seconds": round(seconds),
        "orders": sum(v.placed for v in verdicts),
        "refused here": sum(v.refused for v in verdicts),
        "ended as": dict(states),
        "fills": sum(v.fills for v in verdicts),
        "interruptions of the private stream": sum(v.interruptions for v in verdicts),
        "faults": dict(sorted(faults.items())),
        "longest to settle, s": max(v.settled_s for v in verdicts),
        "failed seeds": [v.script.seed for v in verdicts if v.wrong],
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items())


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(1, MANY + 1, BLOCK))
async def test_no_mix_of_faults_loses_doubles_or_misreports_an_order(
    first: int, campaign: bool
) -> None:
    begun = monotonic()
    verdicts: list[Verdict] = []
    for seed in range(first, first + (BLOCK if campaign else FEW)):
        verdicts.append(await episode(TradingScript.of_seed(seed)))
        if verdicts[-1].wrong:
            sys.stdout.write(f"{verdicts[-1].told()}\n")
    told = figures(verdicts, monotonic() - begun)
    sys.stdout.write(f"{told}\n")
    assert not [v.script.seed for v in verdicts if v.wrong], told
    assert all(v.placed > 5 and v.faults for v in verdicts), told


async def test_the_same_seed_trades_the_same_twice() -> None:
    one, two = [await episode(TradingScript.of_seed(7)) for _ in range(2)]
    assert one == two
    assert one.digest == two.digest
    assert len(one.faults) > 2


def test_the_scripts_of_a_campaign_hold_every_number_of_the_catalogue() -> None:
    scripts = [TradingScript.of_seed(seed) for seed in range(1, MANY + 1)]
    specs = [spec for script in scripts for spec in parse_faults(script.faults)]
    numbers = {spec.kind.number for spec in specs} | {8}  # 8: any of 6 on the private stream
    assert numbers == set(range(1, 18))
    assert any("stream=user" in text for text in FAULTS)
    assert {spec.kind.name for spec in specs} == set(CATALOGUE) - NOT_IN_MEMORY - BOOKS_ONLY
