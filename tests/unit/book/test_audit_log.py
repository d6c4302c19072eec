"""AuditLog: a live book is compared with a snapshot at the very same id, or not at all."""

from __future__ import annotations

import pytest

from connector_sdk.book.audit_log import AuditLog
from connector_sdk.book.sequence import ContiguousIds, LinkedIds, SequenceRule, Timestamps
from connector_sdk.model.market_data import BookDelta, BookSnapshot

PATIENCE = 50


def snapshot(at: int) -> BookSnapshot:
    return BookSnapshot("BTC-USD", [], [], at)


def log_of(rule: SequenceRule, started_at: int, *ids: int, limit: int = 100) -> AuditLog:
    log = AuditLog(rule, limit)
    log.start(started_at)
    previous = started_at
    for last in ids:
        log.applied(BookDelta("BTC-USD", [], [], last, None, previous))
        previous = last
    return log


@pytest.mark.parametrize("rule", [ContiguousIds(), LinkedIds(), Timestamps(strictly=True)])
@pytest.mark.parametrize(("at", "fitting"), [(10, [11, 12]), (11, [12]), (12, [])])
def test_the_applied_deltas_lead_from_the_snapshot_to_the_live_book(
    rule: SequenceRule, at: int, fitting: list[int]
) -> None:
    log = log_of(rule, 10, 11, 12)
    log.offer(snapshot(at), at, 0)
    case = log.case(12, 0, PATIENCE)
    assert case is not None
    assert case.fitting is not None
    assert [delta.last_id for delta in case.fitting] == fitting
    assert log.case(12, 0, PATIENCE) is None


@pytest.mark.parametrize("rule", [ContiguousIds(), Timestamps()])
def test_a_snapshot_older_than_the_log_cannot_be_compared(rule: SequenceRule) -> None:
    log = log_of(rule, 10, 11, 12)
    log.offer(snapshot(9), 9, 0)
    case = log.case(12, 0, PATIENCE)
    assert case is not None
    assert case.fitting is None


def test_a_log_that_overflowed_does_not_reach_back() -> None:
    log = log_of(Timestamps(), 10, 11, 12, 13, limit=2)
    log.offer(snapshot(10), 10, 0)
    case = log.case(13, 0, PATIENCE)
    assert case is not None
    assert case.fitting is None


def test_a_snapshot_ahead_waits_for_the_live_book() -> None:
    log = log_of(ContiguousIds(), 10)
    log.offer(snapshot(12), 12, 0)
    assert log.case(10, 0, PATIENCE) is None
    assert log.holds_snapshot
    log.applied(BookDelta("BTC-USD", [], [], 11))
    assert log.case(11, 40, PATIENCE) is None
    log.applied(BookDelta("BTC-USD", [], [], 12))
    case = log.case(12, 80, PATIENCE)
    assert case is not None
    assert (case.fitting, case.ahead) == ((), False)


def test_a_live_book_that_stands_still_short_of_the_snapshot_has_lost_something() -> None:
    log = log_of(ContiguousIds(), 10)
    log.offer(snapshot(12), 12, 0)
    assert log.case(10, 0, PATIENCE) is None
    case = log.case(10, PATIENCE, PATIENCE)
    assert case is not None
    assert (case.fitting, case.ahead) == ((), True)


def test_an_id_that_cannot_be_compared_by_size_is_waited_for_as_long() -> None:
    log = log_of(LinkedIds(), 10, 11)
    log.offer(snapshot(5), 5, 0)
    assert log.case(11, 0, PATIENCE) is None
    case = log.case(11, PATIENCE, PATIENCE)
    assert case is not None
    assert case.fitting is None


def test_a_stopped_log_forgets_the_snapshot() -> None:
    log = log_of(ContiguousIds(), 10)
    log.offer(snapshot(12), 12, 0)
    log.stop()
    assert not log.running
    assert not log.holds_snapshot
    assert log.case(12, 0, PATIENCE) is None
