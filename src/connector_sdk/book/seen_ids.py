"""SeenIds: what is old, where ids cannot be compared by size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from connector_sdk.model.market_data import BookDelta, UpdateId

REMEMBERED = 256


class SeenIds:
    """The last 256 ids a book has stood at."""

    __slots__ = ("_ids",)

    def __init__(self) -> None:
        self._ids: deque[UpdateId] = deque(maxlen=REMEMBERED)

    def __contains__(self, update_id: object) -> bool:
        return update_id in self._ids

    def note(self, update_id: UpdateId) -> None:
        """The book stands at `update_id` now."""
        self._ids.append(update_id)

    def note_all(self, deltas: Iterable[BookDelta]) -> None:
        """The book has taken these."""
        self._ids.extend(delta.last_id for delta in deltas if delta.last_id is not None)

    def passed(self, delta: BookDelta) -> bool:
        """Whether `delta` is one of these, or a late one that follows one of these."""
        if delta.last_id in self._ids:
            return True
        if delta.last_id is None or delta.previous_id not in self._ids:
            return False
        self._ids.append(delta.last_id)
        return True
