"""A venue that says «not now» at the start: the market waits as it was asked to, or says so."""

from __future__ import annotations

import pytest

from connector_sdk.errors import RateLimited
from live_venue import BOUND_S, market_of, venue_of

PAIRS = ["BTC-USDT"]


async def test_a_list_refused_for_a_moment_is_asked_for_after_that_moment() -> None:
    async with venue_of(PAIRS, faults="rate-limit:retry_after=1:count=1") as venue:
        async with market_of(venue, PAIRS) as market:
            await market.ready(timeout_s=BOUND_S)
            assert len(market.instruments) >= 1
        refused = [fault for fault in venue.journal.faults if fault.name == "rate-limit"]
        assert len(refused) == 1


async def test_a_list_refused_for_long_is_an_error_that_says_how_long() -> None:
    async with venue_of(PAIRS, faults="ban:retry_after=7200:count=1") as venue:
        with pytest.raises(RateLimited) as refusal:
            await market_of(venue, PAIRS).start()
        assert refusal.value.retry_after_s == 7200
