"""FlatTradingApi: what a table of operations makes of a venue."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from connector_sdk.errors import OrderNotFound, VenueError, WireError
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.order import OrderIntent, OrderKey, Side, TimeInForce
from connector_sdk.model.order_update import OrderReport
from connector_sdk.model.wire import Call, Priority, RestRequest, RestResponse
from connector_sdk.protocols.account_reader import AccountReader
from connector_sdk.protocols.flat_trading import (
    FlatTradingApi,
    Operation,
    Operations,
    Parameters,
)
from connector_sdk.protocols.market import Refusal

ORDER = {
    "m": "ab",
    "own": "mine",
    "oid": "7",
    "state": "open",
    "done": "0",
    "size": "2",
    "side": "buy",
    "kind": "limit",
    "force": "gtc",
    "limit": "3",
    "at": 1,
}
TRADE = {
    "m": "ab",
    "tid": 4,
    "oid": "7",
    "side": "buy",
    "price": "3",
    "size": "1",
    "fee": "0",
    "coin": "B",
    "rested": False,
    "at": 1,
}


class Flat(FlatTradingApi):
    """A venue whose symbols go by the name ``m``."""

    venue = "flat"
    refusals = (Refusal(OrderNotFound, "5"),)
    symbol_parameter = "m"
    always = (("window", "9"),)
    page_size = 2
    operations = Operations(
        place=Operation("POST /o?kind=full", {"w": 1, "orders": 1}, Priority.PLACE),
        cancel=Operation("DELETE /o", {"w": 1}, Priority.CANCEL),
        status=Operation("GET /o", {"w": 2}),
        fills=Operation("GET /t", {"w": 3}),
        recent_fills=Operation("GET /t", {"w": 4}),
        open_orders=Operation("GET /open", {"w": 5}),
        all_open_orders=Operation("GET /open", {"w": 6}),
        balances=Operation("GET /b?zeros=no", {"w": 7}),
        amend=Operation("PUT /o", {"w": 8}),
    )
    reader = AccountReader(
        {},
        orders="m own oid state done size side kind force limit why at",
        fills="m tid own oid side price size fee coin rested at",
        balances="list coin free held at",
    )

    def instruments(self) -> Call[Instruments]:
        return self.ask(Operation("GET /i", {}, signed=False), lambda _: Instruments(()))

    def placing(self, intent: OrderIntent, client_order_id: str) -> Parameters:
        return {
            "own": client_order_id,
            "limit": None if intent.price is None else str(intent.price),
        }

    def naming(self, order: OrderKey) -> Parameters:
        return {"own": order.client_order_id, "oid": order.exchange_order_id}

    def amending(
        self, order: OrderKey, standing: OrderIntent, wanted: OrderIntent
    ) -> Parameters | None:
        return {"size": str(wanted.quantity)} if standing.shrinks_to(wanted) else None

    def paging(self, order: OrderKey | None, since_ns: int, cursor: str | None) -> Parameters:
        return {"oid": order and order.exchange_order_id, "since": str(since_ns), "from": cursor}


class Rigid(Flat):
    """The same without amendments."""

    operations = replace(Flat.operations, amend=None)


API = Flat()
KEY = OrderKey("A-B", "mine")
INTENT = OrderIntent("A-B", Side.BUY, Decimal(2), Decimal(3), time_in_force=TimeInForce.GTC)
LISTED = Instruments(
    [
        Instrument(
            pair="A-B",
            symbol="ab",
            base="A",
            quote="B",
            tick_size=Decimal(1),
            lot_size=Decimal(1),
            amendable=True,
        )
    ]
)


def read(call: Call[Any], body: object, status: int = 200) -> Any:
    return call.decode(RestResponse(status, {}, json.dumps(body).encode(), "https://flat"))


def asked(call: Call[Any] | None) -> tuple[str, str, Mapping[str, str], Mapping[str, int]]:
    assert call is not None
    request = call.request
    assert request.signed
    return request.method, request.path, dict(request.query), request.costs


def test_each_operation_goes_where_its_table_says() -> None:
    named = {"m": "ab", "own": "mine", "window": "9"}
    page = {"m": "ab", "since": "0", "window": "9"}
    placed = named | {"limit": "3", "kind": "full"}
    assert asked(API.place(INTENT, "mine", LISTED)) == ("POST", "/o", placed, {"w": 1, "orders": 1})
    assert asked(API.cancel(KEY, LISTED)) == ("DELETE", "/o", named, {"w": 1})
    assert asked(API.order_status(KEY, LISTED)) == ("GET", "/o", named, {"w": 2})
    assert asked(API.order_fills(KEY, LISTED)) == ("GET", "/t", page, {"w": 3})
    recent = page | {"since": "8", "from": "5"}
    assert asked(API.recent_fills("A-B", 8, "5", LISTED)) == ("GET", "/t", recent, {"w": 4})
    pair = {"m": "ab", "window": "9"}
    assert asked(API.open_orders("A-B", LISTED)) == ("GET", "/open", pair, {"w": 5})
    assert asked(API.open_orders(None, LISTED)) == ("GET", "/open", {"window": "9"}, {"w": 6})
    everything = {"zeros": "no", "window": "9"}
    assert asked(API.balances()) == ("GET", "/b", everything, {"w": 7})
    amended = named | {"size": "1"}
    call = API.amend(KEY, INTENT, replace(INTENT, quantity=Decimal(1)), LISTED)
    assert asked(call) == ("PUT", "/o", amended, {"w": 8})


def test_parameters_go_in_the_order_they_are_told() -> None:
    query = API.place(INTENT, "mine", LISTED).request.query
    assert [name for name, _ in query] == ["m", "own", "limit", "kind", "window"]


def test_what_is_none_is_not_sent() -> None:
    query = dict(API.place(replace(INTENT, price=None), "mine", LISTED).request.query)
    assert "limit" not in query


def test_what_is_not_signed_carries_no_window() -> None:
    assert API.instruments().request == RestRequest("GET", "/i", priority=Priority.RECONCILE)


def test_priorities_are_those_of_the_table() -> None:
    assert API.place(INTENT, "mine", LISTED).request.priority is Priority.PLACE
    assert API.cancel(KEY, LISTED).request.priority is Priority.CANCEL
    assert API.order_status(KEY, LISTED).request.priority is Priority.RECONCILE


def test_an_order_is_amended_only_where_venue_symbol_and_change_allow_it() -> None:
    smaller = replace(INTENT, quantity=Decimal(1))
    plain = Instruments(
        [instrument.model_copy(update={"amendable": False}) for instrument in LISTED]
    )
    assert API.amend(KEY, INTENT, smaller, LISTED) is not None
    assert API.amend(KEY, INTENT, INTENT, LISTED) is None
    assert API.amend(KEY, INTENT, smaller, plain) is None
    assert Rigid().amend(KEY, INTENT, smaller, LISTED) is None


def test_answers_are_read_by_the_venues_names() -> None:
    for call in (API.place(INTENT, "mine", LISTED), API.cancel(KEY, LISTED)):
        (report,) = read(call, ORDER)
        assert isinstance(report, OrderReport)
        assert (report.client_order_id, report.intent) == ("mine", INTENT)
        assert read(API.open_orders(None, LISTED), [ORDER]) == [report]
    held = read(API.balances(), {"list": [{"coin": "A", "free": "1", "held": "2"}], "at": 1})
    assert (held.complete, held.balances[0].total) == (True, Decimal(3))


def test_an_open_order_of_a_symbol_that_is_not_listed_does_not_hide_the_others() -> None:
    others = ORDER | {"m": "xy", "own": "theirs"}
    (report,) = read(API.open_orders(None, LISTED), [others, ORDER])
    assert report.client_order_id == "mine"


def test_an_open_order_that_stands_as_we_have_no_word_for_does_not_hide_the_others() -> None:
    asleep = ORDER | {"state": "asleep", "own": "theirs"}
    (report,) = read(API.open_orders(None, LISTED), [asleep, ORDER])
    assert report.client_order_id == "mine"


def test_a_full_page_of_fills_says_where_the_next_begins() -> None:
    call = API.order_fills(KEY, LISTED)
    assert read(call, [TRADE]).cursor is None
    assert read(call, [TRADE, TRADE | {"tid": 8}]).cursor == "8"


def test_both_sides_of_a_trade_with_oneself_are_read_over_the_end_of_a_page() -> None:
    rows = [TRADE | {"tid": tid, "oid": oid} for tid, oid in ((4, 1), (8, 2), (8, 3), (9, 4))]
    cursor: str | None = None
    seen: list[str | None] = []
    for _ in range(len(rows)):
        call = API.recent_fills("A-B", 0, cursor, LISTED)
        since = int(cursor or 0)
        left = [row for row in rows if int(str(row["tid"])) >= since]
        page = read(call, left[: API.page_size])
        seen += [fill.exchange_order_id for fill in page.fills]
        cursor = page.cursor
        if cursor is None:
            break
    assert cursor is None
    assert set(seen) == {"1", "2", "3", "4"}


def test_a_page_of_one_trade_alone_is_followed_by_the_next_trade() -> None:
    assert read(API.order_fills(KEY, LISTED), [TRADE, TRADE]).cursor == "5"


def test_a_refusal_reads_code_and_msg() -> None:
    refusal = read(API.cancel(KEY, LISTED), {"code": 5, "msg": "gone"}, 400)
    assert type(refusal) is OrderNotFound
    assert (refusal.code, refusal.message) == ("5", "gone")
    assert type(read(API.cancel(KEY, LISTED), {"code": 6, "msg": "?"}, 400)) is VenueError


@pytest.mark.parametrize("body", [{}, [], {"m": "ab"}, ORDER | {"state": "asleep"}])
def test_an_answer_that_cannot_be_read_is_a_wire_error(body: object) -> None:
    with pytest.raises(WireError, match="flat: the answer to /o"):
        read(API.order_status(KEY, LISTED), body)
