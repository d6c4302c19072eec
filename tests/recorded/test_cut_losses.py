"""Frames are cut out of recorded sessions: a loss is noticed when it first shows, by its pair only.

When it first shows, models say that share nothing with the SDK (`naive_book`).
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookSnapshot
from lost_frames import AFTERWARDS, Shows, by_checksum, by_link, by_span, chosen, noticed
from recorded_session import Replay, Session
from recorded_venues import SESSIONS

pytestmark = [pytest.mark.tapes, pytest.mark.campaign]


@pytest.mark.parametrize(
    ("venue", "shows", "size", "all_that_show"),
    [
        ("kucoin", by_span, 14, 3796),
        ("deribit", by_link, 36, 31),
        ("kraken v1", by_checksum, 10, 1819),
        ("kraken v2", by_checksum, 40, 187),
        ("okx", by_checksum, 24, 273),
    ],
)
def test_a_lost_delta_is_noticed_when_it_shows_and_by_its_pair_only(
    tapes: Path, venue: str, shows: Shows, size: int, all_that_show: int, *, campaign: bool
) -> None:
    connector, path = SESSIONS[venue]
    session = Session.read(connector, tapes / "recordings" / path).books_only()
    places = session.deltas()
    if not campaign:
        places = chosen(places, size, seed=11)
    # A loss that nothing follows cannot show, and one that the snapshot made good is none.
    unseen = len(session.deltas()) - all_that_show
    least = all_that_show if campaign else max(len(places) // 2, len(places) - unseen)
    assert all_that_show >= noticed(session, shows, places) >= least


def test_a_lost_frame_is_noticed_at_the_next_one_by_every_pair_of_its_connection(
    tapes: Path, *, campaign: bool
) -> None:
    connector, path = SESSIONS["bitfinex"]
    session = Session.read(connector, tapes / "recordings" / path)
    fed = {pair: frames[0] for pair, frames in Replay(session).all("synced").items()}
    numbered = session.numbered()
    positions = range(len(numbered))
    for position in positions if campaign else [*Random(12).sample(positions, 14), 14, 15, 1669]:
        lost, following = numbered[position], numbered[position + 1 :][:1]
        replay = Replay(session, without={lost}, end=lost + AFTERWARDS)
        hit = {pair: following for pair, first in fed.items() if first < lost and following}
        assert replay.all("gap") == hit, lost
        assert replay.all("stale") == hit, lost
        for pair, first in fed.items():
            synced = pair not in hit and lost < first < lost + AFTERWARDS
            stale_or_waiting = BookState.STALE if pair in hit else BookState.SYNCING
            ended = first < lost and not following
            state = BookState.SYNCED if synced or ended else stale_or_waiting
            assert replay.metrics(pair).state is state, (lost, pair)


def test_a_repeated_frame_changes_nothing(tapes: Path) -> None:
    connector, path = SESSIONS["bitfinex"]
    session = Session.read(connector, tapes / "recordings" / path)
    whole = Replay(session)
    twice = Session(connector, [frame for frame in session.frames for _ in (0, 1)])
    replay = Replay(twice)
    assert replay.all("gap") == {}
    for pair in session.pairs:
        assert replay.top(pair) == whole.top(pair)
        assert replay.metrics(pair).applied == whole.metrics(pair).applied


def test_a_lost_snapshot_leaves_its_pair_waiting_and_no_other(tapes: Path) -> None:
    connector, path = SESSIONS["deribit"]
    session = Session.read(connector, tapes / "recordings" / path).books_only()
    snapshots = [i for i, book in session.books() if isinstance(book, BookSnapshot)]
    assert len(snapshots) == 10
    for lost in snapshots:
        replay = Replay(session, without={lost})
        (pair,) = session.touched[lost]
        assert set(replay.all("synced")) == set(session.pairs) - {pair}
        assert replay.all("gap") == {}
        assert replay.metrics(pair).state is BookState.SYNCING
