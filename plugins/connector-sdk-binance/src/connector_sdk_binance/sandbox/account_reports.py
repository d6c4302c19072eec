"""An account in JSON, field for field.

Source: binance-spot-api-docs, "REST API: Account endpoints" (read 2026-11).
"""

from __future__ import annotations

from decimal import Decimal
from zlib import crc32

from connector_sdk.sandbox.dialect import VenueRules, VenueView
from connector_sdk.sandbox.trading import TradingDesk
from connector_sdk_binance.sandbox.exchange_info import rate_limits, text
from connector_sdk_binance.sandbox.order_reports import Json, milliseconds

BASIS_POINTS = 10_000


def account_report(account: str, desk: TradingDesk, *, omit_zero: bool) -> Json:
    """Balances and permissions; `omit_zero` leaves out assets it has nothing of."""
    maker, taker = desk.fee_rates(account)
    return {
        "makerCommission": int(maker * BASIS_POINTS),
        "takerCommission": int(taker * BASIS_POINTS),
        "buyerCommission": 0,
        "sellerCommission": 0,
        "commissionRates": _rates(maker, taker),
        "canTrade": True,
        "canWithdraw": True,
        "canDeposit": True,
        "brokered": False,
        "requireSelfTradePrevention": False,
        "preventSor": False,
        "updateTime": milliseconds(desk.balances_changed_ns(account)),
        "accountType": "SPOT",
        "balances": [
            {"asset": one.asset, "free": text(one.free), "locked": text(one.locked)}
            for one in desk.balances(account).values()
            if one.free or one.locked or not omit_zero
        ],
        "permissions": ["SPOT"],
        "uid": crc32(account.encode()),
    }


def commission_report(account: str, pair: str, venue: VenueView) -> Json:
    """What a trade of that pair costs."""
    maker, taker = venue.desk.fee_rates(account)
    nothing = _rates(Decimal(0), Decimal(0))
    return {
        "symbol": venue.listings[pair].instrument.symbol,
        "standardCommission": _rates(maker, taker),
        "specialCommission": nothing,
        "taxCommission": nothing,
        "discount": no_discount(),
    }


def tested_commission(account: str, desk: TradingDesk) -> Json:
    """What a tested order would cost, where the client asks for it."""
    maker, taker = desk.fee_rates(account)
    nothing = {"maker": text(None), "taker": text(None)}
    return {
        "standardCommissionForOrder": {"maker": text(maker), "taker": text(taker)},
        "specialCommissionForOrder": nothing,
        "taxCommissionForOrder": nothing,
        "discount": no_discount(),
    }


def no_discount() -> Json:
    """Nobody pays with another asset here."""
    return {
        "enabledForAccount": False,
        "enabledForSymbol": False,
        "discountAsset": "BNB",
        "discount": text(None),
    }


def order_count_report(account: str, desk: TradingDesk, rules: VenueRules) -> list[Json]:
    """The limits on new orders, and what is used of them."""
    counts = desk.order_counts(account)
    limits = [row for row in rate_limits(rules) if row["rateLimitType"] == "ORDERS"]
    return [{**row, "count": count} for row, count in zip(limits, counts, strict=True)]


def _rates(maker: Decimal, taker: Decimal) -> Json:
    return {
        "maker": text(maker),
        "taker": text(taker),
        "buyer": text(None),
        "seller": text(None),
    }
