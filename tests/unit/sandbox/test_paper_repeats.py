"""A strategy on paper repeats exactly."""

from __future__ import annotations

from pathlib import Path

from connector_sdk.model.market_data import Trade
from connector_sdk.model.order_events import OrderFilled
from connector_sdk.model.order_update import Fill
from connector_sdk.protocols.market import Market
from connector_sdk.sandbox.paper_market import PaperMarket
from connector_sdk.sandbox.paper_transport import Latency
from paper_play import run
from paper_tape import PAIR, random_tape


def test_a_latency_is_drawn_by_its_seed() -> None:
    def drawn(seed: int) -> list[float]:
        latency = Latency((0.1, 0.2), seed)
        return [latency.draw() for _ in range(20)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert all(0.1 <= seconds <= 0.2 for seconds in drawn(3))
    assert Latency(0.5, 1).draw() == 0.5


async def quote_both_sides(market: Market) -> list[Fill]:
    """Keep one order a side at the best prices, and now and then cross the spread."""
    fills: list[Fill] = []
    market.on(OrderFilled, lambda event: fills.append(event.fill))
    bought = 0
    async for event in market.events(PAIR):
        if not isinstance(event, Trade):
            continue
        book = market.order_book(PAIR)
        if len(market.in_flight_orders) >= 6:
            await market.cancel_all(PAIR)
        await market.buy(PAIR, "0.4", price=book.best_bid.price)
        await market.sell(PAIR, "0.4", price=book.best_ask.price)
        bought += 1
        if bought % 10 == 0:
            await market.buy(PAIR, "1.5")
    return fills


def fills_of(tape: Path, seed: int) -> list[Fill]:
    """What that strategy is filled with over the tape, latency drawn by `seed`."""
    found: list[list[Fill]] = []

    async def play(market: PaperMarket) -> None:
        found.append(await quote_both_sides(market))

    run(tape, play, latency_s=(0.001, 0.04), seed=seed, balances={"BTC": 50, "USDT": 50_000})
    return found[0]


def test_the_same_tape_and_seed_give_the_same_fills_to_the_last_bit(tmp_path: Path) -> None:
    tape = random_tape(tmp_path / "random.jsonl.gz", 7, steps=150)
    first = fills_of(tape, 1)
    assert len(first) > 40
    assert {fill.maker for fill in first} == {True, False}
    assert fills_of(tape, 1) == first
    assert fills_of(tape, 2) != first
