"""DeltaBuffer: deltas kept until a snapshot can be bridged with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from connector_sdk.book.sequence import SequenceRule, Verdict
from connector_sdk.model.market_data import BookDelta, UpdateId


class DeltaBuffer:
    """Contiguous deltas, oldest first; at most `limit`, the oldest are dropped.

    What it holds is always without a hole: a delta that does not continue the newest one makes
    all before it useless (no snapshot old enough to need them could reach past the hole).
    """

    __slots__ = ("_deltas", "_rule")

    def __init__(self, rule: SequenceRule, limit: int) -> None:
        self._rule = rule
        self._deltas: deque[BookDelta] = deque(maxlen=limit)

    def __len__(self) -> int:
        return len(self._deltas)

    @property
    def newest_id(self) -> UpdateId | None:
        """Id of the newest delta held."""
        return self._deltas[-1].last_id if self._deltas else None

    def clear(self) -> None:
        """Forget everything."""
        self._deltas.clear()

    def append(self, delta: BookDelta) -> None:
        """Keep a delta known to continue the newest one."""
        self._deltas.append(delta)

    def hold(self, delta: BookDelta) -> Verdict:
        """Keep `delta` if it is news: APPLY when it continues, GAP when it starts afresh.

        STALE: it is contained in what is held, and was not kept.
        """
        if not self._deltas:
            self._deltas.append(delta)
            return Verdict.APPLY
        newest = self._deltas[-1].last_id
        if newest is None:
            verdict = Verdict.GAP
        elif not self._rule.ordered and self._holds(delta):
            verdict = Verdict.STALE
        else:
            verdict = self._rule.judge(newest, delta, bridging=False)
        if verdict is Verdict.GAP:
            self._deltas.clear()
        if verdict is not Verdict.STALE:
            self._deltas.append(delta)
        return verdict

    def _holds(self, delta: BookDelta) -> bool:
        return any(held.last_id == delta.last_id for held in self._deltas)

    def after(self, at: UpdateId) -> Sequence[BookDelta] | None:
        """The held deltas that continue a snapshot standing at `at`; None: there is a hole.

        Judged on a trial id: nothing is changed.
        """
        if not self._rule.ordered:
            return self._linked_after(at)
        judge = self._rule.judge
        fitting: list[BookDelta] = []
        for delta in self._deltas:
            verdict = judge(at, delta, bridging=not fitting)
            if verdict is Verdict.GAP:
                return None
            if verdict is Verdict.APPLY:
                fitting.append(delta)
                at = at if delta.last_id is None else delta.last_id
        return fitting

    def _linked_after(self, at: UpdateId) -> Sequence[BookDelta] | None:
        held = list(self._deltas)
        for index, delta in enumerate(held):
            if delta.previous_id == at:
                return held[index:]
            if delta.last_id == at:
                return held[index + 1 :]
        return None if held else ()
