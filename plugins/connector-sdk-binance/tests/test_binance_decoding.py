"""Binance's own example frames, read by the connector.

Source of the frames: https://developers.binance.com/docs/binance-spot-api-docs (read 2026-11).
"""

from __future__ import annotations

import json

import pytest

from connector_sdk.errors import RateLimited, UnlistedSymbol, VenueError, WireError
from connector_sdk.model.instrument import Instruments, ProvisionalInstruments
from connector_sdk.model.market_data import BookDelta, BookSnapshot, TopOfBook, Trade
from connector_sdk.model.order import Side
from connector_sdk.model.wire import (
    Frame,
    Message,
    RestResponse,
    SessionEnding,
    Subscribed,
    SubscriptionRefused,
    Unrecognized,
)
from connector_sdk_binance import MANIFEST, connector

SOURCE = connector.order_book
SPELLED = ProvisionalInstruments(MANIFEST.symbol_format, "binance")

DEPTH = {
    "e": "depthUpdate",
    "E": 1672515782136,
    "s": "BNBBTC",
    "U": 157,
    "u": 160,
    "b": [["0.0024", "10"]],
    "a": [["0.0026", "0.00000000"]],
}
TRADE = {
    "e": "trade",
    "E": 1672515782136,
    "s": "BNBBTC",
    "t": 12345,
    "p": "0.001",
    "q": "100",
    "T": 1672515782137,
    "m": True,
    "M": True,
}
TICKER = {
    "u": 400900217,
    "s": "BNBUSDT",
    "b": "25.35190000",
    "B": "31.21000000",
    "a": "25.36520000",
    "A": "40.66000000",
}
READ: list[tuple[dict[str, object], Message]] = [
    (
        DEPTH,
        BookDelta(
            "BNB-BTC",
            [["0.0024", "10"]],
            [["0.0026", "0.00000000"]],
            160,
            157,
            None,
            1672515782136000000,
        ),
    ),
    (TRADE, Trade("BNB-BTC", "12345", Side.SELL, "0.001", "100", 1672515782137000000)),
    (
        TICKER,
        TopOfBook(
            "BNB-USDT", "25.35190000", "31.21000000", "25.36520000", "40.66000000", 400900217
        ),
    ),
    ({"result": None, "id": 1}, Subscribed("1")),
    (
        {"code": 2, "msg": "Invalid request", "id": 7},
        SubscriptionRefused("7", "2", "Invalid request"),
    ),
    (
        {"error": {"code": 2, "msg": "Invalid request"}, "id": 7},
        SubscriptionRefused("7", "2", "Invalid request"),
    ),
    ({"code": 3, "msg": "Invalid JSON"}, SubscriptionRefused(None, "3", "Invalid JSON")),
    ({"e": "serverShutdown", "E": 1}, SessionEnding("the venue announced a shutdown")),
    ({"e": "kline", "s": "BNBBTC", "k": {}}, Unrecognized("kline")),
    ({"surprise": 1}, Unrecognized("no event type")),
]


def read(event: object) -> list[Message]:
    return list(SOURCE.open(SPELLED)(Frame(json.dumps(event), 1)))


@pytest.mark.parametrize(("event", "message"), READ)
def test_a_documented_frame_becomes_its_message(event: dict[str, object], message: Message) -> None:
    assert read(event) == [message]


@pytest.mark.parametrize(("event", "message"), READ)
def test_a_combined_frame_reads_like_the_bare_one(
    event: dict[str, object], message: Message
) -> None:
    assert read({"stream": "any", "data": event}) == [message]


def test_a_taker_buys_when_the_buyer_is_not_the_maker() -> None:
    (trade,) = read(TRADE | {"m": False})
    assert isinstance(trade, Trade)
    assert trade.side is Side.BUY


def test_unknown_fields_change_nothing() -> None:
    assert read(DEPTH | {"pu": 156, "new": {"deep": []}}) == read(DEPTH)


def test_a_symbol_that_is_not_listed_is_named() -> None:
    with pytest.raises(UnlistedSymbol, match="BNBBTC"):
        SOURCE.open(Instruments((), "binance"))(Frame(json.dumps(DEPTH), 1))


def test_a_snapshot_knows_its_pair_and_depth_from_the_url() -> None:
    body = '{"lastUpdateId":1027024,"bids":[["4.00000000","431.00000000"]],"asks":[]}'
    url = "https://api.binance.com/api/v3/depth?symbol=BNBBTC&limit=500"
    (snapshot,) = SOURCE.open(SPELLED)(Frame(body, 1, url))
    assert snapshot == BookSnapshot("BNB-BTC", [["4.00000000", "431.00000000"]], [], 1027024, 500)


