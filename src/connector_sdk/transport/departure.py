"""Departure: until when, and whether at all, a request may still leave."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from connector_sdk.errors import ConnectorError, RequestTimeout, Sent

SECOND_NS = 1_000_000_000


class Departure:
    """The way out of one request that must not leave late, nor against what was said meanwhile.

    patience_s: from `now_ns` on; what has not left by then never does.
    demand:     raises the ConnectorError that keeps it here; asked at the last moment.
    left:       whether it may have left.
    decided:    set once it has left, or never will.
    """

    def __init__(self, now_ns: int, patience_s: float, demand: Callable[[], None]) -> None:
        self._patience_s = patience_s
        self._until_ns = now_ns + int(patience_s * SECOND_NS)
        self._demand = demand
        self._withdrawn: ConnectorError | None = None
        self.left = False
        self.decided = asyncio.Event()

    def left_s(self, now_ns: int) -> float:
        """How much longer it may wait, in seconds."""
        return max(self._until_ns - now_ns, 0) / SECOND_NS

    @property
    def is_withdrawn(self) -> bool:
        """Whether it was taken back before it left."""
        return self._withdrawn is not None

    def withdraw(self, error: ConnectorError) -> None:
        """Keep here, by `error`, what has not left."""
        self._withdrawn = error
        self.decided.set()

    def leave(self, now_ns: int) -> None:
        """It is about to be signed and sent. Raises what keeps it here: it has not left then."""
        if self._withdrawn is not None:
            raise self._withdrawn
        if now_ns > self._until_ns:
            raise self.late()
        self._demand()
        self.left = True
        self.decided.set()

    def late(self) -> RequestTimeout:
        """It has waited too long."""
        return RequestTimeout(f"it could not be sent within {self._patience_s:g} s", Sent.NO)
