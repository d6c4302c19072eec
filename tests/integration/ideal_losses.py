"""IdealLosses: what any synchronizer must lose, counted from the frames that reached it."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """One delta: the update ids it covers, and what it came on."""

    first: int
    last: int
    connection: str


class IdealLosses:
    """One pair by its update ids alone: no levels, no clock, nothing of ours.

    losses:     how often the thread was lost, the opening included.
    at:         the id a book can stand at; None while a snapshot is needed.
    """

    def __init__(self) -> None:
        self.losses = 1
        self.at: int | None = None
        self._held: list[Span] = []
        self._next: list[Span] = []
        self._feeding: str | None = None
        self._ranks: dict[str, int] = {}

    def carried_by(self, connection: str) -> None:
        """The venue said that `connection` carries the pair: snapshots may be continued by it."""
        self._ranks.setdefault(connection, len(self._ranks))
        if self._feeding is None:
            self._feeding = connection

    def on_delta(self, span: Span) -> None:
        rank = self._ranks.setdefault(span.connection, len(self._ranks))
        if self._feeding is None:
            self._feeding = span.connection
        if rank < self._ranks[self._feeding]:
            return
        if span.connection == self._feeding:
            self._take(span)
            self._try_next()
        else:
            self._next.append(span)
            self._try_next()

    def _try_next(self) -> None:
        """A later connection takes over once it continues what is known, or nothing is."""
        if self._next and (self.at is None or self._next[0].first <= self.at + 1):
            waiting, self._next = self._next, []
            self._feeding = waiting[0].connection
            for span in waiting:
                self._take(span)

    def _take(self, span: Span) -> None:
        if self.at is None:
            if self._held and span.first > self._held[-1].last + 1:
                self._held.clear()
            if not self._held or span.last > self._held[-1].last:
                self._held.append(span)
        elif span.first > self.at + 1:
            self.losses += 1
            self.at = None
            self._held = [span]
        else:
            self.at = max(self.at, span.last)

    def successor_alone(self) -> None:
        """The book is distrusted: where a later connection waits with a hole, that is a loss."""
        if self.at is not None and self._next and self._next[0].first > self.at + 1:
            self.losses += 1
            self.at = None
            self._held.clear()
            self._try_next()

    def on_snapshot(self, at: int) -> bool:
        """Take an answer; says whether it is of use, or too old for what has come."""
        if self.at is not None or self._feeding is None:
            return True
        if self._held and self._held[0].first > at + 1:
            return False
        self.at = max(at, self._held[-1].last if self._held else at)
        self._held.clear()
        return True

    def interrupted(self) -> None:
        """The connection that feeds the pair ended; a later one may carry it already."""
        if self.at is not None:
            self.losses += 1
        self.at = None
        self._held.clear()
        self._next.clear()
        self._feeding = None
