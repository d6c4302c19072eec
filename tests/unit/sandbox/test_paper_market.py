"""A strategy on paper: over tapes that the test wrote, by their time."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import get_args

import pytest

from connector_sdk.errors import (
    ConfigError,
    Disconnected,
    InsufficientFunds,
    IntentRefused,
    MarketClosed,
    PostOnlyRejected,
    RequestTimeout,
    TransportError,
)
from connector_sdk.model.account import Balance, FeeRates
from connector_sdk.model.events import BookUpdated
from connector_sdk.model.market_data import Trade
from connector_sdk.model.order import OrderType, TimeInForce
from connector_sdk.model.order_events import (
    BalanceChanged,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderChange,
    OrderCompleted,
    OrderExpired,
    OrderFilled,
    OrderRefused,
)
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.market import Market
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.sandbox.paper import paper_replay
from connector_sdk.sandbox.paper_market import PaperMarket
from paper_play import FUNDS, run
from paper_tape import INSTRUMENT, PAIR, PaperTape


@pytest.fixture
def tape(tmp_path: Path) -> PaperTape:
    return PaperTape(tmp_path / "tape.jsonl")


def heard(market: Market) -> list[object]:
    """Every order event from now on."""
    events: list[object] = []
    for kind in get_args(OrderChange):
        market.on(kind, events.append)
    return events


def kinds(events: list[object]) -> list[type]:
    return [type(event) for event in events]


def test_a_taker_is_filled_and_told_as_in_a_live_market(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        events = heard(market)
        order = await market.buy(PAIR, "5")
        assert order.state is OrderState.PENDING_CREATE
        assert await order.done() is OrderState.FILLED
        assert [(fill.price, fill.quantity) for fill in order.fills] == [
            (Decimal(101), Decimal(4)),
            (Decimal(102), Decimal(1)),
        ]
        assert order.fees == {"BTC": Decimal("0.005")}
        assert kinds(events) == [OrderAccepted, OrderFilled, OrderFilled, OrderCompleted]
        assert market.balances["BTC"] == Balance("BTC", Decimal("14.995"))
        assert market.balances["USDT"] == Balance("USDT", Decimal(10_000 - 506))

    run(tape.update(10_000).close(), play)


def test_a_maker_is_filled_by_trades_after_its_queue(tape: PaperTape) -> None:
    tape.trade(1_000, "sell", "100.00", "4").trade(2_000, "sell", "100.00", "3")
    tape.trade(3_000, "sell", "99.50", "0.5")

    async def play(market: PaperMarket) -> None:
        order = await market.buy(PAIR, "2.5", price="100.00")
        assert await order.acknowledged() == "1"
        assert market.balances["USDT"].locked == 250
        assert await order.done() is OrderState.FILLED
        assert [(fill.price, fill.quantity, fill.maker) for fill in order.fills] == [
            (Decimal(100), Decimal(2), True),
            (Decimal(100), Decimal("0.5"), True),
        ]
        assert order.fees == {"BTC": Decimal("0.00125")}

    run(tape.close(), play, fees=("0.0005", "0.001"))


def test_a_latency_lets_the_market_move_before_the_order_is_there(tape: PaperTape) -> None:
    tape.update(50, asks={"101.00": "0"}).update(300)

    async def play(market: PaperMarket) -> None:
        begun_ns = market.clock.now_ns()
        order = await market.buy(PAIR, "1")
        await order.done()
        assert order.average_price == 102
        assert market.clock.now_ns() - begun_ns == 100_000_000

    run(tape.close(), play, latency_s=0.1)


def test_a_post_only_order_that_would_match_is_refused(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        events = heard(market)
        order = await market.buy(PAIR, "1", price="101.00", order_type=OrderType.LIMIT_MAKER)
        with pytest.raises(PostOnlyRejected, match="post-only would match"):
            await order.acknowledged()
        assert kinds(events) == [OrderRefused]
        rests = await market.buy(PAIR, "1", price="100.99", order_type=OrderType.LIMIT_MAKER)
        assert await rests.acknowledged() == "1"

    run(tape.update(10_000).close(), play)


@pytest.mark.parametrize(
    ("force", "filled", "reason"),
    [(TimeInForce.IOC, 4, "unfilled ioc"), (TimeInForce.FOK, 0, "unfilled fok")],
)
def test_what_may_not_rest_expires(
    tape: PaperTape, force: TimeInForce, filled: int, reason: str
) -> None:
    async def play(market: PaperMarket) -> None:
        events = heard(market)
        order = await market.buy(PAIR, "5", price="101.00", time_in_force=force)
        assert await order.done() is OrderState.EXPIRED
        assert order.filled == filled
        last = events[-1]
        assert isinstance(last, OrderExpired)
        assert last.reason == reason
        assert market.balances["USDT"].locked == 0

    run(tape.update(10_000).close(), play)


def test_orders_are_canceled_one_and_all(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        orders = [await market.sell(PAIR, "1", price=price) for price in ("103", "104", "105")]
        for order in orders:
            await order.acknowledged()
        await market.cancel(orders[0])
        assert await orders[0].done() is OrderState.CANCELED
        results = await market.cancel_all(PAIR)
        assert [(result.client_order_id, result.error) for result in results] == [
            (order.client_order_id, None) for order in orders[1:]
        ]
        assert not market.in_flight_orders
        assert market.balances["BTC"] == Balance("BTC", Decimal(10))

    run(tape.update(10_000).close(), play, latency_s=(0.01, 0.03))


def test_an_amendment_keeps_the_place_or_makes_another_order(tape: PaperTape) -> None:
    tape.trade(2_000, "sell", "100.00", "6").update(10_000)

    async def play(market: PaperMarket) -> None:
        events = heard(market)
        order = await market.buy(PAIR, "3", price="100.00")
        await order.acknowledged()
        assert await market.amend(order, quantity="1") is order
        assert await order.done() is OrderState.FILLED
        assert kinds(events) == [OrderAccepted, OrderAmended, OrderFilled, OrderCompleted]
        first = await market.buy(PAIR, "1", price="90.00")
        await first.acknowledged()
        second = await market.amend(first, price="91.00")
        assert second is not first
        assert await first.done() is OrderState.CANCELED
        assert await second.acknowledged() is not None
        assert second.price == 91

    run(tape.close(), play)


def test_the_kill_switch_stops_new_orders_and_lets_cancels_go(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        order = await market.sell(PAIR, "1", price="110")
        await order.acknowledged()
        market.halt("enough for today")
        with pytest.raises(IntentRefused, match="enough for today"):
            await market.buy(PAIR, "1")
        await market.cancel(order)
        market.resume()
        assert await (await market.buy(PAIR, "1")).done() is OrderState.FILLED

    run(tape.update(10_000).close(), play)


def test_what_the_account_cannot_pay_is_refused(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        order = await market.buy(PAIR, "50", price="300")
        with pytest.raises(InsufficientFunds):
            await order.acknowledged()

    run(tape.update(10_000).close(), play)


def test_what_the_account_cannot_pay_is_refused_here_where_that_is_asked_for(
    tape: PaperTape,
) -> None:
    async def play(market: PaperMarket) -> None:
        with pytest.raises(IntentRefused):
            await market.buy(PAIR, "50", price="300")

    run(tape.update(10_000).close(), play, trading=TradingSettings(check_budget=True))


def test_while_the_book_cannot_be_believed_the_market_is_closed(tape: PaperTape) -> None:
    tape.lost(1_000).update(10_000)

    async def play(market: PaperMarket) -> None:
        await market.clock.sleep(2)
        order = await market.buy(PAIR, "1")
        with pytest.raises(MarketClosed):
            await order.acknowledged()

    run(tape.close(), play)


def test_events_of_market_and_account_come_in_one_order_until_the_tape_is_over(
    tape: PaperTape,
) -> None:
    tape.trade(1_000, "sell", "100.00", "6").trade(2_000, "buy", "101.00", "1")

    async def play(market: PaperMarket) -> None:
        stream = market.events(PAIR)
        order = await market.buy(PAIR, "1", price="100.00")
        passed_over = (BookUpdated, BalanceChanged)
        told = [type(event) async for event in stream if not isinstance(event, passed_over)]
        assert told == [OrderAccepted, Trade, OrderFilled, OrderCompleted, Trade]
        assert order.state is OrderState.FILLED

    run(tape.close(), play)


def test_when_the_tape_is_over_nobody_waits_for_ever(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        order = await market.buy(PAIR, "1", price="50")
        with pytest.raises(Disconnected):
            await order.done()
        with pytest.raises(ConfigError, match="the tape is over"):
            await market.clock.sleep(1)
        with pytest.raises(ConfigError):
            await market.ready()
        with pytest.raises(IntentRefused, match="closed"):
            await market.buy(PAIR, "1", price="50")
        with pytest.raises(TransportError):
            await market.cancel(order)
        assert order.state is OrderState.OPEN
        assert market.balances["USDT"].locked == 50

    run(tape.update(1_000).close(), play)


def test_who_sleeps_past_the_end_of_the_tape_is_told(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        with pytest.raises(ConfigError, match="the tape is over"):
            await market.clock.sleep(3_600)

    run(tape.update(1_000).close(), play)


def test_a_tape_without_a_list_of_instruments_needs_one(tmp_path: Path) -> None:
    async def nothing(_: PaperMarket) -> None:
        raise AssertionError("unreachable")

    path = PaperTape(tmp_path / "bare.jsonl", listed=False).update(1_000).close()
    with pytest.raises(ConfigError, match="list of instruments"):
        run(path, nothing)


def test_fees_are_told_and_the_books_are_the_real_ones(tape: PaperTape) -> None:
    async def play(market: PaperMarket) -> None:
        await market.clock.sleep(0.1)
        assert market.fee_rates(PAIR) == FeeRates(PAIR, Decimal("0.001"), Decimal("0.0015"))
        await (await market.buy(PAIR, "4")).done()
        assert market.order_book(PAIR).best_ask.quantity == 4
        assert market.instruments[PAIR] == INSTRUMENT
        assert market.pairs == [PAIR]
        assert market.health.ready

    run(tape.update(10_000).close(), play, fees=("0.001", "0.0015"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"balances": {"USDT": 0.5}},
        {"balances": {"USDT": "-1"}},
        {"fees": ("0.1", "2")},
        {"latency_s": -1.0},
        {"latency_s": (0.2, 0.1)},
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(
    tape: PaperTape, wrong: dict[str, object]
) -> None:
    async def nothing(_: PaperMarket) -> None:
        raise AssertionError("unreachable")

    with pytest.raises(ConfigError):
        run(tape.close(), nothing, **wrong)


def test_an_order_that_takes_longer_than_a_request_may_is_settled(tape: PaperTape) -> None:
    for second in range(1, 200):
        tape.update(second * 1_000)

    async def play(market: PaperMarket) -> None:
        order = await market.buy(PAIR, "1")
        assert await order.done() is OrderState.LOST
        assert not order.fills

    run(tape.close(), play, latency_s=11.0)


def test_ready_waits_no_longer_than_it_is_told(tmp_path: Path) -> None:
    tape = PaperTape(tmp_path / "late.jsonl").lost(5)
    for second in range(1, 20):
        tape.trade(second * 1_000, "buy", "101.00", "1")

    async def play(market: PaperMarket) -> None:
        await market.clock.sleep(1)
        with pytest.raises(RequestTimeout, match="stale"):
            await market.ready(timeout_s=5)

    run(tape.close(), play)


def test_a_market_is_closed_twice_and_not_opened_again(tape: PaperTape) -> None:
    async def main() -> None:
        market = paper_replay("binance", tape.close(), [PAIR], balances=FUNDS)
        with pytest.raises(ConfigError, match="start this market"):
            await market.buy(PAIR, 1)
        async with market:
            await market.ready()
            stream = market.events()
            await market.start()
        await market.close()
        assert [event async for event in stream if isinstance(event, OrderCanceled)] == []
        with pytest.raises(ConfigError, match="closed"):
            await market.start()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
