"""The embedded venue's REST half, against the documentation's fields, types, codes and words."""

from __future__ import annotations

import functools
import json
import re
from decimal import Decimal
from typing import Any

import pytest

from connector_sdk.sandbox.core import VenueCore, VenueSettings
from connector_sdk.sandbox.dialect import VenueAnswer, VenueRequest
from connector_sdk.sandbox.fault_plan import FaultPlan
from connector_sdk_binance.sandbox import dialect

START_NS = 1_700_000_000_000_000_000
MINUTE_NS = 60_000_000_000
EIGHT = re.compile(r"[0-9]+\.[0-9]{8}")
SYMBOL_FIELDS = {
    "symbol": str,
    "status": str,
    "baseAsset": str,
    "baseAssetPrecision": int,
    "quoteAsset": str,
    "quotePrecision": int,
    "quoteAssetPrecision": int,
    "baseCommissionPrecision": int,
    "quoteCommissionPrecision": int,
    "orderTypes": list,
    "icebergAllowed": bool,
    "ocoAllowed": bool,
    "otoAllowed": bool,
    "opoAllowed": bool,
    "quoteOrderQtyMarketAllowed": bool,
    "allowTrailingStop": bool,
    "cancelReplaceAllowed": bool,
    "amendAllowed": bool,
    "pegInstructionsAllowed": bool,
    "isSpotTradingAllowed": bool,
    "isMarginTradingAllowed": bool,
    "filters": list,
    "permissions": list,
    "permissionSets": list,
    "defaultSelfTradePreventionMode": str,
    "allowedSelfTradePreventionModes": list,
}


def venue(faults: str = "") -> VenueCore:
    settings = VenueSettings(("BTC-USDT", "ETH-USDT"))
    core = VenueCore(dialect, settings, FaultPlan(faults))
    core.step(START_NS)
    return core


@functools.cache
def calm() -> VenueCore:
    """One venue for all tests that only read."""
    return venue()


def ask(core: VenueCore, path: str, query: str = "", client: str = "a") -> VenueAnswer:
    return core.request(VenueRequest("GET", f"/api/v3/{path}", query, client=client))


def body(answer: VenueAnswer) -> Any:
    assert answer.headers["Content-Type"].startswith("application/json")
    return json.loads(answer.body)


def test_ping_and_time() -> None:
    core = calm()
    assert body(ask(core, "ping")) == {}
    assert body(ask(core, "time")) == {"serverTime": START_NS // 1_000_000}


def test_exchange_info_has_every_documented_field_and_its_type() -> None:
    answer = body(ask(calm(), "exchangeInfo"))
    assert list(answer) == ["timezone", "serverTime", "rateLimits", "exchangeFilters", "symbols"]
    assert [s["symbol"] for s in answer["symbols"]] == ["BTCUSDT", "ETHUSDT"]
    for symbol in answer["symbols"]:
        assert {name: type(value) for name, value in symbol.items()} == SYMBOL_FIELDS
        assert symbol["status"] == "TRADING"
        kinds = [one["filterType"] for one in symbol["filters"]]
        assert kinds[:2] == ["PRICE_FILTER", "LOT_SIZE"]
        assert "NOTIONAL" in kinds
        assert all(EIGHT.fullmatch(symbol["filters"][0][k]) for k in ("minPrice", "tickSize"))
    limits = {(one["rateLimitType"], one["interval"]): one["limit"] for one in answer["rateLimits"]}
    assert limits["REQUEST_WEIGHT", "MINUTE"] == 6_000


def test_exchange_info_says_what_the_venue_takes() -> None:
    (symbol,) = body(ask(calm(), "exchangeInfo", "symbol=BTCUSDT"))["symbols"]
    assert set(symbol["orderTypes"]) == {
        *("LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"),
        *("TAKE_PROFIT", "TAKE_PROFIT_LIMIT"),
    }
    allowed = {name for name, value in symbol.items() if value is True}
    assert allowed == {
        *("icebergAllowed", "quoteOrderQtyMarketAllowed", "allowTrailingStop"),
        *("cancelReplaceAllowed", "amendAllowed", "isSpotTradingAllowed"),
    }
    assert symbol["allowedSelfTradePreventionModes"] == [
        *("NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT")
    ]
    filters = {one["filterType"]: one for one in symbol["filters"]}
    assert filters["MAX_NUM_ORDERS"]["maxNumOrders"] == 200
    assert filters["MAX_NUM_ALGO_ORDERS"]["maxNumAlgoOrders"] == 5
    assert filters["MAX_NUM_ORDER_AMENDS"]["maxNumOrderAmends"] == 10
    assert filters["ICEBERG_PARTS"]["limit"] == 10
    assert filters["TRAILING_DELTA"]["maxTrailingAboveDelta"] == 2_000


def test_exchange_info_of_one_or_some_symbols() -> None:
    core = calm()
    (only,) = body(ask(core, "exchangeInfo", "symbol=ETHUSDT"))["symbols"]
    assert only["symbol"] == "ETHUSDT"
    some = body(ask(core, "exchangeInfo", "symbols=%5B%22ETHUSDT%22,%22BTCUSDT%22%5D"))
    assert [s["symbol"] for s in some["symbols"]] == ["ETHUSDT", "BTCUSDT"]
    assert body(ask(core, "exchangeInfo", "symbolStatus=HALT"))["symbols"] == []


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("depth", "", -1102),
        ("depth", "symbol=", -1105),
        ("depth", "symbol=NOPE", -1121),
        ("depth", "symbol=btcusdt", -1100),
        ("depth", "symbol=BTCUSDT&limit=x", -1100),
        ("depth", "symbol=BTCUSDT&limit=0", -1130),
        ("depth", "symbol=BTCUSDT&nonsense=1", -1101),
        ("exchangeInfo", "symbol=BTCUSDT&symbols=%5B%5D", -1128),
        ("exchangeInfo", "symbols=BTCUSDT", -1100),
        ("exchangeInfo", "symbols=%5B%22NOPE%22%5D", -1121),
        ("ticker/bookTicker", "symbol=NOPE", -1121),
    ],
)
def test_a_bad_request_gets_the_documented_code(path: str, query: str, code: int) -> None:
    answer = ask(calm(), path, query)
    assert answer.status == 400
    error = body(answer)
    assert list(error) == ["code", "msg"]
    assert error["code"] == code
    assert isinstance(error["msg"], str)


