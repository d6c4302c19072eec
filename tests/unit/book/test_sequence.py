"""Sequence rules: what each makes of a delta that continues, repeats, overlaps or leaps."""

from __future__ import annotations

import pytest

from connector_sdk.book.seen_ids import SeenIds
from connector_sdk.book.sequence import (
    APPLY,
    GAP,
    STALE,
    ContiguousIds,
    LinkedIds,
    PerConnectionIds,
    SequenceRule,
    SnapshotOnly,
    SpanIds,
    Timestamps,
    Verdict,
)
from connector_sdk.book.stall_watch import StallWatch
from connector_sdk.model.market_data import BookDelta


def delta(last: int | None, first: int | None = None, previous: int | None = None) -> BookDelta:
    return BookDelta("BTC-USD", [], [], last, first, previous)


@pytest.mark.parametrize(
    ("rule", "arrived", "verdict"),
    [
        (SpanIds(), delta(105, 101), APPLY),
        (SpanIds(), delta(105, 99), APPLY),
        (SpanIds(), delta(101, 101), APPLY),
        (SpanIds(), delta(100, 98), STALE),
        (SpanIds(), delta(50, 40), STALE),
        (SpanIds(), delta(105, 102), GAP),
        (SpanIds(), delta(105), GAP),
        (SpanIds(), delta(None), GAP),
        (LinkedIds(), delta(7, previous=100), APPLY),
        (LinkedIds(), delta(205, previous=100), APPLY),
        (LinkedIds(), delta(100, previous=90), STALE),
        (LinkedIds(), delta(102, previous=101), GAP),
        (LinkedIds(), delta(90, previous=80), GAP),
        (LinkedIds(), delta(101), GAP),
        (ContiguousIds(), delta(101), APPLY),
        (ContiguousIds(), delta(100), STALE),
        (ContiguousIds(), delta(99), STALE),
        (ContiguousIds(), delta(102), GAP),
        (ContiguousIds(), delta(None), GAP),
        (PerConnectionIds(), delta(101), APPLY),
        (PerConnectionIds(), delta(107), APPLY),
        (PerConnectionIds(), delta(100), STALE),
        (PerConnectionIds(), delta(None), GAP),
        (Timestamps(), delta(101), APPLY),
        (Timestamps(), delta(100), APPLY),
        (Timestamps(), delta(99), STALE),
        (Timestamps(strictly=True), delta(101), APPLY),
        (Timestamps(strictly=True), delta(100), STALE),
        (Timestamps(), delta(None), GAP),
        (SnapshotOnly(), delta(101), GAP),
    ],
)
@pytest.mark.parametrize("bridging", [True, False])
def test_a_rule_judges_a_delta_by_where_the_book_stands(
    rule: SequenceRule, arrived: BookDelta, verdict: Verdict, bridging: bool
) -> None:
    assert rule.judge(100, arrived, bridging=bridging) is verdict


@pytest.mark.parametrize(
    ("rule", "sees_gaps", "ordered", "connection_wide", "stamped"),
    [
        (SpanIds(), True, True, False, False),
        (LinkedIds(), True, False, False, False),
        (ContiguousIds(), True, True, False, False),
        (PerConnectionIds(), True, True, True, False),
        (Timestamps(), False, True, False, True),
        (SnapshotOnly(), False, True, False, True),
    ],
)
def test_a_rule_says_what_it_can_prove(
    rule: SequenceRule, sees_gaps: bool, ordered: bool, connection_wide: bool, stamped: bool
) -> None:
    said = (rule.sees_gaps, rule.ordered, rule.connection_wide, rule.stamped)
    assert said == (sees_gaps, ordered, connection_wide, stamped)


def test_an_id_that_was_stood_at_is_passed() -> None:
    seen = SeenIds()
    seen.note(5)
    assert seen.passed(delta(5, previous=4))
    assert not seen.passed(delta(9, previous=8))


def test_late_deltas_that_follow_a_passed_id_are_passed_one_after_the_other() -> None:
    seen = SeenIds()
    seen.note(5)
    assert seen.passed(delta(6, previous=5))
    assert seen.passed(delta(7, previous=6))


def test_only_the_newest_256_ids_are_remembered() -> None:
    seen = SeenIds()
    seen.note_all([delta(n) for n in range(257)])
    assert 0 not in seen
    assert 1 in seen


def test_old_messages_are_a_stall_once_they_go_on_for_too_long() -> None:
    stall = StallWatch(50)
    assert [stall.old(now) for now in (100, 149, 150, 160)] == [False, False, True, False]
