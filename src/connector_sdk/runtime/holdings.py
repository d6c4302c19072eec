"""Holdings: what the account holds, told by the stream, or estimated where no stream tells it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from connector_sdk.model.account import Balance, BalanceReport
from connector_sdk.model.exact import ZERO
from connector_sdk.model.order_update import Fill
from connector_sdk.orders.balance_estimate import BalanceEstimate
from connector_sdk.orders.balances import AccountBalances
from connector_sdk.orders.ledger import OrderLedger


class Holdings(ABC):
    """Asset → balance. Every method that takes news gives the balances that changed."""

    @property
    @abstractmethod
    def held(self) -> Mapping[str, Balance]:
        """Asset → balance; an asset that is not held is absent."""

    @abstractmethod
    def told(self, report: BalanceReport, now_ns: int) -> Sequence[Balance]:
        """Take what the stream says."""

    @abstractmethod
    def answered(self, report: BalanceReport, asked_ns: int, now_ns: int) -> Sequence[Balance]:
        """Take the answer to a request that was sent at `asked_ns`."""

    @abstractmethod
    def traded(self, fills: Sequence[Fill]) -> Sequence[Balance]:
        """Orders changed; these fills are new."""


class StreamedHoldings(Holdings):
    """The venue tells every change itself."""

    def __init__(self) -> None:
        self._balances = AccountBalances()

    @property
    def held(self) -> Mapping[str, Balance]:
        """Asset → balance, as the venue last said."""
        return self._balances.held

    def told(self, report: BalanceReport, now_ns: int) -> Sequence[Balance]:
        """Take what the stream says."""
        return self._balances.receive(report, now_ns)

    def answered(self, report: BalanceReport, asked_ns: int, now_ns: int) -> Sequence[Balance]:
        """Take an answer; what the stream said since it was asked for stands."""
        return self._balances.receive(report, now_ns, asked_ns=asked_ns)

    def traded(self, fills: Sequence[Fill]) -> Sequence[Balance]:
        """Nothing: the stream will say what they changed."""
        del fills
        return ()


class EstimatedHoldings(Holdings):
    """Between two answers: the last one, with the fills since, less what our orders lock."""

    def __init__(self, ledger: OrderLedger) -> None:
        self._ledger = ledger
        self._estimate = BalanceEstimate()
        self._held: Mapping[str, Balance] = {}

    @property
    def held(self) -> Mapping[str, Balance]:
        """Asset → balance, as far as it can be told."""
        return self._held

    def told(self, report: BalanceReport, now_ns: int) -> Sequence[Balance]:
        """A whole listing, wherever it comes from, is the new beginning."""
        return self.answered(report, now_ns, now_ns) if report.complete else ()

    def answered(self, report: BalanceReport, asked_ns: int, now_ns: int) -> Sequence[Balance]:
        """Begin anew from what the venue says."""
        del now_ns
        as_of_ns = asked_ns if report.event_ns is None else report.event_ns
        self._estimate.listed(report, self._ledger.active.values(), as_of_ns=as_of_ns)
        return self._changed()

    def traded(self, fills: Sequence[Fill]) -> Sequence[Balance]:
        """Count the fills, and what is locked now."""
        for fill in fills:
            self._estimate.fill(fill)
        return self._changed()

    def _changed(self) -> Sequence[Balance]:
        before, self._held = self._held, self._estimate.balances(self._ledger.active.values())
        gone = [Balance(asset, ZERO) for asset in before if asset not in self._held]
        return [*(b for asset, b in self._held.items() if before.get(asset) != b), *gone]
