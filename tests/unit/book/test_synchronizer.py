"""BookSynchronizer: one behaviour a test; real projects' failures among them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector_sdk.book.sequence import (
    ContiguousIds,
    LinkedIds,
    SnapshotOnly,
    SpanIds,
    Timestamps,
)
from connector_sdk.book.sync_settings import SECOND_NS
from connector_sdk.book.synchronizer import DEGRADED_AFTER
from connector_sdk.errors import BookNotSynced, WireError
from connector_sdk.model.events import (
    BookResynced,
    BookStale,
    BookUpdated,
    PairDegraded,
)
from synchronizer_bench import IN_STREAM, PAIR, SETTINGS, Bench, synced


def test_the_first_delta_asks_for_a_snapshot_and_the_others_do_not() -> None:
    bench = Bench(ContiguousIds())
    bench.steps(4, 5, 6)
    assert bench.standing[0] == "syncing"
    assert [ask.attempt for ask in bench.asked] == [0]


def test_a_delta_older_than_the_snapshot_is_dropped_and_newer_ones_are_replayed() -> None:
    bench = Bench(ContiguousIds())
    bench.steps(4, 5, 6, 7)
    bench.snapshot(5)
    assert bench.standing == ("synced", 7, "7")
    assert bench.said(BookResynced) == [BookResynced(PAIR, 7, 2, bench.now_ns)]


def test_a_snapshot_ahead_of_the_stream_is_reached_by_it() -> None:
    bench = Bench(SpanIds())
    bench.delta(5, 4)
    bench.snapshot(35)
    for last in range(6, 36):
        bench.delta(last, last)
    assert bench.standing == ("synced", 35, "35")
    bench.delta(38, 34)
    assert bench.standing == ("synced", 38, "38")
    assert len(bench.asked) == 1


def test_an_unsynced_book_refuses_to_be_read() -> None:
    bench = synced()
    bench.delta(7)
    with pytest.raises(BookNotSynced, match="stale"):
        _ = bench.book.best_bid
    with pytest.raises(BookNotSynced, match="syncing"):
        Bench(ContiguousIds()).book.bids(1)


def test_a_gap_makes_the_book_stale_before_anything_else_is_published() -> None:
    bench = synced()
    bench.steps(6, 8, 9)
    kinds = [type(event) for event in bench.events]
    assert kinds == [BookUpdated, BookStale]
    assert bench.events[1][1:3] == ("gap: delta 8..8 after 6", 6)
    assert len(bench.asked) == 1


def test_the_delta_that_showed_the_gap_is_replayed_once_and_the_id_never_rewinds() -> None:
    bench = synced()
    bench.steps(8, 9)
    bench.snapshot(9)
    bench.steps(9, 8, 10)
    assert bench.standing == ("synced", 10, "10")
    ids = [event.update_id for event in bench.events if isinstance(event, BookResynced)]
    ids += [event.update_id for event in bench.events if isinstance(event, BookUpdated)]
    assert ids == [9, 10]


def test_the_buffer_survives_a_failed_and_a_stale_snapshot() -> None:
    bench = synced()
    bench.steps(8, 9, 10)
    bench.sync.snapshot_failed("503", bench.now_ns)
    bench.snapshot(6)
    assert bench.standing[0] == "stale"
    assert [ask.attempt for ask in bench.asked] == [0, 1, 2]
    bench.snapshot(8)
    assert bench.standing == ("synced", 10, "10")
    assert bench.said(BookResynced) == [BookResynced(PAIR, 10, 2, bench.now_ns)]


def test_many_deltas_after_a_gap_make_one_wish() -> None:
    bench = synced()
    bench.steps(*range(8, 100, 2))
    assert len(bench.asked) == 1


@pytest.mark.parametrize(("at", "state"), [(8, "stale"), (9, "synced"), (10, "synced")])
def test_a_full_buffer_is_bridged_only_by_a_snapshot_that_meets_it(at: int, state: str) -> None:
    bench = synced(settings=replace(SETTINGS, buffer_limit=2))
    bench.steps(7, 8, 9, 10, 11)
    bench.snapshot(at)
    assert bench.standing[0] == state


def test_a_resync_takes_lower_ids_for_the_venue_may_have_restarted() -> None:
    bench = synced()
    bench.delta(900)
    bench.snapshot(2, in_stream=True)
    bench.delta(3)
    assert bench.standing == ("synced", 3, "3")


def test_nothing_but_old_deltas_for_five_seconds_is_a_gap() -> None:
    bench = synced()
    bench.delta(2)
    bench.now_ns += 4 * SECOND_NS
    bench.delta(3)
    assert bench.standing[0] == "synced"
    bench.now_ns += 2 * SECOND_NS
    bench.delta(4)
    assert bench.standing[0] == "stale"
    bench.snapshot(4)
    bench.delta(5)
    assert bench.standing == ("synced", 5, "5")


def test_one_good_delta_ends_a_stall() -> None:
    bench = synced()
    bench.delta(2)
    bench.now_ns += 4 * SECOND_NS
    bench.delta(6)
    bench.now_ns += 4 * SECOND_NS
    bench.delta(3)
    assert bench.standing[0] == "synced"


def test_a_lost_connection_makes_the_book_stale_and_gives_up_what_was_asked() -> None:
    bench = synced()
    bench.delta(7)
    bench.sync.connection_lost("reset by peer", bench.now_ns)
    assert bench.standing[0] == "stale"
    assert not bench.sync.asks.in_flight


def test_an_answer_that_comes_while_the_connection_is_down_is_not_trusted() -> None:
    bench = synced()
    bench.delta(7)
    bench.sync.connection_lost("reset by peer", bench.now_ns)
    bench.snapshot(9)
    assert bench.standing[0] == "stale"
    bench.delta(12)
    bench.snapshot(12)
    assert bench.standing[:2] == ("synced", 12)


def test_deltas_of_before_a_lost_connection_are_not_replayed_after_it() -> None:
    bench = Bench(ContiguousIds())
    bench.steps(4, 5)
    bench.sync.connection_lost("reset by peer", bench.now_ns)
    bench.delta(9)
    bench.snapshot(3)
    assert bench.standing[0] == "syncing"


def test_an_unreadable_row_is_a_gap_and_is_told() -> None:
    bench = synced()
    with pytest.raises(WireError, match="rows that cannot be read"):
        bench.delta(6, bids=[["ten", "1"]])
    assert bench.standing[0] == "stale"
    assert len(bench.asked) == 1


def test_an_unreadable_snapshot_is_asked_for_again_and_the_book_is_not_touched() -> None:
    bench = synced()
    bench.delta(7)
    with pytest.raises(WireError):
        bench.snapshot(8, bids=[["ten", "1"]])
    assert bench.standing == ("stale", 5, "5")
    assert [ask.attempt for ask in bench.asked] == [0, 1]


def test_an_in_stream_snapshot_replaces_and_the_ones_before_it_do_not_return() -> None:
    bench = synced(LinkedIds(), IN_STREAM)
    bench.delta(9, previous=5)
    bench.snapshot(5, in_stream=True)
    assert bench.standing == ("synced", 9, "9")
    bench.snapshot(3, in_stream=True)
    assert bench.standing == ("synced", 3, "3")
    assert isinstance(bench.events[-1], BookResynced)


def test_a_stale_whole_book_does_not_replace_a_newer_one() -> None:
    bench = synced(SnapshotOnly(), IN_STREAM)
    bench.snapshot(7, in_stream=True)
    bench.snapshot(6, in_stream=True)
    assert bench.standing == ("synced", 7, "7")
    assert bench.sync.counters.stale == 1


def test_a_late_delta_that_was_never_applied_is_no_second_gap() -> None:
    bench = synced(LinkedIds(), IN_STREAM)
    bench.delta(9, previous=5)
    bench.delta(20, previous=15)
    bench.snapshot(22, in_stream=True)
    bench.delta(15, previous=9)
    assert bench.standing[0] == "synced"
    assert len(bench.asked) == 1


def test_linked_ids_by_request_wait_for_the_stream_to_reach_the_snapshot() -> None:
    bench = Bench(LinkedIds())
    bench.delta(10, previous=9)
    bench.snapshot(30)
    assert bench.standing[0] == "syncing"
    bench.delta(30, previous=10)
    bench.delta(31, previous=30)
    assert bench.standing == ("synced", 31, "31")
    assert len(bench.asked) == 1


def test_a_snapshot_that_nothing_continues_is_given_up_even_if_nothing_more_comes() -> None:
    bench = Bench(LinkedIds())
    bench.delta(10, previous=9)
    bench.snapshot(3)
    bench.wait(4)
    assert len(bench.asked) == 1
    bench.wait(2)
    assert [ask.attempt for ask in bench.asked] == [0, 1]


def test_right_after_a_snapshot_by_request_unlinked_deltas_are_taken_for_old_ones() -> None:
    bench = Bench(LinkedIds())
    bench.snapshot(30)
    bench.delta(10, previous=9)
    bench.delta(20, previous=10)
    bench.delta(31, previous=30)
    assert bench.standing == ("synced", 31, "31")
    assert not bench.said(BookStale)


def test_without_ids_the_book_counts_messages_since_the_snapshot() -> None:
    bench = Bench(Timestamps(), IN_STREAM)
    bench.snapshot(None, in_stream=True)
    bench.delta(None)
    bench.delta(None)
    assert bench.book.update_id == 2


def test_with_ids_that_only_rise_the_book_stands_at_the_venues_id() -> None:
    bench = synced(Timestamps(strictly=True))
    bench.delta(17)
    assert bench.book.update_id == 17


def test_a_snapshot_without_any_stamp_is_continued_by_what_came_since_it_was_asked_for() -> None:
    bench = Bench(Timestamps())
    bench.delta(None, bids=[["8", "1"]])
    bench.delta(None, bids=[["9", "2"]])
    bench.delta(None, bids=[["7", "0"]])
    bench.snapshot(None, bids=[["7", "1"], ["8", "1"], ["9", "1"]])
    levels = [(level.price_text, level.quantity_text) for level in bench.book.bids()]
    assert levels == [("9", "2"), ("8", "1")]


def test_a_quiet_subscription_is_asked_about_after_three_seconds() -> None:
    bench = Bench(ContiguousIds())
    bench.sync.streaming(bench.now_ns)
    bench.wait(2)
    assert not bench.asked
    bench.wait(2)
    assert [ask.reason for ask in bench.asked] == ["nothing came by itself"]
    bench.snapshot(5)
    assert bench.standing[:2] == ("synced", 5)


def test_an_in_stream_snapshot_that_does_not_come_is_asked_for_again() -> None:
    bench = synced(LinkedIds(), IN_STREAM)
    bench.delta(20, previous=15)
    bench.wait(29)
    assert len(bench.asked) == 1
    bench.wait(2)
    assert [ask.attempt for ask in bench.asked] == [0, 1]


def test_failures_in_a_row_degrade_the_pair_once_and_a_success_forgets_them() -> None:
    bench = synced()
    bench.delta(7)
    for _ in range(DEGRADED_AFTER + 2):
        bench.sync.snapshot_failed("503", bench.now_ns)
    assert bench.said(PairDegraded) == [PairDegraded(PAIR, 5, "503", bench.now_ns)]
    bench.snapshot(7)
    assert (bench.sync.asks.attempt, bench.sync.asks.last_error) == (0, None)


def test_a_failure_that_nobody_awaits_any_more_asks_nothing() -> None:
    bench = synced()
    bench.sync.snapshot_failed("503", bench.now_ns)
    assert not bench.asked


def test_the_counters_tell_what_became_of_every_delta() -> None:
    bench = synced()
    bench.steps(6, 6, 5, 7, 9, 10, 10)
    bench.snapshot(9)
    counters = bench.sync.counters
    assert (counters.deltas, counters.gaps, counters.resyncs) == (7, 1, 1)
    assert counters.applied == 3
    assert counters.stale == 4
    assert counters.untrusted_ns(bench.now_ns) == 3_000
