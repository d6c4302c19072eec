"""The desk takes every kind of order: rules, locks, fees, events, and who is filled first."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector_sdk.errors import ConfigError, InvariantError
from connector_sdk.model.order import TimeInForce
from connector_sdk.sandbox.pair_market import EngineOrder
from connector_sdk.sandbox.trading import (
    EndReason,
    NewOrder,
    OrderEvent,
    OrderPlaced,
    RefusalKind,
    Refused,
    Rule,
    TradePrevention,
    VenueOrderStatus,
    VenueOrderType,
)
from trading_floor import ANN, BEN, BUY, PAIR, SELL, Floor

D = Decimal
IOC, FOK, GTC = TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTC
MAKER, STOP = VenueOrderType.LIMIT_MAKER, VenueOrderType.STOP_LOSS_LIMIT
STATUS = VenueOrderStatus


def test_a_resting_order_locks_what_it_may_cost_and_a_cancel_frees_it() -> None:
    floor = Floor()
    order = floor.place(ANN, BUY, "0.5", price="50000").order
    assert floor.balance(ANN, "USDT") == (D(975_000), D(25_000))
    sold = floor.place(ANN, SELL, "2", price="70000").order
    assert floor.balance(ANN, "BTC") == (D(998), D(2))
    assert [one.order_id for one in floor.desk.open_orders(ANN)] == [order.order_id, sold.order_id]
    floor.told(ANN)
    canceled = floor.desk.cancel(ANN, order.order_id, "my-cancel")
    assert not isinstance(canceled, Refused)
    assert canceled.status is STATUS.CANCELED
    assert floor.balance(ANN, "USDT") == (D(1_000_000), D(0))
    event = floor.heard[ANN][0]
    assert isinstance(event, OrderEvent)
    assert (event.request_id, event.order.client_order_id) == ("my-cancel", "id-1")
    assert floor.told(ANN) == ["canceled", "BalanceEvent"]


def test_fees_come_out_of_what_a_fill_brings_and_the_better_price_is_the_takers() -> None:
    floor = Floor()
    floor.place(BEN, SELL, "1", price="60000")
    placed = floor.place(ANN, BUY, "0.4", price="61000")
    (fill,) = placed.fills
    assert (fill.price, fill.quantity, fill.quote) == (D(60_000), D("0.4"), D(24_000))
    assert (fill.fee, fill.fee_asset, fill.maker) == (D("0.0004"), "BTC", False)
    assert floor.balance(ANN, "USDT") == (D(976_000), D(0))
    assert floor.balance(ANN, "BTC") == (D("1000.3996"), D(0))
    assert floor.balance(BEN, "USDT") == (D(1_000_000) + 24_000 - D("19.2"), D(0))
    assert floor.balance(BEN, "BTC") == (D(999), D("0.6"))
    assert floor.desk.fee_rates(ANN) == (D("0.0008"), D("0.001"))
    ((order, told),) = floor.desk.fills(BEN, PAIR)
    assert (told.maker, told.fee_asset, told.trade_id) == (True, "USDT", fill.trade_id)
    assert order.status is STATUS.PARTIALLY_FILLED


def test_events_are_new_then_a_trade_a_fill_then_the_balance() -> None:
    floor = Floor()
    floor.place(BEN, SELL, "0.1", price="60000")
    floor.place(BEN, SELL, "0.1", price="60001")
    floor.told(BEN)
    floor.place(ANN, BUY, "0.3", price="60005", time_in_force=IOC)
    ids = [e.execution_id for e in floor.heard[ANN] if isinstance(e, OrderEvent)]
    assert ids == sorted(ids)
    assert floor.told(ANN) == ["new", "trade", "trade", "expired", "BalanceEvent"]
    assert floor.told(BEN) == ["trade", "trade", "BalanceEvent"]


@pytest.mark.parametrize(
    ("wanted", "status", "filled", "reason"),
    [
        ({"price": "60001"}, STATUS.PARTIALLY_FILLED, "0.3", None),
        ({"price": "60001", "time_in_force": IOC}, STATUS.EXPIRED, "0.3", EndReason.UNFILLED_IOC),
        ({"price": "60001", "time_in_force": FOK}, STATUS.EXPIRED, "0", EndReason.UNFILLED_FOK),
        ({"price": "60009", "time_in_force": FOK}, STATUS.FILLED, "0.5", None),
        ({}, STATUS.FILLED, "0.5", None),
    ],
)
def test_a_time_in_force_says_what_becomes_of_the_rest(
    wanted: dict[str, Any], status: VenueOrderStatus, filled: str, reason: EndReason | None
) -> None:
    floor = Floor()
    for quantity, price in (("0.1", "60000"), ("0.2", "60001"), ("0.4", "60002")):
        floor.place(BEN, SELL, quantity, price=price)
    order = floor.place(ANN, BUY, "0.5", **wanted).order
    assert (order.status, order.filled, order.end_reason) == (status, D(filled), reason)


def test_a_market_order_takes_what_there_is_and_expires_with_the_rest() -> None:
    floor = Floor()
    floor.place(BEN, BUY, "0.5", price="59000")
    order = floor.place(ANN, SELL, "0.8").order
    assert (order.status, order.filled) == (STATUS.EXPIRED, D("0.5"))
    assert order.end_reason is EndReason.NO_LIQUIDITY
    assert floor.balance(ANN, "BTC") == (D("999.5"), D(0))


@pytest.mark.parametrize(("side", "quantity"), [(BUY, "0.00334"), (SELL, "0.00339")])
def test_a_market_order_may_say_what_to_spend_or_earn(side: Any, quantity: str) -> None:
    floor = Floor()
    floor.place(BEN, SELL, "1", price="60000")
    floor.place(BEN, BUY, "1", price="59000")
    order = floor.place(ANN, side, None, quote_quantity="200.5").order
    assert (order.quantity, order.filled, order.status) == (D(quantity), D(quantity), STATUS.FILLED)
    assert order.filled_quote <= D("200.5")
    assert D("200.5") - order.filled_quote < D("0.6")


def test_the_venues_own_flow_fills_a_users_order_in_its_turn() -> None:
    floor = Floor()
    before = floor.market.enter(_house(BUY, 10, 5_900_000), 0)
    mine = floor.place(ANN, BUY, "0.0002", price="59000").order
    floor.market.enter(_house(BUY, 10, 5_900_000), 0)
    assert before.resting == 10
    floor.told(ANN)
    floor.market.enter(_house(SELL, 15, 5_900_000), 0)
    floor.desk.follow_up()
    assert (mine.filled, mine.status) == (D("0.00005"), STATUS.PARTIALLY_FILLED)
    assert floor.told(ANN) == ["trade", "BalanceEvent"]
    assert floor.desk.life.accounts.house.holdings["BTC"].free < 0


def _house(side: Any, lots: int, price: int) -> EngineOrder:
    return EngineOrder(side, lots, price, 0, None)


def test_an_iceberg_shows_a_part_at_a_time_and_loses_its_place() -> None:
    floor = Floor()
    ice = floor.place(ANN, SELL, "0.01", price="60000", iceberg="0.002").order
    behind = floor.place(BEN, SELL, "0.003", price="60000").order
    assert floor.asks() == [(6_000_000, 500)]
    floor.place(BEN, BUY, "0.003", price="60000", prevention=TradePrevention.NONE)
    assert (ice.filled, behind.filled) == (D("0.002"), D("0.001"))
    assert floor.asks() == [(6_000_000, 400)]
    floor.place(BEN, BUY, "0.009", price="60000", time_in_force=FOK)
    assert (ice.filled, behind.filled) == (D("0.009"), D("0.003"))


def test_an_amendment_makes_it_smaller_and_keeps_its_place() -> None:
    floor = Floor()
    first = floor.place(ANN, SELL, "0.01", price="60000").order
    floor.place(BEN, SELL, "0.01", price="60000")
    floor.told(ANN)
    amended = floor.desk.amend(ANN, first.order_id, D("0.004"), "smaller")
    assert amended is first
    assert (first.quantity, first.client_order_id) == (D("0.004"), "smaller")
    assert floor.told(ANN) == ["amended", "BalanceEvent"]
    assert floor.balance(ANN, "BTC") == (D("999.996"), D("0.004"))
    assert floor.desk.order(ANN, PAIR, client_order_id="smaller") is first
    assert floor.desk.order(ANN, PAIR, client_order_id="id-1") is None
    assert [f.price for f in floor.place(BEN, BUY, "0.004", price="60000").fills] == [D(60_000)]
    assert first.status is STATUS.FILLED


@pytest.mark.parametrize(
    ("quantity", "kind"),
    [
        ("0.01", RefusalKind.NOT_SMALLER),
        ("0.02", RefusalKind.NOT_SMALLER),
        ("0.003", RefusalKind.NOT_SMALLER),
        ("0.0050001", RefusalKind.RULE),
    ],
)
def test_an_amendment_that_is_none_is_refused(quantity: str, kind: RefusalKind) -> None:
    floor = Floor()
    order = floor.place(ANN, SELL, "0.01", price="60000").order
    floor.place(BEN, BUY, "0.004", price="60000")
    refused = floor.desk.amend(ANN, order.order_id, D(quantity), "new")
    assert isinstance(refused, Refused)
    assert refused.kind is kind


def test_an_order_is_amended_so_often_and_under_ids_that_are_free() -> None:
    floor = Floor(amends=2)
    floor.place(ANN, SELL, "0.01", price="60002", client_order_id="other")
    order = floor.place(ANN, SELL, "0.01", price="60000").order
    taken = floor.desk.amend(ANN, order.order_id, D("0.009"), "other")
    assert taken == Refused(RefusalKind.DUPLICATE)
    for number in (1, 2):
        floor.desk.amend(ANN, order.order_id, D("0.009") - D("0.001") * number, f"a-{number}")
    assert floor.desk.amend(ANN, order.order_id, D("0.001"), "a-3") == Refused(
        RefusalKind.TOO_MANY_AMENDS
    )


PREVENTED = [
    (TradePrevention.NONE, STATUS.FILLED, STATUS.FILLED, ["new", "trade", "trade"]),
    (TradePrevention.EXPIRE_TAKER, STATUS.EXPIRED_IN_MATCH, STATUS.NEW, ["new", "trade prevented"]),
    (TradePrevention.EXPIRE_MAKER, STATUS.NEW, STATUS.EXPIRED_IN_MATCH, ["new", "trade prevented"]),
    (
        TradePrevention.EXPIRE_BOTH,
        STATUS.EXPIRED_IN_MATCH,
        STATUS.EXPIRED_IN_MATCH,
        ["new", "trade prevented", "trade prevented"],
    ),
    (
        TradePrevention.DECREMENT,
        STATUS.EXPIRED_IN_MATCH,
        STATUS.EXPIRED_IN_MATCH,
        ["new", "trade prevented", "trade prevented"],
    ),
]


@pytest.mark.parametrize(("choice", "taker", "maker", "events"), PREVENTED)
def test_an_account_that_meets_itself_does_as_the_taker_chose(
    choice: TradePrevention, taker: VenueOrderStatus, maker: VenueOrderStatus, events: list[str]
) -> None:
    floor = Floor()
    resting = floor.place(ANN, SELL, "0.01", price="60000").order
    floor.told(ANN)
    coming = floor.place(ANN, BUY, "0.01", price="60000", prevention=choice).order
    assert (coming.status, resting.status) == (taker, maker)
    assert floor.told(ANN) == [*events, "BalanceEvent"]
    locked = [floor.balance(ANN, asset)[1] for asset in ("USDT", "BTC")]
    assert locked == [
        D(600) if taker is STATUS.NEW else D(0),
        D("0.01") if maker is STATUS.NEW else D(0),
    ]


def test_a_decrement_leaves_the_larger_of_the_two_with_what_is_left() -> None:
    floor = Floor()
    resting = floor.place(ANN, SELL, "0.03", price="60000").order
    other = floor.place(BEN, SELL, "0.01", price="60000").order
    floor.place(ANN, BUY, "0.01", price="60000", prevention=TradePrevention.DECREMENT)
    assert (resting.status, resting.prevented) == (STATUS.NEW, D("0.01"))
    assert floor.balance(ANN, "BTC") == (D("999.98"), D("0.02"))
    assert other.filled == 0


def test_refused_all_or_nothing_where_ones_own_order_stands_between() -> None:
    floor = Floor()
    floor.place(BEN, SELL, "0.01", price="60000")
    floor.place(ANN, SELL, "0.01", price="60001")
    floor.place(BEN, SELL, "0.05", price="60002")
    wanted = {"price": "60005", "time_in_force": FOK}
    for choice, status in (
        (TradePrevention.EXPIRE_TAKER, STATUS.EXPIRED),
        (TradePrevention.EXPIRE_MAKER, STATUS.FILLED),
    ):
        order = floor.place(ANN, BUY, "0.02", prevention=choice, **wanted).order
        assert order.status is status
        assert order.filled in {D(0), D("0.02")}


BROKEN: list[tuple[dict[str, Any], RefusalKind, str]] = [
    ({"price": "60000.001"}, RefusalKind.RULE, Rule.PRICE),
    ({"price": "1000001"}, RefusalKind.RULE, Rule.PRICE),
    ({"price": "0"}, RefusalKind.RULE, Rule.PRICE),
    ({"price": "60000.0000000001"}, RefusalKind.PRECISION, ""),
    ({"price": "60000", "quantity": "0.010001"}, RefusalKind.RULE, Rule.LOT),
    ({"price": "60000", "quantity": "9001"}, RefusalKind.RULE, Rule.LOT),
    ({"price": "60000", "quantity": "-1"}, RefusalKind.RULE, Rule.LOT),
    ({"price": "60000", "quantity": "0.00001"}, RefusalKind.RULE, Rule.NOTIONAL),
    ({"quantity": "0.00001"}, RefusalKind.RULE, Rule.NOTIONAL),
    ({"quantity": None, "quote_quantity": "4"}, RefusalKind.RULE, Rule.NOTIONAL),
    ({"quantity": None, "quote_quantity": "50"}, RefusalKind.RULE, Rule.MARKET_LOT),
    ({"price": "60000", "quantity": "20"}, RefusalKind.INSUFFICIENT_BALANCE, ""),
    ({"price": "60000", "iceberg": "0.0009"}, RefusalKind.RULE, Rule.ICEBERG_PARTS),
    ({"price": "60000", "iceberg": "0"}, RefusalKind.RULE, Rule.LOT),
    (
        {"price": "60000", "iceberg": "0.005", "time_in_force": IOC},
        RefusalKind.RULE,
        Rule.ICEBERG_PARTS,
    ),
    ({"price": "60000", "client_order_id": "taken"}, RefusalKind.DUPLICATE, ""),
    ({"price": "61000", "type": MAKER}, RefusalKind.WOULD_MATCH, ""),
    ({"price": "1", "stop_price": "59000", "type": STOP}, RefusalKind.RULE, Rule.NOTIONAL),
    (
        {"price": "60000", "stop_price": "59000", "type": STOP},
        RefusalKind.WOULD_TRIGGER,
        "",
    ),
    (
        {"price": "60000", "trailing_delta": 9, "type": STOP},
        RefusalKind.RULE,
        Rule.TRAILING_DELTA,
    ),
]


@pytest.mark.parametrize(("wanted", "kind", "rule"), BROKEN)
def test_an_order_that_breaks_a_rule_is_refused_and_changes_nothing(
    wanted: dict[str, Any], kind: RefusalKind, rule: str
) -> None:
    floor = Floor()
    floor.place(ANN, BUY, "0.01", price="50000", client_order_id="taken")
    if kind is RefusalKind.WOULD_MATCH:
        floor.place(BEN, SELL, "0.01", price="60500")
    quantity = wanted.get("quantity", "0.01")
    rest = {key: value for key, value in wanted.items() if key != "quantity"}
    assert floor.refused(ANN, BUY, quantity, **rest) == Refused(kind, rule)
    assert floor.desk.check(ANN, floor.order(BUY, quantity, **rest)) == Refused(kind, rule)


def test_check_takes_nothing() -> None:
    floor = Floor()
    assert floor.desk.check(ANN, floor.order(BUY, "0.01", price="50000")) is None
    assert floor.desk.open_orders(ANN) == []
    assert list(floor.journal.orders) == []


def test_a_client_order_id_is_free_again_once_its_order_is_closed() -> None:
    floor = Floor()
    first = floor.place(ANN, BUY, "0.01", price="50000", client_order_id="x").order
    floor.place(BEN, BUY, "0.01", price="50000", client_order_id="x")
    floor.desk.cancel(ANN, first.order_id, "c")
    second = floor.place(ANN, BUY, "0.02", price="50000", client_order_id="x").order
    assert floor.desk.order(ANN, PAIR, client_order_id="x") is second
    assert floor.desk.order(ANN, PAIR, order_id=first.order_id) is first
    assert floor.desk.orders(ANN, PAIR) == [first, second]


def test_nobody_cancels_what_is_not_theirs_or_closed() -> None:
    floor = Floor()
    order = floor.place(ANN, BUY, "0.01", price="50000").order
    gone = Refused(RefusalKind.NO_SUCH_ORDER)
    assert floor.desk.cancel(BEN, order.order_id, "c") == gone
    assert floor.desk.cancel(ANN, 1, "c") == gone
    floor.desk.cancel(ANN, order.order_id, "c")
    assert floor.desk.cancel(ANN, order.order_id, "c") == gone
    assert floor.desk.amend(ANN, order.order_id, D("0.001"), "a") == gone


def test_so_many_orders_rest_and_wait_at_most() -> None:
    floor = Floor(open_orders=3, open_triggers=1)
    stop = {"price": "50000", "stop_price": "70000", "type": STOP}
    floor.place(ANN, BUY, "0.01", **stop)
    assert floor.refused(ANN, BUY, "0.01", **stop).rule == Rule.OPEN_TRIGGERS
    floor.place(ANN, BUY, "0.01", price="50000")
    floor.place(ANN, BUY, "0.01", price="50000")
    assert floor.refused(ANN, BUY, "0.01", price="50000").rule == Rule.OPEN_ORDERS
    floor.place(BEN, BUY, "0.01", price="50000")


def test_raised_rules_let_thousands_of_orders_rest() -> None:
    floor = Floor()
    for number in range(1_000):
        assert isinstance(floor.ask(ANN, BUY, "0.0001", price=str(50_000 + number)), OrderPlaced)
    assert len(floor.desk.open_orders(ANN, PAIR)) == 1_000


def test_a_deposit_is_told_as_a_change_and_then_as_a_balance() -> None:
    floor = Floor()
    floor.wait(1)
    floor.desk.deposit(ANN, "USDT", D("12.5"))
    assert floor.told(ANN) == ["TransferEvent", "BalanceEvent"]
    assert floor.balance(ANN, "USDT")[0] == D("1000012.5")
    assert floor.desk.balances_changed_ns(ANN) == floor.agenda.now_ns
    assert floor.journal.balances(ANN)["USDT"].free == D("1000012.5")


def test_what_a_dialect_must_refuse_itself_is_our_own_bug() -> None:
    floor = Floor()
    for wanted in (
        {"type": VenueOrderType.LIMIT},
        {"price": "1", "stop_price": "1"},
        {"price": "1", "type": STOP},
        {"price": "1", "quote_quantity": "1"},
    ):
        with pytest.raises(InvariantError):
            floor.ask(ANN, BUY, "0.01", **wanted)
    with pytest.raises(ConfigError, match="does not list X-Y"):
        floor.desk.place(ANN, NewOrder("X-Y", BUY, VenueOrderType.LIMIT, "a", D(1), price=D(1)))


def test_an_account_is_found_by_its_key() -> None:
    floor = Floor()
    account = floor.desk.account_of(next(iter(floor.desk.life.accounts)).account.key)
    assert account is not None
    assert account.name == ANN
    assert floor.desk.account_of("nobody") is None
