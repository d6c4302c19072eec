"""GET /api/v3/exchangeInfo, with the full documented set of fields.

Source: binance-spot-api-docs, "REST API: Exchange information", "Filters" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connector_sdk.sandbox.dialect import VenueRules, VenueView
from connector_sdk.sandbox.listing import Listing
from connector_sdk.sandbox.order_rules import LEAST_TRAILING, MOST_TRAILING
from connector_sdk.sandbox.trading import TradePrevention, VenueOrderType

ORDER_TYPES = [kind.name for kind in VenueOrderType]
TRADE_PREVENTION = [mode.name for mode in TradePrevention]
PRECISION = 8
RAW_REQUESTS = 300_000
NO_LIMIT = Decimal("92233720368.54775807")


def exchange_info(pairs: Iterable[str], venue: VenueView) -> dict[str, object]:
    """The whole answer, for those pairs."""
    return {
        "timezone": "UTC",
        "serverTime": venue.now_ns // 1_000_000,
        "rateLimits": rate_limits(venue.rules),
        "exchangeFilters": [],
        "symbols": [_symbol(venue.listings[pair], venue.rules) for pair in pairs],
    }


def rate_limits(rules: VenueRules) -> list[dict[str, object]]:
    """The limits, as exchangeInfo lists them."""
    rows = (
        ("REQUEST_WEIGHT", "MINUTE", 1, rules.weight),
        ("ORDERS", "SECOND", 10, rules.orders_10s),
        ("ORDERS", "DAY", 1, rules.orders_day),
        ("RAW_REQUESTS", "MINUTE", 5, RAW_REQUESTS),
    )
    return [
        {"rateLimitType": kind, "interval": unit, "intervalNum": number, "limit": limit}
        for kind, unit, number, limit in rows
    ]


def text(number: Decimal | None) -> str:
    """With 8 decimals; a rule that is not set is ``0.00000000``."""
    return f"{number or Decimal(0):.{PRECISION}f}"


def _symbol(listing: Listing, rules: VenueRules) -> dict[str, object]:
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
        "icebergAllowed": True,
        "ocoAllowed": False,
        "otoAllowed": False,
        "opoAllowed": False,
        "quoteOrderQtyMarketAllowed": True,
        "allowTrailingStop": True,
        "cancelReplaceAllowed": True,
        "amendAllowed": True,
        "pegInstructionsAllowed": False,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": _filters(listing, rules),
        "permissions": [],
        "permissionSets": [["SPOT"]],
        "defaultSelfTradePreventionMode": "NONE",
        "allowedSelfTradePreventionModes": TRADE_PREVENTION,
    }


def _filters(listing: Listing, rules: VenueRules) -> list[dict[str, object]]:
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
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": text(None),
            "maxQty": text(instrument.maximum_quantity),
            "stepSize": text(None),
        },
        {
            "filterType": "TRAILING_DELTA",
            "minTrailingAboveDelta": LEAST_TRAILING,
            "maxTrailingAboveDelta": MOST_TRAILING,
            "minTrailingBelowDelta": LEAST_TRAILING,
            "maxTrailingBelowDelta": MOST_TRAILING,
        },
        {
            "filterType": "NOTIONAL",
            "minNotional": text(instrument.minimum_notional),
            "applyMinToMarket": True,
            "maxNotional": text(instrument.maximum_notional or NO_LIMIT),
            "applyMaxToMarket": instrument.maximum_notional is not None,
            "avgPriceMins": 0,
        },
        *_counts(rules),
    ]


def _counts(rules: VenueRules) -> list[dict[str, object]]:
    return [
        {"filterType": "ICEBERG_PARTS", "limit": rules.iceberg_parts},
        {"filterType": "MAX_NUM_ORDERS", "maxNumOrders": rules.open_orders},
        {"filterType": "MAX_NUM_ORDER_LISTS", "maxNumOrderLists": 0},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "maxNumAlgoOrders": rules.open_triggers},
        {"filterType": "MAX_NUM_ORDER_AMENDS", "maxNumOrderAmends": rules.amends},
    ]
