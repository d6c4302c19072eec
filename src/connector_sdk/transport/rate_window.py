"""RateWindow: what was spent of one budget within its sliding window."""

from __future__ import annotations

from collections import deque
from math import ceil

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.transport.shared_budget import SharedBudget, Usage

SECOND_NS = 1_000_000_000
GRAINS = 512
"""A window is remembered in at most this many grains; a weight leaves with the end of its own."""
NEVER_NS = 1 << 62
"""When there is room that only an answer on its way can make."""


class RateWindow:
    """One pool's spending, in grains [end, weight], oldest first, and what is on its way.

    The venue counts a request somewhere between its departure and its answer, so a weight is
    pending all that while, and stays for a whole window after it.

    share:   of the pool's limit that may be used here.
    shared:  the budget kept with other processes; None: this one is alone.
    """

    __slots__ = (
        "_grain_ns",
        "_reserved",
        "_shared",
        "_spent",
        "_total",
        "_window_ns",
        "frozen_until_ns",
        "limit",
        "name",
        "pending",
    )

    def __init__(
        self, pool: RateLimitPool, share: float = 1.0, shared: SharedBudget | None = None
    ) -> None:
        self.name = pool.name
        self.limit = max(int(pool.limit * share), 1)
        self.pending = 0
        self.frozen_until_ns = 0
        self._reserved = reserved(self.limit, pool.reserve)
        self._window_ns = int(pool.window_s * SECOND_NS)
        self._grain_ns = max(self._window_ns // GRAINS, 1)
        self._spent: deque[list[int]] = deque()
        self._total = 0
        self._shared = shared

    def used(self, now_ns: int) -> int:
        """Weight within the window, and on its way."""
        self._forget(now_ns)
        return self._total + self.pending

    def check(self, weight: int, *, urgent: bool) -> None:
        """Raise ConfigError for a weight there can never be room for."""
        most = self.limit if urgent else self.limit - self._reserved
        if weight > most:
            raise ConfigError(f"a request costs {weight} of pool {self.name}, which holds {most}")

    def free_at_ns(self, weight: int, now_ns: int, *, urgent: bool) -> int:
        """When there will be room for `weight`, if nobody else takes it; `now_ns` or less: now."""
        self._forget(now_ns)
        missing = self._total + self.pending + weight - self.limit
        if not urgent:
            missing += self._reserved
        if missing <= 0:
            return self.frozen_until_ns
        for end, spent in self._spent:
            missing -= spent
            if missing <= 0:
                return max(self.frozen_until_ns, end + self._window_ns + 1)
        return NEVER_NS

    def leased_at_ns(self, weight: int, now_ns: int, *, urgent: bool) -> int:
        """When the budget shared with other processes has room; `now_ns`: now."""
        shared = self._shared
        if shared is None or shared.holds(weight, now_ns, urgent=urgent):
            return now_ns
        at_ns = shared.lease(weight, self._usage(now_ns), urgent=urgent)
        self.frozen_until_ns = max(self.frozen_until_ns, shared.frozen_until_ns)
        return max(at_ns, self.frozen_until_ns)

    def depart(self, weight: int, *, urgent: bool) -> None:
        """Book `weight` as on its way; there is room for it."""
        self.pending += weight
        if self._shared is not None:
            self._shared.take(weight, urgent=urgent)

    def return_(self, weight: int) -> None:
        """Take back a weight that never left."""
        self.pending -= weight
        if self._shared is not None:
            self._shared.give_back(weight)

    def arrive(self, weight: int, now_ns: int) -> None:
        """The answer came: `weight` counts until a window after now."""
        self.pending -= weight
        self._spend(weight, now_ns)
        if self._shared is not None and self._shared.is_late(now_ns):
            self._shared.publish(self._usage(now_ns))

    def observe(self, counted: int, now_ns: int) -> None:
        """Take over the venue's own count where it is higher: others spend the same budget."""
        own = self.used(now_ns)
        if counted <= own:
            return
        elsewhere = 0
        if self._shared is not None:
            elsewhere = self._shared.elsewhere
            if counted > own + elsewhere:
                self._shared.publish(self._usage(now_ns))
                elsewhere = self._shared.elsewhere
        if counted > own + elsewhere:
            self._spend(counted - own - elsewhere, now_ns)
            if self._shared is not None:
                self._shared.publish(self._usage(now_ns))

    def freeze(self, until_ns: int, now_ns: int) -> None:
        """Let nothing go before `until_ns`."""
        self.frozen_until_ns = max(self.frozen_until_ns, until_ns)
        if self._shared is not None:
            self._shared.frozen_until_ns = self.frozen_until_ns
            self._shared.publish(self._usage(now_ns))

    def close(self, now_ns: int) -> None:
        """Give back to the other processes what was leased and not used."""
        if self._shared is not None:
            self._shared.close(self._usage(now_ns))

    def _spend(self, weight: int, now_ns: int) -> None:
        spent = self._spent
        if not spent or spent[-1][0] < now_ns:
            spent.append([now_ns + self._grain_ns, 0])
        spent[-1][1] += weight
        self._total += weight

    def _forget(self, now_ns: int) -> None:
        spent = self._spent
        oldest = now_ns - self._window_ns
        while spent and spent[0][0] < oldest:
            self._total -= spent.popleft()[1]

    def _usage(self, now_ns: int) -> Usage:
        self._forget(now_ns)
        return Usage(now_ns, self.pending, [(end, weight) for end, weight in self._spent])


def reserved(limit: int, share: float) -> int:
    """How much of `limit` only cancels and reconciliation may use; never all of it."""
    return min(ceil(limit * share), limit - 1)
