"""The embedded venue obeys its own laws whatever is asked of it, and fills as a naive one does.

A failure names its seed; `Traffic(seed)` repeats it exactly.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from connector_sdk.sandbox.invariants import Invariants
from venue_traffic import Traffic

FULL = os.environ.get("CONNECTOR_SDK_CAMPAIGN") == "1"
STEPS = 20_000 if FULL else 700
SEEDS = range(1, 3) if FULL else range(1, 4)
LEAST_ORDERS = 10_000 if FULL else 350
LAWS_EVERY, COMPARED_EVERY = 50, 1_000 if FULL else 50
KINDS = (
    *("limit", "market", "limit_maker", "stop_loss", "stop_loss_limit"),
    *("take_profit", "take_profit_limit", "cancel", "amend", "flow"),
    *("post-only would match", "would trigger at once", "amended too often"),
    *(f"prevention {word}" for word in ("none", "expire_taker", "expire_maker", "expire_both")),
    "prevention decrement",
)


@pytest.mark.campaign
@pytest.mark.parametrize("seed", SEEDS)
def test_random_orders_break_no_law_and_fill_as_at_a_naive_venue(seed: int) -> None:
    traffic = Traffic(seed)
    laws = Invariants(traffic.desk, traffic.core.markets)
    for step in range(1, STEPS + 1):
        traffic.go_on()
        if step % LAWS_EVERY == 0:
            assert [*laws.violations(), *traffic.wrong] == [], step
        if step % COMPARED_EVERY == 0:
            assert traffic.compared() == [], step
    journal = traffic.core.journal
    placed = sum(traffic.seen[kind] for kind in KINDS[:7])
    assert placed >= LEAST_ORDERS
    assert len(journal.orders) == placed
    assert len(journal.fills()) > placed / 3
    ends = Counter(end.status.value for end in journal.ends)
    assert min(ends["filled"], ends["canceled"], ends["expired"], ends["expired_in_match"]) > 5
    if FULL:
        assert not [kind for kind in KINDS if not traffic.seen[kind]]
