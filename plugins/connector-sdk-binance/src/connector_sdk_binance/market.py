"""BinanceMarketApi: requests and answers of Binance spot."""

from typing import Any

import orjson

from connector_sdk.errors import RateLimited, UnknownInstrument
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.protocols.market import MarketApi

VENUE = "binance"


class BinanceMarketApi(MarketApi):
    """Binance Spot REST API v3 (docs read 2026-11)."""

    venue = VENUE
    refusals = dict.fromkeys(("-1003", "-1015", "-1034"), RateLimited) | {
        "-1121": UnknownInstrument
    }

    def reason(self, body: bytes) -> tuple[str, str]:
        """Of ``{"code": -1121, "msg": "Invalid symbol."}``."""
        refusal = orjson.loads(body)
        return str(refusal["code"]), str(refusal["msg"])

    def instruments(self) -> Call[Instruments]:
        """`exchangeInfo`, weight 20."""
        return self.call(RestRequest("GET", "/api/v3/exchangeInfo", costs={"weight": 20}), _listed)


def _listed(response: RestResponse) -> Instruments:
    return Instruments.read(orjson.loads(response.body)["symbols"], _instrument, VENUE)


def _instrument(symbol: dict[str, Any]) -> Instrument:
    rules: dict[str, dict[str, Any]] = {rule["filterType"]: rule for rule in symbol["filters"]}
    price, lot = rules["PRICE_FILTER"], rules["LOT_SIZE"]
    # Which of the two a symbol has depends on its age.
    notional = rules.get("NOTIONAL") or rules.get("MIN_NOTIONAL") or {}
    base, quote = symbol["baseAsset"], symbol["quoteAsset"]
    return Instrument(
        pair=f"{base}-{quote}",
        symbol=symbol["symbol"],
        base=base,
        quote=quote,
        tick_size=price["tickSize"],
        lot_size=lot["stepSize"],
        minimum_price=price["minPrice"],
        maximum_price=price["maxPrice"],
        minimum_quantity=lot["minQty"],
        maximum_quantity=lot["maxQty"],
        minimum_notional=notional.get("minNotional"),
        order_types=symbol["orderTypes"],
        tradable=symbol["status"] == "TRADING",
    )


MARKET_API = BinanceMarketApi()
