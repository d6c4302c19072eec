"""BalanceEstimate: what an account holds between two listings, where no stream tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from connector_sdk.model.account import Balance, BalanceReport
from connector_sdk.model.exact import EXACT, ZERO
from connector_sdk.model.order_update import Fill
from connector_sdk.orders.locks import add_fill, lock_of, locked_by
from connector_sdk.orders.order_record import OrderRecord


class BalanceEstimate:
    """The last listing, with the fills since then, and less what our open orders lock.

    It is exact as far as the fills say their fees, and nobody else trades on the account.
    """

    def __init__(self) -> None:
        self._totals: dict[str, Decimal] = {}
        self._foreign: dict[str, Decimal] = {}
        self._as_of_ns = 0

    def listed(
        self, report: BalanceReport, orders: Iterable[OrderRecord], *, as_of_ns: int
    ) -> None:
        """Begin anew from a listing of everything.

        orders:    our orders that may have been open then; what else was locked is others'.
        as_of_ns:  the venue's time of the listing; its fills up to then are in it.
        """
        self._as_of_ns = as_of_ns
        self._totals = {balance.asset: balance.total for balance in report.balances}
        ours: dict[str, Decimal] = {}
        for record in orders:
            asset, quantity = lock_of(record.intent, self._open_then(record))
            ours[asset] = EXACT.add(ours.get(asset, ZERO), quantity)
        self._foreign = {
            asset: max(EXACT.subtract(locked, ours.get(asset, ZERO)), ZERO)
            for asset, _, locked in report.balances
        }

    def fill(self, fill: Fill) -> None:
        """Count a fill of ours or of others; one that is in the listing counts no more."""
        if fill.event_ns > self._as_of_ns:
            add_fill(self._totals, fill)

    def balances(self, orders: Iterable[OrderRecord]) -> Mapping[str, Balance]:
        """Asset → what the account holds now, with these open orders of ours."""
        locks = locked_by(orders)
        found: dict[str, Balance] = {}
        for asset, total in self._totals.items():
            locked = EXACT.add(locks.get(asset, ZERO), self._foreign.get(asset, ZERO))
            if total:
                found[asset] = Balance(asset, EXACT.subtract(total, locked), locked)
        return found

    def _open_then(self, record: OrderRecord) -> Decimal:
        """What of an order was open at the listing: what is now, and what was filled since."""
        open_then = record.exposed
        for fill in record.fills.values():
            if fill.event_ns > self._as_of_ns:
                open_then = EXACT.add(open_then, fill.quantity)
        return open_then
