"""AccountBalances: what an account holds; older words never overwrite newer ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from connector_sdk.model.account import Balance, BalanceReport

ZERO: Final = Decimal(0)


class AccountBalances:
    """Asset → balance, of what is held."""

    def __init__(self) -> None:
        self._held: dict[str, Balance] = {}
        self._stamps: dict[str, int] = {}

    @property
    def held(self) -> Mapping[str, Balance]:
        """Asset → balance. An asset that is not held is absent."""
        return MappingProxyType(self._held)

    def receive(self, report: BalanceReport, now_ns: int) -> Sequence[Balance]:
        """Take a report; the balances that changed."""
        told_ns = now_ns if report.event_ns is None else report.event_ns
        named = list(report.balances)
        if report.complete:
            known = {balance.asset for balance in named}
            named += [Balance(asset, ZERO) for asset in self._held if asset not in known]
        return [balance for balance in named if self._take(balance, told_ns)]

    def _take(self, balance: Balance, told_ns: int) -> bool:
        if told_ns < self._stamps.get(balance.asset, 0):
            return False
        self._stamps[balance.asset] = told_ns
        changed = self._held.get(balance.asset, Balance(balance.asset, ZERO)) != balance
        if balance.total:
            self._held[balance.asset] = balance
        else:
            self._held.pop(balance.asset, None)
        return changed
