"""BookCounters: what happened to one pair's book since it was added."""

from __future__ import annotations


class BookCounters:
    """Counts, and how long the book could not be trusted.

    deltas = applied + stale + gaps + those held, each counted when its fate is known; a delta
    that shows a gap counts as a gap then, and once more when a resync applies or drops it.
    """

    __slots__ = (
        "_untrusted_ns",
        "applied",
        "audits",
        "checksums_failed",
        "checksums_ok",
        "crossed",
        "crossed_now",
        "deltas",
        "differing",
        "event_ns",
        "gaps",
        "resyncs",
        "snapshots",
        "stale",
        "trades",
        "untrusted_since_ns",
    )

    def __init__(self) -> None:
        self.deltas = 0
        self.applied = 0
        self.stale = 0
        self.gaps = 0
        self.resyncs = 0
        self.snapshots = 0
        self.trades = 0
        self.audits = 0
        self.differing = 0
        self.crossed = 0
        self.crossed_now = False
        self.checksums_ok = 0
        self.checksums_failed = 0
        self.event_ns: int | None = None
        self.untrusted_since_ns: int | None = None
        self._untrusted_ns = 0

    def trusted_again(self, now_ns: int) -> None:
        """The book may be read again from now on."""
        if self.untrusted_since_ns is not None:
            self._untrusted_ns += now_ns - self.untrusted_since_ns
            self.untrusted_since_ns = None

    def untrusted_ns(self, now_ns: int) -> int:
        """How long, in all, a book that had been synced could not be read."""
        if self.untrusted_since_ns is None:
            return self._untrusted_ns
        return self._untrusted_ns + now_ns - self.untrusted_since_ns
