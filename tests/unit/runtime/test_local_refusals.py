"""Orders that are refused here: nothing of them is sent."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from connector_sdk.errors import (
    Disconnected,
    IntentRefused,
    NotSupported,
)
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.orders.intent import order_intent
from connector_sdk.orders.states import OrderState
from connector_sdk.runtime.trading_settings import TradingSettings
from memory_store import MemoryStore
from tiny_venue import PAIR, TinyVenue, Upset
from trading_scene import scene


async def test_orders_are_refused_here_before_anything_is_written_down() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        maker = order_intent(PAIR, Side.BUY, 1, price=90, order_type=OrderType.LIMIT_MAKER)
        with pytest.raises(NotSupported, match="limit_maker"):
            await at.market.submit(maker)
        with pytest.raises(NotSupported, match="fok"):
            await at.market.buy(PAIR, "1", price="90", time_in_force=TimeInForce.FOK)
        with pytest.raises(IntentRefused):
            await at.market.buy(PAIR, "0.0001", price="90")
        with pytest.raises(IntentRefused, match="not exact"):
            await at.market.buy(PAIR, 0.5, price="90")  # type: ignore[arg-type]  # it is refused
        assert store.saves == []
        assert at.sent() == 0


async def test_prices_and_quantities_are_rounded_to_the_instruments_steps() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.50049", price="90.019")
        assert (str(order.quantity), str(order.price)) == ("0.500", "90.01")


async def test_nothing_is_placed_before_the_account_was_compared() -> None:
    def cut(venue: TinyVenue) -> None:
        venue.upsets.append(Upset("GET /open", answer=(503, "refused")))

    async with scene(prepare=cut) as at:
        with pytest.raises(IntentRefused, match=r"ready\(\)"):
            await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(10)
        await at.market.ready()
        await at.market.buy(PAIR, "0.5", price="90")


async def test_the_kill_switch_blocks_new_orders_and_lets_cancels_go() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        at.market.halt("the strategy lost its mind")
        with pytest.raises(IntentRefused, match="lost its mind"):
            await at.market.buy(PAIR, "0.5", price="90")
        with pytest.raises(IntentRefused, match="lost its mind"):
            await at.market.amend(order, quantity="0.4")
        assert not at.market.health.trading["kill switch"].ok
        await at.market.cancel(order)
        assert order.state is OrderState.CANCELED
        at.market.resume()
        assert at.market.health.ready
        await at.market.buy(PAIR, "0.5", price="90")


async def test_what_was_halted_while_it_was_written_down_is_not_sent() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.held = asyncio.Event()
        placing = asyncio.create_task(at.market.buy(PAIR, "0.5", price="90"))
        await at.clock.settle()
        at.market.halt("stop")
        store.held.set()
        await at.clock.advance(1)
        with pytest.raises(IntentRefused, match="stop"):
            await placing
        assert at.sent() == 0
        assert at.orders_told() == ["OrderFailed"]


async def test_of_a_batch_that_was_halted_while_it_was_written_down_nothing_is_left_over() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.held = asyncio.Event()
        intents = [OrderIntent(PAIR, Side.BUY, Decimal(1), Decimal(price)) for price in (90, 91)]
        placing = asyncio.create_task(at.market.submit_batch(intents))
        await at.clock.settle()
        at.market.halt("stop")
        store.held.set()
        await at.clock.advance(1)
        with pytest.raises(IntentRefused, match="stop"):
            await placing
        assert at.sent() == 0
        assert at.orders_told() == ["OrderFailed", "OrderFailed"]
        assert not at.market.in_flight_orders


async def test_a_closed_market_places_nothing_and_wakes_who_waits() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        at.venue.upsets.append(Upset("POST /order"))
        order = await at.market.buy(PAIR, "0.5", price="90")
        waiting = [asyncio.create_task(order.acknowledged()), asyncio.create_task(order.done())]
        await at.clock.settle()
        store.held = asyncio.Event()
        late = asyncio.create_task(at.market.buy(PAIR, "0.5", price="90"))
        await at.clock.settle()
        closing = asyncio.create_task(at.market.close())
        await at.clock.settle()
        store.held.set()
        await closing
    for task in waiting:
        with pytest.raises(Disconnected, match="closed"):
            await task
    with pytest.raises(IntentRefused, match="closed"):
        await late
    with pytest.raises(IntentRefused, match="closed"):
        await at.market.buy(PAIR, "0.5", price="90")
    assert at.sent() == 1


async def test_several_are_placed_together_or_none() -> None:
    async with scene() as at:
        good = OrderIntent(PAIR, Side.BUY, quantity=at.market.instruments[PAIR].lot_size * 500)
        limit = order_intent(PAIR, Side.BUY, 1, price=90)
        tiny = order_intent(PAIR, Side.BUY, "0.00001", price=90)
        with pytest.raises(IntentRefused):
            await at.market.submit_batch([limit, tiny])
        await at.clock.advance(1)
        assert at.sent() == 0
        orders = await at.market.submit_batch([limit, limit, good])
        await asyncio.gather(*(order.acknowledged() for order in orders))
        assert len(at.venue.orders) == 3


async def test_a_budget_is_kept_to_where_that_is_asked_for() -> None:
    settings = TradingSettings(check_budget=True)
    async with scene(settings=settings) as at:
        with pytest.raises(IntentRefused, match="100000 may be spent"):
            await at.market.buy(PAIR, "2000", price="90")
        at.venue.upsets.append(Upset("POST /order"))
        await at.market.buy(PAIR, "1000", price="90")  # nobody knows whether it locks
        with pytest.raises(IntentRefused, match=r"10000[.0]* may be spent"):
            await at.market.buy(PAIR, "200", price="90")
        with pytest.raises(IntentRefused, match="BTC"):
            await at.market.sell(PAIR, "11")
        with pytest.raises(IntentRefused, match="USDT"):
            await at.market.buy(PAIR, "2000")  # by the book's best ask
        many = [order_intent(PAIR, Side.SELL, 4, price=110)] * 3
        with pytest.raises(IntentRefused):
            await at.market.submit_batch(many)
        await at.market.submit_batch(many[:2])


async def test_without_that_the_venue_has_the_last_word() -> None:
    async with scene() as at:
        await at.market.buy(PAIR, "2000", price="90")
