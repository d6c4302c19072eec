"""Live books against the embedded venue, over real sockets."""

from __future__ import annotations

import asyncio
from time import process_time

import pytest

from connector_sdk.errors import BookNotSynced, ConfigError, ListenerOverrun
from connector_sdk.model.events import (
    BookResynced,
    BookStale,
    BookState,
    BookUpdated,
    Event,
    FeedInterrupted,
)
from connector_sdk.model.market_data import Trade
from live_venue import QUICK, differs, hurried, market_of, until, venue_of

PAIRS = ("BTC-USDT", "ETH-USDT", "SOL-USDT")


async def test_every_book_read_equals_the_venues_at_the_id_it_claims() -> None:
    async with venue_of(PAIRS, flow=200) as venue, market_of(venue, PAIRS) as market:
        wrong: list[BookUpdated] = []
        heard = 0

        def compare(event: BookUpdated) -> None:
            nonlocal heard
            heard += 1
            if differs(venue, market, event.pair):
                wrong.append(event)

        await market.ready(10)
        market.on(BookUpdated, compare)
        await until(lambda: heard >= 60)
        assert wrong == []
        assert market.health.ready


async def test_a_dropped_frame_is_noticed_and_repaired_and_the_neighbours_do_not_notice() -> None:
    async with venue_of(PAIRS, flow=200) as venue, market_of(venue, PAIRS) as market:
        await market.ready(10)
        stale: list[BookStale] = []
        market.on(BookStale, stale.append)
        venue.inject("drop:stream=depth:pair=ETH-USDT")
        await until(lambda: market.metrics("ETH-USDT").resyncs == 1)
        assert [event.pair for event in stale] == ["ETH-USDT"]
        assert market.metrics("BTC-USDT").snapshots_asked == 1
        await market.ready(10)
        assert not any(differs(venue, market, pair) for pair in PAIRS)


@pytest.mark.parametrize("reset", [True, False], ids=["by RST", "by FIN"])
async def test_a_killed_socket_makes_its_books_stale_before_anything_else_is_read(
    reset: bool,
) -> None:
    async with venue_of(PAIRS[:1], flow=200) as venue, market_of(venue, PAIRS[:1]) as market:
        await market.ready(10)
        events: list[Event] = []
        kinds: tuple[type[Event], ...] = (BookUpdated, BookStale, BookResynced, FeedInterrupted)
        for kind in kinds:
            market.on(kind, events.append)
        venue.drop_connections(reset=reset)
        await until(lambda: any(isinstance(event, FeedInterrupted) for event in events))
        first = next(i for i, event in enumerate(events) if isinstance(event, BookStale))
        assert market.order_book("BTC-USDT").state is not BookState.SYNCED
        with pytest.raises(BookNotSynced):
            _ = market.order_book("BTC-USDT").best_bid
        await until(lambda: any(isinstance(event, BookResynced) for event in events))
        again = next(i for i, event in enumerate(events) if isinstance(event, BookResynced))
        assert not any(isinstance(event, BookUpdated) for event in events[first:again])
        assert not differs(venue, market, "BTC-USDT")


async def test_a_silent_connection_is_noticed_and_replaced() -> None:
    connector = hurried(silence_timeout_s=0.4)
    async with (
        venue_of(PAIRS[:1]) as venue,
        market_of(venue, PAIRS[:1], connector) as market,
    ):
        await market.ready(10)
        interrupted: list[FeedInterrupted] = []
        market.on(FeedInterrupted, interrupted.append)
        venue.inject("silence")
        await until(lambda: bool(interrupted))
        assert "nothing was heard" in interrupted[0].reason
        await market.ready(10)
        assert not differs(venue, market, "BTC-USDT")


async def test_a_quiet_but_living_connection_is_kept() -> None:
    connector = hurried(silence_timeout_s=0.8)
    async with (
        venue_of(PAIRS[:1], flow=20) as venue,
        market_of(venue, PAIRS[:1], connector) as market,
    ):
        await market.ready(10)
        venue.inject("drop:every=1")
        frames = market.order_book_tracker.feed_metrics.frames
        await asyncio.sleep(2.4)  # three silences long; only pongs come
        assert market.order_book_tracker.feed_metrics.frames <= frames + 2
        assert venue.opened_streams == 1


async def test_a_handover_has_no_stale_moment_and_loses_no_trade() -> None:
    async with venue_of(PAIRS[:2], flow=200) as venue, market_of(venue, PAIRS[:2]) as market:
        await market.ready(10)
        trades: list[Trade] = []
        stale: list[BookStale] = []
        market.on(Trade, trades.append)
        market.on(BookStale, stale.append)
        venue.inject("shutdown-notice:grace_ms=3000")
        await until(lambda: venue.opened_streams == 2 and venue.open_streams == 1)
        assert list(market.health.connections) == ["ws.2"]
        seen = len(trades)
        await until(lambda: len(trades) > seen + 20)
        assert stale == []
        assert market.metrics("BTC-USDT").snapshots_asked == 1
        for pair in PAIRS[:2]:
            ids = [int(trade.trade_id) for trade in trades if trade.pair == pair]
            assert ids == list(range(ids[0], ids[0] + len(ids)))
        assert not any(differs(venue, market, pair) for pair in PAIRS[:2])


