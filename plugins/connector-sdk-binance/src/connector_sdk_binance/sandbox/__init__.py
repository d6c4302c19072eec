"""The dialect of the embedded venue: Binance spot from the venue's side of the wire.

Shares nothing with the connector, so that one misreading cannot hide in both.
"""

from __future__ import annotations

from connector_sdk_binance.sandbox.binance_dialect import BinanceDialect

dialect = BinanceDialect()

__all__ = ["BinanceDialect", "dialect"]
