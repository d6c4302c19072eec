"""One run of the fault campaign: a script played to a live market, and what it showed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Self, cast

from book_watch import SECOND_NS, BookWatch, PairWatch, TappedSource
from connector_sdk.connect import connect
from connector_sdk.model.events import BookMetrics
from connector_sdk.plugins import load_connector
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.clock import Clock, SystemClock
from connector_sdk_binance.sandbox import dialect
from fault_script import PAIRS, FaultScript
from live_venue import QUICK, RULES, unthrottled

FLOW = 50.0
SILENCE_S = 1.0
PATIENT_S = 20.0
SETTINGS = replace(QUICK, tick_s=0.1, handover_s=3.0)
TICK_S, LONGEST_LEAP_NS = 0.002, 10_000_000
POLL_S = 0.04
TAIL_S = 0.3
LOOK_S = 0.02
MEMORY_S = 4.0
RESYNC_BOUND_S = 2.0
TRUST_BOUND_S = 2.5 * SILENCE_S
PLAYED_WITHIN_S = 90.0
STAY_AWAY_S = 1.2


class Injection(NamedTuple):
    """What was injected, as far as the seed alone decides it."""

    number: int
    name: str
    connection: str
    pair: str


@dataclass
class Verdict:
    """What one run showed.

    asks, losses: snapshots asked for because a book was not synced, and how often it had to be.
    digest:       of all that the venue did.
    """

    script: FaultScript
    wrong: list[str] = field(default_factory=list)
    injected: list[Injection] = field(default_factory=list)
    metrics: dict[str, BookMetrics] = field(default_factory=dict)
    asks: int = 0
    losses: int = 0
    served: int = 0
    ideally_served: int = 0
    compared: int = 0
    repaired: int = 0
    longest_stale_s: float = 0.0
    longest_trusted_s: float = 0.0
    digest: str = ""

    @property
    def gaps(self) -> int:
        return sum(metrics.gaps for metrics in self.metrics.values())

    def told(self) -> str:
        listed = ", ".join(f"{i.name}@{i.connection}/{i.pair}" for i in self.injected)
        wrong = "\n  ".join(self.wrong)
        return f"seed {self.script.seed}: {wrong}\n  script {self.script.text}\n  did {listed}"


class PatientClock(SystemClock):
    """Real time that never leaps: on a busy machine it goes slower, for venue and client alike.

    The venue then has no backlog to publish at once, and no pause of ours looks like silence.
    """

    def __init__(self) -> None:
        super().__init__()
        self._real_ns = self._now_ns = super().now_ns()
        self._ticking: asyncio.Task[None] | None = None

    def now_ns(self) -> int:
        return self._now_ns

    async def __aenter__(self) -> Self:
        self._ticking = asyncio.create_task(self._tick())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.wait([self._ticking])

    async def _tick(self) -> None:
        while True:
            real_ns = super().now_ns()
            self._now_ns += min(real_ns - self._real_ns, LONGEST_LEAP_NS)
            self._real_ns = real_ns
            await asyncio.sleep(TICK_S)


def source_of(script: FaultScript) -> TappedSource:
    """A data source as hasty as the script needs it: a busy machine must not look like silence."""
    declared = {
        "silence_timeout_s": SILENCE_S if "silence" in script.text else PATIENT_S,
        "messages_per_second": None,
        "connects_per_minute": 1e6,
        "audit_period_s": 0.6 if script.audited else 3600.0,
    }
    return cast("TappedSource", type("Hurried", (TappedSource,), declared)())


def campaign_market(
    venue: EmbeddedVenue | MemoryVenue, source: TappedSource, clock: Clock
) -> LiveMarket:
    """The installed connector around `source`; asking as much as it likes, as the venue admits."""
    endpoints = {name: venue.endpoints[name] for name in ("rest", "ws")}
    return connect(
        unthrottled(replace(load_connector("binance"), order_book=source)),
        PAIRS,
        endpoints=endpoints,
        transport=venue.transport if isinstance(venue, MemoryVenue) else None,
        clock=clock,
        settings=SETTINGS,
    )


async def over_sockets(script: FaultScript) -> Verdict:
    """Play `script` over real sockets: until all of it has happened and all is well again."""
    source = source_of(script)
    async with (
        PatientClock() as clock,
        EmbeddedVenue(
            dialect,
            PAIRS,
            seed=script.seed,
            flow=FLOW,
            faults=script.text,
            rules=RULES,
            clock=clock,
        ) as venue,
        campaign_market(venue, source, clock) as market,
    ):
        watch = BookWatch(market, venue.journal, source)
        polling = asyncio.create_task(_poll(watch, clock))
        late: list[str] = []
        await _within(late, "not every fault has happened", lambda: _played(venue))
        await asyncio.sleep(TAIL_S)
        goal = {pair: venue.journal[pair].last_id for pair in PAIRS}
        await _within(
            late,
            "a book is not what the venue's is",
            lambda: (
                all(market.order_book(p).update_id >= goal[p] for p in PAIRS)
                and not watch.differing()
            ),
        )
        await asyncio.sleep(0)  # what was asked for just now is on its way
        polling.cancel()
        await asyncio.wait([polling])
        return _judged(script, venue, market, watch, late)


async def in_memory(script: FaultScript) -> Verdict:
    """Play `script` without a socket, in virtual time."""
    clock, source = ManualClock(), source_of(script)
    async with MemoryVenue(
        dialect, clock, PAIRS, seed=script.seed, flow=FLOW, faults=script.text, rules=RULES
    ) as venue:
        async with campaign_market(venue, source, clock) as market:
            watch = BookWatch(market, venue.journal, source)
            polling = asyncio.create_task(_poll(watch, clock))
            await clock.advance(MEMORY_S)
            polling.cancel()
            await asyncio.wait([polling])
            late = [f"{pair} differs at the end" for pair in watch.differing()]
            verdict = _judged(script, venue, market, watch, late)
        await venue.transport.close()
        return verdict


async def _poll(watch: BookWatch, clock: Clock) -> None:
    while True:
        watch.poll()
        await clock.sleep(POLL_S)


async def _within(late: list[str], complaint: str, holds: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(PLAYED_WITHIN_S):
            while not holds():  # noqa: ASYNC110  # the venue's side has no event to wait for
                await asyncio.sleep(LOOK_S)
    except TimeoutError:
        late.append(complaint)


def _played(venue: EmbeddedVenue | MemoryVenue) -> bool:
    return all(fault.fired >= fault.spec.count for fault in venue.faults.armed)


def _judged(
    script: FaultScript,
    venue: EmbeddedVenue | MemoryVenue,
    market: LiveMarket,
    watch: BookWatch,
    late: list[str],
) -> Verdict:
    verdict = Verdict(script, [*watch.wrong, *late], digest=venue.journal.digest())
    verdict.injected = sorted(
        Injection(one.number, one.name, one.connection, one.pair) for one in venue.journal.faults
    )
    verdict.metrics = {pair: market.metrics(pair) for pair in PAIRS}
    verdict.served, verdict.ideally_served = watch.served, watch.ideally_served
    verdict.compared, verdict.repaired = watch.compared, watch.repaired
    spoiled = sum(one.connection == "http" for one in venue.journal.faults)
    bound_s = RESYNC_BOUND_S + STAY_AWAY_S * spoiled
    for pair, seen in watch.pairs.items():
        _judge_pair(verdict, seen, bound_s)
        if pair not in script.aimed_at:
            _judge_neighbour(verdict, seen)
    failures = market.order_book_tracker.listeners.failures
    if failures or not market.health.ready:
        verdict.wrong.append(f"{failures} listeners raised; not ready: {market.health.reason}")
    return verdict


def _judge_pair(verdict: Verdict, seen: PairWatch, bound_s: float) -> None:
    pair, metrics, ideal = seen.pair, verdict.metrics[seen.pair], seen.ideal
    verdict.losses += ideal.losses
    verdict.asks += metrics.snapshots_asked - seen.audit_asks - seen.spoiled
    longest_s = seen.longest_stale_ns / SECOND_NS
    verdict.longest_stale_s = max(verdict.longest_stale_s, longest_s)
    if longest_s > bound_s:
        verdict.wrong.append(f"{pair}: stale for {longest_s:.1f} s")
    trusted_s = seen.longest_trusted_ns / SECOND_NS
    verdict.longest_trusted_s = max(verdict.longest_trusted_s, trusted_s)
    if trusted_s > TRUST_BOUND_S:
        verdict.wrong.append(f"{pair}: synced for {trusted_s:.1f} s in which nothing came")
    stale, lost = seen.seen["stale"], ideal.losses - 1
    if stale != lost:
        verdict.wrong.append(f"{pair}: stale {stale} times, the thread was lost {lost} times")
    if seen.seen["interrupted"] > verdict.script.cuts:
        verdict.wrong.append(f"{pair}: interrupted {seen.seen['interrupted']} times")


def _judge_neighbour(verdict: Verdict, seen: PairWatch) -> None:
    """No fault was aimed at this pair: it is stale only with its whole connection."""
    metrics, ends = verdict.metrics[seen.pair], seen.seen["interrupted"]
    if metrics.gaps or seen.seen["stale"] > ends or metrics.resyncs > ends or metrics.differing:
        verdict.wrong.append(f"{seen.pair} was not aimed at, and was hit: {metrics}")
