"""Reference scenarios of trading on paper, each with its exact fills."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

import paper_room
from connector_sdk.errors import ConfigError
from connector_sdk.model.events import BookState
from connector_sdk.model.instrument import Instruments, ProvisionalInstruments, SymbolFormat
from connector_sdk.model.order import Side
from connector_sdk.sandbox.order_life import Fees
from connector_sdk.sandbox.paper_venue import PaperVenue, fee_millionths, fee_rates
from connector_sdk.sandbox.trading import (
    EndReason,
    NewOrder,
    RefusalKind,
    Refused,
    Rule,
    UserOrder,
    VenueOrderStatus,
    VenueOrderType,
)
from paper_room import FUNDS, PAIR, FillRow, PaperRoom

NOTHING = Decimal(0)
Act = Callable[[PaperRoom], object]
SCENARIOS: dict[str, tuple[list[Act], list[FillRow]]] = {
    "a taker walks the book": (
        [lambda r: r.place("a", "buy", 9, 102)],
        [("a", "101", "4"), ("a", "102", "5")],
    ),
    "a market order takes what there is and no more": (
        [lambda r: r.place("a", "sell", 30, kind="market")],
        [("a", "100", "5"), ("a", "99", "7"), ("a", "98", "9")],
    ),
    "what was taken is not there for the next order": (
        [lambda r: r.place("a", "buy", 3, 101), lambda r: r.place("b", "buy", 3, 102)],
        [("a", "101", "3"), ("b", "101", "1"), ("b", "102", "2")],
    ),
    "nor after the level shrank by less than was left": (
        [
            lambda r: r.place("a", "buy", 2, 102),
            lambda r: r.update(asks={101: 3}),
            lambda r: r.place("b", "buy", 3, 102),
        ],
        [("a", "101", "2"), ("b", "101", "1"), ("b", "102", "2")],
    ),
    "what comes new to the level can be taken": (
        [
            lambda r: r.place("a", "buy", 4, 101),
            lambda r: r.update(asks={101: 6}),
            lambda r: r.place("b", "buy", 4, 102),
        ],
        [("a", "101", "4"), ("b", "101", "2"), ("b", "102", "2")],
    ),
    "what was taken is forgotten as the level shrinks below it": (
        [
            lambda r: r.place("a", "buy", 4, 101),
            lambda r: r.update(asks={101: 1}),
            lambda r: r.update(asks={101: 4}),
            lambda r: r.place("b", "buy", 5, 102),
        ],
        [("a", "101", "4"), ("b", "101", "3"), ("b", "102", "2")],
    ),
    "a level that went and came back is another one": (
        [
            lambda r: r.place("a", "buy", 4, 101),
            lambda r: r.update(asks={101: 0}),
            lambda r: r.update(asks={101: 4}),
            lambda r: r.place("b", "buy", 4, 101),
        ],
        [("a", "101", "4"), ("b", "101", "4")],
    ),
    "a resting order waits for what is queued before it": (
        [
            lambda r: r.place("a", "buy", 3, 100),
            lambda r: r.trade("sell", 100, 5),
            lambda r: r.trade("sell", 100, 2),
            lambda r: r.trade("sell", 100, 2),
        ],
        [("a", "100", "2"), ("a", "100", "1")],
    ),
    "an order at a price of its own is first there": (
        [lambda r: r.place("a", "sell", 3, 105), lambda r: r.trade("buy", 105, 2)],
        [("a", "105", "2")],
    ),
    "a trade through its price fills it at its own price": (
        [lambda r: r.place("a", "buy", 3, 99), lambda r: r.trade("sell", 98, 2)],
        [("a", "99", "2")],
    ),
    "a trade through its price leaves nothing before it": (
        [
            lambda r: r.place("a", "buy", 3, 99),
            lambda r: r.trade("sell", 98, 1),
            lambda r: r.trade("sell", 99, 1),
        ],
        [("a", "99", "1"), ("a", "99", "1")],
    ),
    "a trade that does not reach its price leaves it": (
        [lambda r: r.place("a", "buy", 3, 99), lambda r: r.trade("sell", 100, 50)],
        [],
    ),
    "a taker of its own side at its price does not meet it": (
        [lambda r: r.place("a", "buy", 3, 100), lambda r: r.trade("buy", 100, 50)],
        [],
    ),
    "a book that moves over its price without a trade does not fill it": (
        [
            lambda r: r.place("a", "buy", 3, 100),
            lambda r: r.update(bids={100: 0, 99: 0, 98: 0}, asks={97: 9}),
        ],
        [],
    ),
    "what leaves the queue by cancels stood behind": (
        [
            lambda r: r.place("a", "buy", 3, 100),
            lambda r: r.update(bids={100: 9}),
            lambda r: r.update(bids={100: 5}),
            lambda r: r.trade("sell", 100, 6),
        ],
        [("a", "100", "1")],
    ),
    "unless there is less left than stood before it": (
        [
            lambda r: r.place("a", "buy", 3, 100),
            lambda r: r.update(bids={100: 1}),
            lambda r: r.trade("sell", 100, 3),
        ],
        [("a", "100", "2")],
    ),
    "a trade and the level it left are one change, in either order": (
        [
            lambda r: r.place("a", "buy", 3, 100),
            lambda r: r.update(bids={100: 2}, at=50),
            lambda r: r.trade("sell", 100, 3, at=45),
            lambda r: r.trade("sell", 100, 3, at=60),
        ],
        [("a", "100", "1")],
    ),
    "a trade of before the order was placed does not fill it": (
        [
            lambda r: r.update(bids={100: 0}, at=50),
            lambda r: r.place("a", "buy", 3, 100),
            lambda r: r.trade("sell", 100, 5, at=50),
            lambda r: r.trade("sell", 99, 1, at=51),
        ],
        [("a", "100", "1")],
    ),
    "of two at one price the first is filled first": (
        [
            lambda r: r.place("a", "sell", 2, 105),
            lambda r: r.place("b", "sell", 2, 105),
            lambda r: r.trade("buy", 105, 3),
        ],
        [("a", "105", "2"), ("b", "105", "1")],
    ),
    "what is queued between two of ours is filled between them": (
        [
            lambda r: r.place("a", "sell", 2, 105),
            lambda r: r.update(asks={105: 4}),
            lambda r: r.place("b", "sell", 2, 105),
            lambda r: r.trade("buy", 105, 5),
            lambda r: r.trade("buy", 105, 2),
        ],
        [("a", "105", "2"), ("b", "105", "1")],
    ),
    "one trade fills no more than its quantity, the better price first": (
        [
            lambda r: r.place("a", "buy", 2, 98),
            lambda r: r.place("b", "buy", 2, 99),
            lambda r: r.trade("sell", 97, 3),
        ],
        [("b", "99", "2"), ("a", "98", "1")],
    ),
    "what a limit order does not take rests, first at a price it took empty": (
        [
            lambda r: r.place("a", "buy", 6, 101),
            lambda r: r.trade("sell", 100, 1),
            lambda r: r.trade("sell", 101, 1),
        ],
        [("a", "101", "4"), ("a", "101", "1"), ("a", "101", "1")],
    ),
    "immediate or cancel": (
        [lambda r: r.place("a", "buy", 6, 101, "ioc"), lambda r: r.trade("sell", 90, 9)],
        [("a", "101", "4")],
    ),
    "fill or kill, all": (
        [lambda r: r.place("a", "buy", 10, 102, "fok")],
        [("a", "101", "4"), ("a", "102", "6")],
    ),
    "fill or kill, nothing": ([lambda r: r.place("a", "buy", 11, 102, "fok")], []),
    "fill or kill sees what was taken before": (
        [
            lambda r: r.place("a", "buy", 1, 101),
            lambda r: r.place("b", "buy", 10, 102, "fok"),
            lambda r: r.place("c", "buy", 9, 102, "fok"),
        ],
        [("a", "101", "1"), ("c", "101", "3"), ("c", "102", "6")],
    ),
    "an order of ours does not meet one of ours at a price that both see": (
        [
            lambda r: r.place("a", "sell", 2, 101),
            lambda r: r.trade("buy", 101, 5),
            lambda r: r.trade("buy", 102, 1),
        ],
        [("a", "101", "1"), ("a", "101", "1")],
    ),
    "a fraction of a lot that is queued before it is counted as a whole one": (
        [
            lambda r: r.update(bids={100: "2.5"}),
            lambda r: r.place("a", "buy", 2, 100),
            lambda r: r.trade("sell", 100, 3),
            lambda r: r.trade("sell", 100, "1.9"),
        ],
        [("a", "100", "1")],
    ),
    "a fraction of a lot that is offered is not there": (
        [
            lambda r: r.update(asks={101: "2.7"}),
            lambda r: r.place("a", "buy", 4, 102),
        ],
        [("a", "101", "2"), ("a", "102", "2")],
    ),
}


@pytest.mark.parametrize("title", SCENARIOS)
def test_a_reference_scenario_gives_exactly_these_fills(title: str) -> None:
    acts, fills = SCENARIOS[title]
    room = PaperRoom()
    for act in acts:
        answer = act(room)
        assert not isinstance(answer, Refused), answer
    assert room.fills == fills


@pytest.mark.parametrize(
    ("kind", "price", "reason"),
    [
        ("ioc", 101, EndReason.UNFILLED_IOC),
        ("fok", 101, EndReason.UNFILLED_FOK),
        ("market", None, EndReason.NO_LIQUIDITY),
    ],
)
def test_what_may_not_rest_expires(kind: str, price: int | None, reason: EndReason) -> None:
    room = PaperRoom(asks={101: 4})
    order = room.place("a", "buy", 9, price, kind)
    assert isinstance(order, UserOrder)
    assert (order.status, order.end_reason) == (VenueOrderStatus.EXPIRED, reason)
    assert room.balance("USDT")[1] == 0


def test_a_post_only_order_that_would_match_is_refused_and_one_that_would_not_rests() -> None:
    room = PaperRoom()
    assert room.place("a", "buy", 1, 101, "limit_maker") == Refused(RefusalKind.WOULD_MATCH)
    assert room.place("b", "sell", 1, 100, "limit_maker") == Refused(RefusalKind.WOULD_MATCH)
    assert isinstance(room.place("c", "buy", 1, 100, "limit_maker"), UserOrder)
    room.place("d", "buy", 4, 101)
    assert isinstance(room.place("e", "buy", 1, 101, "limit_maker"), UserOrder)
    assert room.place("f", "sell", 1, 101, "limit_maker") == Refused(RefusalKind.WOULD_MATCH)


@pytest.mark.parametrize(
    ("quantity", "price", "refused"),
    [
        ("1.5", 100, Refused(RefusalKind.RULE, Rule.LOT)),
        (1, "100.5", Refused(RefusalKind.RULE, Rule.PRICE)),
        (1, 4, Refused(RefusalKind.RULE, Rule.NOTIONAL)),
        (1_001, 100, Refused(RefusalKind.INSUFFICIENT_BALANCE)),
    ],
)
def test_the_rules_of_the_venue_and_the_balances_hold(
    quantity: int | str, price: int | str, refused: Refused
) -> None:
    assert PaperRoom().place("a", "buy", quantity, price) == refused


def test_money_is_exact_and_locked_while_an_order_rests() -> None:
    room = PaperRoom(fees=Fees(1_000, 2_000))
    room.place("a", "buy", 6, 101)
    # 4 taken at 101, fee 0.2 % of the 4 BTC; 2 rest at 101
    assert room.balance("USDT") == (FUNDS["USDT"] - 606, Decimal(202))
    assert room.balance("BTC") == (FUNDS["BTC"] + 4 - Decimal("0.008"), NOTHING)
    room.trade("sell", 101, 1)
    assert room.balance("USDT") == (FUNDS["USDT"] - 606, Decimal(101))
    assert room.balance("BTC") == (FUNDS["BTC"] + 5 - Decimal("0.009"), NOTHING)
    room.venue.desk.cancel(room.venue.account, room.order("a").order_id, "")
    assert room.balance("USDT") == (FUNDS["USDT"] - 505, NOTHING)
    room.place("b", "sell", 2, 100)
    assert room.balance("USDT") == (FUNDS["USDT"] - 505 + 200 - Decimal("0.4"), NOTHING)
    assert room.balance("BTC") == (FUNDS["BTC"] + 3 - Decimal("0.009"), NOTHING)


def test_without_a_book_that_can_be_believed_no_order_is_taken() -> None:
    room = PaperRoom()
    room.book.mark(BookState.STALE, 1, "a gap")
    assert room.place("a", "buy", 1, 100) == Refused(RefusalKind.CLOSED)
    room.venue.leave(PAIR)
    assert room.place("a", "buy", 1, 100) == Refused(RefusalKind.CLOSED)


def test_resting_orders_are_filled_by_trades_while_the_book_is_stale() -> None:
    room = PaperRoom()
    room.place("a", "buy", 1, 100)
    room.book.mark(BookState.STALE, 1, "a gap")
    room.venue.book_changed(PAIR, 5)
    room.trade("sell", 99, 1)
    assert room.fills == [("a", "100", "1")]


def test_what_was_taken_of_a_level_that_went_is_forgotten() -> None:
    room = PaperRoom()
    room.place("a", "buy", 6, 102)
    room.update(asks={101: 0, 102: 1})
    assert room.pair._taken == {(Side.SELL, Decimal(102)): 1}
    room.update(asks={102: 0})
    assert not room.pair._taken


def test_an_amended_order_keeps_its_place() -> None:
    room = PaperRoom()
    order = room.place("a", "buy", 5, 100)
    assert isinstance(order, UserOrder)
    room.trade("sell", 100, 4)
    room.venue.desk.amend(room.venue.account, order.order_id, Decimal(2), "a")
    room.trade("sell", 100, 9)
    assert room.fills == [("a", "100", "2")]


def test_a_canceled_order_is_filled_no_more_and_its_place_is_forgotten() -> None:
    room = PaperRoom()
    order = room.place("a", "buy", 5, 100)
    assert isinstance(order, UserOrder)
    room.venue.desk.cancel(room.venue.account, order.order_id, "")
    room.trade("sell", 90, 9)
    room.update(bids={100: 6})
    assert room.fills == []
    assert not room.pair._places


def test_beyond_the_horizon_an_order_waits_until_its_level_is_known() -> None:
    room = PaperRoom(depth=3)
    room.place("a", "buy", 1, 90)
    room.trade("sell", 90, 5)
    assert room.fills == []
    room.trade("sell", 89, 1)
    assert room.fills == [("a", "90", "1")]


def test_an_order_ends_where_it_meets_one_of_ours() -> None:
    room = PaperRoom()
    room.place("a", "sell", 2, 102)
    order = room.place("b", "buy", 9, 102)
    assert isinstance(order, UserOrder)
    assert (order.status, order.end_reason) == (
        VenueOrderStatus.EXPIRED_IN_MATCH,
        EndReason.SELF_TRADE,
    )
    assert room.fills == [("b", "101", "4")]
    assert room.order("a").status is VenueOrderStatus.NEW


def test_a_list_without_rules_is_refused() -> None:
    spelled = ProvisionalInstruments(SymbolFormat(quote_assets=("USDT",)))
    with pytest.raises(ConfigError, match="list of instruments"):
        PaperVenue(spelled, FUNDS, Fees())


def test_balances_may_hold_assets_that_nothing_is_traded_in() -> None:
    held = {"DOGE": Decimal("1.5")}
    venue = PaperVenue(Instruments([paper_room.INSTRUMENT]), held, Fees())
    assert venue.desk.balances(venue.account)["DOGE"].free == Decimal("1.5")


def test_a_pair_whose_amounts_cannot_be_exact_is_refused_and_harms_no_other() -> None:
    tiny = {"tick_size": Decimal("1e-12"), "lot_size": Decimal("1e-5"), "pair": "A-B"}
    fine = paper_room.INSTRUMENT.model_copy(update=tiny)
    venue = PaperVenue(Instruments([paper_room.INSTRUMENT, fine]), FUNDS, Fees())
    room = PaperRoom()
    venue.follow(PAIR, room.book)
    with pytest.raises(ConfigError, match="more than 16 decimals"):
        venue.follow("A-B", room.book)
    new = NewOrder("A-B", Side.BUY, VenueOrderType.MARKET, "a", quantity=Decimal(1))
    assert venue.place(new) == Refused(RefusalKind.CLOSED)


@pytest.mark.parametrize("shares", [("0.0000001", "0"), ("-0.001", "0"), ("0", "1")])
def test_fees_that_cannot_be_exact_are_refused(shares: tuple[str, str]) -> None:
    with pytest.raises(ConfigError, match="millionths"):
        fee_millionths((Decimal(shares[0]), Decimal(shares[1])))


def test_fees_are_shares() -> None:
    fees = fee_millionths((Decimal("0.00075"), Decimal("0.001")))
    assert fees == Fees(750, 1_000)
    assert fee_rates(PAIR, fees) == (PAIR, Decimal("0.00075"), Decimal("0.001"))
