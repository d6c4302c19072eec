from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from connector_sdk.book.ladder import Ladder
from connector_sdk.book.order_book import Horizon, OrderBook, PriceType
from connector_sdk.book.sequence import Verification
from connector_sdk.errors import BookNotSynced, EmptySide, NoTradeYet
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookDelta, BookSnapshot
from connector_sdk.model.order import Side

PAIR = "BTC-USDT"
BIDS = [["100.0", "1"], ["99.0", "2"], ["98.0", "3"]]
ASKS = [["101.0", "4"], ["102.0", "5"], ["103.0", "6"]]
Rows = list[list[str]]


def synced(
    bids: Rows = BIDS, asks: Rows = ASKS, depth: int | None = None, kept_depth: int | None = None
) -> OrderBook:
    book = OrderBook(PAIR, Verification.SEQUENCE, now_ns=lambda: 3_000, kept_depth=kept_depth)
    book.replace(BookSnapshot(PAIR, bids, asks, depth=depth), 7, 1_000)
    book.mark(BookState.SYNCED, 1_000)
    return book


def change(book: OrderBook, bids: Rows | None = None, asks: Rows | None = None) -> None:
    book.apply(BookDelta(PAIR, bids or [], asks or []), book.update_id + 1, 2_000)


def test_the_best_levels_mid_and_spread_are_read() -> None:
    book = synced()
    assert book.best_bid.price == Decimal(100)
    assert book.best_ask.quantity == Decimal(4)
    assert book.mid_price == Decimal("100.5")
    assert book.spread == Decimal(1)


def test_mid_and_spread_are_exact_for_prices_a_float_cannot_hold() -> None:
    book = synced([["0.10000000000000000001", "1"]], [["0.10000000000000000003", "1"]])
    assert book.mid_price == Decimal("0.10000000000000000002")
    assert book.spread == Decimal("0.00000000000000000002")


def test_what_rests_at_a_price_is_told_and_none_where_it_is_not_known() -> None:
    book = synced(depth=3)
    assert book.resting_quantity(Side.BUY, Decimal(99)) == 2
    assert book.resting_quantity(Side.SELL, Decimal("101.0000001")) == 0
    assert book.resting_quantity(Side.SELL, Decimal("103.1")) is None
    change(book, asks=[["102.0", "0.00"]])
    assert book.resting_quantity(Side.SELL, Decimal(102)) == 0
    book.mark(BookState.STALE, 2_000)
    with pytest.raises(BookNotSynced):
        book.resting_quantity(Side.BUY, Decimal(99))


def test_levels_are_read_best_first() -> None:
    book = synced()
    assert [level.price_text for level in book.bids()] == ["100.0", "99.0", "98.0"]
    assert [level.price_text for level in book.asks(2)] == ["101.0", "102.0"]
    assert book.bids(0) == []
    assert len(book.asks(50)) == 3


def test_two_prices_that_differ_at_the_18th_digit_are_two_levels() -> None:
    book = synced([["1.00000000000000001", "1"], ["1.00000000000000002", "2"]], ASKS)
    assert [level.quantity_text for level in book.bids()] == ["2", "1"]


def test_two_spellings_of_a_price_are_one_level() -> None:
    book = synced([["1.10", "1"]], ASKS)
    change(book, [["1.1", "5"]])
    assert [level.quantity for level in book.bids()] == [Decimal(5)]
    change(book, [["1.100", "0"]])
    assert book.bids() == []


@pytest.mark.parametrize("zero", ["0", "0.0", "0.00000000", "0E-8", "00.0", "-0"])
def test_zero_in_any_spelling_deletes(zero: str) -> None:
    book = synced()
    change(book, [["100.0", zero]])
    assert book.best_bid.price == Decimal(99)


def test_the_later_of_two_rows_of_one_price_counts() -> None:
    book = synced()
    change(book, [["100.0", "0"], ["100.0", "8"], ["99.0", "8"], ["99.0", "0"]])
    assert [level.price_text for level in book.bids()] == ["100.0", "98.0"]


