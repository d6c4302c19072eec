"""VenueHost: what both ways to reach an embedded venue share."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import TracebackType
from typing import ClassVar, Self

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.core import DEFAULT_ACCOUNTS, VenueCore, VenueSettings
from connector_sdk.sandbox.dialect import Dialect, VenueRules
from connector_sdk.sandbox.fault_plan import ArmedFault, FaultPlan
from connector_sdk.sandbox.faults import FaultSpec
from connector_sdk.sandbox.journal import Journal
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.trading import Account
from connector_sdk.transport.clock import Clock

DEFAULT_PAIRS = ("BTC-USDT", "ETH-USDT")
LONGEST_STEP_S = 0.1
SECOND_NS = 1_000_000_000


class VenueHost(ABC):
    """A venue and its journal, whatever carries its messages; it lives while it is open.

    flow:      book changes a second and pair; a Pace for bursts.
    faults:    as `parse_faults` reads them, or a plan with a seed of its own.
    accounts:  how many there are; each has 1,000,000 of every quote asset and 1,000 of the others.
    bounds:    how much it remembers: `bounds.FEW` where it is to run for long.
    """

    shortest_step_s: ClassVar[float]

    def __init__(
        self,
        dialect: Dialect,
        clock: Clock,
        pairs: Sequence[str],
        *,
        seed: int = 1,
        flow: float | Pace = 50.0,
        faults: str | FaultPlan = "",
        rules: VenueRules | None = None,
        accounts: int = DEFAULT_ACCOUNTS,
        bounds: Bounds = USUAL,
    ) -> None:
        pace = flow if isinstance(flow, Pace) else Pace(flow)
        plan = faults if isinstance(faults, FaultPlan) else FaultPlan(faults, seed)
        settings = VenueSettings(tuple(pairs), seed, pace, rules, accounts, bounds)
        self.core = VenueCore(dialect, settings, plan)
        self._clock = clock
        self._stack = contextlib.AsyncExitStack()

    @property
    @abstractmethod
    def endpoints(self) -> Mapping[str, str]:
        """Endpoint name → URL, once it is open."""

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
        self._step()
        return self.core.open_account(public_key)

    def deposit(self, number: int, asset: str, quantity: Decimal | str | int) -> None:
        """Bring money in from outside to the account of that number; negative takes it out."""
        self._step()
        self.core.orders.deposit(self.account(number).name, asset, Decimal(quantity))

    def drop_connections(self, *, reset: bool = False) -> int:
        """Cut every open stream, by FIN or by RST; return how many there were."""
        self._step()
        return self.core.drop_connections(reset=reset)

    def restart(self, down_s: float = 0.0, gap_s: float = 0.0) -> None:
        """Close every stream, one each `gap_s`, and be away for `down_s`; the state is kept."""
        self._step()
        self.core.restart(down_s, gap_s)

    def reset_sequence(self, update_id: int = 1_000, down_s: float = 0.0) -> None:
        """Restart with update ids that count on from `update_id`."""
        self._step()
        self.core.reset_sequence(update_id, down_s)

    async def __aenter__(self) -> Self:
        self._step()
        await self._open()
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._stack.callback(group.create_task(self._tick()).cancel)
        self._stack.callback(self.core.drop_connections)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @abstractmethod
    async def _open(self) -> None:
        """Let clients in; what must be undone at the end goes on the stack."""

    @abstractmethod
    async def _attend(self) -> None:
        """Bring the way in to what now holds for the venue."""

    def _step(self) -> None:
        self.core.step(self._clock.now_ns())

    async def _tick(self) -> None:
        while True:
            self._step()
            await self._attend()
            due_ns = self.core.agenda.next_due_ns
            wait_s = LONGEST_STEP_S
            if due_ns is not None:
                wait_s = (due_ns - self._clock.now_ns()) / SECOND_NS
            await self._clock.sleep(min(max(wait_s, self.shortest_step_s), LONGEST_STEP_S))
