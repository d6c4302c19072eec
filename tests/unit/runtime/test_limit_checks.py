"""A connector whose requests the manifest does not cover is refused before it does harm."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Connector
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.limit_checks import check_limits
from connector_sdk.runtime.live_market import LiveMarket, Surroundings
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient
from connector_sdk_binance.sandbox import dialect

PAIR = "BTC-USDT"


def without(connector: Connector, *names: str) -> Connector:
    """The connector, whose manifest forgot some pools."""
    kept = tuple(pool for pool in connector.manifest.rate_limits if pool.name not in names)
    return replace(connector, manifest=connector.manifest.model_copy(update={"rate_limits": kept}))


async def started(connector: Connector, settings: FeedSettings) -> None:
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR]) as venue:
        around = Surroundings(venue.endpoints, venue.transport, clock, settings=settings)
        market = LiveMarket(connector, [PAIR], around)
        starting = asyncio.create_task(market.start())
        await clock.advance(5)
        try:
            await starting
        finally:
            await market.close()


async def test_every_request_of_an_installed_connector_is_covered_by_its_manifest() -> None:
    await started(load_connector("binance"), FeedSettings())


async def test_a_pool_the_manifest_forgot_is_named_before_any_stream_is_opened() -> None:
    with pytest.raises(ConfigError, match="no rate-limit pool is named 'weight'"):
        await started(without(load_connector("binance"), "weight"), FeedSettings())


async def test_a_share_too_small_for_one_request_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"costs \d+ of pool weight, which holds"):
        await started(load_connector("binance"), FeedSettings(limits_share=0.005))


async def test_requests_of_an_account_are_weighed_too() -> None:
    connector = load_connector("binance")
    clock = ManualClock()
    pools = connector.manifest.rate_limits
    async with MemoryVenue(dialect, clock, [PAIR]) as venue:
        rest = RestClient(venue.transport, RateLimiter(pools, clock), venue.endpoints, {})
        instruments = await rest.call(connector.market_api.instruments())
        check_limits(rest, connector, PAIR, instruments)
        ours = [pool for pool in pools if not pool.per_key]
        forgetful = [*ours, RateLimitPool(name="other", limit=1, window_s=1)]
        rest = RestClient(venue.transport, RateLimiter(forgetful, clock), venue.endpoints, {})
        check_limits(rest, connector, PAIR, instruments, trades=False)
        with pytest.raises(ConfigError, match="no rate-limit pool is named"):
            check_limits(rest, connector, PAIR, instruments)
