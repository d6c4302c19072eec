"""Frames are cut out of recorded sessions: a loss is noticed when it first shows, by its pair only.

When it first shows, models say that share nothing with the SDK (`naive_book`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random

import pytest

from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookSnapshot
from naive_book import where_a_link_breaks, where_a_span_breaks, where_covered_levels_differ
from recorded_session import Place, Replay, Session
from recorded_venues import SESSIONS

pytestmark = [pytest.mark.tapes, pytest.mark.campaign]

Shows = Callable[[Session, int, str], int | None]
"""(session, frame lost, its pair) → the frame at which the loss must be noticed; None: never."""


AFTERWARDS = 100
"""Frames that are played after a loss was noticed; every tenth session is played to its end."""


def remaining(session: Session, lost: int, pair: str) -> Iterable[Place]:
    return (place for place in session.books(pair) if place[0] != lost)


def by_span(session: Session, lost: int, pair: str) -> int | None:
    return where_a_span_breaks(remaining(session, lost, pair))


def by_link(session: Session, lost: int, pair: str) -> int | None:
    return where_a_link_breaks(remaining(session, lost, pair))


def by_checksum(session: Session, lost: int, pair: str) -> int | None:
    source = session.connector.order_book
    rule = source.checksum_rule
    assert rule is not None
    return where_covered_levels_differ(session.books(pair), lost, rule.depth, source.kept_depth)


def chosen(places: Sequence[tuple[int, str]], size: int, seed: int) -> list[tuple[int, str]]:
    """`size` of them, among these the first and the last of every pair."""
    firsts = {pair: place for place in reversed(places) for pair in place[1:]}
    lasts = {pair: place for place in places for pair in place[1:]}
    ends = {*firsts.values(), *lasts.values()}
    others = [place for place in places if place not in ends]
    drawn = Random(seed).sample(others, min(len(others), max(0, size - len(ends))))
    return sorted(ends.union(drawn))


def cut(session: Session, whole: Replay, place: tuple[int, str], shows: Shows) -> int | None:
    """Lose the frame at `place` and assert what must follow; returns where the loss showed."""
    lost, pair = place
    at = shows(session, lost, pair)
    end = None if at is None or lost % 10 == 0 else at + AFTERWARDS
    replay = Replay(session, without={lost}, end=end)
    was_synced = at is not None and whole.all("synced")[pair][0] < at
    assert replay.all("gap") == ({} if at is None else {pair: [at]}), place
    assert replay.all("stale") == ({pair: [at]} if was_synced else {}), place
    assert (replay.metrics(pair).state is BookState.STALE) is was_synced, place
    if was_synced:
        asked = whole.metrics(pair).snapshots_asked + 1
        assert replay.metrics(pair).snapshots_asked == asked, place
    if end is None:
        others = [other for other in session.pairs if other != pair]
        assert [*map(replay.metrics, others)] == [*map(whole.metrics, others)], place
        assert [*map(replay.top, others)] == [*map(whole.top, others)], place
    return at


@pytest.mark.parametrize(
    ("venue", "shows", "size"),
    [
        ("kucoin", by_span, 30),
        ("deribit", by_link, 36),
        ("kraken v1", by_checksum, 20),
        ("kraken v2", by_checksum, 60),
        ("okx", by_checksum, 40),
    ],
)
def test_a_lost_delta_is_noticed_when_it_shows_and_by_its_pair_only(
    tapes: Path, venue: str, shows: Shows, size: int, *, campaign: bool
) -> None:
    connector, path = SESSIONS[venue]
    session = Session.read(connector, tapes / "recordings" / path).books_only()
    whole = Replay(session)
    places = session.deltas()
    if not campaign:
        places = chosen(places, size, seed=11)
    showed = [at for at in (cut(session, whole, place, shows) for place in places) if at]
    # A loss nothing follows cannot show; one that the snapshot made good is none.
    assert len(showed) >= len(places) // 3


def test_a_lost_frame_is_noticed_at_the_next_one_by_every_pair_of_its_connection(
    tapes: Path, *, campaign: bool
) -> None:
    connector, path = SESSIONS["bitfinex"]
    session = Session.read(connector, tapes / "recordings" / path)
    fed = {pair: frames[0] for pair, frames in Replay(session).all("synced").items()}
    numbered = session.numbered()
    positions = range(len(numbered))
    for position in positions if campaign else [*Random(12).sample(positions, 25), 14, 15, 1669]:
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
