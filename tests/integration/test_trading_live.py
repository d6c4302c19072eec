"""Trading over real sockets, with orders written to a real file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from connector_sdk.connect import connect
from connector_sdk.errors import StoreFailed
from connector_sdk.model.order_events import OrderAmended, OrderFilled
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.store import OrderStore
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.sandbox.venue import EmbeddedVenue
from live_venue import QUICK, hurried, open_descriptors, until, venue_of

PAIR = "BTC-USDT"
CYCLES = 10


def market_at(venue: EmbeddedVenue, store: OrderStore | Path, number: int = 0) -> LiveMarket:
    account = venue.account(number)
    return connect(
        hurried(),
        [PAIR],
        credentials={"api_key": account.key, "secret": account.secret},
        store=store,
        endpoints=venue.endpoints,
        settings=QUICK,
    )


def held(venue: EmbeddedVenue) -> Mapping[str, tuple[Decimal, Decimal]]:
    name = venue.account().name
    return {a: (b.free, b.locked) for a, b in venue.core.desk.balances(name).items() if b.free}


async def test_a_strategy_trades_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "orders.sqlite"
    async with venue_of([PAIR]) as venue:
        async with market_at(venue, file) as market:
            await market.ready(10)
            heard: list[object] = []
            market.on(OrderFilled, heard.append)
            market.on(OrderAmended, heard.append)
            bought = await market.buy(PAIR, "0.01")
            assert await bought.done() is OrderState.FILLED
            assert bought.filled == bought.quantity
            low = (market.order_book(PAIR).best_bid.price / 2).quantize(Decimal("0.01"))
            resting = await market.buy(PAIR, "0.02", price=low)
            gone = await market.buy(PAIR, "0.02", price=low)
            await asyncio.gather(resting.acknowledged(), gone.acknowledged())
            await market.amend(resting, quantity="0.015")
            await market.cancel(gone)
            assert gone.state is OrderState.CANCELED
            assert list(market.in_flight_orders) == [resting.client_order_id]
            await until(lambda: len(heard) == len(bought.fills) + 1)
            await until(
                lambda: (
                    held(venue) == {a: (b.available, b.locked) for a, b in market.balances.items()}
                )
            )
        async with market_at(venue, file) as market:
            await market.ready(10)
            known = market.order(resting.client_order_id)
            assert (known.state, known.quantity) == (OrderState.OPEN, Decimal("0.015"))
            assert market.order(bought.client_order_id).fills == bought.fills
            (result,) = await market.cancel_all()
            assert result.error is None
            assert not market.in_flight_orders


async def test_a_second_process_cannot_trade_on_the_same_account_and_file(tmp_path: Path) -> None:
    file = tmp_path / "orders.sqlite"
    async with venue_of([PAIR]) as venue, market_at(venue, file):
        with pytest.raises(StoreFailed):
            async with market_at(venue, file):
                pass
        async with market_at(venue, file, 1) as other:
            await other.ready(10)


async def test_starts_and_stops_leave_no_task_and_no_descriptor(tmp_path: Path) -> None:
    file = tmp_path / "orders.sqlite"
    async with venue_of([PAIR]) as venue:
        tasks = descriptors = 0
        for cycle in range(CYCLES):
            async with market_at(venue, file) as market:
                await market.ready(10)
                await market.buy(PAIR, "0.01")  # and it is closed while that is on its way
            if cycle == 1:  # the venue's side of the connections ends a little later
                await until(lambda: not venue.core.sessions)
                tasks, descriptors = len(asyncio.all_tasks()), open_descriptors()
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: open_descriptors() <= descriptors)


async def test_orders_of_a_program_without_memory_are_found_as_orders_of_others() -> None:
    async with venue_of([PAIR]) as venue:
        async with market_at(venue, NullStore()) as market:
            await market.ready(10)
            low = (market.order_book(PAIR).best_bid.price / 2).quantize(Decimal("0.01"))
            order = await market.buy(PAIR, "0.02", price=low)
            await order.acknowledged()
        async with market_at(venue, NullStore()) as market:
            await market.ready(10)
            (found,) = market.user_stream_tracker.ledger.external_open.values()
            assert found.client_order_id == order.client_order_id
