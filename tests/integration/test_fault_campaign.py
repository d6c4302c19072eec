"""Seeded mixes of stream faults over five pairs: no reader is ever shown a wrong book."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Iterable
from time import monotonic

import pytest

from campaign_run import Verdict, in_memory, over_sockets
from connector_sdk.sandbox.faults import parse_faults
from fault_script import ON_A_PAIR, ON_A_SNAPSHOT, PAIRS, fault_script
from live_venue import open_descriptors, until

MANY, BLOCK = 200, 50
MOST_ASKS_A_LOSS = 1.2
LEAST_SERVED = 0.95
CATALOGUE_NUMBERS = {1, 2, 5, 6, 7, 10, 13, 15, 17}


async def played(seed: int, caplog: pytest.LogCaptureFixture) -> Verdict:
    """Play one seed over sockets; whatever it leaves behind is wrong, too."""
    loop, unhandled = asyncio.get_running_loop(), list[str]()
    loop.set_exception_handler(lambda _, context: unhandled.append(repr(context)))
    tasks, descriptors = len(asyncio.all_tasks()), open_descriptors()
    caplog.clear()
    verdict = await over_sockets(fault_script(seed))
    verdict.wrong += unhandled
    verdict.wrong += [
        record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR
    ]
    try:
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: open_descriptors() <= descriptors)
    except TimeoutError:
        left = len(asyncio.all_tasks()) - tasks, open_descriptors() - descriptors
        verdict.wrong.append(f"tasks and descriptors left behind: {left}")
    loop.set_exception_handler(None)
    return verdict


def figures(verdicts: Iterable[Verdict], seconds: float) -> str:
    """The campaign in a few lines."""
    all_of = list(verdicts)
    kinds = Counter(one.name for verdict in all_of for one in verdict.injected)
    rows = {
        "runs": len(all_of),
        "seconds": round(seconds),
        "injected": dict(sorted(kinds.items())),
        "gaps": sum(verdict.gaps for verdict in all_of),
        "losses": sum(verdict.losses for verdict in all_of),
        "asks": sum(verdict.asks for verdict in all_of),
        "reads compared": sum(verdict.compared for verdict in all_of),
        "levels audits repaired": sum(verdict.repaired for verdict in all_of),
        "served of ideal": (
            sum(verdict.served for verdict in all_of),
            sum(verdict.ideally_served for verdict in all_of),
        ),
        "longest stale, s": max(round(verdict.longest_stale_s, 2) for verdict in all_of),
        "longest trusted in silence, s": max(round(v.longest_trusted_s, 2) for v in all_of),
        "failed seeds": [verdict.script.seed for verdict in all_of if verdict.wrong],
    }
    return "\n".join(f"{name}: {value}" for name, value in rows.items())


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(1, MANY + 1, BLOCK))
async def test_no_mix_of_stream_faults_ever_shows_a_wrong_book(
    first: int, campaign: bool, caplog: pytest.LogCaptureFixture
) -> None:
    begun = monotonic()
    verdicts: list[Verdict] = []
    for seed in range(first, first + (BLOCK if campaign else 1)):
        verdicts.append(await played(seed, caplog))
        if verdicts[-1].wrong:
            sys.stdout.write(f"{verdicts[-1].told()}\n")
    told = figures(verdicts, monotonic() - begun)
    sys.stdout.write(f"{told}\n")
    assert not [verdict.script.seed for verdict in verdicts if verdict.wrong], told
    losses, asks = (sum(getattr(v, name) for v in verdicts) for name in ("losses", "asks"))
    assert asks <= MOST_ASKS_A_LOSS * losses, told
    served, ideal = (sum(getattr(v, n) for v in verdicts) for n in ("served", "ideally_served"))
    assert served >= LEAST_SERVED * ideal > 0, told
    assert not campaign or any(verdict.repaired for verdict in verdicts), told


async def test_the_same_seed_injects_the_same_faults_over_sockets(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one, two = await played(4, caplog), await played(4, caplog)
    assert one.injected == two.injected
    assert len({injection.name for injection in one.injected}) > 2
    assert not one.wrong + two.wrong, one.told() + two.told()


@pytest.mark.parametrize("seed", [5])
async def test_the_same_seed_repeats_exactly_in_memory(seed: int) -> None:
    one, two = await in_memory(fault_script(seed)), await in_memory(fault_script(seed))
    assert one.digest == two.digest
    assert one == two
    assert len(one.injected) > 3
    assert not one.wrong, one.told()


def test_the_scripts_of_a_campaign_hold_every_stream_fault_of_the_catalogue() -> None:
    scripts = [fault_script(seed) for seed in range(1, MANY + 1)]
    specs = [spec for script in scripts for spec in parse_faults(script.text)]
    assert {spec.kind.number for spec in specs} == CATALOGUE_NUMBERS
    named = {kind.partition(":")[0] for kind in (*ON_A_PAIR, *ON_A_SNAPSHOT)}
    assert named < {spec.kind.name for spec in specs}
    assert all(script.aimed_at < set(PAIRS) for script in scripts)
