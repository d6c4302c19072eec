"""Losing one frame of a session, and all that must follow from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from random import Random

from connector_sdk.model.events import BookState
from naive_book import where_a_link_breaks, where_a_span_breaks, where_covered_levels_differ
from recorded_session import Place, Replay, Session

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
    """`size` of them, and the first and the last of all."""
    drawn = Random(seed).sample(places, min(len(places), size))
    return sorted({places[0], *drawn, places[-1]})


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


def noticed(session: Session, shows: Shows, places: Iterable[tuple[int, str]]) -> int:
    """Lose each of `places` in turn; returns how many of the losses showed."""
    whole = Replay(session)
    return sum(cut(session, whole, place, shows) is not None for place in places)
