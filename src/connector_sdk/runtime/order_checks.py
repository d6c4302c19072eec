"""OrderChecks: what is refused here, before anything is written down or sent."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from decimal import Decimal

from connector_sdk.errors import IntentRefused, NotSupported
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.manifest import ConnectorManifest
from connector_sdk.model.order import OrderIntent, Side
from connector_sdk.orders.budget import BudgetChecker, Priced, spendable
from connector_sdk.orders.fees import without_fees
from connector_sdk.orders.identifiers import ClientOrderIds
from connector_sdk.orders.quantize import quantized
from connector_sdk.runtime.user_stream_tracker import UserStreamTracker

SEED_BYTES = 16
ONE = Decimal(1)


class Budget:
    """What the balances, as last heard, can pay for.

    price: what a pair trades at; a market buy of a pair of which that is not known is not checked.
    """

    def __init__(self, tracker: UserStreamTracker, price: Callable[[str], Decimal | None]) -> None:
        self._tracker = tracker
        self._price = price

    def demand(self, intents: Sequence[OrderIntent], instruments: Instruments) -> None:
        """Raise IntentRefused unless all of `intents` together can be paid for."""
        held, unseen = self._tracker.holdings.held, self._tracker.ledger.unseen_locks
        checker = BudgetChecker(spendable(held, unseen))
        valued = [intent for intent in intents if self._worth(intent) is not None]

        def priced(intent: OrderIntent) -> Priced:
            fees = without_fees(intent.pair)
            return Priced(instruments[intent.pair], fees, self._worth(intent))

        for judged in checker.affordable(valued, priced):
            if judged.intent is None:
                raise IntentRefused(judged.reason)

    def _worth(self, intent: OrderIntent) -> Decimal | None:
        if intent.price is not None:
            return intent.price
        # A sell gives what it sells, at whatever price.
        return ONE if intent.side is Side.SELL else self._price(intent.pair)


class OrderChecks:
    """The kill switch, what the venue can do at all, its rules, and what the account can pay.

    unready: says why orders cannot be placed yet; None when they can.
    id_seed: what client order ids follow from; None: random bytes of its own.
    halted:  why the kill switch is thrown; None while it is not.
    """

    def __init__(
        self,
        manifest: ConnectorManifest,
        instruments: Callable[[], Instruments],
        unready: Callable[[], str | None],
        *,
        id_seed: bytes | None,
        budget: Budget | None,
    ) -> None:
        self._manifest = manifest
        self._instruments = instruments
        self._unready = unready
        self._budget = budget
        self._ids = ClientOrderIds(manifest.client_order_ids, id_seed or os.urandom(SEED_BYTES))
        self.halted: str | None = None

    def mint(self) -> str:
        """A client order id that nobody had before."""
        return self._ids.mint()

    def accepted(self, intents: Sequence[OrderIntent]) -> Sequence[OrderIntent]:
        """`intents`, rounded to the venue's steps. Raises IntentRefused or NotSupported."""
        self.demand_open()
        rounded = [self._rounded(intent) for intent in intents]
        if self._budget is not None:
            self._budget.demand(rounded, self._instruments())
        return rounded

    def amended(self, wanted: OrderIntent) -> OrderIntent:
        """What an order that rests shall be from now on, rounded. Raises IntentRefused."""
        self.demand_open()
        return self._rounded(wanted)

    def demand_open(self) -> None:
        """Raise IntentRefused while no order may be sent, whatever it is."""
        venue, unready = self._manifest.venue, self._unready()
        if self.halted is not None:
            raise IntentRefused(
                f"{venue}: no orders are placed, the kill switch is thrown: {self.halted}"
            )
        if unready is not None:
            raise IntentRefused(
                f"{venue}: no orders are placed now ({unready}): wait for `market.ready()`"
            )

    def _rounded(self, intent: OrderIntent) -> OrderIntent:
        manifest, force = self._manifest, intent.time_in_force
        if intent.order_type not in manifest.order_types:
            raise NotSupported(f"{manifest.venue} has no {intent.order_type.value} orders")
        if force is not None and force not in manifest.time_in_force:
            raise NotSupported(f"{manifest.venue} has no time in force {force.value}")
        return quantized(intent, self._instruments()[intent.pair])
