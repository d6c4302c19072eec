"""ChecksumRule: how a venue's checksum of a book is computed. One class a rule; pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from zlib import crc32

from connector_sdk.model.market_data import PriceLevel

SIGN_BIT = 1 << 31


class ChecksumRule(ABC):
    """Computes the number a venue publishes to prove a book.

    depth: levels a side that it covers; deeper ones change nothing.
    """

    depth: int

    @abstractmethod
    def compute(self, bids: Sequence[PriceLevel], asks: Sequence[PriceLevel]) -> int:
        """The checksum of a book whose levels, best first, are these.

        The levels' texts must be the wire's own, trailing zeros included.
        """


@dataclass(frozen=True, slots=True)
class DigitsCrc32(ChecksumRule):
    """CRC-32, unsigned, over the digits of the asks and then of the bids, best first.

    A level gives its price, then its quantity, each without dot and leading zeros.
    Source: Kraken, "Spot Websockets (v2): Book Checksum" (read 2026-11).
    """

    depth: int = 10

    def compute(self, bids: Sequence[PriceLevel], asks: Sequence[PriceLevel]) -> int:
        """0..2**32 - 1."""
        covered = [*asks[: self.depth], *bids[: self.depth]]
        return crc32("".join([level.digits or _digits(level) for level in covered]).encode())


@dataclass(frozen=True, slots=True)
class InterleavedCrc32(ChecksumRule):
    """CRC-32, signed, over ``bid:quantity:ask:quantity:…``, the best of each side first.

    When one side is shorter, the other goes on alone.
    Source: OKX, "Checksum" of the books channel as published until 2026-06 (read 2026-11).
    """

    depth: int = 25

    def compute(self, bids: Sequence[PriceLevel], asks: Sequence[PriceLevel]) -> int:
        """-2**31..2**31 - 1."""
        pairs = zip_longest(bids[: self.depth], asks[: self.depth])
        covered = [level for level in chain.from_iterable(pairs) if level is not None]
        text = ":".join([level.joined or _joined(level) for level in covered])
        unsigned = crc32(text.encode())
        return unsigned - 2 * SIGN_BIT if unsigned >= SIGN_BIT else unsigned


def _digits(level: PriceLevel) -> str:
    price = level.price_text.replace(".", "").lstrip("0")
    level.digits = price + level.quantity_text.replace(".", "").lstrip("0")
    return level.digits


def _joined(level: PriceLevel) -> str:
    level.joined = f"{level.price_text}:{level.quantity_text}"
    return level.joined
