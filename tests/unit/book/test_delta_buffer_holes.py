"""DeltaBuffer: it never keeps a hole, not even where only identities tell."""

from __future__ import annotations

from connector_sdk.book.delta_buffer import DeltaBuffer
from connector_sdk.book.sequence import GAP, ContiguousIds, LinkedIds, SpanIds
from connector_sdk.model.market_data import BookDelta
from synchronizer_bench import Bench


def linked(last: int, previous: int) -> BookDelta:
    return BookDelta("BTC-USD", [], [], last, None, previous)


def test_a_linked_delta_after_a_hole_never_continues_what_was_held_before_it() -> None:
    buffer = DeltaBuffer(LinkedIds(), 10)
    buffer.hold(linked(12, previous=9))
    assert buffer.hold(linked(40, previous=30)) is GAP
    assert buffer.after(9) is None
    assert buffer.after(12) is None
    assert buffer.after(30) == [linked(40, previous=30)]


def test_what_lies_before_a_hole_is_forgotten() -> None:
    for rule in (ContiguousIds(), SpanIds(), LinkedIds()):
        buffer = DeltaBuffer(rule, 10)
        for last in (4, 5, 9):
            buffer.hold(BookDelta("BTC-USD", [], [], last, last, last - 1))
        assert len(buffer) == 1
        assert (buffer.oldest_id, buffer.newest_id) == (9, 9)


def test_a_snapshot_from_before_a_hole_is_asked_for_again() -> None:
    bench = Bench(LinkedIds())
    bench.delta(10, previous=9)
    bench.delta(30, previous=20, bids=[["9", "1"]])
    bench.snapshot(9)
    assert bench.standing[0] == "syncing"
    bench.wait(6)
    assert [ask.attempt for ask in bench.asked] == [0, 1]
    bench.snapshot(20)
    assert bench.standing == ("synced", 30, "20")