def test_an_invalid_symbol_is_said_in_the_venues_words() -> None:
    answer = ask(calm(), "depth", "symbol=NOPE")
    assert answer.body == b'{"code":-1121,"msg":"Invalid symbol."}'


@pytest.mark.parametrize(("limit", "rows"), [("", 100), ("&limit=5", 5), ("&limit=9999", 5_000)])
def test_depth_is_texts_with_eight_decimals_best_first(limit: str, rows: int) -> None:
    core = calm()
    answer = body(ask(core, "depth", f"symbol=BTCUSDT{limit}"))
    assert list(answer) == ["lastUpdateId", "bids", "asks"]
    book = core.snapshot("BTC-USDT", rows)
    assert (len(answer["bids"]), len(answer["asks"])) == (len(book.bids), len(book.asks))
    assert min(rows, 1_000) <= len(answer["bids"]) <= rows
    assert all(EIGHT.fullmatch(text) for row in answer["bids"] for text in row)
    bids = [Decimal(price) for price, _ in answer["bids"]]
    asks = [Decimal(price) for price, _ in answer["asks"]]
    assert bids == sorted(bids, reverse=True)
    assert asks == sorted(asks)
    assert bids[0] < asks[0]
    assert answer["lastUpdateId"] == core.journal["BTC-USDT"].last_id


def test_trades_are_the_journals() -> None:
    core = venue()
    core.step(START_NS + MINUTE_NS)
    answer = body(ask(core, "trades", "symbol=BTCUSDT&limit=20"))
    true = list(core.journal.trades("BTC-USDT"))[-20:]
    assert [row["id"] for row in answer] == [trade.trade_id for trade in true]
    for row in answer:
        assert [type(value) for value in row.values()] == [int, str, str, str, int, bool, bool]
        exact = Decimal(row["price"]) * Decimal(row["qty"])
        assert Decimal(row["quoteQty"]) == exact


def test_older_trades_are_paged_by_id() -> None:
    core = venue()
    core.step(START_NS + MINUTE_NS)
    newest = body(ask(core, "trades", "symbol=BTCUSDT&limit=20"))
    assert body(ask(core, "historicalTrades", "symbol=BTCUSDT&limit=20")) == newest
    query = f"symbol=BTCUSDT&fromId={newest[3]['id']}&limit=2"
    assert body(ask(core, "historicalTrades", query)) == newest[3:5]


