from __future__ import annotations

from decimal import Context, Decimal, localcontext

import pytest

from connector_sdk.book.depth_queries import TakenLevel
from connector_sdk.book.order_book import OrderBook
from connector_sdk.book.sequence import Verification
from connector_sdk.errors import BookNotSynced, ConfigError, InsufficientDepth
from connector_sdk.model.events import BookState
from connector_sdk.model.market_data import BookSnapshot
from connector_sdk.model.order import Side

PAIR = "BTC-USDT"
Rows = list[list[str]]
BIDS = [["100.0", "1"], ["99.0", "2"], ["98.0", "3"]]
ASKS = [["101.0", "4"], ["102.0", "5"], ["103.0", "6"]]
D = Decimal


def synced(
    bids: Rows = BIDS, asks: Rows = ASKS, depth: int | None = None, kept_depth: int | None = None
) -> OrderBook:
    book = OrderBook(PAIR, Verification.SEQUENCE, now_ns=lambda: 3_000, kept_depth=kept_depth)
    book.replace(BookSnapshot(PAIR, bids, asks, depth=depth), 7, 1_000)
    book.mark(BookState.SYNCED, 1_000)
    return book


@pytest.mark.parametrize(
    ("side", "quantity", "worst", "quote"),
    [
        (Side.BUY, "1", "101", "101"),
        (Side.BUY, "4", "101", "404"),
        (Side.BUY, "4.5", "102", "455"),
        (Side.BUY, 15, "103", "1532"),
        (Side.SELL, "1", "100", "100"),
        (Side.SELL, D("1.5"), "99", "149.5"),
        (Side.SELL, 6, "98", "592"),
    ],
)
def test_a_taker_walks_the_levels_of_the_other_side(
    side: Side, quantity: Decimal | str | int, worst: str, quote: str
) -> None:
    book = synced()
    assert book.price_for_volume(side, quantity) == D(worst)
    assert book.quote_volume_for_base(side, quantity) == D(quote)
    assert book.base_for_quote(side, quote) == D(quantity)
    assert book.simulate(side, quote_quantity=quote).worst_price == D(worst)
    assert book.vwap(side, quantity) == D(quote) / D(quantity)
    assert book.vwap(side, quote_quantity=quote) == D(quote) / D(quantity)


def test_a_simulated_fill_tells_what_is_taken_of_each_level() -> None:
    fill = synced().simulate(Side.BUY, quantity="6")
    assert fill.levels == (TakenLevel(D(101), D(4)), TakenLevel(D(102), D(2)))
    assert (fill.quantity, fill.quote, fill.worst_price) == (D(6), D(608), D(102))
    assert fill.average_price == D(608) / D(6)
    assert fill.unfilled == 0


@pytest.mark.parametrize(
    ("side", "price", "volume"),
    [
        (Side.BUY, "100.99", "0"),
        (Side.BUY, "101", "4"),
        (Side.BUY, "102.5", "9"),
        (Side.BUY, "500", "15"),
        (Side.SELL, "100.01", "0"),
        (Side.SELL, "99", "3"),
        (Side.SELL, "1", "6"),
    ],
)
def test_the_volume_at_a_price_or_better(side: Side, price: str, volume: str) -> None:
    assert synced().volume_for_price(side, price) == D(volume)


def test_too_little_depth_says_how_much_there_is() -> None:
    book = synced()
    with pytest.raises(InsufficientDepth, match=r"16 was asked for, and the book proves 15") as no:
        book.price_for_volume(Side.BUY, 16)
    assert (no.value.pair, no.value.asked, no.value.available) == (PAIR, D(16), D(15))
    with pytest.raises(InsufficientDepth) as no:
        book.base_for_quote(Side.SELL, "592.01")
    assert no.value.available == 592


