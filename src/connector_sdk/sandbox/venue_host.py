"""VenueHost: what both ways to reach an embedded venue share."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from connector_sdk.sandbox.core import VenueCore, VenueSettings
from connector_sdk.sandbox.dialect import Dialect, VenueRules
from connector_sdk.sandbox.fault_plan import ArmedFault, FaultPlan
from connector_sdk.sandbox.faults import FaultSpec
from connector_sdk.sandbox.journal import Journal
from connector_sdk.sandbox.order_flow import Pace

DEFAULT_PAIRS = ("BTC-USDT", "ETH-USDT")


class VenueHost:
    """A venue and its journal, whatever carries its messages.

    flow:    book changes a second and pair; a Pace for bursts.
    faults:  as `parse_faults` reads them, or a plan with a seed of its own.
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
    ) -> None:
        pace = flow if isinstance(flow, Pace) else Pace(flow)
        plan = faults if isinstance(faults, FaultPlan) else FaultPlan(faults, seed)
        self.core = VenueCore(dialect, VenueSettings(tuple(pairs), seed, pace, rules), plan)
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
