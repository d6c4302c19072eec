"""The flow keeps a deep, moving, uncrossed book, and repeats by its seed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.order import Side
from connector_sdk.sandbox.listing import listing
from connector_sdk.sandbox.matching_engine import MatchingEngine
from connector_sdk.sandbox.order_flow import OrderFlow


@pytest.mark.parametrize("pair", ["BTC-USDT", "XRP-USDT", "NEW-COIN"])
def test_a_side_never_has_fewer_than_1_000_levels_and_never_crosses(pair: str) -> None:
    engine = MatchingEngine()
    flow = OrderFlow(listing(pair, pair), f"1/{pair}")
    flow.open_book(engine)
    mids: set[int] = set()
    fills = 0
    for _ in range(8_000):
        outcome = flow.act(engine)
        assert outcome.changes
        fills += len(outcome.fills)
        assert min(len(engine.bids), len(engine.asks)) >= 1_000
        bid, ask = engine.bids.best, engine.asks.best
        assert bid is not None
        assert ask is not None
        assert 0 < bid < ask
        mids.add(bid + ask)
    assert len(mids) > 20
    assert fills > 100
    assert max(len(engine.bids), len(engine.asks)) < 1_500


@pytest.mark.parametrize("sides", [(Side.BUY,), (Side.SELL,), (Side.BUY, Side.SELL)])
def test_a_book_that_somebody_took_whole_grows_again(sides: tuple[Side, ...]) -> None:
    engine = MatchingEngine()
    flow = OrderFlow(listing("BTC-USDT", "BTCUSDT"), "1")
    flow.open_book(engine)
    for side in sides:
        engine.place(side, 10**9, owner=1)
    assert not all((len(engine.bids), len(engine.asks)))
    for _ in range(4_000):
        assert flow.act(engine).changes
    assert min(len(engine.bids), len(engine.asks)) >= 800
    assert (engine.bids.best or 0) < (engine.asks.best or 0)


def test_the_same_seed_makes_the_same_market_and_another_seed_another() -> None:
    def run(seed: str) -> list[object]:
        engine = MatchingEngine()
        flow = OrderFlow(listing("BTC-USDT", "BTCUSDT"), seed)
        flow.open_book(engine)
        return [flow.act(engine) for _ in range(300)]

    assert run("1/BTC-USDT") == run("1/BTC-USDT")
    assert run("1/BTC-USDT") != run("2/BTC-USDT")


def test_the_flow_leaves_orders_of_others_alone() -> None:
    engine = MatchingEngine()
    flow = OrderFlow(listing("BTC-USDT", "BTCUSDT"), "1")
    flow.open_book(engine)
    deep = engine.bids.price_at(-1) - 10_000
    theirs = engine.place(engine.order(1).side, 7, deep, owner=5).order_id  # type: ignore[union-attr]  # just placed
    for _ in range(5_000):
        flow.act(engine)
    order = engine.order(theirs)
    assert order is not None
    assert order.lots == 7


def test_numbers_are_spelled_with_exactly_so_many_decimals() -> None:
    bitcoin, other = listing("BTC-USDT", "BTCUSDT"), listing("XRP-USDT", "XRPUSDT")
    assert bitcoin.price_text(6_000_001) == "60000.01000000"
    assert bitcoin.quantity_text(0) == "0.00000000"
    assert other.quantity_text(123, 1) == "12.3"
    assert bitcoin.price(6_000_001) == Decimal("60000.01")
    with pytest.raises(ConfigError, match=r"a step of 0.1 needs more than 0 decimals"):
        other.quantity_text(1, 0)
