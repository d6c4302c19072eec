"""Ladder: one side of a book."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from itertools import islice

from sortedcontainers import SortedDict

from connector_sdk.model.market_data import PriceLevel, Rows


class Ladder:
    """One side of a book, best level first."""

    def __init__(self, *, bids: bool, kept_depth: int | None = None) -> None:
        self.is_bids = bids
        self._kept_depth = kept_depth
        self._levels: SortedDict[Decimal, PriceLevel] = SortedDict()
        self._horizon: Decimal | None = None
        self._depth = 0
        self.best: PriceLevel | None = None

    @property
    def horizon(self) -> Decimal | None:
        return self._horizon

    @property
    def depth(self) -> int:
        """The row limit of the snapshot that cut this side; 0 where it was not cut."""
        return self._depth

    def replace(self, rows: Rows, depth: int | None) -> None:
        self._levels.clear()
        self._horizon = None
        self._depth = 0
        self.apply(rows)
        if depth is not None and self._kept_depth is None and len(rows) >= depth and rows:
            prices = [_decimal(row[0]) for row in rows]
            self._horizon = min(prices) if self.is_bids else max(prices)
            self._depth = depth

    def apply(self, rows: Rows) -> None:
        for price_text, quantity_text in rows:
            price = _decimal(price_text)
            if self._horizon is not None and (
                price < self._horizon if self.is_bids else price > self._horizon
            ):
                continue
            key = price.copy_negate() if self.is_bids else price
            if _decimal(quantity_text):
                old = self._levels.get(key)
                if old is None or old.quantity_text != quantity_text:
                    self._levels[key] = PriceLevel(price_text, quantity_text)
            else:
                self._levels.pop(key, None)
        while self._kept_depth is not None and len(self._levels) > self._kept_depth:
            self._levels.popitem()
        self.best = self._levels.peekitem(0)[1] if self._levels else None

    def top(self, count: int | None) -> list[PriceLevel]:
        return list(islice(self._levels.values(), count))

    def has(self, count: int) -> bool:
        """Whether at least `count` levels are proven."""
        return len(self._levels) >= count


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a price or quantity")
    return number
