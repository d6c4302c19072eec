"""SnapshotAsks: at most one snapshot asked for at a time, and when the next one is due."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from connector_sdk.model.market_data import UpdateId


class Ask(NamedTuple):
    """One wish for a snapshot. `attempt` counts the failures since the last success."""

    reason: str
    attempt: int


class SnapshotAsks:
    """Single flight for one pair: a wish while an answer is awaited is that same wish.

    stream_at:  tells where the stream stands; None: nothing came yet.
    asked_at:   where it stood at the last ask.
    """

    __slots__ = (
        "_ask",
        "_asked_ns",
        "_stream_at",
        "asked",
        "asked_at",
        "attempt",
        "last_error",
        "settled_ns",
    )

    def __init__(
        self, ask: Callable[[Ask], None], stream_at: Callable[[], UpdateId | None], now_ns: int
    ) -> None:
        self._ask = ask
        self._stream_at = stream_at
        self.asked_at: UpdateId | None = None
        self.asked = 0
        self.attempt = 0
        self.last_error: str | None = None
        self.settled_ns = now_ns
        self._asked_ns: int | None = None

    @property
    def in_flight(self) -> bool:
        """Whether a snapshot is asked for and not yet answered."""
        return self._asked_ns is not None

    def in_flight_for_ns(self, now_ns: int) -> int:
        """How long the answer has been awaited."""
        return 0 if self._asked_ns is None else now_ns - self._asked_ns

    def want(self, reason: str, now_ns: int) -> bool:
        """Ask, unless an answer is already awaited; says whether it asked."""
        if self._asked_ns is not None:
            return False
        self._asked_ns = now_ns
        self.asked_at = self._stream_at()
        self.asked += 1
        self._ask(Ask(reason, self.attempt))
        return True

    def answered(self, now_ns: int) -> None:
        """A snapshot did its work."""
        self._asked_ns = None
        self.attempt = 0
        self.last_error = None
        self.settled_ns = now_ns

    def failed(self, reason: str, now_ns: int) -> None:
        """No answer, or one of no use: ask once more."""
        self.attempt += 1
        self.last_error = reason
        self._asked_ns = None
        self.want(reason, now_ns)

    def abandon(self, now_ns: int) -> None:
        """The answer is of no use any more, and none is wanted for now."""
        self._asked_ns = None
        self.settled_ns = now_ns
