"""Connector: the frozen bundle that an entry point returns."""

from __future__ import annotations

from dataclasses import dataclass

from connector_sdk.model.manifest import ConnectorManifest
from connector_sdk.protocols.data_source import OrderBookTrackerDataSource
from connector_sdk.protocols.market import MarketApi


@dataclass(frozen=True, slots=True)
class Connector:
    """Everything one venue's plugin brings."""

    manifest: ConnectorManifest
    market_api: MarketApi
    order_book: OrderBookTrackerDataSource
