"""A pair that the venue lists no more: nobody can be asked about it, and all else goes on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connector_sdk.connect import connect
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderKey
from connector_sdk.model.order_events import AccountReconciled
from connector_sdk.model.order_update import FillPage, OrderMessage, OrderReport
from connector_sdk.model.wire import Call, RestRequest
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.testing.manual_clock import ManualClock
from memory_store import MemoryStore
from tiny_connector import KEYS, LISTED, TinyTradingApi, tiny_connector
from tiny_venue import PAIR, TinyVenue
from trading_scene import scene

OTHER = "ETH-USDT"


class Strict(TinyTradingApi):
    """Cannot ask about a pair that is not listed."""

    def recent_fills(
        self, pair: str, since_ns: int, cursor: str | None, instruments: Instruments
    ) -> Call[FillPage]:
        instruments.symbol_of(pair)
        return super().recent_fills(pair, since_ns, cursor, instruments)


async def test_a_pair_that_was_traded_once_and_is_listed_no_more_does_not_stop_trading() -> None:
    store = MemoryStore()
    async with scene(store=store):
        (mark,) = store.marks
    store.marks[mark.replace(PAIR, "OLD-USDT")] = 1
    async with scene(store=store, connector=tiny_connector(Strict())) as at:
        assert at.market.health.ready
        await (await at.market.buy(PAIR, "0.5", price="90")).acknowledged()
        proven = [event for event in at.events if isinstance(event, AccountReconciled)]
        assert proven[0].from_ns == store.marks[mark]  # nothing is claimed of the time before


class Delisted(Strict):
    def order_status(
        self, order: OrderKey, instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        instruments.symbol_of(order.pair)
        return super().order_status(order, instruments)

    def order_fills(
        self, order: OrderKey, instruments: Instruments, cursor: str | None = None
    ) -> Call[FillPage]:
        instruments.symbol_of(order.pair)
        return super().order_fills(order, instruments, cursor)


@pytest.mark.parametrize("filled", ["0", "0.2"])
async def test_an_open_order_of_a_pair_that_is_not_listed_does_not_stop_trading(
    filled: str,
) -> None:
    store, clock = MemoryStore(), ManualClock()
    async with scene(store=store, clock=clock) as at:
        ours = await at.market.buy(OTHER, "0.5", price="90")
        await ours.acknowledged()
        if filled != "0":  # reported, and the fill never shown
            row = at.venue.orders[ours.client_order_id]
            at.venue.tell(row | {"filled": filled, "status": "partially_filled"})
        await clock.advance(1)
        venue = at.venue
    left = Instruments([LISTED[PAIR]], "tiny")
    async with scene(
        store=store,
        clock=clock,
        venue=venue,
        connector=tiny_connector(Delisted()),
        instruments=left,
    ) as at:
        await clock.advance(20)
        (order,) = at.market.in_flight_orders.values()
        assert order.is_open
        assert at.market.health.trading["reconciliation"].ok
        await (await at.market.buy(PAIR, "0.5", price="90")).acknowledged()
        told = [event for event in at.events if isinstance(event, AccountReconciled)]
        assert not any(event.proven for event in told)
        assert "nobody can be asked about ETH-USDT" in told[0].evidence


async def test_an_order_whose_status_nobody_knows_does_not_stop_trading() -> None:
    store, clock = MemoryStore(), ManualClock()
    async with scene(store=store, clock=clock) as at:
        ours = await at.market.buy(OTHER, "0.5", price="90")
        await ours.acknowledged()
        venue = at.venue
    venue.orders[ours.client_order_id]["status"] = "asleep"
    await clock.advance(1)
    async with scene(store=store, clock=clock, venue=venue) as at:
        await clock.advance(20)
        (order,) = at.market.in_flight_orders.values()
        assert order.is_open
        assert at.market.health.trading["reconciliation"].ok
        await (await at.market.buy(PAIR, "0.5", price="90")).acknowledged()
        told = [event for event in at.events if isinstance(event, AccountReconciled)]
        assert not any(event.proven for event in told)


async def test_an_order_of_a_pair_that_is_listed_no_more_does_not_stop_the_poll() -> None:
    listed = [LISTED]

    class Delists(Strict):
        def instruments(self) -> Call[Instruments]:
            return self.call(RestRequest("GET", "/time"), lambda _: listed[-1])

        def open_orders(
            self, pair: str | None, instruments: Instruments
        ) -> Call[Sequence[OrderReport]]:
            if pair is not None:
                instruments.symbol_of(pair)
            return super().open_orders(pair, instruments)

    clock = ManualClock()
    venue = TinyVenue(clock)
    market = connect(
        tiny_connector(Delists()),
        [PAIR],
        credentials=KEYS,
        store=NullStore(),
        transport=venue,
        clock=clock,
    )
    async with market:
        await clock.advance(1)
        await (await market.buy(OTHER, "0.5", price="90")).acknowledged()
        listed.append(Instruments([LISTED[PAIR]], "tiny"))
        await clock.advance(1_805)
        before = venue.asked.count("GET /balances")
        await clock.advance(600)
        assert venue.asked.count("GET /balances") - before == 5
        assert market.health.ready
