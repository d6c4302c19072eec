"""Trader: the trading half of a market, as a strategy calls it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from connector_sdk.errors import ConnectorError
from connector_sdk.model.account import Balance, FeeRates
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.orders.intent import order_intent
from connector_sdk.protocols.in_flight_order import InFlightOrder

Amount: TypeAlias = Decimal | str | int
"""A quantity or a price; never a float, which would not be exact."""


class CancelResult(NamedTuple):
    """What became of one cancel. error: None when the order is certainly open no more."""

    client_order_id: str
    error: ConnectorError | None


class Trader(ABC):
    """Places and cancels orders, and knows the account.

    An order is written down before it is sent; a method that places one returns after that and
    before the network. Raises IntentRefused for an order that the rules, the balances or the kill
    switch do not allow, NotSupported for a type this venue has not, ConfigError without
    credentials, StoreFailed; in all these cases nothing was sent.
    """

    @abstractmethod
    async def submit(self, intent: OrderIntent) -> InFlightOrder:
        """Place one order."""

    @abstractmethod
    async def submit_batch(self, intents: Sequence[OrderIntent]) -> Sequence[InFlightOrder]:
        """Place several, all or (refused locally) none, in one request where the venue can."""

    @abstractmethod
    async def cancel(self, order: InFlightOrder | str) -> None:
        """Ask the venue to cancel an order (or a client order id); returns once it answered.

        Raises what the venue answered, or TransportError; how the order then stands is asked for.
        """

    @abstractmethod
    async def cancel_all(
        self, pair: str | None = None, *, timeout_s: float = 10.0
    ) -> Sequence[CancelResult]:
        """Cancel every open order of ours (of `pair`), one result each, within `timeout_s`."""

    @abstractmethod
    async def amend(
        self,
        order: InFlightOrder | str,
        *,
        quantity: Amount | None = None,
        price: Amount | None = None,
    ) -> InFlightOrder:
        """Change an open order; in place where the venue can, else canceled and placed anew.

        Returns the order that stands for it now: the same, or the new one.
        """

    @property
    @abstractmethod
    def in_flight_orders(self) -> Mapping[str, InFlightOrder]:
        """Client order id → order, of those that are open or unknown."""

    @abstractmethod
    def order(self, client_order_id: str) -> InFlightOrder:
        """Any order still remembered; ConfigError for another."""

    @property
    @abstractmethod
    def balances(self) -> Mapping[str, Balance]:
        """Asset → what the account holds. An asset that is not held is absent."""

    @abstractmethod
    def fee_rates(self, pair: str) -> FeeRates | None:
        """What the account pays for a pair; None where that is not known."""

    @abstractmethod
    def halt(self, reason: str) -> None:
        """The kill switch: refuse new orders from now on; cancels still go."""

    @abstractmethod
    def resume(self) -> None:
        """Take new orders again."""

    async def buy(
        self,
        pair: str,
        quantity: Amount,
        *,
        price: Amount | None = None,
        order_type: OrderType | None = None,
        time_in_force: TimeInForce | None = None,
    ) -> InFlightOrder:
        """Place a buy; without a price and a type it is a market order, with one a limit order."""
        intent = order_intent(
            pair,
            Side.BUY,
            quantity,
            price=price,
            order_type=order_type,
            time_in_force=time_in_force,
        )
        return await self.submit(intent)

    async def sell(
        self,
        pair: str,
        quantity: Amount,
        *,
        price: Amount | None = None,
        order_type: OrderType | None = None,
        time_in_force: TimeInForce | None = None,
    ) -> InFlightOrder:
        """Place a sell; without a price and a type it is a market order, with one a limit order."""
        intent = order_intent(
            pair,
            Side.SELL,
            quantity,
            price=price,
            order_type=order_type,
            time_in_force=time_in_force,
        )
        return await self.submit(intent)
