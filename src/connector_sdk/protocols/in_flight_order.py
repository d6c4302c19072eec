"""InFlightOrder: the read-only view a strategy has of one of its orders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from decimal import Decimal

from connector_sdk.model.order import Side


class InFlightOrder(ABC):
    """One order. Quantities are in base units, prices in quote units a base unit; all exact."""

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
    def pair(self) -> str:
        """``BASE-QUOTE``."""

    @property
    @abstractmethod
    def side(self) -> Side:
        """Buy or sell."""

    @property
    @abstractmethod
    def price(self) -> Decimal | None:
        """Limit price; None for an order without one."""

    @property
    @abstractmethod
    def quantity(self) -> Decimal:
        """What was asked for."""

    @property
    @abstractmethod
    def filled(self) -> Decimal:
        """What was filled so far; it only rises."""

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether it may still be filled."""

    @property
    def remaining(self) -> Decimal:
        """What is left to fill."""
        return self.quantity - self.filled
