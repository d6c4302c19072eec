"""One strategy, live and on paper: against the embedded venue in memory, by a manual clock."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import get_args

import pytest

from connector_sdk.connect import connect
from connector_sdk.errors import PostOnlyRejected
from connector_sdk.model.events import BookStale, BookUpdated
from connector_sdk.model.market_data import Trade
from connector_sdk.model.order import OrderType, TimeInForce
from connector_sdk.model.order_events import OrderChange
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.market import Market
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.sandbox.paper import paper
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk_binance.sandbox import dialect

PAIR, OTHER = "BTC-USDT", "ETH-USDT"
FUNDS = {"USDT": 1_000_000, "BTC": 1_000}
Made = Callable[[MemoryVenue, ManualClock], Market]
Story = Callable[[Market], Awaitable[None]]


def live(venue: MemoryVenue, clock: ManualClock) -> Market:
    account = venue.account()
    return connect(
        "binance",
        [PAIR],
        credentials={"api_key": account.key, "secret": account.secret},
        store=NullStore(),
        endpoints=venue.endpoints,
        transport=venue.transport,
        clock=clock,
    )


def on_paper(venue: MemoryVenue, clock: ManualClock) -> Market:
    return paper(
        "binance",
        [PAIR],
        balances=FUNDS,
        endpoints=venue.endpoints,
        transport=venue.transport,
        clock=clock,
    )


def run(made: Made, story: Story) -> None:
    """Let `story` run in a market of the embedded venue, as long as it takes in virtual time."""

    async def told(clock: ManualClock) -> None:
        async with (
            MemoryVenue(dialect, clock, [PAIR, OTHER], seed=3) as venue,
            made(venue, clock) as market,
        ):
            await market.ready()
            await story(market)

    async def main() -> None:
        clock = ManualClock()
        task = asyncio.create_task(told(clock))
        while not task.done():
            await clock.advance(0.05)
        await task
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


async def trade_a_little(market: Market) -> list[str]:
    """A strategy: nothing in it knows whether the market is live. What it heard of its orders."""
    heard: list[str] = []
    for kind in get_args(OrderChange):
        market.on(kind, lambda event: heard.append(type(event).__name__))
    taker = await market.buy(PAIR, "0.00100")
    assert await taker.done() is OrderState.FILLED
    book = market.order_book(PAIR)
    crossing = book.best_ask.price * 2
    refused = await market.buy(PAIR, "0.01", price=crossing, order_type=OrderType.LIMIT_MAKER)
    with pytest.raises(PostOnlyRejected):
        await refused.acknowledged()
    killed = await market.sell(
        PAIR, "500", price=book.best_bid.price, time_in_force=TimeInForce.FOK
    )
    assert await killed.done() is OrderState.EXPIRED
    resting = await market.sell(PAIR, "0.01", price=crossing)
    await resting.acknowledged()
    assert market.balances["BTC"].locked == resting.quantity
    await market.cancel(resting)
    assert await resting.done() is OrderState.CANCELED
    maker = await market.buy(PAIR, "0.00010", price=book.best_bid.price)
    assert await maker.done() is OrderState.FILLED
    assert not market.in_flight_orders
    return heard


def test_a_strategy_hears_the_same_live_and_on_paper() -> None:
    heard: dict[Made, list[str]] = {}

    def story(made: Made) -> Story:
        async def told(market: Market) -> None:
            heard[made] = await trade_a_little(market)

        return told

    for made in (live, on_paper):
        run(made, story(made))
    assert heard[live] == heard[on_paper]
    assert heard[live].count("OrderCompleted") == 2


class OnPaper:
    """Makes the market on paper, and shows the venue behind it."""

    def __init__(self) -> None:
        self.venues: list[MemoryVenue] = []

    def __call__(self, venue: MemoryVenue, clock: ManualClock) -> Market:
        self.venues.append(venue)
        return on_paper(venue, clock)


def test_on_paper_the_venue_sees_no_order() -> None:
    async def story(market: Market) -> None:
        await trade_a_little(market)

    made = OnPaper()
    run(made, story)
    (venue,) = made.venues
    assert all(not venue.core.desk.orders(a.account.name, PAIR) for a in venue.core.accounts)


def test_pairs_come_and_go() -> None:
    async def story(market: Market) -> None:
        await market.add_pair(OTHER)
        await market.ready()
        order = await market.sell(PAIR, "0.1", price="900000")
        await order.acknowledged()
        bought = await market.buy(OTHER, "0.01")
        assert await bought.done() is OrderState.FILLED
        await market.remove_pair(OTHER)
        refused = await market.buy(OTHER, "0.01")
        assert await refused.done() is OrderState.REJECTED
        assert market.pairs == [PAIR]
        assert list(market.in_flight_orders) == [order.client_order_id]

    run(on_paper, story)


def test_the_events_of_the_market_are_heard_through_it() -> None:
    async def story(market: Market) -> None:
        seen: set[type] = set()
        async for event in market.events(PAIR):
            seen.add(type(event))
            if {BookUpdated, Trade} <= seen:
                return

    run(on_paper, story)


def test_a_lost_connection_closes_the_market_until_the_book_is_right_again() -> None:
    made = OnPaper()

    async def story(market: Market) -> None:
        stale = asyncio.Event()
        market.on(BookStale, lambda _: stale.set())
        made.venues[0].core.drop_connections()
        await stale.wait()
        refused = await market.buy(PAIR, "0.01")
        assert await refused.done() is OrderState.REJECTED
        await market.ready(timeout_s=60)
        assert await (await market.buy(PAIR, "0.01")).done() is OrderState.FILLED

    run(made, story)
