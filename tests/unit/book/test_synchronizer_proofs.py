"""BookSynchronizer: what proves a book beside its numbers: checksums, audits, refreshes."""

from __future__ import annotations

from dataclasses import replace
from zlib import crc32

import pytest

from connector_sdk.book.checksum import DigitsCrc32
from connector_sdk.book.sequence import (
    ContiguousIds,
    SequenceRule,
    SpanIds,
    Timestamps,
)
from connector_sdk.errors import BookNotSynced, WireError
from connector_sdk.model.events import (
    BookAudited,
    BookCrossed,
    BookStale,
)
from connector_sdk.model.market_data import Rows, TopOfBook
from synchronizer_bench import IN_STREAM, PAIR, Bench, synced


def checksum(bids: Rows) -> int:
    return crc32("".join(f"{price}{quantity}" for price, quantity in bids).encode())


CHECKED = replace(IN_STREAM, checksum_rule=DigitsCrc32(10))


def test_a_checksum_that_does_not_fit_is_a_gap_and_the_update_is_not_published() -> None:
    bench = Bench(Timestamps(), CHECKED)
    rows = [["10", "1"]]
    bench.snapshot(5, in_stream=True, bids=rows, asks=(), checksum=checksum(rows))
    bench.delta(6, bids=[["10", "2"]], checksum=checksum([["10", "2"]]))
    bench.events.clear()
    bench.delta(7, bids=[["10", "3"]], checksum=1)
    assert [type(event) for event in bench.events] == [BookStale]
    assert bench.sync.counters.checksums_ok == 2
    assert bench.sync.counters.checksums_failed == 1
    with pytest.raises(BookNotSynced):
        _ = bench.book.best_bid


def test_a_snapshot_whose_checksum_does_not_fit_leaves_a_synced_book_stale() -> None:
    bench = Bench(Timestamps(), CHECKED)
    rows = [["10", "1"]]
    bench.snapshot(5, in_stream=True, bids=rows, asks=(), checksum=checksum(rows))
    with pytest.raises(WireError, match="checksum"):
        bench.snapshot(6, in_stream=True, bids=rows, asks=(), checksum=1)
    assert bench.standing[0] == "stale"


def test_an_audit_reports_the_levels_that_were_lost_and_repairs_them() -> None:
    bench = synced(Timestamps(strictly=True))
    bench.wait(3_601)
    bench.delta(9)
    bench.snapshot(8, bids=[["10", "8"], ["9", "1"], ["8", "1"]])
    assert bench.said(BookAudited) == [BookAudited(PAIR, 9, 2, bench.now_ns)]
    assert [level.price_text for level in bench.book.bids()] == ["10", "9", "8"]
    assert bench.standing == ("synced", 9, "9")


def test_an_audit_in_stream_reports_too() -> None:
    bench = synced(Timestamps(strictly=True), IN_STREAM)
    bench.wait(3_601)
    bench.snapshot(9, in_stream=True, bids=[["10", "5"], ["9", "1"]])
    assert [event[1:3] for event in bench.said(BookAudited)] == [(9, 1)]


def test_an_audit_snapshot_behind_the_book_never_regresses_it() -> None:
    bench = synced()
    bench.wait(3_601)
    bench.steps(6, 7, 8)
    bench.snapshot(6)
    assert bench.standing == ("synced", 8, "8")
    assert bench.said(BookAudited) == [BookAudited(PAIR, 8, 0, bench.now_ns)]


@pytest.mark.parametrize("rule", [ContiguousIds(), Timestamps()])
def test_an_audit_snapshot_older_than_the_audit_is_asked_for_again(rule: SequenceRule) -> None:
    bench = synced(rule)
    bench.steps(6, 7)
    bench.wait(3_601)
    bench.steps(8, 9)
    bench.snapshot(6)
    assert bench.standing == ("synced", 9, "9")
    assert not bench.said(BookAudited)
    assert [ask.attempt for ask in bench.asked] == [0, 1]


def test_a_gap_while_an_audit_snapshot_waits_to_be_met_asks_anew() -> None:
    bench = synced()
    bench.wait(3_601)
    bench.snapshot(40)
    bench.delta(7)
    assert bench.standing[0] == "stale"
    assert len(bench.asked) == 2
    bench.snapshot(8)
    assert bench.standing[:2] == ("synced", 8)


def test_a_loss_that_nothing_follows_is_found_by_the_audit() -> None:
    bench = synced(Timestamps(strictly=True))
    bench.wait(3_601)
    bench.snapshot(9)
    bench.wait(1)
    bench.wait(6)
    assert bench.said(BookAudited) == [BookAudited(PAIR, 9, 1, bench.now_ns)]
    bench.delta(10)
    assert bench.standing == ("synced", 10, "10")


def test_an_unasked_snapshot_without_a_stamp_does_not_touch_a_synced_book() -> None:
    bench = Bench(Timestamps())
    bench.delta(None)
    bench.snapshot(None)
    bench.snapshot(None, bids=[["1", "1"]])
    assert [level.price_text for level in bench.book.bids()] == ["10"]


def test_a_crossed_book_is_told_once_and_audited_and_never_pruned() -> None:
    bench = synced()
    bench.delta(6, bids=[["12", "1"]])
    bench.delta(7, bids=[["13", "1"]])
    assert [event[1:4] for event in bench.said(BookCrossed)] == [(6, "12", "11")]
    assert bench.book.best_bid.price_text == "13"
    assert [ask.reason for ask in bench.asked] == ["the book is crossed"]


def test_a_book_that_runs_out_of_proven_levels_is_refreshed_while_it_is_served() -> None:
    bench = Bench(ContiguousIds())
    bids = [[str(price), "1"] for price in range(10, 4, -1)]
    bench.snapshot(5, bids=bids, asks=[["11", "1"]], depth=6)
    bench.delta(6, bids=[[str(price), "0"] for price in range(10, 6, -1)])
    bench.wait(11)
    assert [ask.reason for ask in bench.asked] == ["refresh: few proven levels are left"]
    bench.snapshot(6, bids=[[str(price), "1"] for price in range(6, 0, -1)], depth=6)
    assert bench.standing[0] == "synced"
    assert len(bench.book.bids()) == 6
    assert not bench.said(BookStale)


def test_a_best_beyond_the_horizon_is_not_readable_until_the_venue_names_it() -> None:
    bench = Bench(SpanIds())
    bench.snapshot(5, bids=[["10", "1"], ["9", "1"]], asks=[["11", "1"]], depth=2)
    bench.delta(6, 6, bids=[["10", "0"], ["9", "0"], ["7", "3"]])
    with pytest.raises(BookNotSynced, match="beyond 9"):
        _ = bench.book.best_bid
    bench.sync.on_top_of_book(TopOfBook(PAIR, "7", "3", "11", "1", 7))
    bench.delta(8, 7, bids=[["6", "4"]])
    assert bench.book.best_bid.price_text == "7"
    assert len(bench.book.bids()) == 1
