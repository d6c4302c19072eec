"""Binance spot, translated. Sources are in the README's evidence table."""

from __future__ import annotations

from connector_sdk.protocols.connector import Connector
from connector_sdk_binance.manifest import MANIFEST
from connector_sdk_binance.market import BinanceMarketApi
from connector_sdk_binance.order_book_data_source import BinanceOrderBookDataSource

connector = Connector(
    manifest=MANIFEST,
    market_api=BinanceMarketApi(),
    order_book=BinanceOrderBookDataSource(),
)
