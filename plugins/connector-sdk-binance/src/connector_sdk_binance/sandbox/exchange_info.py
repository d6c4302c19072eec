"""GET /api/v3/exchangeInfo, with the full documented set of fields.

Source: binance-spot-api-docs, "REST API: Exchange information", "Filters" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connector_sdk.sandbox.dialect import VenueRules, VenueView
from connector_sdk.sandbox.listing import Listing

ORDER_TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET"]
TRADE_PREVENTION = ["NONE"]
PRECISION = 8
RAW_REQUESTS = 300_000
ORDERS_10S, ORDERS_DAY = 50, 160_000


def exchange_info(pairs: Iterable[str], venue: VenueView) -> dict[str, object]:
    """The whole answer, for those pairs."""
    return {
        "timezone": "UTC",
        "serverTime": venue.now_ns // 1_000_000,
        "rateLimits": rate_limits(venue.rules),
        "exchangeFilters": [],
        "symbols": [_symbol(venue.listings[pair]) for pair in pairs],
    }


def rate_limits(rules: VenueRules) -> list[dict[str, object]]:
    """The limits, as exchangeInfo lists them."""
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, rules.weight),
        ("ORDERS", "SECOND", 10, ORDERS_10S),
        ("ORDERS", "DAY", 1, ORDERS_DAY),
        ("RAW_REQUESTS", "MINUTE", 5, RAW_REQUESTS),
    )
    return [
        {"rateLimitType": kind, "interval": unit, "intervalNum": number, "limit": limit}
        for kind, unit, number, limit in rows
    ]


def text(number: Decimal | None) -> str:
    """With 8 decimals; a rule that is not set is ``0.00000000``."""
    return f"{number or Decimal(0):.{PRECISION}f}"


def _symbol(listing: Listing) -> dict[str, object]:
    instrument = listing.instrument
    return {
        "symbol": instrument.symbol,
        "status": "TRADING" if instrument.tradable else "HALT",
        "baseAsset": instrument.base,
        "baseAssetPrecision": PRECISION,
        "quoteAsset": instrument.quote,
        "quotePrecision": PRECISION,
        "quoteAssetPrecision": PRECISION,
        "baseCommissionPrecision": PRECISION,
        "quoteCommissionPrecision": PRECISION,
        "orderTypes": ORDER_TYPES,
        "icebergAllowed": False,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": False,
        "allowTrailingStop": False,
        "cancelReplaceAllowed": False,
        "amendAllowed": False,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(listing),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": TRADE_PREVENTION,
    }


def _filters(listing: Listing) -> list[dict[str, object]]:
    instrument = listing.instrument
    # PRICE_FILTER stands first: clients read filters[0].
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": text(instrument.minimum_price),
            "maxPrice": text(instrument.maximum_price),
            "tickSize": text(instrument.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": text(instrument.minimum_quantity),
            "maxQty": text(instrument.maximum_quantity),
            "stepSize": text(instrument.lot_size),
        },
        {"filterType": "ICEBERG_PARTS", "limit": 10},
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": text(None),
            "maxQty": text(instrument.maximum_quantity),
            "stepSize": text(None),
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text(instrument.minimum_notional),
            "applyMinToMarket": True,
            "maxNotional": "9000000.00000000",
            "applyMaxToMarket": False,
            "avgPriceMins": 5,
        },
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": 200},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 20},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": 5},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": 10},
    ]
