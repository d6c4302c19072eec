"""DeltaBuffer: what is held is without a hole, and is judged before anything is touched."""

from __future__ import annotations

import pytest

from connector_sdk.book.delta_buffer import DeltaBuffer
from connector_sdk.book.sequence import (
    APPLY,
    GAP,
    STALE,
    ContiguousIds,
    LinkedIds,
    SequenceRule,
    SpanIds,
    Timestamps,
)
from connector_sdk.model.market_data import BookDelta


def delta(last: int, first: int | None = None, previous: int | None = None) -> BookDelta:
    return BookDelta("BTC-USD", [], [], last, first, previous)


def held(rule: SequenceRule, *deltas: BookDelta, limit: int = 100) -> DeltaBuffer:
    buffer = DeltaBuffer(rule, limit)
    for each in deltas:
        buffer.hold(each)
    return buffer


def ids(buffer: DeltaBuffer, at: int) -> list[int | None] | None:
    fitting = buffer.after(at)
    return None if fitting is None else [each.last_id for each in fitting]


SPANS = (delta(12, 10), delta(15, 13), delta(20, 16))
LINKS = (delta(12, previous=9), delta(7, previous=12), delta(40, previous=7))
STEPS = (delta(10), delta(11), delta(12))


@pytest.mark.parametrize(
    ("rule", "deltas", "at", "fitting"),
    [
        (SpanIds(), SPANS, 9, [12, 15, 20]),
        (SpanIds(), SPANS, 11, [12, 15, 20]),
        (SpanIds(), SPANS, 12, [15, 20]),
        (SpanIds(), SPANS, 14, [15, 20]),
        (SpanIds(), SPANS, 20, []),
        (SpanIds(), SPANS, 50, []),
        (SpanIds(), SPANS, 8, None),
        (ContiguousIds(), STEPS, 9, [10, 11, 12]),
        (ContiguousIds(), STEPS, 11, [12]),
        (ContiguousIds(), STEPS, 8, None),
        (LinkedIds(), LINKS, 9, [12, 7, 40]),
        (LinkedIds(), LINKS, 12, [7, 40]),
        (LinkedIds(), LINKS, 40, []),
        (LinkedIds(), LINKS, 41, None),
        (LinkedIds(), LINKS, 8, None),
        (Timestamps(), STEPS, 11, [11, 12]),
        (Timestamps(strictly=True), STEPS, 11, [12]),
        (Timestamps(), STEPS, 9, None),
        (SpanIds(), (), 5, []),
        (LinkedIds(), (), 5, []),
    ],
)
def test_the_deltas_that_continue_a_snapshot_are_found_on_a_trial_id(
    rule: SequenceRule, deltas: tuple[BookDelta, ...], at: int, fitting: list[int] | None
) -> None:
    buffer = held(rule, *deltas)
    assert ids(buffer, at) == fitting
    assert len(buffer) == len(deltas)


def test_a_repeat_is_not_held_again() -> None:
    for rule, deltas in ((SpanIds(), SPANS), (LinkedIds(), LINKS), (ContiguousIds(), STEPS)):
        buffer = held(rule, *deltas)
        assert buffer.hold(deltas[1]) is STALE
        assert len(buffer) == 3


def test_a_hole_makes_what_was_held_useless() -> None:
    buffer = held(ContiguousIds(), *STEPS)
    assert buffer.hold(delta(14)) is GAP
    assert ids(buffer, 13) == [14]
    assert ids(buffer, 12) is None
    links = held(LinkedIds(), *LINKS)
    assert links.hold(delta(60, previous=50)) is GAP
    assert ids(links, 50) == [60]
    assert ids(links, 7) is None


def test_a_full_buffer_drops_the_oldest_and_stays_without_a_hole() -> None:
    buffer = held(ContiguousIds(), *STEPS, delta(13), limit=2)
    assert ids(buffer, 11) == [12, 13]
    assert ids(buffer, 10) is None
    assert (buffer.oldest_id, buffer.newest_id) == (12, 13)


def test_what_a_full_buffer_dropped_is_a_hole_even_if_the_rule_sees_none() -> None:
    buffer = held(Timestamps(), *STEPS, delta(13), limit=2)
    assert ids(buffer, 11) == [12, 13]
    assert ids(buffer, 10) is None


def test_nothing_is_known_of_the_time_before_the_first_delta_held() -> None:
    buffer = held(Timestamps(), delta(10), delta(11))
    assert ids(buffer, 9) is None
    assert ids(buffer, 10) == [10, 11]


def test_a_cleared_buffer_holds_what_follows_the_floor_it_was_given() -> None:
    buffer = DeltaBuffer(Timestamps(), 10)
    buffer.clear(floor=8)
    buffer.append(delta(10))
    assert ids(buffer, 8) == [10]
    assert ids(buffer, 7) is None


def test_the_first_delta_after_a_clear_starts_afresh() -> None:
    buffer = held(ContiguousIds(), *STEPS)
    buffer.clear()
    assert buffer.newest_id is None
    assert buffer.hold(delta(2)) is APPLY
    assert ids(buffer, 1) == [2]
