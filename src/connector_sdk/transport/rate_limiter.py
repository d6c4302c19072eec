"""RateLimiter: budgets of weight over sliding windows, shared by everything one venue is asked.

A request draws on one or more pools, on all of them at once or on none. Who waits is served by
priority, then in order; one that waits for a spent or frozen pool holds up only those behind it
that need the same pool.
"""

from __future__ import annotations

import asyncio
from bisect import insort
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority
from connector_sdk.transport.clock import Clock

GRAINS = 512
"""A window is remembered in at most this many grains; a weight leaves with the end of its own."""
SECOND_NS = 1_000_000_000


class _Pool:
    """What one pool spent within its window, in grains [end, weight], oldest first."""

    __slots__ = ("frozen_until_ns", "grain_ns", "limit", "name", "spent", "used", "window_ns")

    def __init__(self, pool: RateLimitPool) -> None:
        self.name = pool.name
        self.limit = pool.limit
        self.window_ns = int(pool.window_s * SECOND_NS)
        self.grain_ns = max(self.window_ns // GRAINS, 1)
        self.spent: deque[list[int]] = deque()
        self.used = 0
        self.frozen_until_ns = 0

    def forget(self, now_ns: int) -> None:
        """Drop what left the window."""
        spent = self.spent
        oldest = now_ns - self.window_ns
        while spent and spent[0][0] < oldest:
            self.used -= spent.popleft()[1]

    def spend(self, weight: int, now_ns: int) -> list[int]:
        """Book `weight`; returns the grain it went to."""
        spent = self.spent
        if not spent or spent[-1][0] < now_ns:
            spent.append([now_ns + self.grain_ns, 0])
        grain = spent[-1]
        grain[1] += weight
        self.used += weight
        return grain

    def unspend(self, weight: int, grain: list[int], now_ns: int) -> None:
        """Give back `weight`, unless its grain has left the window already."""
        self.forget(now_ns)
        if grain[0] >= now_ns - self.window_ns:
            grain[1] -= weight
            self.used -= weight

    def free_at_ns(self, weight: int, now_ns: int) -> int:
        """When `weight` will fit, if nobody else takes it; `now_ns` or before: it fits."""
        self.forget(now_ns)
        missing = self.used + weight - self.limit
        at = self.frozen_until_ns
        if missing > 0:
            for end, spent in self.spent:
                missing -= spent
                if missing <= 0:
                    return max(at, end + self.window_ns + 1)
        return at


@dataclass(order=True, slots=True)
class _Waiter:
    priority: int
    number: int
    costs: list[tuple[_Pool, int]] = field(compare=False)
    wake: asyncio.Event = field(compare=False, default_factory=asyncio.Event)
    booked: list[tuple[_Pool, list[int], int]] | None = field(compare=False, default=None)


class RateLimiter:
    """Lets requests go while their pools have weight left; the others wait their turn."""

    def __init__(self, pools: Iterable[RateLimitPool], clock: Clock) -> None:
        self._clock = clock
        self._pools = {pool.name: _Pool(pool) for pool in pools}
        self._waiting: list[_Waiter] = []
        self._numbers = count()

    def check(self, costs: Mapping[str, int]) -> None:
        """Raise ConfigError for a pool that does not exist or a cost it can never afford."""
        self._costs(costs)

    def used(self, pool: str) -> int:
        """Weight spent within the window of `pool`, now."""
        found = self._pool(pool)
        found.forget(self._clock.now_ns())
        return found.used

    @property
    def clock(self) -> Clock:
        """The clock of its windows."""
        return self._clock

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    async def acquire(self, costs: Mapping[str, int], priority: Priority = Priority.POLL) -> None:
        """Wait until every pool of `costs` can pay its weight, and book it.

        Cancelled while waiting, it books nothing. Raises ConfigError as `check` does.
        """
        drawn = self._costs(costs)
        if not drawn:
            return
        if not self._waiting:
            now_ns = self._clock.now_ns()
            if all(pool.free_at_ns(weight, now_ns) <= now_ns for pool, weight in drawn):
                for pool, weight in drawn:
                    pool.spend(weight, now_ns)
                return
        waiter = _Waiter(int(priority), next(self._numbers), drawn)
        insort(self._waiting, waiter)
        self._lead()
        try:
            await self._until_booked(waiter)
        except BaseException:
            self._give_up(waiter)
            raise
        finally:
            self._lead()

    def freeze(self, pool: str | None, seconds: float) -> None:
        """Let nothing go from `pool` (None: from any) for `seconds`: the venue asked for it."""
        until_ns = self._clock.now_ns() + int(seconds * SECOND_NS)
        for found in self._pools.values() if pool is None else [self._pool(pool)]:
            found.frozen_until_ns = max(found.frozen_until_ns, until_ns)

    def observe(self, pool: str, used: int) -> None:
        """Take over the venue's own count where it is higher: others spend the same budget."""
        found = self._pool(pool)
        now_ns = self._clock.now_ns()
        found.forget(now_ns)
        if used > found.used:
            found.spend(used - found.used, now_ns)

    def _pool(self, name: str) -> _Pool:
        pool = self._pools.get(name)
        if pool is None:
            known = ", ".join(self._pools) or "none"
            raise ConfigError(f"no rate-limit pool is named {name!r} (known: {known})")
        return pool

    def _costs(self, costs: Mapping[str, int]) -> list[tuple[_Pool, int]]:
        drawn = [(self._pool(name), weight) for name, weight in costs.items() if weight]
        for pool, weight in drawn:
            if weight > pool.limit:
                raise ConfigError(
                    f"a request costs {weight} of pool {pool.name}, which holds {pool.limit}"
                )
        return drawn

    def _lead(self) -> None:
        """Wake the first of those who wait: it keeps the time for all."""
        if self._waiting:
            self._waiting[0].wake.set()

    async def _until_booked(self, waiter: _Waiter) -> None:
        while True:
            first = self._waiting[0] if waiter.booked is None else waiter
            due_ns = self._serve()
            if waiter.booked is not None:
                if first is not waiter:
                    await asyncio.sleep(0)  # those served before it in this turn go first
                return
            waiter.wake.clear()
            if self._waiting[0] is not waiter:
                await waiter.wake.wait()
                continue
            pause_s = max(due_ns - self._clock.now_ns(), 1) / SECOND_NS
            try:
                async with self._clock.timeout(pause_s):
                    await waiter.wake.wait()
            except TimeoutError:
                continue

    def _serve(self) -> int:
        """Book whoever can go, in order; returns when the next one of the rest may."""
        now_ns = self._clock.now_ns()
        blocked: set[str] = set()
        due: list[int] = []
        for waiter in list(self._waiting):
            if not blocked.isdisjoint(pool.name for pool, _ in waiter.costs):
                blocked.update(pool.name for pool, _ in waiter.costs)
                continue
            at_ns = max(pool.free_at_ns(weight, now_ns) for pool, weight in waiter.costs)
            if at_ns <= now_ns:
                waiter.booked = [(p, p.spend(w, now_ns), w) for p, w in waiter.costs]
                self._waiting.remove(waiter)
                waiter.wake.set()
                continue
            blocked.update(pool.name for pool, _ in waiter.costs)
            due.append(at_ns)
            if len(blocked) == len(self._pools):
                break
        return min(due, default=now_ns)

    def _give_up(self, waiter: _Waiter) -> None:
        if waiter.booked is None:
            self._waiting.remove(waiter)
            return
        for pool, grain, weight in waiter.booked:
            pool.unspend(weight, grain, self._clock.now_ns())
