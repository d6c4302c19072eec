"""A connector and a ledger that know soon what never arrived."""

from __future__ import annotations

from dataclasses import replace

from connector_sdk.orders.ledger_settings import LedgerSettings
from connector_sdk.protocols.connector import Connector
from connector_sdk_binance.market import BinanceMarketApi
from live_venue import hurried, unthrottled

IMPATIENT = LedgerSettings(
    margin_s=0.5,
    absence_spacing_s=0.2,
    first_ask_s=0.2,
    longest_ask_s=0.8,
    fills_wait_s=1.0,
    closed_kept=12_000,
    late_s=60.0,
)
"""It forgets what ended a minute ago, and no earlier: fills of the last minute are asked for."""


def hasty(validity_s: float) -> Connector:
    """The installed connector, unthrottled, with requests that are valid for so long only."""
    connector = unthrottled(hurried())
    assert connector.trading is not None
    window = (("recvWindow", str(int(validity_s * 1_000))),)
    declared = {"order_validity_s": validity_s, "always": window}
    api: BinanceMarketApi = type("Hasty", (BinanceMarketApi,), declared)()
    trading = replace(connector.trading, api=api)
    return replace(connector, market_api=api, trading=trading)
