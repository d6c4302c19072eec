"""RateLimiter: budgets of weight over sliding windows, shared by everything one venue is asked.

A request draws on one or more pools, on all of them at once or on none. Who waits is served by
priority, then in order; one that waits for a spent or frozen pool holds up only those behind it
that need that pool.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import TypeAlias

from connector_sdk.errors import ConfigError, RequestTimeout, Sent
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.rate_window import NEVER_NS, SECOND_NS, RateWindow, reserved
from connector_sdk.transport.shared_budget import BudgetFolder

Costs: TypeAlias = Sequence[tuple[RateWindow, int]]
LONGEST_PAUSE_S = 3600.0


@dataclass(eq=False, slots=True)
class _Waiter:
    """One request that waits; `served`: its weights are booked."""

    number: int
    costs: Costs
    urgent: bool
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    served: bool = False


_Key: TypeAlias = tuple[Priority, tuple[str, ...]]


class RateLimiter:
    """Lets requests go while their pools have weight left; the others wait their turn.

    pools:    those named with ``{pair}`` are templates: each pair has one of its own.
    share:    of every limit that may be used here, above 0 and up to 1.
    folder:   where budgets are shared with other processes; None: this one is alone.

    The reserve of a pool is for cancels and reconciliation only.
    """

    def __init__(
        self,
        pools: Iterable[RateLimitPool],
        clock: Clock,
        *,
        share: float = 1.0,
        folder: BudgetFolder | None = None,
    ) -> None:
        if not 0 < share <= 1:
            raise ConfigError(f"the share of the rate limits is above 0 and up to 1, not {share}")
        self._clock = clock
        self._share = share
        self._folder = folder
        if folder is not None:
            folder.sweep(clock.now_ns() / SECOND_NS)
        self._templates: list[RateLimitPool] = []
        self._windows: dict[str, RateWindow] = {}
        self._banned_until_ns = 0
        for pool in pools:
            if pool.per_pair:
                self._templates.append(pool)
            else:
                self._open(pool)
        # Who needs the same pools at the same priority stands in one line: only its head counts.
        self._lines: dict[_Key, deque[_Waiter]] = {}
        self._waiting = 0
        self._numbers = count()
        self._leader: _Waiter | None = None
        self._due_ns = NEVER_NS
        self._alarm_ns = NEVER_NS
        self._awaits_answers = False

    # --- pools

    def check(self, costs: Mapping[str, int], priority: Priority = Priority.POLL) -> None:
        """Raise ConfigError for a pool that does not exist or a cost it can never afford."""
        for window, weight in self._costs(costs):
            window.check(weight, urgent=_is_urgent(priority))

    def used(self, pool: str) -> int:
        """Weight spent within the window of `pool`, or on its way, now."""
        return self._window(pool).used(self._clock.machine_ns())

    def freeze(self, pool: str | None, seconds: float) -> None:
        """Let nothing go from `pool` (None: from any) for `seconds`: the venue asked for it."""
        now_ns = self._clock.machine_ns()
        until_ns = now_ns + int(seconds * SECOND_NS)
        if pool is None:
            self._banned_until_ns = max(self._banned_until_ns, until_ns)
        for window in list(self._windows.values()) if pool is None else [self._window(pool)]:
            window.freeze(until_ns, now_ns)

    def observe(self, pool: str, used: int) -> None:
        """Take over the venue's own count where it is higher: others spend the same budget."""
        self._window(pool).observe(used, self._clock.machine_ns())

    def close(self) -> None:
        """Give back to other processes what this one leased and did not use. Idempotent."""
        for window in self._windows.values():
            window.close(self._clock.machine_ns())

    @property
    def clock(self) -> Clock:
        """The clock of its windows."""
        return self._clock

    # --- passing

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return self._waiting

    async def acquire(self, costs: Mapping[str, int], priority: Priority = Priority.POLL) -> None:
        """Wait until every pool of `costs` can pay its weight, and spend it now.

        Cancelled while waiting, it spends nothing. Raises ConfigError as `check` does.
        """
        async with self.passage(costs, priority):
            pass

    def passage(
        self,
        costs: Mapping[str, int],
        priority: Priority = Priority.POLL,
        patience_s: float | None = None,
    ) -> AbstractAsyncContextManager[None]:
        """A block for one request and its answer, entered as `acquire` returns.

        The venue counts it at some time in between, so its weight stays for a whole window after
        the block.

        patience_s: how long it may wait to be entered; RequestTimeout then, and nothing is spent.
        """
        return _Passage(self, costs, priority, patience_s)

    async def enter(
        self, costs: Mapping[str, int], priority: Priority, patience_s: float | None = None
    ) -> Costs:
        """Wait until all can be paid; what is to be handed to `leave` then."""
        drawn, urgent = self._costs(costs), _is_urgent(priority)
        now_ns = self._clock.machine_ns()
        if not self._waiting and self._room_at_ns(drawn, now_ns, urgent=urgent) <= now_ns:
            _depart(drawn, urgent=urgent)
            return drawn
        for window, weight in drawn:
            window.check(weight, urgent=urgent)
        waiter = _Waiter(next(self._numbers), drawn, urgent)
        key = (priority, tuple(window.name for window, _ in drawn))
        self._lines.setdefault(key, deque()).append(waiter)
        self._waiting += 1
        try:
            async with self._within(patience_s):
                await self._until_served(waiter)
        except TimeoutError as error:
            self._give_up(waiter, key)
            said = f"the rate limits left no room within {patience_s:g} s"
            raise RequestTimeout(said, Sent.NO) from error
        except BaseException:
            self._give_up(waiter, key)
            raise
        finally:
            self._follow(waiter)
        return drawn

    def leave(self, drawn: Costs) -> None:
        """What was entered for is over: its weights count for a window from now."""
        now_ns = self._clock.machine_ns()
        for window, weight in drawn:
            window.arrive(weight, now_ns)
        if self._leader is not None and self._awaits_answers:
            self._leader.wake.set()

    # --- waiting

    def _within(self, patience_s: float | None) -> AbstractAsyncContextManager[object]:
        return nullcontext() if patience_s is None else self._clock.timeout(patience_s)

    async def _until_served(self, waiter: _Waiter) -> None:
        while True:
            await self._serve_all(waiter)
            if waiter.served:
                return
            if self._leader is None or self._leader is waiter:
                self._leader = waiter
                await self._until_due(waiter)
            else:
                if self._due_ns < self._alarm_ns:
                    self._leader.wake.set()
                await waiter.wake.wait()
            waiter.wake.clear()
            if waiter.served:
                return

    async def _until_due(self, leader: _Waiter) -> None:
        """The first of those who wait keeps the time for all."""
        self._alarm_ns = self._due_ns
        pause_s = max(self._due_ns - self._clock.machine_ns(), 1) / SECOND_NS
        try:
            async with self._clock.timeout(min(pause_s, LONGEST_PAUSE_S)):
                await leader.wake.wait()
        except TimeoutError:
            return

    async def _serve_all(self, here: _Waiter) -> None:
        """Book whoever can go; each wakes in turn, and `here` goes on in its own."""
        served = self._serve()
        mine = served.index(here) if here in served else len(served)
        try:
            for waiter in served[:mine]:
                waiter.wake.set()
            if mine < len(served) and mine > 0:
                await asyncio.sleep(0)  # those served before it go first
        finally:
            for waiter in served[mine + 1 :]:
                waiter.wake.set()

    def _serve(self) -> Sequence[_Waiter]:
        """Book whoever can go, in order, and tell when the next one of the rest may."""
        now_ns = self._clock.machine_ns()
        promised: dict[RateWindow, int] = {}
        short: set[RateWindow] = set()
        served: list[_Waiter] = []
        self._due_ns, self._awaits_answers = NEVER_NS, False
        heads = [(key[0], line[0].number, key) for key, line in self._lines.items()]
        heapq.heapify(heads)
        while heads:
            key = heapq.heappop(heads)[2]
            line = self._lines[key]
            waiter = line[0]
            if self._blocked(waiter, promised, short, now_ns):
                continue
            _depart(waiter.costs, urgent=waiter.urgent)
            waiter.served = True
            served.append(waiter)
            self._remove(waiter, key)
            if line:
                heapq.heappush(heads, (key[0], line[0].number, key))
        return served

    def _blocked(
        self,
        waiter: _Waiter,
        promised: dict[RateWindow, int],
        short: set[RateWindow],
        now_ns: int,
    ) -> bool:
        """Whether it must wait; then what it needs elsewhere is promised to it."""
        if short.isdisjoint(window for window, _ in waiter.costs):
            costs = [(window, weight + promised.get(window, 0)) for window, weight in waiter.costs]
            at_ns = self._room_at_ns(costs, now_ns, urgent=waiter.urgent, short=short)
            if at_ns <= now_ns:
                return False
            self._due_ns = min(self._due_ns, at_ns)
            self._awaits_answers |= at_ns == NEVER_NS
        for window, weight in waiter.costs:
            if window not in short:
                promised[window] = promised.get(window, 0) + weight
        return True

    def _room_at_ns(
        self, costs: Costs, now_ns: int, *, urgent: bool, short: set[RateWindow] | None = None
    ) -> int:
        """When all of `costs` can be paid; `now_ns` or less: now. `short`: told who cannot."""
        at_ns = now_ns
        for window, weight in costs:
            free_ns = window.free_at_ns(weight, now_ns, urgent=urgent)
            if free_ns > now_ns and short is not None:
                short.add(window)
            at_ns = max(at_ns, free_ns)
        if at_ns > now_ns or self._folder is None:
            return at_ns
        for window, weight in costs:
            leased_ns = window.leased_at_ns(weight, now_ns, urgent=urgent)
            if leased_ns > now_ns and short is not None:
                short.add(window)
            at_ns = max(at_ns, leased_ns)
        return at_ns

    def _remove(self, waiter: _Waiter, key: _Key) -> None:
        line = self._lines[key]
        line.remove(waiter)
        if not line:
            del self._lines[key]
        self._waiting -= 1

    def _give_up(self, waiter: _Waiter, key: _Key) -> None:
        """Leave no trace of one that was cancelled."""
        if waiter.served:
            for window, weight in waiter.costs:
                window.return_(weight)
        else:
            self._remove(waiter, key)
        if self._leader is not None:
            self._leader.wake.set()

    def _follow(self, waiter: _Waiter) -> None:
        """Where the one who kept the time leaves, another one does."""
        if self._leader is waiter:
            self._leader = None
            for line in self._lines.values():
                line[0].wake.set()
                return

    # --- names

    def _open(self, pool: RateLimitPool) -> RateWindow:
        shared = None
        if self._folder is not None:
            shared = self._folder.budget(pool, reserved(pool.limit, pool.reserve))
        window = self._windows[pool.name] = RateWindow(pool, self._share, shared)
        window.frozen_until_ns = self._banned_until_ns
        return window

    def _window(self, name: str) -> RateWindow:
        window = self._windows.get(name)
        if window is not None:
            return window
        for template in self._templates:
            pool = template.instance(name)
            if pool is not None:
                return self._open(pool)
        known = ", ".join([*self._windows, *(pool.name for pool in self._templates)]) or "none"
        raise ConfigError(f"no rate-limit pool is named {name!r} (known: {known})")

    def _costs(self, costs: Mapping[str, int]) -> Costs:
        return [(self._window(name), weight) for name, weight in costs.items() if weight]


class _Passage(AbstractAsyncContextManager[None]):
    """One request on its way."""

    __slots__ = ("_costs", "_drawn", "_limiter", "_patience_s", "_priority")

    def __init__(
        self,
        limiter: RateLimiter,
        costs: Mapping[str, int],
        priority: Priority,
        patience_s: float | None,
    ) -> None:
        self._limiter = limiter
        self._costs = costs
        self._priority = priority
        self._patience_s = patience_s
        self._drawn: Costs = ()

    async def __aenter__(self) -> None:
        enter = self._limiter.enter
        self._drawn = await enter(self._costs, self._priority, self._patience_s)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._limiter.leave(self._drawn)


def _depart(costs: Costs, *, urgent: bool) -> None:
    for window, weight in costs:
        window.depart(weight, urgent=urgent)


def _is_urgent(priority: Priority) -> bool:
    return priority <= Priority.RECONCILE
