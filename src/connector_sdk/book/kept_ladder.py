"""KeptLadder: one side of a book, as deep as the venue keeps it for a subscription."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Final

from connector_sdk.book.ladder import Ladder
from connector_sdk.book.price_keys import ZEROS
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

    @property
    def known_to(self) -> Decimal | None:
        """The worst price kept, once the side is as deep as that; None: the venue has no more."""
        full = self.has(self._kept_depth)
        return self.top(self._kept_depth)[-1].price if full else None

    def replace(self, levels: Rows, depth: int | None) -> None:
        """Hold the best of these levels and nothing else; no horizon arises."""
        super().replace(levels, None)
        self._truncate()

    def apply(self, levels: Rows) -> bool:
        """Take the levels of one message; say whether `best` is another one now."""
        moved = super().apply(levels)
        self._delete([price for price, quantity in levels if quantity in ZEROS])
        if len(self._rows) > self._kept_depth:
            self._truncate()
        return moved

    def _delete(self, dead: list[str]) -> None:
        """Forget dead rows at once, that they be not counted."""
        rows, by_value = self._rows, self._by_value
        for price_text in dead:
            if by_value is None:
                if rows.get(price_text) in ZEROS:
                    del rows[price_text]
            else:
                key = self._key(price_text)
                text = by_value.get(key, price_text)
                if rows.get(text) in ZEROS:
                    del rows[text], by_value[key]

    def _truncate(self) -> None:
        texts, rows = self._window.texts, self._rows
        excess = len(rows) - self._kept_depth
        stop = 0
        while excess > 0:
            if texts[stop] in rows:
                excess -= 1
            stop += 1
        if stop:
            self._bury(0, stop)
