"""What the ledger waits for, and how much it keeps."""

from __future__ import annotations

from dataclasses import dataclass

from connector_sdk.orders.asking import SECOND
from connector_sdk.orders.closed_orders import ClosedLimits


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """The ledger's patience and memory. Times in seconds.

    validity_s:         a request older than this is not accepted by the venue any more.
    margin_s:           added to it, for clocks and for what is under way.
    absences:           so many times the venue must say that it does not have an order.
    absence_spacing_s:  and so far apart.
    first_ask_s, longest_ask_s:  the space between two queries of one order; it doubles.
    fills_wait_s:       how long the stream may take for fills that a report claims.
    backfills:          so many answers without the claimed fills, and the end is told without them.
    closed_kept:        orders that have ended, beyond those that ended in the last `late_s`.
    closed_age_s:       how long an order that has ended is kept.
    unclaimed_kept:     fills of orders that are not known yet.
    external_kept:      orders and fills of others on the account.
    """

    validity_s: float = 60.0
    margin_s: float = 5.0
    absences: int = 3
    absence_spacing_s: float = 2.0
    first_ask_s: float = 1.0
    longest_ask_s: float = 30.0
    fills_wait_s: float = 5.0
    backfills: int = 3
    closed_kept: int = 100_000
    closed_age_s: float = 86_400.0
    late_s: float = 600.0
    unclaimed_kept: int = 10_000
    external_kept: int = 10_000

    @property
    def closed_limits(self) -> ClosedLimits:
        """What bounds the orders that have ended."""
        return ClosedLimits(self.closed_kept, ns(self.late_s), ns(self.closed_age_s))


def ns(seconds: float) -> int:
    """Seconds as nanoseconds."""
    return round(seconds * SECOND)
