"""The words of an order."""

from __future__ import annotations

from enum import Enum


class Side(Enum):
    """Which way an order or a taker goes."""

    BUY = "buy"
    SELL = "sell"
