"""Bounds: how much a venue remembers before it forgets the oldest."""

from __future__ import annotations

from typing import NamedTuple


class Bounds(NamedTuple):
    """What is kept, newest first to stay.

    rows:      of each kind in the journal of orders and money.
    trades:    of each pair in its journal.
    chapters:  of each pair's book, 4,096 changes each.
    acts:      chapters of what was done to each pair's book, 4,096 acts each.
    closed:    orders of each account and pair that clients may still ask for.
    fills:     of each account and pair that clients may still ask for.
    """

    rows: int = 200_000
    trades: int = 500_000
    chapters: int = 256
    acts: int = 16
    closed: int = 10_000
    fills: int = 20_000


USUAL = Bounds()
FEW = Bounds(rows=10_000, trades=10_000, chapters=8, acts=4, closed=10_000, fills=10_000)
"""What 200 orders a second fill in a minute: after that, memory stays what it is."""
