"""FrameNumbers: the count of every connection whose frames are numbered."""

from __future__ import annotations

from connector_sdk.book.sequence import Verdict
from connector_sdk.book.stall_watch import StallWatch


class FrameNumbers:
    """Judges frames by their numbers, which rise by one on each connection.

    newest:  number of the last frame, of any connection, that was not passed already.
    """

    __slots__ = ("_last", "_patience_ns", "_stalls", "newest")

    def __init__(self, patience_ns: int) -> None:
        self._patience_ns = patience_ns
        self._last: dict[str, int] = {}
        self._stalls: dict[str, StallWatch] = {}
        self.newest: int | None = None

    def last(self, connection: str) -> int | None:
        """Number of the newest frame of `connection`; None before the first."""
        return self._last.get(connection)

    def judge(self, connection: str, number: int, received_ns: int) -> Verdict:
        """APPLY the next number, STALE one that was passed, GAP any other.

        GAP, too, once nothing but passed numbers came for too long: the count began anew.
        """
        last = self._last.get(connection)
        if last is not None and number <= last:
            stall = self._stalls.setdefault(connection, StallWatch(self._patience_ns))
            if not stall.old(received_ns):
                return Verdict.STALE
        elif self._stalls:
            self._stalls.pop(connection, None)
        self._last[connection] = self.newest = number
        return Verdict.APPLY if last is None or number == last + 1 else Verdict.GAP

    def forget(self, connection: str) -> None:
        """The connection ended."""
        self._last.pop(connection, None)
        self._stalls.pop(connection, None)
