"""How patient a feed is."""

from __future__ import annotations

from dataclasses import dataclass, field

from connector_sdk.transport.backoff import Spacing


@dataclass(frozen=True, slots=True)
class FeedSettings:
    """Times of a feed, in seconds.

    connect_s:    how long one connection attempt may take.
    ack_s:        how long a subscription may stay unacknowledged before it is sent again.
    stable_s:     how long a connection must last before its failures are forgotten.
    handover_s:   how long an old connection is kept beside its successor.
    tick_s:       how often the tracker is told the time.
    reconnects, snapshots: how attempts are spaced.
    limits_share: of the venue's rate limits, what this market may use: above 0 and up to 1.
    seed:         makes the jitter repeatable.
    """

    connect_s: float = 10.0
    ack_s: float = 5.0
    stable_s: float = 60.0
    handover_s: float = 60.0
    tick_s: float = 1.0
    reconnects: Spacing = field(default_factory=Spacing)
    snapshots: Spacing = field(default_factory=Spacing)
    limits_share: float = 1.0
    seed: int | None = None
