"""InFlightOrder: what a strategy holds of one of its orders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal

from connector_sdk.model.order import OrderIntent, Side
from connector_sdk.model.order_update import Fill
from connector_sdk.orders.states import OrderState


class InFlightOrder(ABC):
    """One order, read-only. Quantities are in base units, prices in quote units a base unit."""

    @property
    @abstractmethod
    def client_order_id(self) -> str:
        """Our id; it exists before anything is sent."""

    @property
    @abstractmethod
    def exchange_order_id(self) -> str | None:
        """The venue's id; None until it is known."""

    @property
    @abstractmethod
    def intent(self) -> OrderIntent:
        """What was asked for, rounded to the instrument's steps."""

    @property
    @abstractmethod
    def state(self) -> OrderState:
        """How it stands, as far as it can be known."""

    @property
    @abstractmethod
    def fills(self) -> Sequence[Fill]:
        """Every fill, each once, in the order they became known."""

    @property
    @abstractmethod
    def filled(self) -> Decimal:
        """What was filled so far; it only rises."""

    @property
    @abstractmethod
    def quantity(self) -> Decimal:
        """What it is for now; an amendment changes it."""

    @property
    @abstractmethod
    def average_price(self) -> Decimal | None:
        """Of the fills; None without one."""

    @property
    @abstractmethod
    def fees(self) -> Mapping[str, Decimal]:
        """Asset → what the fills cost in it, of the fills whose fee is known."""

    @abstractmethod
    async def acknowledged(self) -> str | None:
        """Wait until the venue has it; its exchange order id.

        Raises what ended it before: the VenueError of a refusal, the TransportError of a request
        that never left, OrderNotFound for a lost one.
        """

    @abstractmethod
    async def done(self) -> OrderState:
        """Wait until nothing more is expected of it; the state it ended in."""

    @property
    def pair(self) -> str:
        """``BASE-QUOTE``."""
        return self.intent.pair

    @property
    def side(self) -> Side:
        """Buy or sell."""
        return self.intent.side

    @property
    def price(self) -> Decimal | None:
        """Limit price; None for an order without one."""
        return self.intent.price

    @property
    def is_open(self) -> bool:
        """Whether it may rest at the venue and be filled."""
        return self.state.is_open

    @property
    def remaining(self) -> Decimal:
        """What is left to fill."""
        return self.quantity - self.filled
