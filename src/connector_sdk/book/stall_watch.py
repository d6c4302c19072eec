"""StallWatch: notices that a venue began its numbering anew."""

from __future__ import annotations


class StallWatch:
    """Nothing but old messages for too long means that they are not old.

    patience_ns:  how long.
    since_ns:     when the first old message after the last good one came; None: none did.
    """

    __slots__ = ("_patience_ns", "since_ns")

    def __init__(self, patience_ns: int) -> None:
        self._patience_ns = patience_ns
        self.since_ns: int | None = None

    def old(self, received_ns: int) -> bool:
        """An old message came; says whether that goes on for too long now."""
        if self.since_ns is None:
            self.since_ns = received_ns
        if received_ns - self.since_ns < self._patience_ns:
            return False
        self.since_ns = None
        return True
