"""BinanceMarketApi: requests and answers of Binance spot."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from pydantic import ValidationError

from connector_sdk.errors import RateLimited, UnknownInstrument, VenueError, WireError
from connector_sdk.model.instrument import Instrument, Instruments
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.protocols.market import MarketApi

VENUE = "binance"
ZERO = Decimal(0)
ERRORS: dict[str, type[VenueError]] = {
    "-1003": RateLimited,
    "-1015": RateLimited,
    "-1034": RateLimited,
    "-1121": UnknownInstrument,
}


class BinanceMarketApi(MarketApi):
    """Public half: the instrument list."""

    def instruments(self) -> Call[Instruments]:
        """`GET /api/v3/exchangeInfo`, weight 20."""
        request = RestRequest("GET", "/api/v3/exchangeInfo", costs={"weight": 20, "requests": 1})
        return Call(request, _decode_instruments)


def venue_error(response: RestResponse) -> VenueError:
    """The refusal in a non-2xx answer; 429 and 418 are RateLimited whatever the body says."""
    try:
        body = orjson.loads(response.body)
        code, message = str(body["code"]), str(body["msg"])
    except (ValueError, TypeError, KeyError):
        code, message = str(response.status), response.body[:200].decode("latin-1")
    wait = response.headers.get("retry-after", "")
    retry_after_s = float(wait) if wait.isdigit() else None
    kind = RateLimited if response.status in (418, 429) else ERRORS.get(code, VenueError)
    return kind(VENUE, code, message, retry_after_s)


def _decode_instruments(response: RestResponse) -> Instruments | VenueError:
    if response.status != 200:
        return venue_error(response)
    try:
        symbols = orjson.loads(response.body)["symbols"]
        listed = [found for found in map(_instrument, symbols) if found is not None]
    except (json.JSONDecodeError, TypeError, KeyError) as error:
        raise WireError(f"{VENUE}: exchangeInfo cannot be read", response.body) from error
    return Instruments(listed, VENUE)


def _instrument(symbol: Any) -> Instrument | None:
    """One entry of exchangeInfo; None for a malformed one: the others are still of use."""
    try:
        rules = {rule["filterType"]: rule for rule in symbol["filters"]}
        price, lot = rules["PRICE_FILTER"], rules["LOT_SIZE"]
        # Which of the two a symbol has depends on its age.
        notional = rules.get("NOTIONAL") or rules.get("MIN_NOTIONAL") or {}
        base, quote = symbol["baseAsset"], symbol["quoteAsset"]
        return Instrument(
            pair=f"{base}-{quote}",
            symbol=symbol["symbol"],
            base=base,
            quote=quote,
            tick_size=Decimal(price["tickSize"]),
            lot_size=Decimal(lot["stepSize"]),
            minimum_price=_limit(price["minPrice"]),
            maximum_price=_limit(price["maxPrice"]),
            minimum_quantity=_limit(lot["minQty"]),
            maximum_quantity=_limit(lot["maxQty"]),
            minimum_notional=_limit(notional.get("minNotional", "0")),
            order_types=frozenset(symbol["orderTypes"]),
            tradable=symbol["status"] == "TRADING",
        )
    except (KeyError, TypeError, AttributeError, InvalidOperation, ValidationError):
        return None


def _limit(text: str) -> Decimal | None:
    """A limit; the venue writes zero for none."""
    limit = Decimal(text)
    return None if limit == ZERO else limit
