"""What is placed in an order's stead never comes on top of what that filled, or may yet fill."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from connector_sdk.errors import IntentRefused, OrderNotFound
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderKey
from connector_sdk.model.order_events import OrderAmended
from connector_sdk.model.order_update import OrderMessage
from connector_sdk.model.wire import Call
from connector_sdk.orders.states import OrderState
from connector_sdk.testing.manual_clock import ManualClock
from tiny_connector import TinyTradingApi, tiny_connector
from tiny_venue import PAIR, Row, TinyVenue, Upset
from trading_scene import scene


class Amends(TinyTradingApi):
    amends = True


class Terse(TinyTradingApi):
    """Says yes to a cancel, and no more."""

    def cancel(self, order: OrderKey, instruments: Instruments) -> Call[Sequence[OrderMessage]]:
        return self.call(super().cancel(order, instruments).request, lambda _: ())


class Lenient(TinyVenue):
    """To cancel what was canceled is no error there; what was canceled may be forgotten."""

    forgets = False

    def _of_order(self, what: str, query: Mapping[str, str]) -> Row:
        row = self.orders.get(query["id"])
        gone = row is not None and row["status"] == "canceled"
        if row is not None and gone and what == "DELETE /order":
            return row
        if gone and self.forgets:
            return {"code": "unknown", "message": query["id"]}
        return super()._of_order(what, query)


async def test_fills_the_venue_claims_and_never_shows_are_taken_off_what_is_placed_anew() -> None:
    async with scene() as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        at.venue.speaks = False
        at.venue.orders[order.client_order_id].update(filled="0.2", status="partially_filled")
        amending = asyncio.create_task(at.market.amend(order, price="91"))
        await at.clock.advance(29)
        assert order.state is OrderState.CANCELED
        assert order.filled == 0
        assert amending.result().quantity == Decimal("0.3")


async def test_of_two_changes_at_once_one_is_refused() -> None:
    clock = ManualClock()
    venue = Lenient(clock)
    async with scene(venue=venue, clock=clock) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        changes = [
            asyncio.create_task(at.market.amend(order, price=price)) for price in ("91", "92")
        ]
        await at.clock.advance(5)
        assert isinstance(changes[1].exception(), IntentRefused)
        assert [row["status"] for row in venue.orders.values()] == ["canceled", "open"]
        again = await at.market.amend(changes[0].result(), price="92")
        assert again.price == Decimal(92)


async def test_a_change_is_not_told_for_one_that_was_asked_for_meanwhile() -> None:
    async with scene(connector=tiny_connector(Amends())) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        at.venue.upsets.append(Upset("PUT /order", delay_s=2.0, late=True))
        first = asyncio.create_task(at.market.amend(order, quantity="0.4"))
        await at.clock.settle()
        with pytest.raises(IntentRefused, match="changing"):
            await at.market.amend(order, quantity="0.3")
        await at.clock.advance(5)
        assert first.result().quantity == Decimal("0.4")
        told = [event.quantity for event in at.events if isinstance(event, OrderAmended)]
        assert told == [Decimal("0.4")]


async def test_nothing_is_placed_anew_for_an_order_that_was_lost() -> None:
    clock = ManualClock()
    venue = Lenient(clock)
    async with scene(venue=venue, clock=clock, connector=tiny_connector(Terse())) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        await at.clock.advance(70)
        venue.speaks, venue.forgets = False, True
        amending = asyncio.create_task(at.market.amend(order, price="91"))
        await at.clock.advance(29)
        assert order.state is OrderState.LOST
        assert isinstance(amending.exception(), OrderNotFound)
        assert len(venue.orders) == 1


async def test_fills_that_no_answer_claimed_are_awaited_before_anything_is_placed_anew() -> None:
    async with scene(connector=tiny_connector(Terse())) as at:
        order = await at.market.buy(PAIR, "0.5", price="90")
        await order.acknowledged()
        at.venue.speaks = False
        at.venue.fill(order.client_order_id, "0.1")
        amending = asyncio.create_task(at.market.amend(order, quantity="0.4", price="91"))
        await at.clock.advance(8)
        assert amending.result().quantity == Decimal("0.3")
