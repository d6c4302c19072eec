"""Placing orders: written down before they are sent, and never sent twice."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import pytest

from connector_sdk.errors import (
    ConnectFailed,
    InsufficientFunds,
    IntentRefused,
    NotSupported,
    OrderNotFound,
    StoreFailed,
)
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_events import (
    ExternalOrder,
    OrderAccepted,
    OrderCompleted,
    OrderFailed,
    OrderFilled,
    OrderLost,
    OrderOutcomeUnknown,
    OrderRefused,
)
from connector_sdk.orders.intent import order_intent
from connector_sdk.orders.states import OrderState
from connector_sdk.runtime.trading_settings import TradingSettings
from memory_store import MemoryStore
from tiny_connector import TinyUserStream, tiny_connector
from tiny_venue import PAIR, TinyVenue, Upset
from trading_scene import Scene, scene

ORDER_EVENTS = (
    OrderAccepted,
    OrderOutcomeUnknown,
    OrderFilled,
    OrderCompleted,
    OrderRefused,
    OrderFailed,
    OrderLost,
    ExternalOrder,
)


def sent(at: Scene, what: str = "POST /order") -> int:
    return at.venue.asked.count(what)


def state_in(store: MemoryStore, client_order_id: str) -> str:
    body = json.loads(store.orders[client_order_id].body)
    assert isinstance(body["state"], str)
    return body["state"]


async def test_an_order_is_written_down_before_anything_is_sent() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.held = asyncio.Event()
        placing = asyncio.create_task(at.market.buy(PAIR, "0.5", price="90"))
        await at.clock.advance(5)
        assert not placing.done()
        assert sent(at) == 0
        store.held.set()
        await at.clock.settle()
        order = placing.result()
        assert state_in(store, order.client_order_id) == "pending_create"
        await at.clock.advance(1)
        assert sent(at) == 1
        assert order.state is OrderState.OPEN
        assert state_in(store, order.client_order_id) == "open"


async def test_what_cannot_be_written_down_is_not_sent_and_says_so() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.broken = True
        with pytest.raises(StoreFailed, match="disk is full"):
            await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        assert sent(at) == 0
        assert at.told(*ORDER_EVENTS) == ["OrderFailed"]
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
        assert sent(at) == 0
        assert at.told(*ORDER_EVENTS) == ["OrderFailed"]


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
        assert at.told(*ORDER_EVENTS)[0] == "OrderOutcomeUnknown"
        await at.clock.advance(5)
        assert order.state is OrderState.OPEN
        at.venue.fill(order.client_order_id, "0.5")
        await at.clock.advance(130)
        assert await order.done() is OrderState.FILLED
        assert sent(at) == 1
        assert at.told(*ORDER_EVENTS) == [
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
        assert sent(at) == 1
        assert at.told(*ORDER_EVENTS) == ["OrderOutcomeUnknown", "OrderLost"]


@pytest.mark.parametrize("executed", [True, False])
async def test_a_server_error_says_nothing_of_an_order(executed: bool) -> None:
    async with scene() as at:
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=executed, answer=(503, "refused")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(0.5)
        assert at.told(*ORDER_EVENTS)[0] == "OrderOutcomeUnknown"
        await at.clock.advance(120)
        assert order.state is (OrderState.OPEN if executed else OrderState.LOST)
        assert at.venue.accepted[order.client_order_id] == int(executed)
        assert sent(at) == 1


async def test_a_refusal_is_believed_and_typed() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order", answer=(400, "funds")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        with pytest.raises(InsufficientFunds):
            await order.acknowledged()
        assert await order.done() is OrderState.REJECTED
        assert at.told(*ORDER_EVENTS) == ["OrderRefused"]


async def test_a_refusal_nobody_has_classified_leaves_the_outcome_unknown() -> None:
    async with scene() as at:
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=True, answer=(400, "strange")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(5)
        assert order.state is OrderState.OPEN
        assert at.told(*ORDER_EVENTS) == ["OrderOutcomeUnknown", "OrderAccepted"]


async def test_a_request_that_never_left_has_failed() -> None:
    async with scene() as at:
        at.venue.away = True
        order = await at.market.buy(PAIR, "0.5", price="90")
        with pytest.raises(ConnectFailed):
            await order.acknowledged()
        assert order.state is OrderState.FAILED
        assert at.told(*ORDER_EVENTS) == ["OrderFailed"]


async def test_a_request_refused_for_its_time_is_sent_once_more_after_the_clock_was_read() -> None:
    async with scene() as at:
        at.venue.offset_ms = 60_000
        before = sent(at, "GET /time")
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.settle()
        assert order.state is OrderState.OPEN
        assert sent(at, "GET /time") > before
        assert sent(at) == 2
        assert at.venue.accepted[order.client_order_id] == 1


async def test_a_fill_may_overtake_the_answer() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order", executed=True, delay_s=3.0))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        assert order.state is OrderState.OPEN
        at.venue.fill(order.client_order_id, "0.5")
        await at.clock.advance(5)
        assert at.told(*ORDER_EVENTS) == ["OrderAccepted", "OrderFilled", "OrderCompleted"]


async def test_a_market_closed_while_a_request_is_under_way_leaves_the_order_unknown() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        at.venue.upsets.append(Upset("POST /order", executed=True))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        venue, clock = at.venue, at.clock
    assert state_in(store, order.client_order_id) in {"unknown", "open"}
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
        assert sent(at) == 0


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


async def test_several_are_placed_together_or_none() -> None:
    async with scene() as at:
        good = OrderIntent(PAIR, Side.BUY, quantity=at.market.instruments[PAIR].lot_size * 500)
        limit = order_intent(PAIR, Side.BUY, 1, price=90)
        tiny = order_intent(PAIR, Side.BUY, "0.00001", price=90)
        with pytest.raises(IntentRefused):
            await at.market.submit_batch([limit, tiny])
        await at.clock.advance(1)
        assert sent(at) == 0
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
