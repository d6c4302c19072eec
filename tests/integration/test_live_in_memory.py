"""The whole live path without a socket, under a manual clock: exact, and repeatable."""

from __future__ import annotations

import asyncio

import pytest

from connector_sdk.connect import connect
from connector_sdk.errors import ConfigError
from connector_sdk.model.events import BookMetrics, BookStale, Event, FeedInterrupted
from connector_sdk.model.market_data import Trade
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk_binance.sandbox import dialect
from live_venue import RULES, differs, hurried

PAIRS = ("BTC-USDT", "ETH-USDT")
FAULTS = (
    "drop:stream=depth:every=40:count=5,reset:conn=1:after=150,duplicate:every=70:count=9,"
    "reorder:stream=depth:every=90:count=4,snapshot-fail:count=2,shutdown-notice:conn=2:after=100"
)


async def played(seed: int) -> tuple[str, list[str], list[BookMetrics]]:
    """What a venue and a market under faults did in some virtual seconds."""
    clock = ManualClock()
    events: list[str] = []
    async with MemoryVenue(
        dialect, clock, PAIRS, seed=seed, flow=50, faults=FAULTS, rules=RULES
    ) as venue:
        market = connect(
            hurried(),
            PAIRS,
            transport=venue.transport,
            clock=clock,
            endpoints={name: venue.endpoints[name] for name in ("rest", "ws")},
            settings=FeedSettings(seed=seed),
        )
        async with market:
            kinds: tuple[type[Event], ...] = (BookStale, FeedInterrupted)
            for kind in kinds:
                market.on(kind, lambda event: events.append(repr(event)))
            await clock.advance(20)
            venue.faults.clear()
            await clock.advance(20)
            assert market.health.ready
            assert not any(differs(venue, market, pair) for pair in PAIRS)
            metrics = [market.metrics(pair) for pair in PAIRS]
        return venue.journal.digest(), events, metrics


async def test_the_same_seed_gives_the_same_journal_and_the_same_market_twice() -> None:
    first = await played(5)
    assert first[1]
    assert await played(5) == first
    assert (await played(6))[0] != first[0]


async def test_a_handover_by_age_is_made_before_the_venue_cuts_and_nobody_notices() -> None:
    clock = ManualClock()
    connector = hurried(session_lifetime_s=60.0)
    async with MemoryVenue(
        dialect, clock, PAIRS, seed=3, flow=20, faults="life:seconds=60", rules=RULES
    ) as venue:
        market = connect(
            connector,
            PAIRS,
            transport=venue.transport,
            clock=clock,
            endpoints={name: venue.endpoints[name] for name in ("rest", "ws")},
            settings=FeedSettings(ack_s=1.0, seed=1),
        )
        async with market:
            await clock.advance(2)
            trades: list[Trade] = []
            stale: list[BookStale] = []
            market.on(Trade, trades.append)
            market.on(BookStale, stale.append)
            await clock.advance(150)
            assert stale == []
            assert "ws.3" in market.health.connections
            for pair in PAIRS:
                ids = [int(trade.trade_id) for trade in trades if trade.pair == pair]
                assert ids == list(range(ids[0], ids[0] + len(ids)))
                assert not differs(venue, market, pair)


async def test_closing_wakes_who_waits_for_readiness() -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, PAIRS, rules=RULES, faults="silence:conn=1") as venue:
        market = connect(
            hurried(),
            PAIRS,
            transport=venue.transport,
            clock=clock,
            endpoints={name: venue.endpoints[name] for name in ("rest", "ws")},
        )
        await market.start()
        waiting = asyncio.create_task(market.ready(1_000))
        await clock.settle()
        await market.close()
        with pytest.raises(ConfigError, match="closed"):
            await waiting
