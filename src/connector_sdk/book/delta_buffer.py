"""DeltaBuffer: deltas kept until a snapshot can be bridged with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from connector_sdk.book.sequence import APPLY, GAP, STALE, SequenceRule, Verdict
from connector_sdk.model.market_data import BookDelta, UpdateId


class DeltaBuffer:
    """Contiguous deltas, oldest first; at most `limit`, the oldest are dropped.

    What it holds is always without a hole: a delta that does not continue the newest one makes
    all before it useless (no snapshot old enough to need them could reach past the hole).
    """

    __slots__ = ("_deltas", "_floor", "_rule")

    def __init__(self, rule: SequenceRule, limit: int) -> None:
        self._rule = rule
        self._deltas: deque[BookDelta] = deque(maxlen=limit)
        self._floor: UpdateId | None = None

    def __len__(self) -> int:
        return len(self._deltas)

    @property
    def oldest_id(self) -> UpdateId | None:
        """Id of the oldest delta held."""
        return self._deltas[0].last_id if self._deltas else None

    @property
    def newest_id(self) -> UpdateId | None:
        """Id of the newest delta held."""
        return self._deltas[-1].last_id if self._deltas else None

    def clear(self, floor: UpdateId | None = None) -> None:
        """Forget everything; `floor`: what is held from now on follows that id."""
        self._deltas.clear()
        self._floor = floor

    def append(self, delta: BookDelta) -> None:
        """Keep a delta known to continue the newest one."""
        deltas = self._deltas
        if len(deltas) == deltas.maxlen:
            self._floor = deltas[0].last_id
        deltas.append(delta)

    def hold(self, delta: BookDelta) -> Verdict:
        """Keep `delta` if it is news: APPLY when it continues, GAP when it starts afresh.

        STALE: it is contained in what is held, and was not kept.
        """
        if not self._deltas:
            self._start(delta)
            return APPLY
        newest = self._deltas[-1].last_id
        if newest is None:
            verdict = GAP
        elif not self._rule.ordered and self._holds(delta):
            verdict = STALE
        else:
            verdict = self._rule.judge(newest, delta, bridging=False)
        if verdict is GAP:
            self._start(delta)
        elif verdict is APPLY:
            self.append(delta)
        return verdict

    def _start(self, delta: BookDelta) -> None:
        self.clear(floor=delta.last_id)
        self._deltas.append(delta)

    def _holds(self, delta: BookDelta) -> bool:
        return any(held.last_id == delta.last_id for held in self._deltas)

    def after(self, at: UpdateId) -> Sequence[BookDelta] | None:
        """The held deltas that continue a snapshot standing at `at`; None: there is a hole.

        Judged on a trial id: nothing is changed.
        """
        if not self._rule.ordered:
            return self._linked_after(at)
        if not self._rule.sees_gaps and self._floor is not None and at < self._floor:
            # The rule itself would not notice what is missing between the two.
            return None
        judge = self._rule.judge
        fitting: list[BookDelta] = []
        for delta in self._deltas:
            verdict = judge(at, delta, bridging=not fitting)
            if verdict is GAP:
                return None
            if verdict is APPLY:
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
