"""LevelCache: the PriceLevels handed out, so that unchanged ones keep their Decimals."""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from connector_sdk.model.market_data import PriceLevel

ROOM: Final = 64


class LevelCache:
    """One side's PriceLevels. A level is the same object for as long as its texts do not change.

    rows: price texts of the side; what is not in it may be forgotten.
    """

    __slots__ = ("_levels", "_limit", "_rows", "_seen")

    def __init__(self, rows: Container[str]) -> None:
        self._rows = rows
        self._levels: dict[str, PriceLevel] = {}
        self._limit = ROOM
        self._seen: tuple[list[str], list[str | None], list[PriceLevel]] = ([], [], [])

    def level(self, text: str, quantity: str) -> PriceLevel:
        """The level of that price and quantity."""
        levels = self._levels
        level = levels.get(text)
        if level is not None and level.quantity_text == quantity:
            level.price_text, level.quantity_text = text, quantity  # equal, and now identical
            return level
        level = levels[text] = PriceLevel(text, quantity)
        if len(levels) > self._limit:
            rows = self._rows
            self._levels = {text: level for text, level in levels.items() if text in rows}
            self._limit = 2 * len(self._levels) + ROOM
            self._seen = ([], [], [])
        return level

    def seen(self, texts: list[str], quantities: list[str | None]) -> list[PriceLevel] | None:
        """A list of the levels made by the last `top`, if it was made of these."""
        seen_texts, seen_quantities, levels = self._seen
        if quantities == seen_quantities and texts == seen_texts:
            return levels.copy()
        return None

    def top(self, texts: list[str], quantities: list[str]) -> list[PriceLevel]:
        """The levels of those prices and quantities."""
        known, make = self._levels.get, self.level
        levels = [
            level
            if (level := known(text)) is not None and level.quantity_text is quantity
            else make(text, quantity)
            for text, quantity in zip(texts, quantities, strict=True)
        ]
        self._seen = (texts, [*quantities], levels)
        return levels.copy()
