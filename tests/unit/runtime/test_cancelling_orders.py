"""Cancelling and amending: an order is gone only when the venue says so."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import orjson
import pytest

from connector_sdk.errors import (
    AuthRejected,
    ConfigError,
    IntentRefused,
    OrderNotFound,
    RequestTimeout,
    StoreFailed,
    VenueError,
)
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderKey, Side
from connector_sdk.model.order_events import CancelRefused, OrderAmended, OrderOutcomeUnknown
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.protocols.trader import CancelResult
from memory_store import MemoryStore
from tiny_connector import TinyTradingApi, report_of, tiny_connector
from tiny_venue import PAIR, Upset
from trading_scene import Scene, scene

OTHER = "ETH-USDT"


class Amends(TinyTradingApi):
    amends = True


class Batches(TinyTradingApi):
    """Places and cancels several with one request each: their ids stand in the query."""

    def _several(self, what: str, rows: Sequence[dict[str, str]]) -> Call[Sequence[OrderMessage]]:
        body = orjson.dumps(rows).decode()
        method, path = what.split()
        request = RestRequest(method, path, (("several", body),), signed=True)
        return self.call(request, _reports)

    def place_batch(
        self, orders: Sequence[tuple[OrderIntent, str]], instruments: Instruments
    ) -> Call[Sequence[OrderMessage]] | None:
        rows = [dict(self.place(i, name, instruments).request.query) for i, name in orders]
        return self._several("POST /orders", rows)

    def cancel_batch(
        self, orders: Sequence[OrderKey], instruments: Instruments
    ) -> Call[Sequence[OrderMessage]] | None:
        return self._several("DELETE /orders", [{"id": key.client_order_id} for key in orders])


class Forgets(Batches):
    """Its answer to several orders leaves the last one out."""

    def place_batch(
        self, orders: Sequence[tuple[OrderIntent, str]], instruments: Instruments
    ) -> Call[Sequence[OrderMessage]] | None:
        whole = super().place_batch(orders, instruments)
        return whole and self.call(whole.request, lambda answer: _reports(answer)[:-1])


def _reports(response: RestResponse) -> Sequence[OrderMessage]:
    return [report_of(row) for row in orjson.loads(response.body) if "code" not in row]


async def placed(at: Scene, count: int = 1, pair: str = PAIR) -> list[InFlightOrder]:
    orders = [await at.market.buy(pair, "0.5", price="90") for _ in range(count)]
    await asyncio.gather(*(order.acknowledged() for order in orders))
    return orders


def errors(results: Sequence[CancelResult]) -> list[str]:
    return [type(result.error).__name__ for result in results]


async def test_a_cancel_returns_once_the_venue_has_answered() -> None:
    async with scene() as at:
        (order,) = await placed(at)
        await at.market.cancel(order)
        assert order.state is OrderState.CANCELED
        await at.market.cancel(order.client_order_id)  # it is gone: nothing to ask for
        assert at.venue.asked.count("DELETE /order") == 1


async def test_a_cancel_of_an_order_that_was_filled_tells_so_and_its_fills() -> None:
    async with scene() as at:
        (order,) = await placed(at)
        at.venue.speaks = False
        at.venue.fill(order.client_order_id, "0.5")
        with pytest.raises(OrderNotFound):
            await at.market.cancel(order)
        await at.clock.advance(10)
        assert order.state is OrderState.FILLED
        assert order.filled == Decimal("0.5")
        with pytest.raises(OrderNotFound, match="filled"):
            await at.market.cancel(order)


async def test_a_cancel_whose_answer_was_lost_is_settled_by_asking() -> None:
    async with scene() as at:
        (order,) = await placed(at)
        at.venue.speaks = False
        at.venue.upsets.append(Upset("DELETE /order", executed=True))
        cancelling = asyncio.create_task(at.market.cancel(order))
        await at.clock.advance(11)
        with pytest.raises(RequestTimeout):
            await cancelling
        await at.clock.advance(2)
        assert order.state is OrderState.CANCELED
        assert at.venue.asked.count("DELETE /order") == 1


async def test_a_cancel_that_overtakes_its_order_is_sent_once_more() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order", delay_s=2.0, late=True))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.settle()
        cancelling = asyncio.create_task(at.market.cancel(order))
        await at.clock.advance(1)
        assert not cancelling.done()
        await at.clock.advance(10)
        await cancelling
        assert order.state is OrderState.CANCELED


async def test_a_cancel_may_be_sent_for_an_order_nobody_knows_of_yet() -> None:
    async with scene() as at:
        at.venue.speaks = False
        at.venue.upsets.append(Upset("POST /order", executed=True, answer=(503, "x")))
        at.venue.upsets.append(Upset("GET /order", answer=(503, "x")))
        order = await at.market.buy(PAIR, "0.5", price="90")
        await at.clock.advance(0.1)
        assert order.state.value == "unknown"
        await at.market.cancel(order)
        assert order.state is OrderState.CANCELED


async def test_a_refused_cancel_is_told_and_the_order_goes_on() -> None:
    async with scene() as at:
        (order,) = await placed(at)
        at.venue.upsets.append(Upset("DELETE /order", answer=(400, "unknown")))
        with pytest.raises(OrderNotFound):
            await at.market.cancel(order)
        await at.clock.advance(2)
        assert at.told(CancelRefused) == ["CancelRefused"]
        assert order.state is OrderState.OPEN


async def test_one_cancel_that_fails_does_not_hide_the_others() -> None:
    async with scene() as at:
        orders = await placed(at, 4)
        at.venue.upsets.append(Upset("DELETE /order", answer=(403, "key")))
        results = await at.market.cancel_all()
        assert [result.client_order_id for result in results] == [
            order.client_order_id for order in orders
        ]
        assert sorted(errors(results)) == ["AuthRejected", "NoneType", "NoneType", "NoneType"]
        assert sum(order.is_open for order in orders) == 1
        failed = next(result for result in results if result.error is not None)
        assert isinstance(failed.error, AuthRejected)
        assert at.market.order(failed.client_order_id).is_open


async def test_cancel_all_takes_only_the_pair_that_was_named() -> None:
    async with scene() as at:
        await placed(at, 2)
        (other,) = await placed(at, 1, OTHER)
        assert len(await at.market.cancel_all("btc/usdt")) == 2
        assert other.is_open


async def test_cancel_all_ends_in_time_and_says_which_orders_are_not_certain() -> None:
    async with scene() as at:
        orders = await placed(at, 3)
        at.venue.upsets.append(Upset("DELETE /order", executed=True, delay_s=9.0))
        cancelling = asyncio.create_task(at.market.cancel_all(timeout_s=2.0))
        at.venue.speaks = False
        await at.clock.advance(1.9)
        assert not cancelling.done()
        await at.clock.advance(0.2)
        assert cancelling.done()
        assert sorted(errors(cancelling.result())) == ["NoneType", "NoneType", "RequestTimeout"]
        await at.clock.advance(10)
        assert not any(order.is_open for order in orders)


async def test_an_order_filled_meanwhile_is_no_error_of_cancel_all() -> None:
    async with scene() as at:
        orders = await placed(at, 2)
        at.venue.speaks = False
        at.venue.fill(orders[0].client_order_id, "0.5")
        cancelling = asyncio.create_task(at.market.cancel_all())
        await at.clock.advance(8)
        assert errors(cancelling.result()) == ["NoneType", "NoneType"]
        assert [order.state for order in orders] == [OrderState.FILLED, OrderState.CANCELED]


@pytest.mark.parametrize("api", [TinyTradingApi(), Batches()], ids=["one by one", "native"])
async def test_batches_end_alike_whether_the_venue_has_them_or_not(api: TinyTradingApi) -> None:
    async with scene(connector=tiny_connector(api)) as at:
        intents = [OrderIntent(PAIR, s.intent.side, s.quantity, s.price) for s in await placed(at)]
        orders = await at.market.submit_batch(intents * 3)
        await at.clock.advance(1)
        assert [order.state for order in orders] == [OrderState.OPEN] * 3
        assert len({order.exchange_order_id for order in orders}) == 3
        at.venue.speaks = False
        at.venue.end(orders[1].client_order_id)
        cancelling = asyncio.create_task(at.market.cancel_all())
        await at.clock.advance(8)
        assert errors(cancelling.result()) == ["NoneType"] * 4
        assert {order.state for order in orders} == {OrderState.CANCELED}
        native = isinstance(api, Batches)
        assert ("POST /orders" in at.venue.asked) is native
        assert ("DELETE /orders" in at.venue.asked) is native


async def test_an_order_that_a_batch_answer_leaves_out_is_asked_for() -> None:
    async with scene(connector=tiny_connector(Forgets())) as at:
        at.venue.speaks = False
        intents = [OrderIntent(PAIR, Side.BUY, Decimal(1), Decimal(price)) for price in (90, 91)]
        named, left_out = await at.market.submit_batch(intents)
        await at.clock.advance(0.01)
        assert [order.state for order in (named, left_out)] == [OrderState.OPEN] * 2
        assert at.told(OrderOutcomeUnknown) == ["OrderOutcomeUnknown"]
        assert at.venue.asked.count("GET /order") == 1


async def test_an_amendment_in_place_keeps_the_order() -> None:
    store = MemoryStore()
    async with scene(connector=tiny_connector(Amends()), store=store) as at:
        (order,) = await placed(at)
        assert await at.market.amend(order, quantity="0.3") is order
        assert order.quantity == Decimal("0.3")
        assert at.told(OrderAmended) == ["OrderAmended"]
        store.broken = True
        with pytest.raises(StoreFailed):
            await at.market.amend(order, quantity="0.2")
        assert at.venue.asked.count("PUT /order") == 1
        assert order.quantity == Decimal("0.3")


async def test_an_amendment_whose_answer_was_lost_is_settled_by_asking() -> None:
    async with scene(connector=tiny_connector(Amends())) as at:
        (order,) = await placed(at)
        at.venue.speaks = False
        at.venue.upsets.append(Upset("PUT /order", executed=True))
        amending = asyncio.create_task(at.market.amend(order, quantity="0.3"))
        await at.clock.advance(12)
        with pytest.raises(RequestTimeout):
            await amending
        assert order.quantity == Decimal("0.3")


async def test_where_it_cannot_be_changed_it_is_canceled_and_what_is_left_is_placed_anew() -> None:
    async with scene() as at:
        (order,) = await placed(at)
        at.venue.fill(order.client_order_id, "0.1")
        await at.clock.settle()
        other = await at.market.amend(order, quantity="0.4", price="91")
        await other.acknowledged()
        assert order.state is OrderState.CANCELED
        assert (other.quantity, other.price) == (Decimal("0.300"), Decimal("91.00"))
        assert sum(row["status"] == "open" for row in at.venue.orders.values()) == 1


async def test_fills_that_were_not_heard_are_taken_off_what_is_placed_anew() -> None:
    async with scene() as at:
        (order,) = await placed(at)
        at.venue.speaks = False
        at.venue.fill(order.client_order_id, "0.1")
        amending = asyncio.create_task(at.market.amend(order, quantity="0.4", price="91"))
        await at.clock.advance(8)
        assert amending.result().quantity == Decimal("0.3")


async def test_nothing_is_placed_anew_before_the_cancel_is_certain() -> None:
    async with scene() as at:
        (order,) = await placed(at)
        at.venue.upsets.append(Upset("DELETE /order", answer=(503, "x")))
        with pytest.raises(VenueError, match="upset"):
            await at.market.amend(order, price="91")
        await at.clock.advance(60)
        assert len(at.venue.orders) == 1
        assert order.is_open


async def test_an_order_that_is_not_known_to_rest_cannot_be_amended() -> None:
    async with scene() as at:
        at.venue.upsets.append(Upset("POST /order"))
        order = await at.market.buy(PAIR, "0.5", price="90")
        with pytest.raises(IntentRefused, match="pending_create"):
            await at.market.amend(order, price="91")


async def test_an_order_nobody_remembers_cannot_be_named() -> None:
    async with scene() as at:
        with pytest.raises(ConfigError, match="nobody"):
            await at.market.cancel("nobody")
