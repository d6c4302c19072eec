"""What a market leaves behind, how it retries, and what it says when nothing works."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

import connector_sdk as sdk
from connector_sdk.errors import ConfigError, ConnectFailed, PluginError, RequestTimeout
from connector_sdk.model.events import (
    BookResynced,
    BookStale,
    BookState,
    BookUpdated,
    FeedInterrupted,
)
from connector_sdk.model.instrument import Instruments
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk.transport.backoff import Spacing
from live_venue import (
    QUICK,
    differs,
    hurried,
    market_of,
    open_descriptors,
    resident_bytes,
    unthrottled,
    until,
    venue_of,
)

PAIRS = ("BTC-USDT", "ETH-USDT")
FIVE = (*PAIRS, "SOL-USDT", "XRP-USDT", "ADA-USDT")


class Drops:
    """Cuts every stream and waits until every book is right again; notes what was out of order."""

    def __init__(self, venue: EmbeddedVenue, market: LiveMarket) -> None:
        self.wrong: list[str] = []
        self._venue, self._market = venue, market
        self._stale: set[str] = set()
        self._resynced: set[str] = set()
        self._done = 0
        market.on(BookStale, lambda event: self._stale.add(event.pair))
        market.on(BookResynced, self._on_resynced)
        market.on(BookUpdated, self._on_updated)
        market.on(FeedInterrupted, self._on_interrupted)

    async def drop(self, times: int) -> None:
        for _ in range(times):
            self._resynced.clear()
            self._done += 1
            self._venue.drop_connections(reset=self._done % 2 == 0)
            await until(lambda: self._resynced == set(self._market.pairs))
            if any(differs(self._venue, self._market, pair) for pair in self._market.pairs):
                self.wrong.append(f"a book is wrong after drop {self._done}")

    def _on_resynced(self, event: BookResynced) -> None:
        if event.pair not in self._stale:
            self.wrong.append(f"{event.pair} resynced, but never was stale in drop {self._done}")
        self._stale.discard(event.pair)
        self._resynced.add(event.pair)

    def _on_updated(self, event: BookUpdated) -> None:
        if event.pair in self._stale:
            self.wrong.append(f"{event.pair} was published while stale in drop {self._done}")

    def _on_interrupted(self, event: FeedInterrupted) -> None:
        for pair in [event.pair] if event.pair else self._market.pairs:
            if self._market.order_book(pair).state is BookState.SYNCED:
                self.wrong.append(f"{pair} was trusted after its connection in drop {self._done}")


@pytest.mark.campaign
async def test_forced_drops_leave_every_book_synced_and_nothing_behind(campaign: bool) -> None:
    warm_up, times = (30, 100) if campaign else (10, 25)
    outside = len(asyncio.all_tasks()), open_descriptors()
    async with venue_of(FIVE) as venue:
        async with market_of(venue, FIVE, unthrottled(hurried())) as market:
            await market.ready(10)
            drops = Drops(venue, market)
            await drops.drop(warm_up)
            tasks, sockets, memory = len(asyncio.all_tasks()), open_descriptors(), resident_bytes()
            await drops.drop(times)
            assert drops.wrong == []
            assert {market.metrics(pair).resyncs for pair in FIVE} == {warm_up + times}
            # Idle HTTP connections come and go, at most one a pair: two sockets, one task each.
            await until(lambda: len(asyncio.all_tasks()) <= tasks + len(FIVE))
            await until(lambda: open_descriptors() <= sockets + 2 * len(FIVE))
            assert venue.open_streams == 1
            assert resident_bytes() <= memory * 1.05
        await until(lambda: len(asyncio.all_tasks()) == outside[0] + 1)
    await until(lambda: (len(asyncio.all_tasks()), open_descriptors()) == outside)


async def test_a_hundred_starts_and_stops_leave_no_task_and_no_descriptor() -> None:
    async with venue_of(PAIRS[:1]) as venue:
        async with market_of(venue, PAIRS[:1]) as market:
            await market.ready(10)
            instruments = market.instruments
        await until(lambda: venue.open_streams == 0)
        tasks, descriptors = len(asyncio.all_tasks()), open_descriptors()
        for _ in range(100):
            market = sdk.connect(
                hurried(),
                PAIRS[:1],
                endpoints={name: venue.endpoints[name] for name in ("rest", "ws")},
                instruments=instruments,
                settings=QUICK,
            )
            await market.start()
            await market.close()
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: open_descriptors() <= descriptors)


async def test_start_and_close_are_idempotent_and_a_closed_market_stays_closed() -> None:
    async with venue_of(PAIRS[:1]) as venue:
        market = market_of(venue, PAIRS[:1])
        with pytest.raises(ConfigError, match="start this market"):
            market.order_book("BTC-USDT")
        await asyncio.gather(*(market.start() for _ in range(5)))
        await market.ready(10)
        await asyncio.gather(*(market.close() for _ in range(5)))
        assert not market.health.ready
        with pytest.raises(ConfigError, match="closed"):
            await market.start()


async def test_a_venue_out_of_reach_is_named_in_one_clear_line() -> None:
    async with venue_of(PAIRS[:1]) as venue:
        market = market_of(venue, PAIRS[:1])
    before = len(asyncio.all_tasks())
    with pytest.raises(ConnectFailed, match=r"127\.0\.0\.1.*endpoints=") as refused:
        await market.start()
    assert "\n" not in str(refused.value)
    assert len(asyncio.all_tasks()) == before


async def test_a_host_without_a_name_is_said_to_have_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def unknown(*_: object, **__: object) -> object:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    market = sdk.connect("binance", ["BTC-USDT"], endpoints={"rest": "https://nowhere.invalid"})
    with pytest.raises(ConnectFailed, match=r"no such host as nowhere\.invalid"):
        await market.start()


@asynccontextmanager
async def deserted_market() -> AsyncIterator[LiveMarket]:
    """A market that knows its instruments, and whose venue has gone."""
    async with venue_of(PAIRS) as venue, market_of(venue, PAIRS) as market:
        instruments = market.instruments
        endpoints = {name: venue.endpoints[name] for name in ("rest", "ws")}
    settings = replace(QUICK, reconnects=Spacing(0.05, 0.2))
    async with sdk.connect(
        hurried(), PAIRS, endpoints=endpoints, instruments=instruments, settings=settings
    ) as market:
        yield market


async def test_not_ready_in_time_names_what_is_missing_while_trying_goes_on() -> None:
    async with deserted_market() as market:
        with pytest.raises(RequestTimeout, match=r"BTC-USDT is syncing.*cannot connect to ws://"):
            await market.ready(0.5)
        (link,) = market.health.connections.values()
        tried = link.attempts
        assert 2 <= tried <= 30
        await until(lambda: next(iter(market.health.connections.values())).attempts > tried)


async def test_a_pair_that_is_not_listed_is_refused_with_near_names() -> None:
    async with venue_of(PAIRS) as venue:
        with pytest.raises(ConfigError, match="BTC-USDT"):
            await market_of(venue, ["BTC-USDC"]).start()


async def test_a_pair_that_cannot_be_traded_is_refused() -> None:
    async with venue_of(PAIRS) as venue:
        async with market_of(venue, PAIRS) as market:
            listed = list(market.instruments)
        halted = [one.model_copy(update={"tradable": one.pair != "BTC-USDT"}) for one in listed]
        market = sdk.connect(hurried(), PAIRS, instruments=Instruments(halted, "binance"))
        with pytest.raises(ConfigError, match="BTC-USDT is listed but not open"):
            await market.start()


def test_settings_that_cannot_work_are_refused_before_anything_is_attempted() -> None:
    with pytest.raises(PluginError, match=r"no connector named 'binanse'.*binance"):
        sdk.connect("binanse", ["BTC-USDT"])
    with pytest.raises(ConfigError, match="BTCUSDT"):
        sdk.connect("binance", ["BTCUSDT"])
    with pytest.raises(ConfigError, match="domain"):
        sdk.connect("binance", ["BTC-USDT"], domain="nowhere")
    with pytest.raises(ConfigError, match="endpoint"):
        sdk.connect("binance", ["BTC-USDT"], endpoints={"grpc": "https://example.test"})


async def test_a_market_without_pairs_is_ready_and_can_be_given_some() -> None:
    async with venue_of(PAIRS) as venue, market_of(venue, []) as market:
        await market.ready(1)
        await market.add_pair("BTC-USDT")
        await market.ready(10)
        assert not differs(venue, market, "BTC-USDT")
