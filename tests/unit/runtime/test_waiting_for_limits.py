"""Orders that wait for the rate limits: how long, and what keeps them here for good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal

import pytest

from connector_sdk.errors import ConnectorError, IntentRefused, RequestTimeout, Sent
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, Side
from connector_sdk.model.order_events import OrderFailed
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call, Priority, RestResponse
from connector_sdk.orders.intent import order_intent
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.connector import Connector
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.testing.manual_clock import ManualClock
from memory_store import MemoryStore
from tiny_connector import TinyTradingApi, tiny_connector
from tiny_venue import PAIR, TinyVenue, Upset
from trading_scene import Scene, scene

HOUR_S = 3600


class Banning(TinyVenue):
    """Answers 418 to the next request when it is told to."""

    banning = False

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        if self.banning:
            self.banning = False
            said = b'{"code": "busy", "message": "leave me alone"}'
            return RestResponse(418, {"retry-after": str(HOUR_S)}, said, url)
        return await super().request(method, url, headers=headers, body=body, timeout_s=timeout_s)


class Amends(TinyTradingApi):
    amends = True


class Batches(TinyTradingApi):
    def place_batch(
        self, orders: Sequence[tuple[OrderIntent, str]], instruments: Instruments
    ) -> Call[Sequence[OrderMessage]]:
        request = self._ask("POST /orders", Priority.PLACE, {"several": "[]"})
        return self.call(request, lambda _: ())


@asynccontextmanager
async def banned(
    connector: Connector | None = None,
    *,
    store: MemoryStore | None = None,
    settings: TradingSettings | None = None,
) -> AsyncIterator[Scene]:
    """A market with one order that rests, which the venue bans for an hour."""
    clock = ManualClock()
    venue = Banning(clock)
    async with scene(
        venue=venue, clock=clock, connector=connector, store=store, settings=settings
    ) as at:
        await (await at.market.buy(PAIR, "0.9", price="80")).acknowledged()
        await at.clock.advance(1)
        venue.banning = True
        with pytest.raises(ConnectorError):
            await at.market.cancel(next(iter(at.market.in_flight_orders)))
        at.events.clear()
        at.venue.asked.clear()
        yield at


async def test_an_order_that_the_limits_hold_is_given_up_after_a_while_and_never_sent() -> None:
    async with banned() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(9)
        assert at.orders_told() == []
        await at.clock.advance(2)
        assert order.state is OrderState.FAILED
        with pytest.raises(RequestTimeout, match="10 s") as failure:
            await order.acknowledged()
        assert failure.value.sent is Sent.NO
        await at.clock.advance(2 * HOUR_S)
        assert at.sent() == 0
        assert at.orders_told() == ["OrderFailed"]


async def test_how_long_is_a_setting() -> None:
    async with banned(settings=TradingSettings(place_patience_s=120)) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(119)
        assert at.orders_told() == []
        await at.clock.advance(2)
        assert order.state is OrderState.FAILED


async def test_the_kill_switch_holds_what_waits_for_the_limits() -> None:
    settings = TradingSettings(place_patience_s=2 * HOUR_S)
    async with banned(settings=settings) as at:
        held = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        at.market.halt("enough")
        await at.clock.advance(HOUR_S)
        assert at.sent() == 0
        with pytest.raises(IntentRefused, match="enough"):
            await held.acknowledged()
        assert at.orders_told() == ["OrderFailed"]
        at.market.resume()
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        assert at.sent() == 1


async def test_the_kill_switch_holds_what_is_to_be_sent_once_more() -> None:
    async with scene() as at:
        at.venue.offset_ms = 60_000
        at.venue.upsets.append(Upset("GET /time", delay_s=1.0, late=True))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.settle()
        at.market.halt("enough")
        await at.clock.advance(5)
        assert order.state is OrderState.FAILED
        assert at.sent() == 1
        assert not at.venue.orders


async def test_the_kill_switch_holds_an_amendment_that_waits() -> None:
    settings = TradingSettings(place_patience_s=2 * HOUR_S)
    async with banned(tiny_connector(Amends()), settings=settings) as at:
        (order,) = at.market.in_flight_orders.values()
        amending = asyncio.create_task(at.market.amend(order, quantity="0.4"))
        await at.clock.advance(1)
        at.market.halt("enough")
        await at.clock.advance(HOUR_S)
        with pytest.raises(IntentRefused, match="enough"):
            await amending
        assert order.quantity == Decimal("0.9")
        assert at.sent("PUT /order") == 0


async def test_a_cancel_withdraws_at_once_what_waits_for_the_limits() -> None:
    async with banned() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
        canceling = asyncio.create_task(at.market.cancel(order))
        await at.clock.settle()
        assert canceling.done()
        await canceling
        assert order.state is OrderState.FAILED
        await at.clock.advance(2 * HOUR_S)
        assert at.sent() == at.sent("DELETE /order") == 0
        failures = [event for event in at.events if isinstance(event, OrderFailed)]
        assert ["withdrawn" in str(event.error) for event in failures] == [True]


async def test_a_cancel_withdraws_what_was_only_just_placed() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.market.cancel(order)
        await at.clock.advance(20)
        assert order.state is OrderState.FAILED
        assert at.sent() == 0


async def test_a_cancel_withdraws_what_is_being_written_down() -> None:
    store = MemoryStore()
    async with scene(store=store) as at:
        store.held = asyncio.Event()
        placing = asyncio.create_task(at.market.buy(PAIR, "0.5", price="90"))
        await at.clock.settle()
        (canceled,) = await at.market.cancel_all()
        assert canceled.error is None
        store.held.set()
        await at.clock.advance(1)
        assert placing.result().state is OrderState.FAILED
        assert at.sent() == at.sent("DELETE /order") == 0
        assert store.state(canceled.client_order_id) == "failed"


async def test_canceling_all_withdraws_what_waits_and_cancels_the_rest() -> None:
    async with banned(tiny_connector(Batches())) as at:
        wanted = [order_intent(PAIR, Side.BUY, "0.5", price="90")] * 2
        orders = await at.market.submit_batch(wanted)
        canceling = asyncio.create_task(at.market.cancel_all(timeout_s=5))
        await at.clock.settle()
        assert [order.state for order in orders] == [OrderState.FAILED] * 2
        await at.clock.advance(6)
        errors = [result.error for result in canceling.result()]
        assert isinstance(errors[0], RequestTimeout)
        assert errors[1:] == [None, None]


async def test_a_cancel_of_one_of_a_batch_waits_as_long_as_the_batch() -> None:
    async with banned(tiny_connector(Batches())) as at:
        wanted = [order_intent(PAIR, Side.BUY, "0.5", price="90")] * 2
        one, other = await at.market.submit_batch(wanted)
        canceling = asyncio.create_task(at.market.cancel(one))
        await at.clock.advance(9)
        assert not canceling.done()
        await at.clock.advance(2)
        await canceling
        assert (one.state, other.state) == (OrderState.FAILED, OrderState.FAILED)


async def test_a_market_closed_before_an_order_left_knows_that_it_did_not() -> None:
    store = MemoryStore()
    async with banned(store=store) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(1)
    assert store.state(order.client_order_id) == "failed"