@pytest.mark.parametrize("state", [BookState.STALE, BookState.SYNCING])
def test_a_book_that_is_not_synced_refuses_every_reading(state: BookState) -> None:
    book = synced()
    book.mark(state, 5_000, "delta 9..9 after 7")
    readings: list[Callable[[], object]] = [
        lambda: book.best_bid,
        lambda: book.best_ask,
        lambda: book.mid_price,
        lambda: book.spread,
        lambda: book.price(PriceType.BID),
        book.bids,
        book.asks,
        book.snapshot,
    ]
    for reading in readings:
        with pytest.raises(BookNotSynced, match=r"delta 9\.\.9 after 7") as refused:
            reading()
        assert refused.value.state == state.value
        assert refused.value.since_ns == 5_000


def test_stale_levels_can_be_read_by_name() -> None:
    book = synced()
    view = book.last_known
    book.mark(BookState.STALE, 5_000)
    assert view.best_bid.price == Decimal(100)
    assert view.best_ask.price == Decimal(101)
    assert view.spread == Decimal(1)
    assert len(view.bids(2)) == 2
    assert view.snapshot(1).state is BookState.STALE


def test_a_view_of_last_known_levels_follows_what_the_book_adopts() -> None:
    book = synced()
    view = book.last_known
    book.adopt(synced([["90.0", "1"]], ASKS))
    assert view.best_bid.price == Decimal(90)


def test_since_ns_tells_when_the_synced_state_was_left() -> None:
    book = synced()
    told = [book.since_ns]
    for state in (BookState.STALE, BookState.SYNCING, BookState.SYNCED):
        book.mark(state, 5_000 + len(told))
        told.append(book.since_ns)
    assert told == [None, 5_001, 5_001, None]


def test_an_empty_side_is_said_to_be_empty() -> None:
    book = synced(BIDS, [])
    with pytest.raises(EmptySide, match="ask"):
        book.best_ask  # noqa: B018 - reading is what is refused
    assert book.best_bid.price == Decimal(100)
    assert not book.best_is_beyond_horizon
    assert not book.crossed


def test_a_best_beyond_the_horizon_is_refused() -> None:
    book = synced(depth=3)
    change(book, [["100.0", "0"], ["99.0", "0"], ["98.0", "0"], ["97.0", "5"]])
    assert book.best_is_beyond_horizon
    with pytest.raises(BookNotSynced, match=r"beyond 98\.0"):
        book.best_bid  # noqa: B018 - reading is what is refused
    assert book.best_ask.price == Decimal(101)


def test_a_cut_snapshot_proves_nothing_beyond_its_worst_row() -> None:
    book = synced(depth=3)
    assert book.horizon == Horizon(Decimal(98), Decimal(103))
    change(book, [["97.9", "1"], ["98.5", "1"]], [["103.0", "9"], ["103.1", "1"]])
    assert [level.price_text for level in book.bids()] == ["100.0", "99.0", "98.5", "98.0"]
    assert [level.quantity_text for level in book.asks()] == ["4", "5", "9"]


def test_a_snapshot_shorter_than_its_limit_is_the_whole_book() -> None:
    book = synced(depth=4)
    assert book.horizon == Horizon(None, None)
    change(book, [["1.0", "1"]])
    assert book.bids()[-1].price_text == "1.0"


@pytest.mark.parametrize(("depth", "left", "few"), [(400, 100, False), (400, 99, True)])
def test_a_refresh_is_needed_below_a_hundred_proven_levels(
    depth: int, left: int, few: bool
) -> None:
    rows = [[f"{1000 + n}.0", "1"] for n in range(depth)]
    book = synced(rows, [], depth=depth)
    change(book, [[row[0], "0"] for row in rows[left:]])
    assert book.needs_refresh() is few


def test_a_refresh_is_needed_below_half_of_a_small_limit() -> None:
    rows = [[f"{1000 + n}.0", "1"] for n in range(10)]
    book = synced(rows, [], depth=10)
    change(book, [[row[0], "0"] for row in rows[5:]])
    assert not book.needs_refresh()
    change(book, [[rows[4][0], "0"]])
    assert book.needs_refresh()


def test_a_whole_book_needs_no_refresh() -> None:
    assert not synced().needs_refresh()


