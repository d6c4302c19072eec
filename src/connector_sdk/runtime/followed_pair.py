"""FollowedPair: one pair's synchronizer, and which connection feeds it."""

from __future__ import annotations

from collections import deque

from connector_sdk.book.sequence import SequenceRule, Verdict
from connector_sdk.book.synchronizer import BookSynchronizer
from connector_sdk.model.market_data import BookDelta

HELD_LIMIT = 1_000
"""Deltas of the next connection held while the present one catches up; the oldest go first."""
TRADES_REMEMBERED = 1_000


class FollowedPair:
    """A pair is fed by one connection. In a handover the later one takes over as soon as its
    deltas continue the book; from then on the earlier one's are dropped.

    connection:  the one that feeds it; None while there is none.
    successor:   a later connection that is known to carry this pair, too.
    """

    __slots__ = ("_held", "_rule", "_seen", "_trade_ids", "connection", "successor", "sync")

    def __init__(self, sync: BookSynchronizer, rule: SequenceRule) -> None:
        self.sync = sync
        self.connection: str | None = None
        self.successor: str | None = None
        self._rule = rule
        self._held: deque[tuple[BookDelta, int]] = deque(maxlen=HELD_LIMIT)
        self._trade_ids: deque[str] = deque()
        self._seen: set[str] = set()

    def is_new_trade(self, trade_id: str) -> bool:
        """Whether this trade was not among the last thousand."""
        if trade_id in self._seen:
            return False
        self._seen.add(trade_id)
        self._trade_ids.append(trade_id)
        if len(self._trade_ids) > TRADES_REMEMBERED:
            self._seen.discard(self._trade_ids.popleft())
        return True

    def fed_by(self, connection: str) -> None:
        """From now on `connection` feeds the pair."""
        self.connection = connection
        self.successor = None
        self._held.clear()

    def on_later_delta(self, delta: BookDelta, connection: str, received_ns: int) -> None:
        """A delta of a connection opened after the one that feeds the pair."""
        self.successor = connection
        if self._rule.connection_wide:
            return  # its numbers are those of another counter: its snapshot will take over
        self._held.append((delta, received_ns))
        self.try_successor()

    def try_successor(self) -> None:
        """Move to the later connection if its deltas continue the book."""
        if self.successor is None or not self._held:
            return
        # While nothing is synced, a rule that sees gaps judges the buffer; another one could
        # not tell what is missing between the two connections.
        joins = self._continues(self._held[0][0]) if self.sync.synced else self._rule.sees_gaps
        if joins:
            self._move(self.successor)

    def _continues(self, oldest: BookDelta) -> bool:
        stamp = oldest.event_ns if oldest.last_id is None else oldest.last_id
        if stamp is None:
            return False  # nothing tells where the two connections meet
        verdict = self._rule.judge(self.sync.at, oldest._replace(last_id=stamp), bridging=False)
        if self._rule.sees_gaps:
            return verdict is not Verdict.GAP or self._holds_present()
        return verdict is Verdict.STALE  # only an overlap proves that nothing lies between

    def _holds_present(self) -> bool:
        return any(delta.last_id == self.sync.at for delta, _ in self._held)

    def _move(self, connection: str) -> None:
        held = list(self._held)
        self.fed_by(connection)
        for delta, received_ns in held:
            self.sync.on_delta(delta, received_ns)

    def connection_lost(self, reason: str, now_ns: int) -> bool:
        """The feeding connection ended; says whether the pair was interrupted by that.

        Where a later connection already carries the pair and a loss would show in its next
        delta, the pair moves there and nothing is lost.
        """
        successor = self.successor
        if successor is not None and self._rule.sees_gaps and not self._rule.connection_wide:
            self._move(successor)
            return False
        self.connection = None
        self.successor = None
        self._held.clear()
        self.sync.connection_lost(reason, now_ns)
        return True
