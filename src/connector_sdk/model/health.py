"""What `market.health` tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from connector_sdk.model.events import BookState


@dataclass(frozen=True, slots=True)
class PairHealth:
    """One pair. `degraded`: several resyncs in a row failed, `last_error` says how."""

    state: BookState
    degraded: bool
    age_s: float | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """One connection of the feed, or of the account.

    attempts: connection attempts since it was last up for good.
    """

    connected: bool
    pairs: int
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part of trading. `reason` says what is wrong with it, and is empty while it is ok."""

    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MarketHealth:
    """What works now; `ready` is true when every part does.

    trading: "private stream", "reconciliation", "clock", "store", "kill switch", "rules" and
             "fees" → how that part is; empty where there are no credentials.
    """

    ready: bool
    reason: str
    pairs: Mapping[str, PairHealth]
    connections: Mapping[str, ConnectionHealth]
    trading: Mapping[str, PartHealth] = field(default_factory=dict[str, PartHealth])
