"""Placing orders: written down before they are sent, and never sent twice."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from connector_sdk.errors import (
    ConnectFailed,
    InsufficientFunds,
    OrderNotFound,
    StoreFailed,
)
from connector_sdk.orders.states import OrderState
from memory_store import MemoryStore
from tiny_connector import TinyUserStream, tiny_connector
from tiny_venue import PAIR, Upset
from trading_scene import scene


async def test_an_order_is_written_down_before_anything_is_sent() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.held = asyncio.Event()
        placing = asyncio.create_task(at.market.buy(PAIR, "0.5", price="90"))
        await at.clock.advance(5)
        before = placing.done(), at.sent()
        store.held.set()
        await at.clock.settle()
        assert before == (False, 0)
        order = placing.result()
        assert store.state(order.client_order_id) == "pending_create"
        await at.clock.advance(1)
        assert at.sent() == 1
        assert order.state is OrderState.OPEN
        assert store.state(order.client_order_id) == "open"


async def test_what_cannot_be_written_down_is_not_sent_and_says_so() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.broken = True
        with pytest.raises(StoreFailed, match="disk is full"):
            await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        assert at.sent() == 0
        assert at.orders_told() == ["OrderFailed"]
        assert not at.market.health.trading["store"].ok
        assert not at.market.in_flight_orders
        store.broken = False
        await at.clock.advance(60)
        assert at.market.health.ready
        await at.market.buy(PAIR, "0.5", price="90")


async def test_a_caller_that_gives_up_before_it_is_written_down_sends_nothing() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.held = asyncio.Event()
        placing = asyncio.create_task(at.market.buy(PAIR, "0.5", price="90"))
        await at.clock.settle()
        placing.cancel()
        store.held.set()
        await at.clock.advance(5)
        assert placing.cancelled()
        assert at.sent() == 0
        assert at.orders_told() == ["OrderFailed"]


async def test_the_exchange_order_id_comes_with_the_acknowledgement() -> None:
    async with scene() as at:
        order = await at.market.sell(PAIR, "0.5", price="110")
        assert (order.state, order.exchange_order_id) == (OrderState.PENDING_CREATE, None)
        assert await order.acknowledged() == "1"
        assert at.market.in_flight_orders == {order.client_order_id: order}
        assert at.market.order(order.client_order_id) is order


async def test_an_order_whose_answer_was_lost_is_found_and_never_sent_again() -> None:
    async with scene() as at:
        at.venue.speaks = False  # the stream tells nothing either
        at.venue.upsets.append(Upset("POST /order", executed=True))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(11)
        assert at.orders_told()[0] == "OrderOutcomeUnknown"
        await at.clock.advance(5)
        assert order.state is OrderState.OPEN
        at.venue.fill(order.client_order_id, "0.5")
        await at.clock.advance(130)
        assert await order.done() is OrderState.FILLED
        assert at.sent() == 1
        assert at.orders_told() == [
            "OrderOutcomeUnknown",
            "OrderAccepted",
            "OrderFilled",
            "OrderCompleted",
        ]


async def test_an_order_that_never_arrived_counts_as_exposure_until_it_is_certainly_lost() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order"))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(60)
        assert order.state.value == "unknown"
        assert order.client_order_id in at.market.in_flight_orders
        await at.clock.advance(60)
        assert order.state is OrderState.LOST
        assert not at.market.in_flight_orders
        with pytest.raises(OrderNotFound):
            await order.acknowledged()
        assert at.sent() == 1
        assert at.orders_told() == ["OrderOutcomeUnknown", "OrderLost"]


@pytest.mark.parametrize("executed", [True, False])
async def test_a_server_error_says_nothing_of_an_order(executed: bool) -> None:
    async with scene() as at:
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=executed, answer=(503, "refused")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(0.5)
        assert at.orders_told()[0] == "OrderOutcomeUnknown"
        await at.clock.advance(120)
        assert order.state is (OrderState.OPEN if executed else OrderState.LOST)
        assert at.venue.accepted[order.client_order_id] == int(executed)
        assert at.sent() == 1


async def test_a_refusal_is_believed_and_typed() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order", answer=(400, "funds")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        with pytest.raises(InsufficientFunds):
            await order.acknowledged()
        assert await order.done() is OrderState.REJECTED
        assert at.orders_told() == ["OrderRefused"]


async def test_a_refusal_nobody_has_classified_leaves_the_outcome_unknown() -> None:
    async with scene() as at:
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=True, answer=(400, "strange")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(5)
        assert order.state is OrderState.OPEN
        assert at.orders_told() == ["OrderOutcomeUnknown", "OrderAccepted"]


async def test_a_request_that_never_left_has_failed() -> None:
    async with scene() as at:
        at.venue.away = True
        order = await at.market.buy(PAIR, "0.5", price="90")
        with pytest.raises(ConnectFailed):
            await order.acknowledged()
        assert order.state is OrderState.FAILED
        assert at.orders_told() == ["OrderFailed"]


async def test_a_request_refused_for_its_time_is_sent_once_more_after_the_clock_was_read() -> None:
    async with scene() as at:
        at.venue.offset_ms = 60_000
        before = at.sent("GET /time")
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.settle()
        assert order.state is OrderState.OPEN
        assert at.sent("GET /time") > before
        assert at.sent() == 2
        assert at.venue.accepted[order.client_order_id] == 1


async def test_a_fill_may_overtake_the_answer() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order", executed=True, delay_s=3.0))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        assert order.state is OrderState.OPEN
        at.venue.fill(order.client_order_id, "0.5")
        await at.clock.advance(5)
        assert at.orders_told() == ["OrderAccepted", "OrderFilled", "OrderCompleted"]


async def test_a_market_closed_while_a_request_is_under_way_leaves_the_order_unknown() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=True))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        venue, clock = at.venue, at.clock
    assert store.state(order.client_order_id) == "unknown"
    async with scene(store=store, venue=venue, clock=clock) as again:
        await again.clock.advance(5)
        assert again.market.order(order.client_order_id).state is OrderState.OPEN
        assert again.market.health.ready
    assert venue.accepted[order.client_order_id] == 1


async def test_the_states_survive_a_restart_and_settle_after_it() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        filled = await at.market.buy(PAIR, "0.5", price="90")
        gone = await at.market.buy(PAIR, "0.4", price="90")
        await at.clock.advance(1)
        venue, clock = at.venue, at.clock
    venue.fill(filled.client_order_id, "0.5")
    venue.end(gone.client_order_id)
    await clock.advance(3600)
    async with scene(store=store, venue=venue, clock=clock) as again:
        assert again.market.order(filled.client_order_id).filled == filled.quantity
        assert again.market.order(filled.client_order_id).state is OrderState.FILLED
        assert again.market.order(gone.client_order_id).state is OrderState.CANCELED
        assert not again.market.in_flight_orders
        assert again.market.health.ready


async def test_the_ids_of_two_runs_of_a_program_differ() -> None:
    async with scene() as at:
        first = await at.market.buy(PAIR, "0.5", price="90")
        await first.acknowledged()
        venue, clock = at.venue, at.clock
    async with scene(venue=venue, clock=clock) as again:
        second = await again.market.buy(PAIR, "0.5", price="90")
        await second.acknowledged()
    assert len({*venue.orders, first.client_order_id, second.client_order_id}) == 2


async def test_balances_are_estimated_where_no_stream_tells_them() -> None:
    class Silent(TinyUserStream):
        sends_balances = False

    async with scene(connector=tiny_connector(stream=Silent())) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        assert at.market.balances["USDT"].locked == 45
        at.venue.fill(order.client_order_id, "0.2", price="90")
        await at.clock.settle()
        held = at.market.balances
        assert held["BTC"].available == Decimal("10.2")
        assert held["USDT"].locked == 27
        assert held["USDT"].total == Decimal("99981.999")  # the fee is in it
        await at.market.cancel(order)
        assert at.market.balances["USDT"].locked == 0
