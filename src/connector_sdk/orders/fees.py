"""What trading costs: before it happens by a schedule, afterwards by what the fills say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from connector_sdk.model.account import FeeRates
from connector_sdk.model.exact import EXACT, ZERO
from connector_sdk.model.order import Side
from connector_sdk.model.order_update import Fill

ONE: Final = Decimal(1)
ABOVE: Final = Context(prec=28, rounding=ROUND_CEILING)
"""Quotients that must not be too small: a budget made of them is never overspent."""
RateSource: TypeAlias = Callable[[str, str], Decimal | None]
"""(asset, wanted asset) → how much of the wanted one a unit is worth; None: not known."""


class FeeStyle(Enum):
    """Where a venue takes its fee."""

    DEDUCTED = "deducted"
    """From what is received: base for a buy, quote for a sell."""
    ADDED = "added"
    """In quote: on top of what a buy pays, out of what a sell earns."""


class FeeToken(NamedTuple):
    """A third asset that fees are paid in. price: what a unit of it is worth, in quote."""

    asset: str
    price: Decimal


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What an account pays for trading one pair.

    token: pays the fee in place of what `style` says; None: no token does.
    """

    rates: FeeRates
    style: FeeStyle = FeeStyle.DEDUCTED
    token: FeeToken | None = None

    def changes(self, fill: Fill) -> Mapping[str, Decimal]:
        """Asset → what `fill` changes the account by, with the fee that this schedule expects.

        A fill that does not say whether it was a maker's counts as a taker's. A fee in a token is
        rounded up, to 28 digits.
        """
        base, quote = assets_of(fill.pair)
        worth = EXACT.multiply(fill.price, fill.quantity)
        rate = self.rates.maker if fill.maker else self.rates.taker
        if fill.side is Side.BUY:
            changes = {base: fill.quantity, quote: EXACT.minus(worth)}
        else:
            changes = {base: EXACT.minus(fill.quantity), quote: worth}
        if self.token is not None:
            asset, fee = self.token.asset, _in_token(EXACT.multiply(worth, rate), self.token)
        elif fill.side is Side.BUY and self.style is FeeStyle.DEDUCTED:
            asset, fee = base, EXACT.multiply(fill.quantity, rate)
        else:
            asset, fee = quote, EXACT.multiply(worth, rate)
        changes[asset] = EXACT.subtract(changes.get(asset, ZERO), fee)
        return changes

    def needs(self, side: Side, price: Decimal, quantity: Decimal) -> Mapping[str, Decimal]:
        """Asset → what must be there for an order to be filled, by the higher of the two rates."""
        base, quote = assets_of(self.rates.pair)
        worth = EXACT.multiply(price, quantity)
        rate = max(self.rates.maker, self.rates.taker, ZERO)
        needs = {quote: worth} if side is Side.BUY else {base: quantity}
        if self.token is not None:
            asset = self.token.asset
            fee = _in_token(EXACT.multiply(worth, rate), self.token)
            needs[asset] = EXACT.add(needs.get(asset, ZERO), fee)
        elif side is Side.BUY and self.style is FeeStyle.ADDED:
            needs[quote] = EXACT.multiply(worth, EXACT.add(ONE, rate))
        return needs


def without_fees(pair: str) -> FeeSchedule:
    """The schedule of a pair that costs nothing to trade, or whose rates are not known."""
    return FeeSchedule(FeeRates(pair, ZERO, ZERO))


class FeeTotal(NamedTuple):
    """What fills cost, in one asset.

    quantity:  the sum of what can be told.
    missing:   assets in which fees were paid and for which there is no rate: asset → quantity.
    unsaid:    fills whose fee the venue has not said.
    """

    quantity: Decimal
    missing: Mapping[str, Decimal]
    unsaid: int

    @property
    def complete(self) -> bool:
        """Whether `quantity` is all of it."""
        return not self.missing and not self.unsaid


def total_fees(fills: Iterable[Fill], asset: str, rate: RateSource) -> FeeTotal:
    """What `fills` cost in `asset`; what no rate is known for is named, not left out silently."""
    paid: dict[str, Decimal] = {}
    unsaid = 0
    for fill in fills:
        if fill.fee is None:
            unsaid += 1
        else:
            paid[fill.fee.asset] = EXACT.add(paid.get(fill.fee.asset, ZERO), fill.fee.quantity)
    total, missing = ZERO, dict[str, Decimal]()
    for of, quantity in paid.items():
        worth = ONE if of == asset or not quantity else rate(of, asset)
        if worth is None:
            missing[of] = quantity
        else:
            total = EXACT.add(total, EXACT.multiply(quantity, worth))
    return FeeTotal(total, missing, unsaid)


def assets_of(pair: str) -> tuple[str, str]:
    """Base and quote of ``BASE-QUOTE``."""
    base, _, quote = pair.partition("-")
    return base, quote


def _in_token(worth: Decimal, token: FeeToken) -> Decimal:
    return ABOVE.divide(worth, token.price)