def test_crossed_tells_a_best_bid_at_or_above_the_best_ask() -> None:
    book = synced()
    told = [book.crossed]
    for bids, asks in (
        ([["101.0", "1"]], []),
        ([["101.0", "0"]], []),
        ([], [["99.5", "1"]]),
    ):
        change(book, bids, asks)
        told.append(book.crossed)
    assert told == [False, True, False, True]


def test_crossed_is_exact_where_floats_are_equal() -> None:
    book = synced([["1.00000000000000001", "1"]], [["1.00000000000000002", "1"]])
    assert not book.crossed


def test_prices_are_given_by_type() -> None:
    book = synced()
    assert book.price(PriceType.BID) == Decimal(100)
    assert book.price(PriceType.ASK) == Decimal(101)
    assert book.price(PriceType.MID) == Decimal("100.5")
    with pytest.raises(NoTradeYet):
        book.price(PriceType.LAST)
    book.last_trade_price = "100.7"
    assert book.price(PriceType.LAST) == Decimal("100.7")


def test_an_image_is_not_changed_by_what_comes_later() -> None:
    book = synced()
    image = book.snapshot()
    change(book, [["100.0", "9"]], [["101.0", "0"]])
    assert (image.update_id, image.received_ns, image.state) == (7, 1_000, BookState.SYNCED)
    assert image.bids[0].quantity == Decimal(1)
    assert image.asks[0].price == Decimal(101)
    assert len(book.snapshot(1).bids) == 1


def test_a_list_that_was_read_may_be_changed_without_harm() -> None:
    book = synced()
    for count in (2, 2, None):
        book.bids(count).clear()
        assert book.bids(2)[0].price == Decimal(100)


def test_an_unchanged_level_stays_the_same_object() -> None:
    book = synced()
    best, second = book.bids(2)
    change(book, [["99.0", "2"], ["98.0", "7"], ["100.0", "6"]])
    assert book.bids(2)[1] is second
    assert book.best_bid is not best
    assert book.best_bid is book.bids(1)[0]


def test_age_counts_from_the_last_update() -> None:
    book = synced()
    assert book.age_s == pytest.approx(2e-6)
    change(book)
    assert (book.update_id, book.received_ns) == (8, 2_000)
    assert book.age_s == pytest.approx(1e-6)


def test_only_the_kept_depth_is_kept() -> None:
    book = synced(kept_depth=2, depth=3)
    assert book.horizon == Horizon(None, None)
    assert len(book.bids()) == 2
    change(book, [["100.5", "1"]])
    change(book, [["100.5", "0"]])
    assert [level.price_text for level in book.bids()] == ["100.0"]


def test_differences_count_levels_that_are_not_alike() -> None:
    other = synced([["100.0", "1.00"], ["99.00", "9"], ["97.0", "1"]], ASKS)
    assert synced().differences(other) == 3
    assert other.differences(synced()) == 3
    assert synced().differences(synced()) == 0


def test_differences_are_counted_within_what_both_have_proven() -> None:
    other = synced([*BIDS, ["97.0", "1"]], ASKS)
    assert synced(depth=3).differences(other) == 0
    assert other.differences(synced(depth=3)) == 0


def test_what_is_adopted_is_the_others_contents() -> None:
    book, other = synced(), synced([["90.0", "1"]], [["89.0", "1"]], depth=1)
    book.adopt(other)
    assert book.best_bid.price == Decimal(90)
    assert book.crossed
    assert book.horizon == Horizon(Decimal(90), Decimal(89))


@pytest.mark.parametrize("text", ["x", "", "NaN", "Infinity", "1.x0"])
def test_a_price_that_is_no_number_is_refused(text: str) -> None:
    book = synced()
    with pytest.raises(ValueError, match=r".*"):
        change(book, [["99.5", "1"], [text, "1"]])
    with pytest.raises(ValueError, match=r".*"):
        synced([[text, "1"]])


def test_a_padded_price_far_from_the_best_is_no_second_level(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Ladder, "window_size", 1)
    book = synced([[f"{1000 + n}.0", "1"] for n in range(8)], [])
    change(book, [["01002.0", "9"]])
    assert [level.quantity_text for level in book.bids()] == [
        "1",
        "1",
        "1",
        "1",
        "1",
        "9",
        "1",
        "1",
    ]
