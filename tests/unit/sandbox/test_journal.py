"""The journal knows the true book at every update id."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.model.order import Side
from connector_sdk.sandbox import journal as journal_module
from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.journal import Journal, Withheld
from connector_sdk.sandbox.listing import listing
from connector_sdk.sandbox.matching_engine import MatchingEngine
from connector_sdk.sandbox.order_flow import OrderFlow

PAIR = "BTC-USDT"
LISTED = listing(PAIR, "BTCUSDT")
Levels = list[tuple[int, int]]


def recorded(
    acts: int, first_id: int = 1_000, bounds: Bounds = USUAL
) -> tuple[Journal, MatchingEngine, dict[int, tuple[Levels, Levels]]]:
    """A journal, its engine, and the engine's own books at the ids where an act ended."""
    engine = MatchingEngine()
    flow = OrderFlow(LISTED, "1")
    flow.open_book(engine)
    engine.update_id = first_id
    journal = Journal([LISTED], bounds)
    journal[PAIR].open(engine)
    books: dict[int, tuple[Levels, Levels]] = {}
    for number in range(acts):
        journal[PAIR].record(flow.act(engine).changes, number * 1_000)
        books[engine.update_id] = (engine.bids.top(5_000), engine.asks.top(5_000))
    return journal, engine, books


def test_the_book_at_every_id_is_the_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "CHANGES_A_CHAPTER", 64)
    journal, _, books = recorded(400)
    ids = list(books)
    random.Random(1).shuffle(ids)
    for update_id in [*sorted(ids), *ids[:60]]:
        image = journal[PAIR].image_at(update_id)
        assert (list(image.bids), list(image.asks)) == books[update_id]


def test_a_true_book_is_exact_and_best_first() -> None:
    journal, engine, _ = recorded(10)
    book = journal.book_at(PAIR, engine.update_id, 2)
    best = engine.bids.top(2)
    assert book.bids == [(Decimal("0.01") * p, Decimal("0.00001") * q) for p, q in best]
    assert book.asks[0] < book.asks[1]


def test_an_id_it_never_had_is_refused_by_name() -> None:
    journal, engine, _ = recorded(5)
    with pytest.raises(ConfigError, match=f"has no update id {engine.update_id + 1}; it has 1000"):
        journal.book_at(PAIR, engine.update_id + 1)
    with pytest.raises(ConfigError, match="does not list ETH-USDT"):
        journal.book_at("ETH-USDT", 1)


def test_it_forgets_the_oldest_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "CHANGES_A_CHAPTER", 10)
    journal, engine, books = recorded(100, bounds=Bounds(chapters=3, acts=2))
    assert journal[PAIR].first_id >= engine.update_id - 30
    assert list(journal[PAIR].image_at(engine.update_id).bids) == books[engine.update_id][0]


def test_after_a_reset_both_runs_of_ids_are_known() -> None:
    journal, engine, _ = recorded(20)
    old = engine.update_id
    engine.update_id = 50
    journal[PAIR].open(engine)
    journal[PAIR].record(engine.place(Side.BUY, 1, 1).changes, 99)
    assert journal[PAIR].first_id == 50
    assert journal[PAIR].last_id == 51
    assert journal[PAIR].image_at(old).bids == journal[PAIR].image_at(50).bids
    assert journal[PAIR].image_at(51).bids[-1] == (1, 1)


def test_times_lead_to_ids_and_back() -> None:
    journal, _, books = recorded(50)
    ids = list(books)
    assert journal[PAIR].time_of(ids[30]) == 30_000
    assert journal[PAIR].id_at(30_500) == ids[30]
    assert journal[PAIR].id_at(-1) == journal[PAIR].first_id


def test_a_withheld_level_stands_until_its_next_change() -> None:
    journal, engine, _ = recorded(5)
    at = engine.update_id
    journal.withheld.append(Withheld("ws.1", PAIR, Side.BUY, 77, at))
    journal[PAIR].record(engine.place(Side.BUY, 1, 76).changes, 9_000)
    assert [one.price for one in journal.still_withheld(PAIR, engine.update_id)] == [77]
    journal[PAIR].record(engine.place(Side.BUY, 1, 77).changes, 9_001)
    assert journal.still_withheld(PAIR, engine.update_id) == []
    assert [one.price for one in journal.still_withheld(PAIR, at + 1)] == [77]


def test_equal_runs_have_equal_digests() -> None:
    assert recorded(30)[0].digest() == recorded(30)[0].digest()
    assert recorded(30)[0].digest() != recorded(31)[0].digest()
