"""The queries on a book against sums that are written down from their definitions, in fractions."""

from __future__ import annotations

import os
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verification
from connector_sdk.errors import InsufficientDepth
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookSnapshot
from connector_sdk.model.order import Side

CAMPAIGN = os.environ.get("CONNECTOR_SDK_CAMPAIGN") == "1"
SEEDS = range(400 if CAMPAIGN else 16)
COUNTS = (1, 2, 5, 31, 32, 33, 127, 140)
PAIR = "BTC-USDT"
CLOSE = Fraction(1, 10**27)
Level = tuple[Fraction, Fraction]


class Definitions:
    """One side as a taker meets it. Every answer is a sum over all levels."""

    def __init__(self, side: Side, levels: list[Level]) -> None:
        self.sign = 1 if side is Side.BUY else -1
        self.levels = sorted(levels, key=lambda level: self.sign * level[0])

        self._totals = {price: self._sums(price) for price, _ in self.levels}

    def _sums(self, price: Fraction) -> Level:
        met = [(p, q) for p, q in self.levels if self.sign * p <= self.sign * price]
        return sum((q for _, q in met), Fraction(0)), sum((p * q for p, q in met), Fraction(0))

    def volume_for_price(self, price: Fraction) -> Fraction:
        return self._totals[price][0]

    def quote_for_price(self, price: Fraction) -> Fraction:
        return self._totals[price][1]

    def price_for_volume(self, quantity: Fraction) -> Fraction:
        return next(p for p, _ in self.levels if self.volume_for_price(p) >= quantity)

    def quote_for_volume(self, quantity: Fraction) -> Fraction:
        worst = self.price_for_volume(quantity)
        excess = self.volume_for_price(worst) - quantity
        return self.quote_for_price(worst) - excess * worst

    def volume_for_quote(self, quote: Fraction) -> Fraction:
        worst = next(p for p, _ in self.levels if self.quote_for_price(p) >= quote)
        excess = self.quote_for_price(worst) - quote
        return self.volume_for_price(worst) - excess / worst


def random_book(rng: random.Random, count: int) -> tuple[OrderBook, dict[Side, Definitions]]:
    mid, ticks = rng.choice((300, 60_000)), rng.sample(range(1, 250), count)
    amounts = [str(Decimal(rng.randrange(1, 10**6)).scaleb(-rng.randrange(8))) for _ in range(99)]
    rows = {
        side: [
            [f"{Decimal(mid + sign * tick).scaleb(-2):f}", rng.choice(amounts)] for tick in ticks
        ]
        for side, sign in ((Side.BUY, 1), (Side.SELL, -1))
    }
    book = OrderBook(PAIR, Verification.SEQUENCE, now_ns=lambda: 0)
    depth = rng.choice((None, count))
    book.replace(BookSnapshot(PAIR, rows[Side.SELL], rows[Side.BUY], depth=depth), 1, 0)
    book.mark(BookState.SYNCED, 0)
    plain = {
        side: Definitions(side, [(Fraction(price), Fraction(amount)) for price, amount in levels])
        for side, levels in rows.items()
    }
    return book, plain


@pytest.mark.parametrize("seed", SEEDS)
def test_every_query_equals_its_definition(seed: int) -> None:
    rng = random.Random(seed)
    book, plain = random_book(rng, COUNTS[seed % len(COUNTS)])
    for side, definitions in plain.items():
        everything = definitions.volume_for_price(definitions.levels[-1][0])
        all_quote = definitions.quote_for_price(definitions.levels[-1][0])
        for _ in range(6):
            quantity = exact(Fraction(rng.randrange(1, 1001), 1000) * everything)
            quote = exact(Fraction(rng.randrange(1, 1001), 1000) * all_quote)
            check_quantity(book, side, definitions, quantity)
            check_quote(book, side, definitions, quote)
            price = rng.choice(definitions.levels)[0]
            volume = book.volume_for_price(side, exact(price))
            assert Fraction(volume) == definitions.volume_for_price(price)
        with pytest.raises(InsufficientDepth) as no:
            book.price_for_volume(side, exact(everything) + Decimal("1e-9"))
        assert Fraction(no.value.available) == everything
        with pytest.raises(InsufficientDepth) as no:
            book.base_for_quote(side, exact(all_quote) + Decimal("1e-9"))
        assert Fraction(no.value.available) == all_quote


def check_quantity(book: OrderBook, side: Side, plain: Definitions, quantity: Decimal) -> None:
    asked = Fraction(quantity)
    quote = plain.quote_for_volume(asked)
    assert Fraction(book.price_for_volume(side, quantity)) == plain.price_for_volume(asked)
    assert Fraction(book.quote_volume_for_base(side, quantity)) == quote
    assert near(book.vwap(side, quantity), quote / asked)
    fill = book.simulate(side, quantity=quantity)
    assert sum(Fraction(level.quantity) for level in fill.levels) == asked
    assert sum(Fraction(p) * Fraction(q) for p, q in fill.levels) == quote == Fraction(fill.quote)


def check_quote(book: OrderBook, side: Side, plain: Definitions, quote: Decimal) -> None:
    asked = Fraction(quote)
    quantity = plain.volume_for_quote(asked)
    assert near(book.base_for_quote(side, quote), quantity)
    assert near(book.vwap(side, quote_quantity=quote), asked / quantity)
    worst = book.simulate(side, quote_quantity=quote).worst_price
    assert worst is not None
    limited = book.simulate(side, quote_quantity=quote, limit=worst)
    assert Fraction(limited.quote) == asked
    assert limited.unfilled == 0


def exact(number: Fraction) -> Decimal:
    """A number of at most 15 decimals; rounded down if it has more."""
    return Decimal(int(number * 10**15)).scaleb(-15)


def near(found: Decimal, expected: Fraction) -> bool:
    return abs(Fraction(found) - expected) <= CLOSE * expected
