"""What the tests of the connector's trading half share: the port, a list, an order, answers."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.order import OrderIntent, OrderKey, OrderType, Side, TimeInForce
from connector_sdk.model.wire import Call, RestResponse
from connector_sdk.protocols.trading import TradingApi
from connector_sdk_binance import connector

assert connector.trading is not None
API: TradingApi = connector.trading.api
ROWS: list[tuple[str, str]] = [("BTC", "USDT"), ("LTC", "BTC"), ("BNB", "BTC")]


def instrument(base: str, quote: str, *, amendable: bool = True) -> Instrument:
    return Instrument(
        pair=f"{base}-{quote}",
        symbol=base + quote,
        base=base,
        quote=quote,
        tick_size=Decimal("0.01"),
        lot_size=Decimal("0.00001"),
        amendable=amendable,
    )


LISTED = Instruments([instrument(*row) for row in ROWS])
INTENT = OrderIntent(
    "BTC-USDT",
    Side.BUY,
    Decimal("0.00001000"),
    Decimal("50000.10"),
    OrderType.LIMIT,
    TimeInForce.GTC,
)
MINE = OrderKey("BTC-USDT", "mine-1", "28")


def answered(body: object, status: int = 200) -> RestResponse:
    return RestResponse(status, {}, json.dumps(body).encode(), "https://api.binance.com")


def read(call: Call[Any], body: object, status: int = 200) -> Any:
    return call.decode(answered(body, status))


def changed(base: OrderIntent, **fields: object) -> OrderIntent:
    known = {name: getattr(base, name) for name in base.__slots__}
    return OrderIntent(**(known | fields))
