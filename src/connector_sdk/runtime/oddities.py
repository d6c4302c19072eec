"""Oddities: messages nobody knows and frames that cannot be read, counted."""

from __future__ import annotations

import logging

from connector_sdk.errors import EXCERPT_LENGTH, WireError
from connector_sdk.model.events import FeedMetrics

KINDS_NAMED = 100
OTHER_KINDS = "…"
LOG = logging.getLogger(__name__)


class Oddities:
    """What a venue sent that its documentation, as we know it, does not have.

    At most 100 kinds are named, for a venue that invents one a message must not fill the memory.
    """

    __slots__ = ("_kinds", "_last_wire_error", "_venue", "_wire_errors")

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._kinds: dict[str, int] = {}
        self._wire_errors = 0
        self._last_wire_error: str | None = None

    def unrecognized(self, kind: str) -> None:
        """A well-formed message of an unknown kind: logged once a kind."""
        kinds = self._kinds
        named = kind if kind in kinds or len(kinds) < KINDS_NAMED else OTHER_KINDS
        if named not in kinds:
            LOG.info("%s: unrecognized %s; said once", self._venue, named[:EXCERPT_LENGTH])
        kinds[named] = kinds.get(named, 0) + 1

    def unreadable(self, error: Exception, excerpt: bytes | str = "") -> None:
        """A frame that is not what it should be; `excerpt`: the beginning of it."""
        if not isinstance(error, WireError):
            error = WireError(
                f"{self._venue}: a frame that cannot be read "
                f"({type(error).__name__}: {str(error)[:100]})",
                excerpt,
            )
        self._wire_errors += 1
        self._last_wire_error = str(error)

    def metrics(self, frames: int) -> FeedMetrics:
        """The counters, beside the number of frames received."""
        return FeedMetrics(frames, dict(self._kinds), self._wire_errors, self._last_wire_error)
