"""TraderFace: a market's trading half, done by whatever trader stands behind it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from connector_sdk.model.account import Balance, FeeRates
from connector_sdk.model.order import OrderIntent
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.protocols.trader import Amount, CancelResult, Trader


class TraderFace(Trader):
    """Hands every call on to `_trader`."""

    @property
    @abstractmethod
    def _trader(self) -> Trader:
        """Who does it. Raises ConfigError where nobody can."""

    async def submit(self, intent: OrderIntent) -> InFlightOrder:
        """Place one order."""
        return await self._trader.submit(intent)

    async def submit_batch(self, intents: Sequence[OrderIntent]) -> Sequence[InFlightOrder]:
        """Place several, all or (refused locally) none."""
        return await self._trader.submit_batch(intents)

    async def cancel(self, order: InFlightOrder | str) -> None:
        """Ask the venue to cancel an order; returns once it answered."""
        await self._trader.cancel(order)

    async def cancel_all(
        self, pair: str | None = None, *, timeout_s: float = 10.0
    ) -> Sequence[CancelResult]:
        """Cancel every open order of ours (of `pair`), one result each."""
        return await self._trader.cancel_all(pair, timeout_s=timeout_s)

    async def amend(
        self,
        order: InFlightOrder | str,
        *,
        quantity: Amount | None = None,
        price: Amount | None = None,
    ) -> InFlightOrder:
        """Change an open order; returns the one that stands for it now."""
        return await self._trader.amend(order, quantity=quantity, price=price)

    @property
    def in_flight_orders(self) -> Mapping[str, InFlightOrder]:
        """Client order id → order, of those that are open or unknown."""
        return self._trader.in_flight_orders

    def order(self, client_order_id: str) -> InFlightOrder:
        """Any order still remembered; ConfigError for another."""
        return self._trader.order(client_order_id)

    @property
    def balances(self) -> Mapping[str, Balance]:
        """Asset → what the account holds."""
        return self._trader.balances

    def fee_rates(self, pair: str) -> FeeRates | None:
        """What the account pays for a pair; None where that is not known."""
        return self._trader.fee_rates(pair)

    def halt(self, reason: str) -> None:
        """The kill switch: refuse new orders from now on; cancels still go."""
        self._trader.halt(reason)

    def resume(self) -> None:
        """Take new orders again."""
        self._trader.resume()


def client_order_id_of(order: InFlightOrder | str) -> str:
    """The id of an order, or that id itself."""
    return order if isinstance(order, str) else order.client_order_id