def test_prices_are_those_of_the_last_trades() -> None:
    core = venue()
    core.step(START_NS + MINUTE_NS)
    trades = body(ask(core, "trades", "symbol=BTCUSDT&limit=1000"))
    last = body(ask(core, "ticker/price", "symbol=BTCUSDT"))
    assert last == {"symbol": "BTCUSDT", "price": trades[-1]["price"]}
    assert [row["symbol"] for row in body(ask(core, "ticker/price"))] == ["BTCUSDT", "ETHUSDT"]
    average = body(ask(core, "avgPrice", "symbol=BTCUSDT"))
    assert list(average) == ["mins", "price", "closeTime"]
    worth = sum((Decimal(row["quoteQty"]) for row in trades), Decimal(0))
    volume = sum((Decimal(row["qty"]) for row in trades), Decimal(0))
    assert abs(Decimal(average["price"]) - worth / volume) < Decimal("0.00000001")
    assert average["closeTime"] == trades[-1]["time"]


def test_book_tickers_come_as_one_or_as_a_list() -> None:
    core = calm()
    one = body(ask(core, "ticker/bookTicker", "symbol=BTCUSDT"))
    depth = body(ask(core, "depth", "symbol=BTCUSDT&limit=1"))
    assert [one["bidPrice"], one["bidQty"]] == depth["bids"][0]
    assert [one["askPrice"], one["askQty"]] == depth["asks"][0]
    assert [t["symbol"] for t in body(ask(core, "ticker/bookTicker"))] == ["BTCUSDT", "ETHUSDT"]


@pytest.mark.parametrize(
    ("path", "query", "weight"),
    [
        ("ping", "", 1),
        ("exchangeInfo", "", 20),
        ("depth", "symbol=BTCUSDT", 5),
        ("depth", "symbol=BTCUSDT&limit=101", 25),
        ("depth", "symbol=BTCUSDT&limit=1000", 50),
        ("depth", "symbol=BTCUSDT&limit=5000", 250),
        ("trades", "symbol=BTCUSDT", 25),
        ("ticker/bookTicker", "symbol=BTCUSDT", 2),
        ("ticker/bookTicker", "", 4),
        ("depth", "symbol=BTCUSDT&limit=x", 1),
    ],
)
def test_requests_weigh_what_the_documentation_says(path: str, query: str, weight: int) -> None:
    answer = ask(calm(), path, query, client=f"{path}?{query}")
    assert answer.headers["X-MBX-USED-WEIGHT-1M"] == str(weight)


def test_weight_is_counted_by_address_and_starts_anew_each_minute() -> None:
    core = venue()
    ask(core, "exchangeInfo")
    assert ask(core, "ping").headers["X-MBX-USED-WEIGHT-1M"] == "21"
    assert ask(core, "ping", client="b").headers["X-MBX-USED-WEIGHT-1M"] == "1"
    core.step((START_NS // MINUTE_NS + 1) * MINUTE_NS)
    assert ask(core, "ping").headers["X-MBX-USED-WEIGHT-1M"] == "1"


def test_beyond_the_limit_it_answers_429_and_then_bans_who_goes_on() -> None:
    core = venue()
    for _ in range(24):
        assert ask(core, "depth", "symbol=BTCUSDT&limit=5000").status == 200
    refused = ask(core, "ping")
    left_s = -(-(MINUTE_NS - START_NS % MINUTE_NS) // 1_000_000_000)
    assert (refused.status, body(refused)["code"]) == (429, -1003)
    assert refused.headers["Retry-After"] == str(left_s)
    answers = [ask(core, "ping").status for _ in range(12)]
    assert answers == [429] * 9 + [418] * 3
    assert int(ask(core, "ping").headers["Retry-After"]) == 120
    core.step(START_NS + 2 * MINUTE_NS - 1)
    assert ask(core, "ping").status == 418
    core.step(START_NS + 2 * MINUTE_NS)
    assert ask(core, "ping").status == 200


def test_faults_refuse_ban_and_use_up_the_weight() -> None:
    core = venue("rate-limit:retry_after=7,ban:after=1:retry_after=3,weight:after=2:add=5000")
    refused = ask(core, "ping")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "7")
    banned = ask(core, "ping")
    assert (banned.status, banned.headers["Retry-After"]) == (418, "3")
    core.step(START_NS + 3_000_000_001)
    assert int(ask(core, "ping").headers["X-MBX-USED-WEIGHT-1M"]) > 5_000
    assert [r.name for r in core.journal.faults] == ["rate-limit", "ban", "weight"]


def test_other_paths_and_methods_are_refused() -> None:
    core = calm()
    assert ask(core, "nothing").status == 404
    assert core.request(VenueRequest("POST", "/api/v3/depth")).status == 405
