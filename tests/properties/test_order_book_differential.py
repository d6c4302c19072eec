"""The order book against the simplest one that can be right, compared after every step."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_sdk.book.ladder import Ladder
from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verification
from connector_sdk.errors import BookNotSynced, EmptySide
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookDelta, BookSnapshot, PriceLevel
from connector_sdk.model.order import Side

CAMPAIGN = os.environ.get("CONNECTOR_SDK_CAMPAIGN") == "1"
SEEDS = range(60 if CAMPAIGN else 3)
STEPS = 150 if CAMPAIGN else 50
STYLES = ("fixed", "small", "trimmed", "mixed", "padded", "long", "tiny", "changing")
PAIR = "BTC-USDT"


@dataclass
class PlainSide:
    """One side: a dict from price to quantity, sorted whenever it is read."""

    bids: bool
    kept_depth: int | None
    levels: dict[Decimal, Decimal] = field(default_factory=dict)
    horizon: Decimal | None = None
    depth: int = 0

    def replace(self, rows: list[list[str]], depth: int | None) -> None:
        self.levels, self.horizon, self.depth = {}, None, 0
        self.apply(rows)
        if depth is not None and self.kept_depth is None and len(rows) >= depth:
            prices = [Decimal(price) for price, _ in rows]
            self.horizon = min(prices) if self.bids else max(prices)
            self.depth = depth

    def apply(self, rows: list[list[str]]) -> None:
        for price_text, quantity_text in rows:
            price, quantity = Decimal(price_text), Decimal(quantity_text)
            if quantity:
                if self.proves(price):
                    self.levels[price] = quantity
            else:
                self.levels.pop(price, None)
        if self.kept_depth is not None:
            self.levels = dict(self.sorted()[: self.kept_depth])

    def proves(self, price: Decimal) -> bool:
        if self.horizon is None:
            return True
        return price >= self.horizon if self.bids else price <= self.horizon

    def sorted(self) -> list[tuple[Decimal, Decimal]]:
        return sorted(self.levels.items(), reverse=self.bids)


class Texts:
    """Makes rows. The same price comes in as many spellings as the style allows."""

    def __init__(self, rng: random.Random, style: str) -> None:
        self.rng = rng
        self.style = style
        self.mid = rng.choice((40, 105, 1005, 60_000))

    def price(self, bids: bool, reach: int) -> str:
        rng = self.rng
        step = rng.randrange(-2 if rng.random() < 0.1 else 1, reach)
        ticks = max(self.mid + (-step if bids else step), 1)
        return self.spelled(ticks)

    def spelled(self, ticks: int) -> str:
        style = self.style
        if style == "changing":
            style = self.rng.choice(STYLES[:4] if self.rng.random() < 0.1 else STYLES[:1])
        text = f"{ticks // 10}.{ticks % 10}"
        match style:
            case "fixed":
                return text + "0"
            case "padded":
                return "0" * (self.rng.random() < 0.02) + text + "0"
            case "small":
                return f"0.{ticks:07d}"
            case "trimmed":
                return text.rstrip("0").rstrip(".")
            case "long":
                return f"1234567890123456.{ticks:06d}" + self.rng.choice(("", "0"))
            case "tiny":
                return f"0.{'0' * 20}{ticks:07d}" + self.rng.choice(("", "", "0"))
            case _:
                return self.odd(text)

    def odd(self, text: str) -> str:
        rng = self.rng
        if "E" in text:
            return text  # a zero more would be another number
        text += "0" * rng.randrange(3)
        if rng.random() < 0.2:
            text = "0" * rng.randrange(3) + text
        if rng.random() < 0.02:
            text = f"{Decimal(text):E}"
        if rng.random() < 0.02:
            text += "0" * 12
        return text

    def quantity(self) -> str:
        rng = self.rng
        if rng.random() < 0.45:
            return rng.choice(("0", "0.0", "0.00000000", "0E-8", "0"))
        return rng.choice(("1", "2", "0.5", "0.00000001", "12.50", "3.25"))


@dataclass
class Rig:
    """Both books, fed alike."""

    rng: random.Random
    texts: Texts
    book: OrderBook
    sides: tuple[PlainSide, PlainSide]
    reads_top: bool
    seen: dict[bool, dict[tuple[str, str], PriceLevel]]

    def step(self, number: int) -> None:
        rng = self.rng
        if number == 0 or rng.random() < 0.015:
            self.snapshot()
        else:
            wipe = rng.random() < 0.02
            bids, asks = (self.rows(s, wipe=wipe and rng.random() < 0.7) for s in self.sides)
            self.apply(bids, asks)
        self.texts.mid = max(5, self.texts.mid + rng.choice((-3, -1, 0, 0, 1, 3)))
        self.compare()

    def snapshot(self) -> None:
        bids, asks = (self.rows(side, count=self.rng.randrange(40)) for side in self.sides)
        self.replace(bids, asks, self.rng.choice((None, 1, 5, 20)))

    def apply(self, bids: list[list[str]], asks: list[list[str]]) -> None:
        self.book.apply(BookDelta(PAIR, bids, asks), 0, 0)
        for side, rows in zip(self.sides, (bids, asks), strict=True):
            side.apply(rows)

    def replace(self, bids: list[list[str]], asks: list[list[str]], depth: int | None) -> None:
        self.book.replace(BookSnapshot(PAIR, bids, asks, depth=depth), 0, 0)
        for side, rows in zip(self.sides, (bids, asks), strict=True):
            side.replace(rows, depth)
        self.seen = {True: {}, False: {}}
        self.seen = {True: {}, False: {}}

    def rows(self, side: PlainSide, *, wipe: bool = False, count: int = -1) -> list[list[str]]:
        rng, texts = self.rng, self.texts
        if wipe:
            return [[texts.odd(str(price)), "0.000"] for price in side.levels]
        if count < 0:
            count = rng.choice((0, 1, 2, 3, 6, 12))
        reach = rng.choice((4, 20, 60))
        rows = [[texts.price(side.bids, reach), texts.quantity()] for _ in range(count)]
        if rows and rng.random() < 0.1:
            again = rng.choice(rows)[0]
            padded = "." in again and "E" not in again
            rows.append([again + "0" * padded, texts.quantity()])
        return rows

    def compare(self) -> None:
        book, (bids, asks) = self.book, self.sides
        assert book.horizon == (bids.horizon, asks.horizon)
        for side, all_levels, top, ladder in (
            (bids, book.bids, book.bids, book._bids),
            (asks, book.asks, book.asks, book._asks),
        ):
            ladder._window._check()
            expected = side.sorted()
            self.compare_best(side, expected)
            if self.reads_top:
                count = self.rng.choice((1, 3, 10))
                assert _numbers(top(count)) == expected[:count]
            levels = all_levels()
            assert _numbers(levels) == expected
            self.compare_objects(side, levels)
            self.compare_lookup(side)
        best = bids.sorted()[:1], asks.sorted()[:1]
        assert book.crossed == bool(all(best) and best[0][0][0] >= best[1][0][0])
        few = [len(s.levels) < max(1, min(100, s.depth // 2)) for s in self.sides if s.depth]
        assert book.needs_refresh() == any(few)
        gone = [not side.levels for side in self.sides if side.depth]
        assert book.best_is_beyond_horizon == any(gone)

    def compare_lookup(self, side: PlainSide) -> None:
        known = side.horizon
        if known is None and side.kept_depth is not None and len(side.levels) == side.kept_depth:
            known = side.sorted()[-1][0]
        asked = Decimal(self.texts.price(side.bids, 60))
        for price in (asked, *self.rng.sample(sorted(side.levels), min(3, len(side.levels)))):
            found = self.book.resting_quantity(Side.BUY if side.bids else Side.SELL, price)
            beyond = known is not None and (price < known if side.bids else price > known)
            assert found == (None if beyond else side.levels.get(price, Decimal(0)))

    def compare_best(self, side: PlainSide, expected: list[tuple[Decimal, Decimal]]) -> None:
        try:
            best = self.book.best_bid if side.bids else self.book.best_ask
        except EmptySide:
            assert not expected
            assert side.horizon is None
        except BookNotSynced:
            assert not expected
            assert side.horizon is not None
        else:
            assert (best.price, best.quantity) == expected[0]
            assert best is (self.book.bids(1) if side.bids else self.book.asks(1))[0]

    def compare_objects(self, side: PlainSide, levels: list[PriceLevel]) -> None:
        """A level that did not change is the very object it was."""
        seen = self.seen[side.bids]
        now = {_texts(level): level for level in levels}
        for texts in seen.keys() & now.keys():
            assert now[texts] is seen[texts]
        self.seen[side.bids] = now


def _texts(level: PriceLevel) -> tuple[str, str]:
    return level.price_text, level.quantity_text


def _numbers(levels: list[PriceLevel]) -> list[tuple[Decimal, Decimal]]:
    return [(level.price, level.quantity) for level in levels]


def make_rig(seed: int, style: str, kept_depth: int | None) -> Rig:
    rng = random.Random(f"{seed} {style} {kept_depth}")
    book = OrderBook(PAIR, Verification.SEQUENCE, now_ns=lambda: 0, kept_depth=kept_depth)
    book.mark(BookState.SYNCED, 0)
    sides = PlainSide(True, kept_depth), PlainSide(False, kept_depth)
    return Rig(rng, Texts(rng, style), book, sides, rng.random() < 0.5, {True: {}, False: {}})


@pytest.fixture(params=[(2, 5, 2), (8, 16, 8), (128, 1024, 64)], ids=["tiny", "small", "real"])
def window(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    shrink_window(monkeypatch, *request.param)


def shrink_window(patch: pytest.MonkeyPatch, size: int, widest: int, fewest: int) -> None:
    """So that a small book meets what a large one meets."""
    patch.setattr(Ladder, "window_size", size)
    patch.setattr(Ladder, "widest_window", widest)
    patch.setattr(Ladder, "fewest_rows", fewest)


@pytest.mark.campaign
@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kept_depth", [None, 1, 10])
def test_the_book_equals_a_plain_dict_after_every_step(style: str, kept_depth: int | None) -> None:
    for seed in SEEDS:
        rig = make_rig(seed, style, kept_depth)
        for number in range(STEPS):
            rig.step(number)


SPELLINGS = ("{}.0", "{}.00", "{}", "0{}.0", "{}.000000000000000000", "{}.000000000000000001")
ROWS = st.lists(
    st.tuples(
        st.builds(str.format, st.sampled_from(SPELLINGS), st.integers(1, 12)),
        st.sampled_from(("0", "0.00", "0E-8", "1", "2.50")),
    ).map(list),
    max_size=6,
)


@settings(max_examples=2000 if CAMPAIGN else 60, deadline=None)
@given(
    st.tuples(ROWS, ROWS, st.sampled_from((None, 1, 3))),
    st.lists(st.tuples(ROWS, ROWS), max_size=8),
    st.sampled_from((None, None, 2)),
)
def test_any_few_messages_leave_the_book_equal_to_a_plain_dict(
    first: tuple[list[list[str]], list[list[str]], int | None],
    messages: list[tuple[list[list[str]], list[list[str]]]],
    kept_depth: int | None,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        shrink_window(patch, 2, 5, 2)
        rig = make_rig(0, "fixed", kept_depth)
        rig.replace(*first)
        rig.compare()
        for bids, asks in messages:
            rig.apply(bids, asks)
            rig.compare()


@pytest.mark.usefixtures("window")
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("kept_depth", [None, 10])
def test_a_malformed_message_leaves_a_book_that_can_be_read(
    style: str, kept_depth: int | None
) -> None:
    broken: tuple[Any, ...] = (["x", "1"], ["NaN", "1"], ["1.1"], ["5.00"], [None, "1"])
    for seed in SEEDS:
        rig = make_rig(seed, style, kept_depth)
        for number in range(STEPS // 3):
            rig.step(number)
        rows: list[list[str]] = [*rig.rows(rig.sides[0]), rig.rng.choice(broken)]
        with pytest.raises((ValueError, TypeError)):
            rig.book.apply(BookDelta(PAIR, rows, []), 0, 0)
        rig.book._bids._window._check()
        levels = _numbers(rig.book.bids())
        assert levels == sorted(levels, reverse=True)
        assert _numbers(rig.book.bids(3)) == levels[:3]
        rig.snapshot()
        for number in range(1, 10):
            rig.step(number)