async def test_pairs_are_spread_over_as_many_sockets_as_the_cap_demands() -> None:
    pairs = [f"C{n:02}-USDT" for n in range(6)]
    connector = hurried(pairs_per_connection=2)
    async with venue_of(pairs) as venue, market_of(venue, pairs, connector) as market:
        await market.ready(10)
        assert venue.open_streams == 3
        assert {link.pairs for link in market.health.connections.values()} == {2}


async def test_pairs_come_and_go_while_the_others_miss_nothing() -> None:
    async with venue_of(PAIRS, flow=200) as venue, market_of(venue, PAIRS[:1]) as market:
        await market.ready(10)
        for _ in range(5):
            await market.add_pair("ETH/USDT")
            await market.ready(10)
            assert not differs(venue, market, "ETH-USDT")
            await market.remove_pair("ETH-USDT")
            with pytest.raises(ConfigError):
                market.order_book("ETH-USDT")
        metrics = market.metrics("BTC-USDT")
        assert (metrics.gaps, metrics.snapshots_asked, venue.opened_streams) == (0, 1, 1)
        assert market.pairs == ["BTC-USDT"]


async def test_the_last_pair_of_a_connection_takes_it_along() -> None:
    async with venue_of(PAIRS) as venue, market_of(venue, PAIRS[:1]) as market:
        await market.ready(10)
        await market.remove_pair("BTC-USDT")
        await until(lambda: venue.open_streams == 0)
        await market.add_pair("SOL-USDT")
        await market.ready(10)
        assert not differs(venue, market, "SOL-USDT")


async def test_fifty_pairs_are_ready_within_five_seconds() -> None:
    pairs = [f"C{n:02}-USDT" for n in range(50)]
    async with venue_of(pairs, flow=20) as venue:
        begun = process_time()
        async with market_of(venue, pairs) as market:
            await market.ready(20)
            # In CPU time, the venue's share included: the machine may be busy elsewhere.
            assert process_time() - begun < 5
            assert market.health.ready
            assert venue.open_streams == 1


async def test_a_slow_consumer_gets_the_newest_book_and_never_slows_the_feed() -> None:
    async with venue_of(PAIRS[:1], flow=200) as venue, market_of(venue, PAIRS[:1]) as market:
        await market.ready(10)
        stream = market.events("BTC-USDT")
        applied = market.metrics("BTC-USDT").applied
        await until(lambda: market.metrics("BTC-USDT").applied >= applied + 10)
        updates = 0
        newest = market.order_book("BTC-USDT").update_id
        async for event in stream:
            if isinstance(event, BookUpdated):
                updates += 1
                assert event.update_id == newest
                break
        assert updates == 1
        await stream.aclose()


async def test_an_iterator_that_overflows_ends_and_the_books_go_on() -> None:
    async with venue_of(PAIRS[:1], flow=500) as venue, market_of(venue, PAIRS[:1]) as market:
        await market.ready(10)
        stream = market.events(queue_size=5)
        trades = market.metrics("BTC-USDT").trades
        await until(lambda: market.metrics("BTC-USDT").trades > trades + 10)
        for _ in range(5):
            await anext(stream)
        with pytest.raises(ListenerOverrun):
            await anext(stream)
        assert not differs(venue, market, "BTC-USDT")


async def test_an_iterator_ends_when_its_market_closes() -> None:
    async with venue_of(PAIRS[:1]) as venue:
        async with market_of(venue, PAIRS[:1]) as market:
            await market.ready(10)
            stream = market.events()
        heard = [event async for event in stream]
        assert all(event.pair == "BTC-USDT" for event in heard)


async def test_refused_and_malformed_messages_of_one_pair_harm_no_other() -> None:
    async with (
        venue_of(PAIRS[:2], flow=200) as venue,
        market_of(venue, PAIRS[:2], None, QUICK) as market,
    ):
        await market.ready(10)
        venue.inject("malformed:stream=depth:pair=BTC-USDT:count=1")
        await until(lambda: market.order_book_tracker.feed_metrics.wire_errors == 1)
        await until(lambda: market.metrics("BTC-USDT").resyncs == 1)
        await market.ready(10)
        assert market.metrics("ETH-USDT").gaps == 0
        assert venue.opened_streams == 1
        assert not any(differs(venue, market, pair) for pair in PAIRS[:2])
