"""SequenceRule: how a venue's deltas continue a book. One class a rule; pure and stateless.

| rule | a delta continues the book at `at` when | a loss shows |
|---|---|---|
| SpanIds | first_id ≤ at + 1 ≤ last_id | at the next delta |
| LinkedIds | previous_id is `at` (identity, never size) | at the next delta |
| ContiguousIds | last_id = at + 1 | at the next delta |
| PerConnectionIds | its connection missed no number (the tracker counts them) | at the next frame |
| Timestamps | its stamp is not older (with `strictly`: is above) | never: audits find it |
| SnapshotOnly | never: every message is a whole book | never: the next message repairs it |
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from connector_sdk.model.market_data import BookDelta, BookSnapshot, UpdateId


class Verdict(Enum):
    """What to do with a delta."""

    APPLY = "apply"
    STALE = "stale"
    GAP = "gap"


class Verification(Enum):
    """What proves that a synced book is right."""

    SEQUENCE = "sequence"
    CHECKSUM = "checksum"
    AUDIT = "audit"


class SequenceRule(ABC):
    """Judges deltas.

    sees_gaps:    whether a lost message shows; if not, only audits prove the book.
    ordered:      whether ids can be compared by size. Where they cannot, a repeat is known by
                  having been seen, and a snapshot ahead of the stream by waiting for it.
    connection_wide: whether the tracker counts frames per connection for this rule.
    """

    sees_gaps: ClassVar[bool] = True
    ordered: ClassVar[bool] = True
    connection_wide: ClassVar[bool] = False

    @abstractmethod
    def judge(self, at: UpdateId, delta: BookDelta, *, bridging: bool) -> Verdict:
        """Say whether `delta` continues a book that stands at `at`. Never raises.

        at:        id of the last update applied; the venue's own numbering, per pair.
        bridging:  true until one delta has been applied since the snapshot.
        """

    def id_after(self, at: UpdateId, delta: BookDelta) -> UpdateId:
        """The id a book stands at once `delta` is applied to it."""
        return at + 1 if delta.last_id is None else delta.last_id

    def id_of(self, snapshot: BookSnapshot) -> UpdateId:
        """The id a book stands at once it is `snapshot`."""
        return 0 if snapshot.last_id is None else snapshot.last_id


@dataclass(frozen=True, slots=True)
class SpanIds(SequenceRule):
    """Each delta covers ids first_id..last_id, without a hole to the one before."""

    def judge(self, at: UpdateId, delta: BookDelta, *, bridging: bool) -> Verdict:
        """STALE when wholly contained; APPLY when it starts at or before the next id.

        A delta that overlaps what the book holds is applied: its quantities are absolute and
        stand for its last id. Source: Binance Spot, "How to manage a local order book
        correctly" (read 2026-11); recorded first deltas have first_id = snapshot id + 1.
        """
        last, first = delta.last_id, delta.first_id
        if last is None or first is None:
            return Verdict.GAP
        if last <= at:
            return Verdict.STALE
        return Verdict.APPLY if first <= at + 1 else Verdict.GAP
