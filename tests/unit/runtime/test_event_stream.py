"""EventStream: only books and best prices conflate, within their place in the order."""

from __future__ import annotations

import asyncio
import gc

import pytest

from connector_sdk.errors import ListenerOverrun
from connector_sdk.model.events import BookResynced, BookStale, BookUpdated, Event, FeedInterrupted
from connector_sdk.model.market_data import TopOfBook, Trade
from connector_sdk.model.order import Side
from connector_sdk.runtime.event_stream import EventStream
from connector_sdk.runtime.listeners import Listeners

BTC, ETH = "BTC-USDT", "ETH-USDT"


def updated(update_id: int, pair: str = BTC) -> BookUpdated:
    return BookUpdated(pair, update_id, 0, None)


def top(price: str, pair: str = BTC) -> TopOfBook:
    return TopOfBook(pair, price, "1", price, "1")


def trade(trade_id: int, pair: str = BTC) -> Trade:
    return Trade(pair, str(trade_id), Side.BUY, "1", "1")


STALE = BookStale(BTC, "gap", 3, 0)
RESYNCED = BookResynced(BTC, 7, 0, 0)
CUT = FeedInterrupted(None, "ws.1", "cut", 0)


async def told(*events: Event, pairs: tuple[str, ...] = (), limit: int = 100) -> list[Event]:
    """What a consumer gets that begins after all `events` were told."""
    listeners = Listeners()
    stream = EventStream(listeners, pairs, limit)
    for event in events:
        listeners.emit(event)
    stream.end()
    return [event async for event in stream]


async def test_updates_of_one_book_conflate_to_the_newest() -> None:
    assert await told(updated(1), updated(2), updated(3)) == [updated(3)]


async def test_books_conflate_by_pair_and_by_kind() -> None:
    got = await told(updated(1), updated(1, ETH), top("1"), updated(2), updated(2, ETH), top("2"))
    assert got == [updated(2), updated(2, ETH), top("2")]


async def test_everything_else_is_kept_in_order() -> None:
    events = (trade(1), STALE, trade(2), RESYNCED, trade(3), CUT)
    assert await told(*events) == list(events)


async def test_an_update_never_crosses_what_happened_to_its_book() -> None:
    got = await told(updated(1), updated(3), STALE, RESYNCED, updated(8), updated(9))
    assert got == [updated(3), STALE, RESYNCED, updated(9)]
    assert await told(updated(1), CUT, updated(2)) == [updated(1), CUT, updated(2)]
    assert await told(updated(1, ETH), STALE, updated(2, ETH)) == [updated(2, ETH), STALE]


async def test_trades_do_not_hold_up_conflation() -> None:
    assert await told(updated(1), trade(1), updated(2)) == [updated(2), trade(1)]


async def test_one_pair_may_be_asked_for_and_what_concerns_all_is_heard_too() -> None:
    assert await told(updated(1, ETH), trade(1), CUT, pairs=(BTC,)) == [trade(1), CUT]


async def test_a_hot_pair_does_not_starve_another() -> None:
    listeners = Listeners()
    stream = EventStream(listeners, (), 100)
    seen: list[str | None] = []
    for number in range(10):
        for pair in (ETH, BTC):
            listeners.emit(updated(number, pair))
        seen.append((await anext(stream)).pair)
    assert seen == [ETH, BTC] * 5


async def test_overflow_gives_out_what_waits_and_then_ends_in_an_overrun() -> None:
    listeners = Listeners()
    stream = EventStream(listeners, (), 3)
    for number in range(5):
        listeners.emit(trade(number))
    assert [await anext(stream) for _ in range(3)] == [trade(n) for n in range(3)]
    for _ in range(2):
        with pytest.raises(ListenerOverrun):
            await anext(stream)
    assert not listeners.hears(Trade)


async def test_conflated_events_never_overflow() -> None:
    assert await told(*(updated(n) for n in range(1_000)), limit=1) == [updated(999)]


async def test_a_consumer_that_waits_is_woken_by_the_next_event() -> None:
    listeners = Listeners()
    stream = EventStream(listeners, (), 10)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    listeners.emit(updated(1))
    assert await waiting == updated(1)


async def test_the_end_wakes_a_consumer_that_waits() -> None:
    stream = EventStream(Listeners(), (), 10)

    async def consume() -> list[Event]:
        return [event async for event in stream]

    waiting = asyncio.create_task(consume())
    await asyncio.sleep(0)
    await stream.aclose()
    assert await waiting == []


async def test_a_stream_its_consumer_left_is_heard_no_more() -> None:
    listeners = Listeners()
    stream = EventStream(listeners, (), 10)
    assert listeners.hears(Trade)
    del stream
    gc.collect()
    assert not listeners.hears(Trade)
