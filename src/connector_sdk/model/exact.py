"""Decimal contexts that hold whatever context the calling program has set."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Final

EXACT: Final = Context(prec=1_000, rounding=ROUND_HALF_EVEN)
"""Sums and products of money: far wider than any venue's numbers, so nothing is ever rounded."""
AVERAGE: Final = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""Quotients, which may have no end: the nearest number of 28 digits."""
ZERO: Final = Decimal(0)
