"""DepthQueries: what an order would meet in a book, exactly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from decimal import ROUND_DOWN, Context, Decimal
from typing import Final, NamedTuple, TypeAlias

from connector_sdk.errors import ConfigError, InsufficientDepth
from connector_sdk.model.exact import AVERAGE, EXACT
from connector_sdk.model.market_data import PriceLevel
from connector_sdk.model.number_text import exact_number
from connector_sdk.model.order import Side

Asked: TypeAlias = Decimal | str | int
"""A quantity or a price; never a float, which would not be exact."""

FEW: Final = 32
MANY: Final = 128
ZERO: Final = Decimal(0)
BOUGHT: Final = Context(prec=56, rounding=ROUND_DOWN)
"""Of a base quantity made from a quote quantity: precise enough for its average to be right."""


class TakenLevel(NamedTuple):
    """What a taker takes of one level."""

    price: Decimal
    quantity: Decimal


class SimulatedFill(NamedTuple):
    """What a taker would get now, before fees.

    side:           the taker's.
    quantity:       base units.
    quote:          what they cost, or bring, in quote units.
    average_price:  quote / quantity, to 28 significant digits; None where nothing is taken.
    worst_price:    the price of the last level that is reached; None where nothing is taken.
    levels:         what is taken of each level, best first.
    unfilled:       what the limit leaves, in the unit of the question; zero without a limit.
    """

    side: Side
    quantity: Decimal
    quote: Decimal
    average_price: Decimal | None
    worst_price: Decimal | None
    levels: tuple[TakenLevel, ...]
    unfilled: Decimal


class DepthQueries(ABC):
    """Questions for sizing an order. `side` is the taker's: BUY takes the asks, SELL the bids.

    Only proven levels answer; where they do not suffice, InsufficientDepth says how far they do.
    Quantities and prices are positive, and exact: ConfigError refuses floats and zero. Products
    and sums are exact. Of a division that does not come out, an average price keeps 28
    significant digits, and a base quantity 56, rounded down.
    """

    __slots__ = ()

    pair: str

    @abstractmethod
    def bids(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` bids (None: all of them), best first; fewer where there are fewer."""

    @abstractmethod
    def asks(self, n: int | None = None) -> list[PriceLevel]:
        """The best `n` asks (None: all of them), best first; fewer where there are fewer."""

    @abstractmethod
    def proven_to(self, side: Side) -> Decimal | None:
        """The price up to which the levels that a taker on `side` meets are known, it included.

        None: every level is known.
        """

    def offered(self, side: Side) -> Iterator[PriceLevel]:
        """The levels that a taker on `side` meets, best first. To be read before the book moves."""
        return _levels(self.asks if side is Side.BUY else self.bids)

    def price_for_volume(self, side: Side, quantity: Asked) -> Decimal:
        """The worst price reached by taking `quantity` base units."""
        return self._taken(side, quantity).levels[-1].price

    def vwap(
        self, side: Side, quantity: Asked | None = None, *, quote_quantity: Asked | None = None
    ) -> Decimal:
        """The average price, weighted by quantity, of taking that many base or quote units."""
        fill = self.simulate(side, quantity=quantity, quote_quantity=quote_quantity)
        return AVERAGE.divide(fill.quote, fill.quantity)

    def quote_volume_for_base(self, side: Side, quantity: Asked) -> Decimal:
        """What `quantity` base units cost, or bring, in quote units."""
        return self._taken(side, quantity).quote

    def base_for_quote(self, side: Side, quote_quantity: Asked) -> Decimal:
        """The base units that `quote_quantity` quote units buy, or that bring as much."""
        return self.simulate(side, quote_quantity=quote_quantity).quantity

    def volume_for_price(self, side: Side, price: Asked) -> Decimal:
        """The base units that a taker gets at `price` or better; zero where there is none.

        Raises InsufficientDepth, in prices, where the levels are not known as far as `price`.
        """
        limit = _positive(price, "price")
        total = ZERO
        for level in self.offered(side):
            if _is_worse(level.price, limit, side):
                return total
            total = EXACT.add(total, level.quantity)
        self._demand_known(side, limit)
        return total

    def simulate(
        self,
        side: Side,
        *,
        quantity: Asked | None = None,
        quote_quantity: Asked | None = None,
        limit: Asked | None = None,
    ) -> SimulatedFill:
        """What a taker would get now for `quantity` base or `quote_quantity` quote units.

        limit:  the worst price it accepts; what is left then is told as `unfilled`. Raises
                InsufficientDepth, in prices, where the levels are not known as far as that.
        """
        if (quantity is None) is (quote_quantity is None):
            raise ConfigError("simulate takes a quantity or a quote_quantity: one of the two")
        worst = None if limit is None else _positive(limit, "limit")
        if quantity is not None:
            return self._taken(side, quantity, worst)
        left = asked = _positive(quote_quantity, "quote_quantity")
        taken: list[TakenLevel] = []
        for level in self._within(side, worst):
            cost = EXACT.multiply(level.price, level.quantity)
            if cost >= left:
                taken.append(TakenLevel(level.price, BOUGHT.divide(left, level.price)))
                left = ZERO
                break
            taken.append(TakenLevel(level.price, level.quantity))
            left = EXACT.subtract(left, cost)
        spent = EXACT.subtract(asked, left)
        self._demand_enough(side, asked, spent, worst)
        return _fill(side, taken, spent, left)

    def _taken(self, side: Side, quantity: Asked, limit: Decimal | None = None) -> SimulatedFill:
        left = asked = _positive(quantity, "quantity")
        taken: list[TakenLevel] = []
        quote = ZERO
        for level in self._within(side, limit):
            part = min(level.quantity, left)
            taken.append(TakenLevel(level.price, part))
            quote = EXACT.add(quote, EXACT.multiply(level.price, part))
            left = EXACT.subtract(left, part)
            if not left:
                break
        self._demand_enough(side, asked, EXACT.subtract(asked, left), limit)
        return _fill(side, taken, quote, left)

    def _within(self, side: Side, limit: Decimal | None) -> Iterator[PriceLevel]:
        for level in self.offered(side):
            if limit is not None and _is_worse(level.price, limit, side):
                return
            yield level

    def _demand_enough(
        self, side: Side, asked: Decimal, available: Decimal, limit: Decimal | None
    ) -> None:
        if available == asked:
            return
        if limit is None:
            raise InsufficientDepth(self.pair, asked, available)
        self._demand_known(side, limit)

    def _demand_known(self, side: Side, limit: Decimal) -> None:
        edge = self.proven_to(side)
        if edge is not None and _is_worse(limit, edge, side):
            raise InsufficientDepth(self.pair, limit, edge)


def _levels(read: Callable[[int | None], list[PriceLevel]]) -> Iterator[PriceLevel]:
    """Best first. Most orders end within a few levels: only the others pay for the whole side."""
    seen = 0
    for count in (FEW, MANY, None):
        levels = read(count)
        yield from levels[seen:]
        if count is None or len(levels) < count:
            return
        seen = count


def _fill(side: Side, taken: list[TakenLevel], quote: Decimal, unfilled: Decimal) -> SimulatedFill:
    quantity = ZERO
    for level in taken:
        quantity = EXACT.add(quantity, level.quantity)
    return SimulatedFill(
        side=side,
        quantity=quantity,
        quote=quote,
        average_price=AVERAGE.divide(quote, quantity) if quantity else None,
        worst_price=taken[-1].price if taken else None,
        levels=tuple(taken),
        unfilled=unfilled,
    )


def _is_worse(price: Decimal, limit: Decimal, side: Side) -> bool:
    return price > limit if side is Side.BUY else price < limit


def _positive(asked: Asked | None, what: str) -> Decimal:
    number = exact_number(asked, what, ConfigError)
    if number <= 0:
        raise ConfigError(f"{what} {number} is not positive")
    return number
