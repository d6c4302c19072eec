"""The account compared with the venue: at the start, after bad hours, and now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import pytest

from connector_sdk.connect import connect
from connector_sdk.errors import StoreFailed
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderKey
from connector_sdk.model.order_events import (
    AccountReconciled,
    ExternalFill,
    ExternalOrder,
    OrderFailed,
    OrderFilled,
    OrderLost,
)
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call, RestRequest
from connector_sdk.orders.states import OrderState
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.testing.manual_clock import ManualClock
from memory_store import MemoryStore
from tiny_connector import KEYS, LISTED, TinyTradingApi, tiny_connector
from tiny_venue import PAIR, TinyVenue, Upset
from trading_scene import Scene, scene

HOUR_S = 3600.0
OTHER = "ETH-USDT"


def asked(at: Scene, what: str) -> int:
    return at.venue.asked.count(what)


async def test_an_hour_without_name_service_loses_no_order_and_fails_none() -> None:
    async with scene() as at:
        resting = await at.market.buy(PAIR, "0.5", price="90")
        filled = await at.market.buy(PAIR, "0.4", price="90")
        gone = await at.market.buy(PAIR, "0.3", price="90")
        await asyncio.gather(*(order.acknowledged() for order in (resting, filled, gone)))
        at.venue.upsets.append(Upset("POST /order", executed=True))
        unknown = await at.market.buy(PAIR, "0.2", price="90")
        await at.clock.settle()
        at.venue.away = True
        at.venue.private[0].cut()
        at.venue.fill(filled.client_order_id, "0.4")
        at.venue.end(gone.client_order_id)
        await at.clock.advance(HOUR_S)
        assert at.told(OrderLost, OrderFailed) == []
        assert all(order.is_open for order in (resting, filled, gone, unknown))
        health = at.market.health.trading
        assert not health["private stream"].ok
        assert not health["reconciliation"].ok
        attempts = asked(at, "GET /open")
        assert HOUR_S / 70 < attempts < HOUR_S / 4
        at.venue.away = False
        await at.clock.advance(120)
        assert [order.state for order in (resting, filled, gone, unknown)] == [
            OrderState.OPEN,
            OrderState.FILLED,
            OrderState.CANCELED,
            OrderState.OPEN,
        ]
        assert at.market.health.ready
        assert max(at.venue.accepted.values()) == 1


async def test_an_hour_of_silence_on_the_stream_settles_everything_all_the_same() -> None:
    async with scene() as at:
        at.venue.speaks = False
        orders = []
        for minute in range(60):
            order = await at.market.buy(PAIR, "0.5", price="90")
            await order.acknowledged()
            orders.append(order)
            match minute % 3:
                case 0:
                    at.venue.fill(order.client_order_id, "0.5")
                case 1:
                    at.venue.end(order.client_order_id)
                case _:
                    at.venue.fill(order.client_order_id, "0.2")
            await at.clock.advance(60)
        at.venue.speaks = True
        await at.clock.advance(120)
        states = [OrderState.FILLED, OrderState.CANCELED, OrderState.PARTIALLY_FILLED]
        assert [order.state for order in orders] == states * 20
        assert sum(order.filled for order in orders) == 20 * Decimal("0.7")
        assert at.told(OrderLost, OrderFailed) == []
        assert at.market.health.ready


async def test_the_short_poll_runs_while_the_stream_is_down_and_the_long_one_while_it_is_up() -> (
    None
):
    async with scene() as at:
        await (await at.market.buy(PAIR, "0.5", price="90")).acknowledged()
        before = asked(at, "GET /open")
        await at.clock.advance(600)
        assert asked(at, "GET /open") - before == 5
        at.venue.login = lambda socket, _: socket.cut()
        at.venue.private[0].cut()
        await at.clock.advance(1)
        before = asked(at, "GET /open")
        await at.clock.advance(5)
        assert asked(at, "GET /open") - before == 1  # within one short period
        await at.clock.advance(595)
        assert asked(at, "GET /open") - before == 120


async def test_without_open_orders_only_the_balances_are_polled() -> None:
    async with scene() as at:
        before = asked(at, "GET /open")
        await at.clock.advance(600)
        assert asked(at, "GET /open") == before


async def test_a_poll_asks_pair_by_pair_only_while_that_costs_less() -> None:
    async with scene() as at:
        await (await at.market.buy(PAIR, "0.5", price="90")).acknowledged()
        await at.clock.advance(130)
        polls = [query for what, query in at.venue.queries if what == "GET /open"]
        assert [query.get("pair") for query in polls] == [None, PAIR]


async def test_orders_of_others_are_told_at_the_start_and_their_fills() -> None:
    def others(venue: TinyVenue) -> None:
        venue.foreign("1")
        venue.foreign("2", OTHER)

    heard: list[object] = []
    clock = ManualClock()
    venue = TinyVenue(clock)
    others(venue)
    market = connect(
        tiny_connector(),
        [PAIR],
        credentials=KEYS,
        store=NullStore(),
        transport=venue,
        clock=clock,
        instruments=LISTED,
    )
    async with market:
        market.on(ExternalOrder, heard.append)
        market.on(ExternalFill, heard.append)
        await clock.advance(1)
        assert [event.pair for event in heard if isinstance(event, ExternalOrder)] == [PAIR, OTHER]
        venue.fill("other-1", "0.3")
        await clock.settle()
        assert len([event for event in heard if isinstance(event, ExternalFill)]) == 1
        assert not market.in_flight_orders


async def test_fills_are_asked_for_since_they_were_last_known_to_be_complete() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        venue, clock = at.venue, at.clock
        last_ns = clock.now_ns()
    await clock.advance(24 * HOUR_S)
    async with scene(store=store, venue=venue, clock=clock):
        since = [int(query["since"]) for what, query in venue.queries if what == "GET /fills"]
        assert len(since) == 2
        assert last_ns - 120 * 10**9 < since[1] < last_ns


async def test_every_page_of_fills_is_read() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.9", price="90")
        await order.acknowledged()
        at.venue.away = True
        at.venue.private[0].cut()
        for _ in range(9):
            at.venue.fill(order.client_order_id, "0.1")
        at.venue.away = False
        await at.clock.advance(10)
        assert order.state is OrderState.FILLED
        assert len(order.fills) == 9
        evidence = [event for event in at.events if isinstance(event, AccountReconciled)][-1]
        assert evidence.fills == 9


async def test_every_page_of_the_fills_of_others_is_read() -> None:
    async with scene() as at:
        at.venue.foreign("1")
        at.venue.away = True
        at.venue.private[0].cut()
        for _ in range(9):
            at.venue.fill("other-1", "0.1")
        at.venue.away = False
        await at.clock.advance(10)
        assert at.told(ExternalFill) == ["ExternalFill"] * 9


async def test_fills_are_called_complete_only_once_they_are_written_down() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        order = await at.market.buy(PAIR, "0.9", price="90")
        await order.acknowledged()
        await at.clock.advance(1)
        marks = dict(store.marks)
        store.broken = True
        at.venue.private[0].cut()
        at.venue.fill(order.client_order_id, "0.1")
        await at.clock.advance(10)
        assert order.filled == Decimal("0.1")
        assert store.marks == marks
        store.broken = False
        await at.clock.advance(120)
        assert '"0.1"' in store.orders[order.client_order_id].body
        assert store.marks != marks


async def test_a_fill_written_down_is_not_told_again_after_a_restart() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        order = await at.market.buy(PAIR, "0.9", price="90")
        await order.acknowledged()
        at.venue.fill(order.client_order_id, "0.1")
        await at.clock.advance(1)
        venue, clock = at.venue, at.clock
    venue.fill(order.client_order_id, "0.2")
    async with scene(store=store, venue=venue, clock=clock) as again:
        known = again.market.order(order.client_order_id)
        assert known.filled == Decimal("0.3")
        assert len(known.fills) == 2
        assert again.told(OrderFilled) in (["OrderFilled"], [])


async def test_a_store_that_cannot_be_read_refuses_the_start() -> None:
    class Unreadable(MemoryStore):
        async def load_marks(self) -> dict[str, int]:
            raise StoreFailed("another process has that account in hand")

    with pytest.raises(StoreFailed, match="another process"):
        async with scene(store=Unreadable()):
            pass


async def test_a_changed_tick_is_applied_without_a_restart() -> None:
    ticks = [LISTED[PAIR].tick_size]

    class Listing(TinyTradingApi):
        def instruments(self) -> Call[Instruments]:
            return self.call(RestRequest("GET", "/time"), lambda _: listing())

    def listing() -> Instruments:
        changed = {"tick_size": ticks[-1]}
        return Instruments([one.model_copy(update=changed) for one in LISTED], "tiny")

    clock = ManualClock()
    venue = TinyVenue(clock)
    market = connect(
        tiny_connector(Listing()),
        [PAIR],
        credentials=KEYS,
        store=NullStore(),
        transport=venue,
        clock=clock,
    )
    async with market:
        await clock.advance(1)
        ticks.append(Decimal("0.5"))
        assert (await market.buy(PAIR, "0.5", price="90.3")).price == Decimal("90.3")
        await clock.advance(1_805)
        assert market.instruments[PAIR].tick_size == Decimal("0.5")
        assert (await market.buy(PAIR, "0.5", price="90.3")).price == Decimal("90.0")


async def test_fee_rates_are_known_once_they_were_read() -> None:
    async with scene(settings=TradingSettings(fees_s=600)) as at:
        rates = at.market.fee_rates("BTC/USDT")
        assert rates is not None
        assert (rates.maker, rates.taker) == (Decimal("0.001"), Decimal("0.002"))
        assert at.market.fee_rates(OTHER) is None
        await at.market.add_pair(OTHER)
        await at.clock.advance(1)
        assert at.market.fee_rates(OTHER) is not None
        asked_before = asked(at, "GET /fees")
        await at.clock.advance(601)
        assert asked(at, "GET /fees") == asked_before + 2


@pytest.mark.parametrize("part", ["clock", "fees", "reconciliation"])
async def test_each_part_that_fails_shows_in_health_until_it_works_again(part: str) -> None:
    path = {"clock": "GET /time", "fees": "GET /fees", "reconciliation": "GET /balances"}[part]

    def fail(venue: TinyVenue) -> None:
        venue.upsets.extend([Upset(path, answer=(503, "x"))] * 3)

    # No time passes: its jittered retries have not begun.
    async with scene(prepare=fail, settle_s=0.0) as at:
        assert not at.market.health.trading[part].ok
        assert part in at.market.health.reason
        assert not at.market.health.ready
        await at.clock.advance(90)
        assert at.market.health.trading[part].ok
        assert at.market.health.ready


async def test_a_loop_that_dies_is_started_again_and_visible_meanwhile() -> None:
    async with scene() as at:
        broken = [True]

        def dying(now_ns: int) -> None:
            if broken:
                raise RuntimeError("a bug of ours")

        at.market.user_stream_tracker.tick = dying  # type: ignore[method-assign]  # by hand
        await at.clock.advance(1)
        assert "account ticker died" in at.market.health.reason
        broken.clear()
        await at.clock.advance(60)
        assert at.market.health.ready


async def test_a_query_that_a_bug_ends_is_asked_again() -> None:
    class Broken(TinyTradingApi):
        bugs = 0

        def order_status(
            self, order: OrderKey, instruments: Instruments
        ) -> Call[Sequence[OrderMessage]]:
            if Broken.bugs:
                Broken.bugs -= 1
                raise RuntimeError("a bug of the plugin")
            return super().order_status(order, instruments)

    async with scene(connector=tiny_connector(Broken())) as at:
        Broken.bugs = 2
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=True, answer=(503, "x")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(60)
        assert order.state is OrderState.OPEN


async def test_ready_waits_for_the_account_and_names_what_is_missing() -> None:
    async with scene(prepare=lambda venue: setattr(venue, "login", lambda *_: None)) as at:
        waiting = asyncio.create_task(at.market.ready(20))
        await at.clock.advance(21)
        error = waiting.exception()
        assert error is not None
        assert "private stream" in str(error)
        assert "BTC-USDT" not in str(error)


async def test_a_hundred_starts_and_stops_leave_nothing_behind() -> None:
    clock = ManualClock()
    venue = TinyVenue(clock)
    store = MemoryStore()
    before = len(asyncio.all_tasks())
    for cycle in range(100):
        async with scene(venue=venue, clock=clock, store=store, settle_s=0.5) as at:
            order = await at.market.buy(PAIR, "0.5", price="90")
            if cycle % 2:
                await order.acknowledged()
                await at.market.cancel(order)
        await clock.settle()
        assert len(asyncio.all_tasks()) == before
    assert not any(socket.open for socket in venue.sockets)
    assert store.closed == 0  # it was given, so it is the giver's
    assert sum(venue.accepted.values()) == 50
    assert max(venue.accepted.values()) == 1


async def test_the_first_fills_are_asked_for_by_the_venues_time_not_by_ours() -> None:
    behind_ms = 120_000

    def late(venue: TinyVenue) -> None:
        venue.offset_ms = -behind_ms

    clock = ManualClock()
    begun_ns = clock.now_ns()
    async with scene(clock=clock, prepare=late, settle_s=10) as at:
        since = [int(query["since"]) for what, query in at.venue.queries if what == "GET /fills"]
        overlap_ns = 60_000_000_000
        assert since[0] + overlap_ns == pytest.approx(begun_ns - behind_ms * 1_000_000, abs=1e9)
