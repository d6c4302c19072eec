"""Every sequence rule through hostile weather, compared with the truth after every frame.

A failure names its variant and seed; `run_tape(VARIANTS[variant], seed)` repeats it exactly.
"""

from __future__ import annotations

import os
from dataclasses import fields
from functools import cache
from itertools import product

import pytest

from connector_sdk.book.sequence import Verdict
from connector_sdk.model.events import BookState
from connector_sdk.testing.hostile_link import Hostility
from connector_sdk.testing.hostile_tape import Arrival, HostileTape
from connector_sdk.testing.hostile_variants import VARIANTS, Variant
from hostile_ideal import Figures
from hostile_run import TapeRun

FULL = os.environ.get("CONNECTOR_SDK_CAMPAIGN") == "1"
SEEDS = 1_000 if FULL else 15
STEPS, TAIL = 50, 60
MOST_ASKS_PER_LOSS = 1.2
STEPS_PER_OTHER_ASK = 16
"""A synced book asks for an audit every 26 steps, and sooner for what lies beyond its horizon."""
LEAST_READS_SERVED = 0.95
FURTHEST_AHEAD = 30
BLIND = ("timestamps", "timestamps-strictly", "timestamps-of-receipt")
HARM = {
    *("lost", "doubled", "late", "swapped", "lull"),
    *("cut", "silence", "handover", "restart"),
}

SYNCING, SYNCED, STALE = BookState.SYNCING, BookState.SYNCED, BookState.STALE
ALL = set(product((SYNCING, SYNCED, STALE), Verdict))
RECEIPT = set(product((SYNCING, SYNCED, STALE), (Verdict.APPLY,)))
NUMBERED = set(product((SYNCING, SYNCED, STALE), (Verdict.APPLY, Verdict.GAP)))
PRODUCIBLE = {
    "timestamps-of-receipt": RECEIPT,
    "per-connection-ids": NUMBERED,
    "snapshot-only": RECEIPT | {(SYNCED, Verdict.STALE), (SYNCED, Verdict.GAP)},
}
"""A stamp of receipt is never old, and shows no gap; frames that repeat their number never reach
the rule; a whole book is never held. Where nothing shows a gap, a stall is one."""
HARDLY_EVER = {"timestamps-and-checksum": {(SYNCING, Verdict.GAP)}}
"""A stall before the first snapshot of all, where that comes in-stream."""

each_variant = pytest.mark.parametrize("name", VARIANTS)


def run_tape(variant: Variant, seed: int) -> Figures:
    try:
        return TapeRun(variant, seed, STEPS, TAIL).run()
    except AssertionError as failure:
        raise AssertionError(f"{variant.name}, seed {seed}: {failure}") from failure


@cache
def campaign(name: str) -> Figures:
    total = Figures()
    for seed in range(SEEDS):
        total.add(run_tape(VARIANTS[name], seed))
    print(f"{name}: {total.told()}")  # noqa: T201
    return total


@pytest.mark.campaign
@each_variant
def test_every_read_equals_the_truth_and_every_book_heals(name: str) -> None:
    assert campaign(name).compared > 100 * SEEDS


@pytest.mark.campaign
@each_variant
def test_snapshots_are_asked_for_sparingly(name: str) -> None:
    figures = campaign(name)
    assert figures.asks_per_loss <= MOST_ASKS_PER_LOSS, figures.told()
    lived = SEEDS * VARIANTS[name].pairs * (STEPS + TAIL)
    assert figures.other_asks <= lived / STEPS_PER_OTHER_ASK, figures.told()


@pytest.mark.campaign
@each_variant
def test_the_weather_holds_every_kind_of_harm(name: str) -> None:
    figures, in_stream = campaign(name), VARIANTS[name].rules.in_stream
    assert figures.injected.keys() >= HARM, figures.told()
    if FULL:
        harmed = "opening snapshot" if in_stream else "stale snapshot"
        assert figures.injected.keys() >= {"refused", harmed}, figures.told()
        assert in_stream or figures.furthest_ahead >= FURTHEST_AHEAD, figures.told()


@pytest.mark.campaign
@each_variant
def test_nearly_all_reads_are_served_that_an_ideal_synchronizer_serves(name: str) -> None:
    figures = campaign(name)
    assert figures.reads_served >= LEAST_READS_SERVED, figures.told()


@pytest.mark.campaign
@pytest.mark.parametrize("name", BLIND)
def test_losses_that_do_not_show_are_found_by_audits(name: str) -> None:
    assert campaign(name).repaired > SEEDS // 2


@pytest.mark.campaign
@each_variant
def test_every_verdict_is_met_in_every_state(name: str) -> None:
    met = campaign(name).met.keys()
    producible = PRODUCIBLE.get(name, ALL)
    assert met <= producible
    if FULL:
        assert met >= producible - HARDLY_EVER.get(name, set())
    else:
        assert met >= {row for row in producible if row[0] is SYNCED}


def test_an_old_answer_that_meets_nothing_does_not_end_audits_and_refreshes_for_good() -> None:
    run_tape(VARIANTS["linked-ids-by-request"], 124)


@each_variant
def test_a_seed_repeats_its_tape(name: str) -> None:
    def frames(seed: int) -> list[Arrival]:
        tape = HostileTape(VARIANTS[name], seed)
        happenings = [h for _ in range(30) for h in tape.step()]
        return [h for h in happenings if isinstance(h, Arrival)]

    assert frames(7) == frames(7)
    assert frames(7) != frames(8)


@each_variant
def test_fair_weather_costs_no_snapshot_but_the_first(name: str) -> None:
    calm = Hostility(*[0.0] * len(fields(Hostility)))
    variant = VARIANTS[name]
    figures = TapeRun(variant, 1, STEPS, TAIL, calm).run()
    assert not figures.injected.total()
    assert figures.asks == (0 if variant.rules.in_stream else variant.pairs)
    assert figures.repaired == 0 or name == "timestamps-of-receipt"  # nothing places its snapshots
