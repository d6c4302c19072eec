"""TradingApi: the requests of an account, translated. A plugin that trades subclasses this."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from connector_sdk.model.account import BalanceReport, FeeRates
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderKey
from connector_sdk.model.order_update import FillPage, OrderMessage, OrderReport
from connector_sdk.model.wire import Call
from connector_sdk.protocols.market import MarketApi


class TradingApi(MarketApi):
    """A venue's trading requests. Pure: every method returns a Call, signed by the runtime.

    What a venue answers with is its own word: a refusal listed in `refusals` is believed; every
    other error leaves the outcome unknown, and the order is asked for.

    order_validity_s:  a request older than this is not accepted by the venue any more (its receive
                       window); only after that can an order be believed absent.
    """

    order_validity_s: ClassVar[float] = 60.0

    @abstractmethod
    def place(
        self, intent: OrderIntent, client_order_id: str, instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        """Place an order; the answer is its report, and its first fills where the venue says."""

    @abstractmethod
    def cancel(self, order: OrderKey, instruments: Instruments) -> Call[Sequence[OrderMessage]]:
        """Cancel an order. OrderNotFound: it rests no more, or never did."""

    @abstractmethod
    def order_status(
        self, order: OrderKey, instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        """Ask for one order. OrderNotFound is the venue's positive answer that it has none."""

    @abstractmethod
    def order_fills(
        self, order: OrderKey, instruments: Instruments, cursor: str | None = None
    ) -> Call[FillPage]:
        """The fills of one order whose exchange order id is known, oldest first, page by page."""

    @abstractmethod
    def open_orders(
        self, pair: str | None, instruments: Instruments
    ) -> Call[Sequence[OrderReport]]:
        """The account's open orders; pair None: of every pair."""

    @abstractmethod
    def recent_fills(
        self, pair: str, since_ns: int, cursor: str | None, instruments: Instruments
    ) -> Call[FillPage]:
        """The account's fills of a pair since a venue time, oldest first, page by page."""

    @abstractmethod
    def balances(self) -> Call[BalanceReport]:
        """What the account holds."""

    def server_time(self) -> Call[int] | None:
        """The venue's time, ns since the epoch; None where requests carry no time."""
        return None

    def fee_rates(self, pair: str, instruments: Instruments) -> Call[FeeRates] | None:
        """What the account pays for a pair; None where the venue does not tell."""
        del pair, instruments
        return None

    def amend(
        self,
        order: OrderKey,
        standing: OrderIntent,
        wanted: OrderIntent,
        instruments: Instruments,
    ) -> Call[Sequence[OrderMessage]] | None:
        """Change a resting order in place; None where the venue cannot do that change.

        In place means that it keeps its exchange order id: another id is another order.
        The runtime then cancels, and places a new order once the cancel is certain.

        standing:  what it is for now; its quantity includes what is filled.
        wanted:    what it shall be for.
        """
        del order, standing, wanted, instruments
        return None

    def place_batch(
        self, orders: Sequence[tuple[OrderIntent, str]], instruments: Instruments
    ) -> Call[Sequence[OrderMessage]] | None:
        """Place several (intent, client order id) at once; None: one by one."""
        del orders, instruments
        return None

    def cancel_batch(
        self, orders: Sequence[OrderKey], instruments: Instruments
    ) -> Call[Sequence[OrderMessage]] | None:
        """Cancel several at once; None: one by one."""
        del orders, instruments
        return None
