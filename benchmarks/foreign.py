"""ccxt.pro on the same bytes: its own client's message handler, from the text to the book.

What its lane does is what ccxt does for one websocket message: bytes to text, JSON by the parser
that ccxt prefers (orjson, which is installed), `handle_message`, sequence check, both sides
applied. Then best bid and best ask are read. It is spared what a caller of `watch_order_book`
pays beside: a future and a wake-up of the event loop a message.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import orjson

from table import Skipped

URL = "wss://stream.binance.com:9443/ws/1"
SYMBOL = "BTC/USDT"


def ccxt_lane(snapshot: bytes, first: bytes) -> Callable[[Sequence[bytes]], None] | Skipped:
    """A lane of ccxt.pro whose book was made from `snapshot` and `first`."""
    try:
        pro = import_module("ccxt.pro")
        client_type = import_module("ccxt.async_support.base.ws.client").Client
    except ImportError as error:
        return Skipped(f"ccxt is not installed here ({error})")
    exchange = pro.binance()
    exchange.set_markets([_market(exchange)])
    client = client_type(URL, exchange.handle_message, None, None, None)
    body = orjson.loads(snapshot)
    image = exchange.parse_order_book(body, SYMBOL)
    image["nonce"] = body["lastUpdateId"]
    # 5,000 rows, so that both keep the same book: its default of 1,000 would cut it.
    book = exchange.orderbooks[SYMBOL] = exchange.order_book(image, 5_000)
    take = client.handle_text_or_binary_message
    take(first)

    def lane(part: Sequence[bytes]) -> None:
        for data in part:
            take(data)
            book["bids"][0][0]
            book["asks"][0][0]
        if exchange.orderbooks.get(SYMBOL) is not book or book["nonce"] != _last_id(part[-1]):
            raise RuntimeError("ccxt lost the thread")

    return lane


def _last_id(data: bytes) -> int:
    last: int = orjson.loads(data)["data"]["u"]
    return last


def _market(exchange: Any) -> dict[str, Any]:  # noqa: ANN401  # a foreign object
    market: dict[str, Any] = exchange.safe_market_structure(
        {
            "id": "BTCUSDT",
            "symbol": SYMBOL,
            "base": "BTC",
            "quote": "USDT",
            "type": "spot",
            "spot": True,
            "active": True,
        }
    )
    return market