def test_an_empty_side_has_no_depth() -> None:
    book = synced(asks=[])
    with pytest.raises(InsufficientDepth) as no:
        book.vwap(Side.BUY, "0.1")
    assert no.value.available == 0
    assert book.volume_for_price(Side.BUY, 100) == 0


def test_levels_beyond_the_horizon_do_not_answer() -> None:
    book = synced(depth=3)
    assert book.volume_for_price(Side.BUY, 103) == 15
    with pytest.raises(InsufficientDepth) as no:
        book.volume_for_price(Side.BUY, "103.01")
    assert (no.value.asked, no.value.available) == (D("103.01"), D(103))
    with pytest.raises(InsufficientDepth):
        book.volume_for_price(Side.SELL, "97.99")
    with pytest.raises(InsufficientDepth):
        book.simulate(Side.BUY, quantity=16, limit=104)
    assert book.simulate(Side.BUY, quantity=16, limit=103).unfilled == 1


def test_a_side_as_deep_as_the_venue_keeps_it_is_not_known_beyond() -> None:
    full, short = synced(kept_depth=3), synced(kept_depth=4)
    with pytest.raises(InsufficientDepth):
        full.volume_for_price(Side.SELL, 97)
    assert short.volume_for_price(Side.SELL, 97) == 6


def test_a_limit_leaves_the_rest_unfilled() -> None:
    book = synced()
    fill = book.simulate(Side.SELL, quantity=5, limit="99")
    assert (fill.quantity, fill.unfilled, fill.worst_price) == (D(3), D(2), D(99))
    spent = book.simulate(Side.BUY, quote_quantity=1000, limit="101.5")
    assert (spent.quote, spent.quantity, spent.unfilled) == (D(404), D(4), D(596))
    nothing = book.simulate(Side.BUY, quantity=1, limit="100.5")
    assert (nothing.quantity, nothing.average_price, nothing.worst_price) == (D(0), None, None)
    assert not nothing.levels
    assert nothing.unfilled == 1


def test_the_quote_quantity_is_spent_to_the_last_unit() -> None:
    fill = synced(asks=[["3", "10"]]).simulate(Side.BUY, quote_quantity=1)
    assert fill.quote == 1
    assert fill.quantity == D(f"0.{56 * '3'}")
    assert fill.average_price == 3


def test_sums_keep_every_digit_whatever_the_callers_context() -> None:
    asks = [["60000.12345678", "1234567.12345678"], ["60000.12345679", "0.00000001"]]
    with localcontext(Context(prec=6)):
        quote = synced(asks=asks).quote_volume_for_base(Side.BUY, "1234567.12345679")
    with localcontext(Context(prec=60)):
        rows = [(D(price), D(quantity)) for price, quantity in asks]
        assert quote == sum(price * quantity for price, quantity in rows)


def test_a_book_that_is_not_synced_refuses_and_its_last_known_levels_answer() -> None:
    book = synced()
    book.mark(BookState.STALE, 2_000, "a gap")
    for ask in (
        lambda: book.price_for_volume(Side.BUY, 1),
        lambda: book.vwap(Side.BUY, 1),
        lambda: book.volume_for_price(Side.BUY, 101),
        lambda: book.simulate(Side.SELL, quote_quantity=1),
    ):
        with pytest.raises(BookNotSynced):
            ask()
    assert book.last_known.price_for_volume(Side.BUY, 5) == 102


@pytest.mark.parametrize("wrong", [0.5, True, "abc", "nan", 0, "-1", None])
def test_what_is_not_an_exact_positive_number_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigError):
        synced().price_for_volume(Side.BUY, wrong)  # type: ignore[arg-type]  # as callers may


def test_one_of_quantity_and_quote_quantity_is_asked() -> None:
    book = synced()
    with pytest.raises(ConfigError, match="one of the two"):
        book.simulate(Side.BUY)
    with pytest.raises(ConfigError, match="one of the two"):
        book.vwap(Side.BUY, 1, quote_quantity=1)
