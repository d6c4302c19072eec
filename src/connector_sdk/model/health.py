"""What `market.health` tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
    """One connection of the feed.

    attempts: connection attempts since it was last up for good.
    """

    connected: bool
    pairs: int
    attempts: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class MarketHealth:
    """What works now; `ready` is true when every part does."""

    ready: bool
    reason: str
    pairs: Mapping[str, PairHealth]
    connections: Mapping[str, ConnectionHealth]
