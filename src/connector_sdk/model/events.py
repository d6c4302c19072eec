"""What listeners hear. Every event names its pair first, or None where all pairs are meant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from functools import partial
from typing import NamedTuple, TypeAlias

from connector_sdk.model.market_data import TopOfBook, Trade, UpdateId
from connector_sdk.model.order_events import AccountEvent


class BookState(Enum):
    """Whether a book can be trusted."""

    SYNCED = "synced"
    """Equal to the venue's book at `update_id`, as far as `verified_by` can prove."""
    SYNCING = "syncing"
    """No snapshot has been bridged yet."""
    STALE = "stale"
    """It was synced and lost the thread; a resync is asked for."""


class BookUpdated(NamedTuple):
    """A synced book changed. Read it through `tracker.book(pair)`.

    Deltas replayed by a resync are told as one, after its BookResynced.
    """

    pair: str
    update_id: UpdateId
    received_ns: int
    event_ns: int | None


book_updated: Callable[[tuple[str, UpdateId, int, int | None]], BookUpdated] = partial(
    tuple.__new__,  # pyright: ignore[reportUnknownMemberType]  # of what, the annotation says
    BookUpdated,
)
"""Makes it of its fields at half the price of the constructor: there is one a message."""


class BookStale(NamedTuple):
    """The book lost the thread; `update_id` is the last id it was right at."""

    pair: str
    reason: str
    update_id: UpdateId
    received_ns: int


class BookResynced(NamedTuple):
    """The book is right again (also the first time); `replayed` buffered deltas were applied."""

    pair: str
    update_id: UpdateId
    replayed: int
    received_ns: int


class BookAudited(NamedTuple):
    """A snapshot taken while synced was compared with the book, which now equals it.

    differing: proven levels, over both sides, whose quantity was not the snapshot's.
    """

    pair: str
    update_id: UpdateId
    differing: int
    received_ns: int


class BookCrossed(NamedTuple):
    """Best bid at or above best ask. Reported, never pruned; an audit is asked for."""

    pair: str
    update_id: UpdateId
    best_bid: str
    best_ask: str
    received_ns: int


class FeedInterrupted(NamedTuple):
    """A connection ended; the pairs it carried are stale until they resync."""

    pair: str | None
    connection: str
    reason: str
    received_ns: int


class PairDegraded(NamedTuple):
    """`attempts` resyncs in a row failed; trying goes on."""

    pair: str
    attempts: int
    error: str
    received_ns: int


Event: TypeAlias = (
    BookUpdated
    | BookStale
    | BookResynced
    | BookAudited
    | BookCrossed
    | FeedInterrupted
    | PairDegraded
    | Trade
    | TopOfBook
    | AccountEvent
)


class BookMetrics(NamedTuple):
    """One pair's counters since it was added, and its ages.

    deltas = applied + stale + gaps + buffered, counted as each delta arrives.
    """

    state: BookState
    update_id: UpdateId
    snapshots: int
    deltas: int
    applied: int
    stale: int
    gaps: int
    resyncs: int
    snapshots_asked: int
    audits: int
    differing: int
    crossed: int
    checksums_ok: int
    checksums_failed: int
    trades: int
    untrusted_ns: int
    latency_ns: int | None


class FeedMetrics(NamedTuple):
    """Counters over all pairs: messages of unknown kind by kind, and frames that broke."""

    frames: int
    unrecognized: Mapping[str, int]
    wire_errors: int
    last_wire_error: str | None
