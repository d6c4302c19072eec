"""AccountReader: orders, fills and balances of a venue, read by its names for them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from connector_sdk.errors import UnlistedSymbol
from connector_sdk.model.account import Balance, BalanceReport, Fee
from connector_sdk.model.instrument import Instruments, ProvisionalInstruments, SymbolFormat
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus
from connector_sdk.model.wire import Unrecognized
from connector_sdk.protocols.account_reader import AccountReader
from connector_sdk.protocols.market import MALFORMED

LISTED = ProvisionalInstruments(SymbolFormat(separator="_", lower_case=True))
READER = AccountReader(
    {"LIVE": OrderStatus.OPEN},
    orders="market own|id oid state done size side kind force limit why|note at",
    fills="market tid own oid side price size fee coin rested at",
    balances="list coin free held at",
    time_ns=1_000,
)
ORDER: dict[str, Any] = {
    "market": "btc_usd",
    "own": "mine",
    "id": "other",
    "oid": 7,
    "state": "Live",
    "done": "0.1",
    "size": "0.5",
    "side": "Buy",
    "kind": "limit",
    "force": "ioc",
    "limit": "10.50",
    "at": 12,
}
TRADE: dict[str, Any] = {
    "market": "btc_usd",
    "tid": 9,
    "own": "mine",
    "oid": 7,
    "side": "sell",
    "price": "10",
    "size": "0.1",
    "fee": "-0.01",
    "coin": "usd",
    "rested": True,
    "at": "12",
}


def test_an_order_is_read_by_the_names_of_its_fields() -> None:
    assert READER.order(ORDER, LISTED) == OrderReport(
        "BTC-USD",
        "mine",
        "7",
        OrderStatus.OPEN,
        Decimal("0.1"),
        Decimal("0.5"),
        OrderIntent(
            "BTC-USD",
            Side.BUY,
            Decimal("0.5"),
            Decimal("10.5"),
            OrderType.LIMIT,
            TimeInForce.IOC,
        ),
        "",
        12_000,
    )


@pytest.mark.parametrize("nothing", [None, "", "NONE"])
def test_the_first_name_that_says_anything_is_read(nothing: str | None) -> None:
    assert READER.order(ORDER | {"own": nothing}, LISTED).client_order_id == "other"
    both = ORDER | {"own": nothing, "id": nothing}
    assert READER.order(both, LISTED).client_order_id is None


@pytest.mark.parametrize(("state", "status"), [("open", "OPEN"), ("FILLED", "FILLED")])
def test_words_that_are_ours_need_no_listing(state: str, status: str) -> None:
    assert READER.order(ORDER | {"state": state}, LISTED).status is OrderStatus[status]


def test_a_status_nobody_listed_is_no_order_but_news() -> None:
    strange = ORDER | {"state": "Sleeping"}
    with pytest.raises(KeyError):
        READER.order(strange, LISTED)
    assert READER.news(strange, LISTED) == Unrecognized("order status SLEEPING")
    assert READER.news(ORDER, LISTED) == READER.order(ORDER, LISTED)


@pytest.mark.parametrize(
    ("state", "told", "reason"),
    [
        ("expired", {"why": "NONE", "note": "too late"}, "too late"),
        ("expired", {}, "EXPIRED"),
        ("rejected", {"why": "no"}, "no"),
        ("canceled", {"why": "you asked"}, ""),
        ("open", {"why": "it rests"}, ""),
    ],
)
def test_only_an_end_nobody_asked_for_has_a_reason(
    state: str, told: dict[str, str], reason: str
) -> None:
    assert READER.order(ORDER | {"state": state} | told, LISTED).reason == reason


@pytest.mark.parametrize(
    ("told", "price", "force"),
    [
        ({"kind": "MARKET", "limit": "0"}, None, None),
        ({"kind": "limit_maker", "force": "gtx"}, Decimal("10.5"), None),
        ({"force": "FOK"}, Decimal("10.5"), TimeInForce.FOK),
    ],
)
def test_an_intent_has_what_its_type_has(
    told: dict[str, str], price: Decimal | None, force: TimeInForce | None
) -> None:
    intent = READER.order(ORDER | told, LISTED).intent
    assert intent is not None
    assert (intent.price, intent.time_in_force) == (price, force)


@pytest.mark.parametrize("told", [{"kind": "stop"}, {"force": "good till dusk"}])
def test_an_order_of_a_kind_we_have_no_word_for_has_no_intent(told: dict[str, str]) -> None:
    report = READER.order(ORDER | told, LISTED)
    assert (report.intent, report.quantity) == (None, Decimal("0.5"))


def test_a_fill_is_read_by_the_names_of_its_fields() -> None:
    assert READER.fill(TRADE, LISTED) == Fill(
        "BTC-USD",
        "9",
        "mine",
        "7",
        Side.SELL,
        Decimal(10),
        Decimal("0.1"),
        Fee("usd", Decimal("-0.01")),
        maker=True,
        event_ns=12_000,
    )


@pytest.mark.parametrize(("bought", "side"), [(True, Side.BUY), (False, Side.SELL)])
def test_a_side_may_be_told_as_whether_the_account_bought(bought: object, side: Side) -> None:
    assert READER.fill(TRADE | {"side": bought}, LISTED).side is side


def test_what_a_fill_does_not_say_is_unknown() -> None:
    silent = {name: said for name, said in TRADE.items() if name not in {"coin", "rested", "own"}}
    fill = READER.fill(silent, LISTED)
    assert (fill.fee, fill.maker, fill.client_order_id) == (None, None, None)


@pytest.mark.parametrize("complete", [True, False])
def test_balances_are_read_from_their_list(*, complete: bool) -> None:
    account = {"list": [{"coin": "usd", "free": "1.5", "held": "0.5"}], "at": 3}
    assert READER.balances(account, complete=complete) == BalanceReport(
        (Balance("usd", Decimal("1.5"), Decimal("0.5")),), complete, 3_000
    )
    assert READER.balances({"list": [], "at": 3}, complete=True).balances == ()


@pytest.mark.parametrize("name", ["market", "state", "done", "size", "side", "limit", "at"])
def test_what_lacks_something_needed_cannot_be_read(name: str) -> None:
    with pytest.raises(MALFORMED):
        READER.order(ORDER | {name: None}, LISTED)


def test_a_symbol_that_is_not_listed_is_named() -> None:
    with pytest.raises(UnlistedSymbol, match="btc_usd"):
        READER.fill(TRADE, Instruments(()))


@pytest.mark.parametrize("orders", ["market own", "a b c d e f g h i j k l m"])
def test_a_table_with_a_name_too_few_or_too_many_is_refused_at_once(orders: str) -> None:
    with pytest.raises(TypeError):
        AccountReader({}, orders=orders, fills="", balances="")