def test_an_answer_to_another_request_yields_nothing() -> None:
    url = "https://api.binance.com/api/v3/time"
    assert list(SOURCE.open(SPELLED)(Frame('{"serverTime":1}', 1, url))) == []


def test_one_message_subscribes_every_stream_of_every_pair() -> None:
    (request,) = SOURCE.subscribe(["BNB-BTC", "BTC-USDT"], SPELLED, 9)
    assert request.ack == "9"
    assert json.loads(request.text) == {
        "method": "SUBSCRIBE",
        "params": [
            *("bnbbtc@depth@100ms", "bnbbtc@trade", "bnbbtc@bookTicker"),
            *("btcusdt@depth@100ms", "btcusdt@trade", "btcusdt@bookTicker"),
        ],
        "id": 9,
    }


def answered(status: int, body: bytes, **headers: str) -> RestResponse:
    return RestResponse(status, headers, body, "https://api.binance.com/api/v3/exchangeInfo")


def listed(*symbols: object) -> Instruments:
    body = json.dumps({"symbols": symbols}).encode()
    found = connector.market_api.instruments().decode(answered(200, body))
    assert isinstance(found, Instruments)
    return found


SYMBOL = {
    "symbol": "ETHBTC",
    "status": "TRADING",
    "baseAsset": "ETH",
    "quoteAsset": "BTC",
    "orderTypes": ["LIMIT", "MARKET"],
    "filters": [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": "0.00000100",
            "maxPrice": "0.00000000",
            "tickSize": "0.00000100",
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": "0.00100000",
            "maxQty": "100000.00000000",
            "stepSize": "0.00100000",
        },
        {"filterType": "MIN_NOTIONAL", "minNotional": "0.00100000"},
    ],
}


def test_an_instrument_carries_the_rules_of_its_filters() -> None:
    found = listed(SYMBOL)["ETH-BTC"]
    assert (str(found.tick_size), str(found.lot_size)) == ("0.00000100", "0.00100000")
    assert str(found.minimum_notional) == "0.00100000"
    assert found.maximum_price is None, "the venue writes zero for no limit"
    assert found.tradable
    assert found.order_types == {"LIMIT", "MARKET"}


def test_an_instrument_carries_the_rules_for_market_orders_and_amendments() -> None:
    symbol = {
        "symbol": "ETHBTC",
        "status": "TRADING",
        "baseAsset": "ETH",
        "quoteAsset": "BTC",
        "orderTypes": ["LIMIT"],
        "amendAllowed": True,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0", "maxPrice": "9", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "90", "stepSize": "0.001"},
            {
                "filterType": "MARKET_LOT_SIZE",
                "minQty": "0.002",
                "maxQty": "30.5",
                "stepSize": "0.00000000",
            },
            {"filterType": "NOTIONAL", "minNotional": "0.0001", "maxNotional": "9000000"},
        ],
    }
    found = listed(symbol)["ETH-BTC"]
    assert found.market_lot_size is None, "the venue writes zero for no such rule"
    assert (str(found.minimum_market_quantity), str(found.maximum_market_quantity)) == (
        "0.002",
        "30.5",
    )
    assert (str(found.maximum_notional), found.amendable) == ("9000000", True)


def test_a_malformed_entry_is_skipped_and_the_others_are_kept() -> None:
    found = listed({"symbol": "BROKEN"}, 7, SYMBOL)
    assert [i.pair for i in found] == ["ETH-BTC"]
    assert found.skipped == 2


@pytest.mark.parametrize("status", ["HALT", "BREAK", "CANCEL_ONLY", "A_STATUS_OF_TOMORROW"])
def test_only_a_trading_symbol_is_tradable(status: str) -> None:
    assert listed(SYMBOL | {"status": status}).tradable() == []


@pytest.mark.parametrize("status", [418, 429])
def test_too_many_requests_is_rate_limited_and_says_how_long(status: int) -> None:
    body = b'{"code":-1003,"msg":"Too many requests."}'
    headers = {"retry-after": "7"}
    refusal = connector.market_api.refusal(answered(status, body, **headers))
    assert isinstance(refusal, RateLimited)
    assert (refusal.code, refusal.retry_after_s) == ("-1003", 7.0)


def test_a_refusal_without_the_documented_body_keeps_the_status() -> None:
    refusal = connector.market_api.refusal(answered(502, b"<html>Bad gateway</html>"))
    assert type(refusal) is VenueError
    assert refusal.code == "502"
    assert "Bad gateway" in refusal.message


def test_a_list_that_cannot_be_read_is_a_wire_error() -> None:
    with pytest.raises(WireError, match="exchangeInfo"):
        connector.market_api.instruments().decode(answered(200, b"<html>"))
