"""The rules, each on a recorded session of a venue that needs it: no gap, all books in sync."""

from __future__ import annotations

from pathlib import Path

import pytest

from naive_book import differing, left_by
from recorded_session import Replay, Session
from recorded_venues import SESSIONS

pytestmark = pytest.mark.tapes


def read(tapes: Path, venue: str) -> Session:
    connector, path = SESSIONS[venue]
    return Session.read(connector, tapes / "recordings" / path)


def undisturbed(session: Session) -> Replay:
    """Replay the session; whatever its rule, it has no gap and all its books are in sync."""
    replay = Replay(session)
    assert replay.tracker.feed_metrics.unrecognized == {}
    assert replay.tracker.feed_metrics.wire_errors == 0
    assert replay.tracker.feed_metrics.frames == len(session.frames)
    assert replay.all("gap") == {}
    assert replay.all("stale") == {}
    assert set(replay.all("synced")) == set(session.pairs)
    assert replay.tracker.ready
    assert all(ids == sorted(set(ids)) for ids in replay.ids.values())
    assert total(replay, "crossed") == 0
    assert total(replay, "applied") + total(replay, "stale") == len(session.deltas())
    return replay


def total(replay: Replay, name: str) -> int:
    return sum(getattr(replay.metrics(pair), name) for pair in replay.tracker.pairs)


def test_spans_hold_through_all_3853_updates_of_a_kucoin_session(tapes: Path) -> None:
    session = read(tapes, "kucoin")
    replay = undisturbed(session)
    assert total(replay, "deltas") == 3853
    assert total(replay, "snapshots") == len(session.pairs) == 9
    assert total(replay, "snapshots_asked") == 9
    assert total(replay, "stale") == 48


def test_links_hold_through_all_36_changes_of_a_deribit_session(tapes: Path) -> None:
    session = read(tapes, "deribit")
    replay = undisturbed(session)
    assert total(replay, "applied") == total(replay, "deltas") == 36
    assert total(replay, "snapshots") == len(session.pairs) == 10


def test_numbers_hold_through_all_1670_frames_of_a_bitfinex_connection(tapes: Path) -> None:
    session = read(tapes, "bitfinex")
    replay = undisturbed(session)
    assert len(session.numbered()) == 1670
    assert total(replay, "applied") == total(replay, "deltas") == 1593
    assert total(replay, "snapshots") == len(session.pairs) == 7


@pytest.mark.parametrize(
    ("venue", "deltas", "checksums", "pairs"),
    [("kraken v1", 2332, 2332, 5), ("kraken v2", 255, 256, 1), ("okx", 287, 290, 3)],
)
def test_every_published_checksum_fits(
    tapes: Path, venue: str, deltas: int, checksums: int, pairs: int
) -> None:
    session = read(tapes, venue)
    replay = undisturbed(session)
    assert total(replay, "applied") == total(replay, "deltas") == deltas
    assert total(replay, "checksums_ok") == checksums
    assert total(replay, "checksums_failed") == 0
    assert total(replay, "snapshots") == len(session.pairs) == pairs


@pytest.mark.parametrize("venue", SESSIONS)
def test_every_level_of_every_book_is_the_one_the_session_left(tapes: Path, venue: str) -> None:
    session = read(tapes, venue)
    replay = Replay(session)
    kept = session.connector.order_book.kept_depth
    for pair in session.pairs:
        naive = left_by((message for _, message in session.books(pair)), kept)
        book = replay.tracker.book(pair)
        sides = (book.bids(), book.asks())
        bids, asks = ([(x.price_text, x.quantity_text) for x in side] for side in sides)
        assert differing(naive, bids, asks) == 0
        assert (len(bids), len(asks)) == (len(naive.bids), len(naive.asks))
