"""SyncSettings: how a pair's book is kept."""

from __future__ import annotations

from dataclasses import dataclass

from connector_sdk.book.checksum import ChecksumRule

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Times are nanoseconds.

    in_stream:         snapshots come by subscribing, not by request.
    kept_depth:        levels a side the venue keeps; None for all.
    buffer_limit:      deltas held while a snapshot is awaited; the oldest are dropped.
    stall_ns:          nothing but stale deltas for this long is a gap.
    quiet_ns:          without a snapshot for this long after subscribing, one is asked for.
    answer_ns:         an in-stream snapshot that does not come for this long has failed.
    audit_period_ns:   between two audits of a synced book.
    audit_phase_ns:    moves this pair's audits, so that pairs do not ask together.
    refresh_pause_ns:  least time between two refreshes of a book cut short by its snapshot.
    """

    in_stream: bool = False
    checksum_rule: ChecksumRule | None = None
    kept_depth: int | None = None
    buffer_limit: int = 5_000
    stall_ns: int = 5 * SECOND_NS
    quiet_ns: int = 3 * SECOND_NS
    answer_ns: int = 30 * SECOND_NS
    audit_period_ns: int = 3_600 * SECOND_NS
    audit_phase_ns: int = 0
    refresh_pause_ns: int = 10 * SECOND_NS
