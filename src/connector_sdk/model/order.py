"""The words of an order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import NamedTuple


class Side(Enum):
    """Which way an order or a taker goes."""

    BUY = "buy"
    SELL = "sell"

    @property
    def opposite(self) -> Side:
        """The other one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(Enum):
    """How an order meets the book."""

    LIMIT = "limit"
    MARKET = "market"
    LIMIT_MAKER = "limit_maker"
    """Post-only: refused where it would match at once."""


class TimeInForce(Enum):
    """How long a limit order stands."""

    GTC = "gtc"
    """Until it is canceled."""
    IOC = "ioc"
    """What does not match at once expires."""
    FOK = "fok"
    """All at once, or nothing."""


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """An order somebody wants, before anything is sent.

    quantity:       base units.
    price:          quote units a base unit; None for a market order.
    time_in_force:  None for the types that have none (market, post-only).
    """

    pair: str
    side: Side
    quantity: Decimal
    price: Decimal | None = None
    order_type: OrderType = OrderType.LIMIT
    time_in_force: TimeInForce | None = None

    def shrinks_to(self, other: OrderIntent) -> bool:
        """Whether `other` is the same order, for less."""
        return other.quantity < self.quantity and other == replace(self, quantity=other.quantity)


class OrderKey(NamedTuple):
    """What a venue finds an order by: our id always, its own once that is known."""

    pair: str
    client_order_id: str
    exchange_order_id: str | None = None
