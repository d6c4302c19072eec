"""AuditLog: what it takes to compare a live book with a snapshot at the very same id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from connector_sdk.book.delta_buffer import DeltaBuffer
from connector_sdk.book.sequence import SequenceRule
from connector_sdk.model.market_data import BookDelta, BookSnapshot, UpdateId


class AuditCase(NamedTuple):
    """A snapshot and the applied deltas that lead from it to the live book.

    fitting: None when the log does not reach back to the snapshot.
    ahead:   the stream never reached the snapshot: something was lost, and nothing came since.
    """

    snapshot: BookSnapshot
    at: UpdateId
    fitting: Sequence[BookDelta] | None
    ahead: bool = False


class AuditLog:
    """Logs applied deltas from the moment a snapshot is asked for until it is compared."""

    __slots__ = ("_log", "_offered", "_rule", "_stood_at", "running")

    def __init__(self, rule: SequenceRule, limit: int) -> None:
        self._rule = rule
        self._log = DeltaBuffer(rule, limit)
        self._offered: tuple[BookSnapshot, UpdateId, int] | None = None
        self._stood_at: UpdateId | None = None
        self.running = False

    @property
    def holds_snapshot(self) -> bool:
        """Whether the snapshot came, and waits for the live book to reach its id."""
        return self._offered is not None

    def start(self, book_at: UpdateId) -> None:
        """Log from now on; the live book stands at `book_at`."""
        self.stop()
        self._log.clear(floor=book_at)
        self.running = True

    def stop(self) -> None:
        """Forget the log and the snapshot."""
        self.running = False
        self._offered = None
        self._log.clear()

    def applied(self, delta: BookDelta) -> None:
        """A delta was applied to the live book."""
        self._log.append(delta)

    def offer(self, snapshot: BookSnapshot, at: UpdateId, received_ns: int) -> None:
        """The snapshot to compare with; it may be ahead of the live book, or behind."""
        self._offered = (snapshot, at, received_ns)

    def case(self, book_at: UpdateId, now_ns: int, patience_ns: int) -> AuditCase | None:
        """What can be compared now that the live book stands at `book_at`; None: nothing yet.

        patience_ns: how long the live book may stand still short of the snapshot; where ids
            do not tell before from after, how long it may take to meet it.
        """
        if self._offered is None:
            return None
        snapshot, at, since_ns = self._offered
        # By identity alone, a book that moves may have passed the snapshot long ago: no more time.
        if self._rule.ordered and book_at != self._stood_at:
            self._stood_at, since_ns = book_at, now_ns
            self._offered = snapshot, at, since_ns
        waited = now_ns - since_ns >= patience_ns
        if self._rule.ordered and at > book_at:
            if waited:
                self._offered = None
                return AuditCase(snapshot, at, (), ahead=True)
            return None
        fitting: Sequence[BookDelta] | None = () if at == book_at else self._log.after(at)
        if fitting is not None and (fitting[-1].last_id if fitting else at) != book_at:
            fitting = None
        if fitting is None and not self._rule.ordered and not waited:
            return None
        self._offered = None
        return AuditCase(snapshot, at, fitting)
