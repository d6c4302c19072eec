"""The flow keeps a deep, moving, uncrossed book, and repeats by its seed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.listing import fixed, listing
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
    assert fixed(6_000_001, Decimal("0.01")) == "60000.01000000"
    assert fixed(0, Decimal("0.00001")) == "0.00000000"
    assert fixed(123, Decimal("0.1"), 1) == "12.3"
    assert fixed(12, Decimal(1), 0) == "12"
    with pytest.raises(ConfigError, match="more than 1 decimals"):
        fixed(1, Decimal("0.05"), 1)
