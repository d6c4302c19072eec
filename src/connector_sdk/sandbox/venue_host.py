"""VenueHost: what both ways to reach an embedded venue share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from decimal import Decimal

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.core import DEFAULT_ACCOUNTS, VenueCore, VenueSettings
from connector_sdk.sandbox.dialect import Dialect, VenueRules
from connector_sdk.sandbox.fault_plan import ArmedFault, FaultPlan
from connector_sdk.sandbox.faults import FaultSpec
from connector_sdk.sandbox.journal import Journal
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.trading import Account

DEFAULT_PAIRS = ("BTC-USDT", "ETH-USDT")


class VenueHost:
    """A venue and its journal, whatever carries its messages.

    flow:    book changes a second and pair; a Pace for bursts.
    faults:  as `parse_faults` reads them, or a plan with a seed of its own.
    accounts: how many there are; each has 1,000,000 of every quote asset and 1,000 of the others.
    """

    def __init__(
        self,
        dialect: Dialect,
        pairs: Sequence[str] = DEFAULT_PAIRS,
        *,
        seed: int = 1,
        flow: float | Pace = 50.0,
        faults: str | FaultPlan = "",
        rules: VenueRules | None = None,
        accounts: int = DEFAULT_ACCOUNTS,
    ) -> None:
        pace = flow if isinstance(flow, Pace) else Pace(flow)
        plan = faults if isinstance(faults, FaultPlan) else FaultPlan(faults, seed)
        settings = VenueSettings(tuple(pairs), seed, pace, rules, accounts)
        self.core = VenueCore(dialect, settings, plan)
        self._stack = contextlib.AsyncExitStack()

    @property
    def journal(self) -> Journal:
        """What the venue truly did."""
        return self.core.journal

    @property
    def faults(self) -> FaultPlan:
        """The faults armed, and how often each fired."""
        return self.core.plan

    def inject(self, faults: str | Iterable[FaultSpec]) -> list[ArmedFault]:
        """Arm more faults; their counts start now. Raises ConfigError for a bad text."""
        return self.core.plan.inject(faults)

    def account(self, number: int = 0) -> Account:
        """The account of that number, from 0; its `key` and `secret` follow from the seed."""
        accounts = list(self.core.accounts)
        if not 0 <= number < len(accounts):
            raise ConfigError(f"the venue has the accounts 0 to {len(accounts) - 1}, not {number}")
        return accounts[number].account

    def open_account(self, public_key: str = "") -> Account:
        """One more account; `public_key` is the PEM of an RSA or Ed25519 key that proves it."""
        return self.core.open_account(public_key)

    def deposit(self, number: int, asset: str, quantity: Decimal | str | int) -> None:
        """Bring money in from outside to the account of that number; negative takes it out."""
        self.core.orders.deposit(self.account(number).name, asset, Decimal(quantity))
