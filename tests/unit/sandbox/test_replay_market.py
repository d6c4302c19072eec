"""A tape as a market: its books and trades, by its own time."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.events import BookUpdated
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.market_data import Trade
from connector_sdk.plugins import load_connector
from connector_sdk.runtime.replay_market import ReplayMarket
from paper_tape import INSTRUMENT, PAIR, START_MS, PaperTape

MS = 1_000_000
Play = Callable[[ReplayMarket], Awaitable[None]]


def run(tape: Path, play: Play, *pairs: str, instruments: Instruments | None = None) -> None:
    async def main() -> None:
        followed = pairs or (PAIR,)
        connector = load_connector("binance")
        market = ReplayMarket(connector, tape, followed, instruments=instruments)
        async with market:
            await play(market)
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


@pytest.fixture
def tape(tmp_path: Path) -> PaperTape:
    return PaperTape(tmp_path / "tape.jsonl.gz")


def test_everything_is_heard_at_the_time_of_the_tape(tape: PaperTape) -> None:
    tape.update(500, {"100.00": "3"}).trade(800, "buy", "101.00", "1")

    async def play(market: ReplayMarket) -> None:
        heard = [
            (type(event), market.clock.now_ns() // MS - START_MS)
            async for event in market.events(PAIR)
            if isinstance(event, BookUpdated | Trade)
        ]
        assert heard == [(BookUpdated, 1), (BookUpdated, 500), (Trade, 800)]
        assert market.order_book(PAIR).best_bid.quantity == 3

    run(tape.close(), play)


def test_time_stands_still_until_a_slow_consumer_is_done(tape: PaperTape) -> None:
    for number in range(1, 50):
        tape.trade(number, "buy", "101.00", "1")

    async def play(market: ReplayMarket) -> None:
        async for event in market.events(PAIR):
            if isinstance(event, Trade):
                for _ in range(5):
                    await asyncio.sleep(0)
                assert event.event_ns == market.clock.now_ns()

    run(tape.close(), play)


def test_ready_waits_for_the_books_of_the_tape(tape: PaperTape) -> None:
    tape.update(2_000)

    async def play(market: ReplayMarket) -> None:
        await market.ready()
        assert market.health.ready
        assert market.clock.now_ns() // MS - START_MS < 2_000
        await market.finished()

    run(tape.close(), play)


def test_a_book_that_the_tape_never_had_is_not_waited_for_beyond_its_end(tape: PaperTape) -> None:
    other = INSTRUMENT.model_copy(update={"pair": "ETH-USDT", "symbol": "ETHUSDT"})

    async def play(market: ReplayMarket) -> None:
        with pytest.raises(ConfigError, match="ETH-USDT is syncing"):
            await market.ready()

    run(tape.close(), play, PAIR, "ETH-USDT", instruments=Instruments([INSTRUMENT, other]))


def test_a_tape_that_is_cut_off_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    whole = PaperTape(tmp_path / "whole.jsonl").update(500).trade(800, "buy", "101.00", "1").close()
    text = whole.read_text("utf-8")
    cut = tmp_path / "cut.jsonl.gz"
    with gzip.open(cut, "wt") as file:
        file.write(text[:-40])

    async def play(market: ReplayMarket) -> None:
        await market.finished()
        assert market.order_book(PAIR).update_id == 12
        assert market.cut_off is not None

    run(cut, play)


def test_pairs_can_be_left_and_followed_later(tape: PaperTape) -> None:
    tape.update(2_000)

    async def play(market: ReplayMarket) -> None:
        await market.remove_pair(PAIR)
        assert market.pairs == []
        with pytest.raises(ConfigError):
            market.order_book(PAIR)
        await market.add_pair(PAIR)
        assert market.pairs == [PAIR]
        with pytest.raises(ConfigError, match="does not list"):
            await market.add_pair("BTC-EUR")

    run(tape.close(), play)


def test_a_tape_has_no_account(tape: PaperTape) -> None:
    async def play(market: ReplayMarket) -> None:
        with pytest.raises(ConfigError, match="a tape has no account"):
            await market.buy(PAIR, 1)

    run(tape.close(), play)


def test_a_tape_of_another_venue_is_refused(tape: PaperTape) -> None:
    path = tape.close()
    with gzip.open(path, "rt") as file:
        text = file.read()
    with gzip.open(path, "wt") as file:
        file.write(text.replace('"venue":"binance"', '"venue":"acme"', 1))
    with pytest.raises(ConfigError, match="acme"):
        ReplayMarket(load_connector("binance"), path, [PAIR])
