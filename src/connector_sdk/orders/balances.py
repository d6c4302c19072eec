"""AccountBalances: what an account holds; older words never overwrite newer ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from connector_sdk.model.account import Balance, BalanceReport
from connector_sdk.model.exact import ZERO


class Told(NamedTuple):
    """When an asset was last told of.

    event_ns:     the venue's time of the newest report; None where it never said.
    streamed_ns:  when the stream last told of it, our time; None: never.
    """

    event_ns: int | None
    streamed_ns: int | None


class AccountBalances:
    """Asset → balance, of what is held.

    known: whether the venue has told at all; an empty account is known, too.
    """

    def __init__(self) -> None:
        self.known = False
        self._held: dict[str, Balance] = {}
        self._told: dict[str, Told] = {}

    @property
    def held(self) -> Mapping[str, Balance]:
        """Asset → balance. An asset that is not held is absent."""
        return MappingProxyType(self._held)

    def receive(
        self, report: BalanceReport, now_ns: int, *, asked_ns: int | None = None
    ) -> Sequence[Balance]:
        """Take a report; the balances that changed, with zeros for what is held no more.

        asked_ns:  when the request was sent that it answers; None for a report of the stream.

        What is older by the venue's own time changes nothing. Where that time does not decide, an
        answer gives way to whatever the stream has told since it was asked for.
        """
        self.known = True
        named = {balance.asset: balance for balance in report.balances}
        if report.complete:
            named.update((asset, Balance(asset, ZERO)) for asset in self._held.keys() - named)
        return [
            balance
            for balance in named.values()
            if self._is_newer(balance.asset, report.event_ns, asked_ns)
            and self._take(balance, report.event_ns, None if asked_ns is not None else now_ns)
        ]

    def _is_newer(self, asset: str, event_ns: int | None, asked_ns: int | None) -> bool:
        told = self._told.get(asset)
        if told is None:
            return True
        if event_ns is not None and told.event_ns is not None and event_ns != told.event_ns:
            return event_ns > told.event_ns
        return asked_ns is None or told.streamed_ns is None or told.streamed_ns < asked_ns

    def _take(self, balance: Balance, event_ns: int | None, streamed_ns: int | None) -> bool:
        """Hold `balance`; whether that is news."""
        asset = balance.asset
        before = self._told.get(asset, Told(None, None))
        self._told[asset] = Told(
            before.event_ns if event_ns is None else event_ns,
            before.streamed_ns if streamed_ns is None else streamed_ns,
        )
        held = self._held.get(asset)
        if balance.total:
            self._held[asset] = balance
            return held != balance
        return self._held.pop(asset, None) is not None
