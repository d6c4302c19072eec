"""KeptLadder: one side of a book, as deep as the venue keeps it for a subscription."""

from __future__ import annotations

from typing import ClassVar, Final

from connector_sdk.book.ladder import Ladder
from connector_sdk.model.market_data import Rows

UNBOUNDED: Final = 1 << 30


class KeptLadder(Ladder):
    """A side of which the venue keeps only the best `kept_depth` levels.

    Those that fall out are forgotten after each message; the window is the whole side.
    """

    window_size: ClassVar[int] = UNBOUNDED
    widest_window: ClassVar[int] = UNBOUNDED

    __slots__ = ("_kept_depth",)

    def __init__(self, *, bids: bool, kept_depth: int) -> None:
        self._kept_depth = kept_depth
        super().__init__(bids=bids)

    def replace(self, levels: Rows, depth: int | None) -> None:
        """Hold the best of these levels and nothing else; no horizon arises."""
        super().replace(levels, None)
        self._truncate()

    def apply(self, levels: Rows) -> bool:
        """Take the levels of one message; say whether `best` is another one now."""
        moved = super().apply(levels)
        if len(self._rows) > self._kept_depth:
            self._truncate()
        return moved

    def _truncate(self) -> None:
        window, rows, by_value = self._window, self._rows, self._by_value
        excess = len(rows) - self._kept_depth
        at = 0
        while excess > 0:
            if rows.pop(window.texts[at], None) is not None:
                excess -= 1
                if by_value is not None:
                    del by_value[window.keys[at]]
            at += 1
        window.drop(0, at)
