"""Connect to exchanges, correctly: exact, gap-checked order books through venue plugins.

Names are loaded when first used: importing this package opens no network library.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector_sdk.book.order_book import OrderBook
    from connector_sdk.book.reading import PriceType
    from connector_sdk.book.sequence import Verification
    from connector_sdk.connect import connect
    from connector_sdk.errors import (
        BookNotSynced,
        ConfigError,
        ConnectFailed,
        ConnectorError,
        Disconnected,
        InvariantError,
        ListenerOverrun,
        NotSupported,
        PluginError,
        RateLimited,
        RequestTimeout,
        Sent,
        TransportError,
        UnknownInstrument,
        VenueError,
        WireError,
    )
    from connector_sdk.model.events import (
        BookAudited,
        BookCrossed,
        BookMetrics,
        BookResynced,
        BookStale,
        BookState,
        BookUpdated,
        Event,
        FeedInterrupted,
        FeedMetrics,
        PairDegraded,
    )
    from connector_sdk.model.health import ConnectionHealth, MarketHealth, PairHealth
    from connector_sdk.model.instrument import Instrument, Instruments, trading_pair
    from connector_sdk.model.manifest import ConnectorManifest
    from connector_sdk.model.market_data import (
        BookDelta,
        BookSnapshot,
        PriceLevel,
        TopOfBook,
        Trade,
    )
    from connector_sdk.model.order import Side
    from connector_sdk.model.wire import Call, Frame, RestRequest, RestResponse
    from connector_sdk.plugins import (
        InstalledConnector,
        PluginCheck,
        check_connectors,
        installed_connectors,
        load_connector,
    )
    from connector_sdk.protocols.auth import Auth, NoAuth
    from connector_sdk.protocols.connector import Connector
    from connector_sdk.protocols.data_source import DataSource, OrderBookTrackerDataSource
    from connector_sdk.protocols.in_flight_order import InFlightOrder
    from connector_sdk.protocols.market import Market, MarketApi
    from connector_sdk.protocols.tracker import Tracker
    from connector_sdk.runtime.live_market import LiveMarket
    from connector_sdk.runtime.order_book_tracker import OrderBookTracker

__all__ = [
    "Auth",
    "BookAudited",
    "BookCrossed",
    "BookDelta",
    "BookMetrics",
    "BookNotSynced",
    "BookResynced",
    "BookSnapshot",
    "BookStale",
    "BookState",
    "BookUpdated",
    "Call",
    "ConfigError",
    "ConnectFailed",
    "ConnectionHealth",
    "Connector",
    "ConnectorError",
    "ConnectorManifest",
    "DataSource",
    "Disconnected",
    "Event",
    "FeedInterrupted",
    "FeedMetrics",
    "Frame",
    "InFlightOrder",
    "InstalledConnector",
    "Instrument",
    "Instruments",
    "InvariantError",
    "ListenerOverrun",
    "LiveMarket",
    "Market",
    "MarketApi",
    "MarketHealth",
    "NoAuth",
    "NotSupported",
    "OrderBook",
    "OrderBookTracker",
    "OrderBookTrackerDataSource",
    "PairDegraded",
    "PairHealth",
    "PluginCheck",
    "PluginError",
    "PriceLevel",
    "PriceType",
    "RateLimited",
    "RequestTimeout",
    "RestRequest",
    "RestResponse",
    "Sent",
    "Side",
    "TopOfBook",
    "Tracker",
    "Trade",
    "TransportError",
    "UnknownInstrument",
    "VenueError",
    "Verification",
    "WireError",
    "check_connectors",
    "connect",
    "installed_connectors",
    "load_connector",
    "trading_pair",
]

_HOMES = {
    "book.order_book": "OrderBook",
    "book.reading": "PriceType",
    "book.sequence": "Verification",
    "connect": "connect",
    "errors": (
        "BookNotSynced ConfigError ConnectFailed ConnectorError Disconnected InvariantError "
        "ListenerOverrun NotSupported PluginError RateLimited RequestTimeout Sent TransportError "
        "UnknownInstrument VenueError WireError"
    ),
    "model.events": (
        "BookAudited BookCrossed BookMetrics BookResynced BookStale BookState BookUpdated Event "
        "FeedInterrupted FeedMetrics PairDegraded"
    ),
    "model.health": "ConnectionHealth MarketHealth PairHealth",
    "model.instrument": "Instrument Instruments trading_pair",
    "model.manifest": "ConnectorManifest",
    "model.market_data": "BookDelta BookSnapshot PriceLevel TopOfBook Trade",
    "model.order": "Side",
    "model.wire": "Call Frame RestRequest RestResponse",
    "plugins": (
        "InstalledConnector PluginCheck check_connectors installed_connectors load_connector"
    ),
    "protocols.auth": "Auth NoAuth",
    "protocols.connector": "Connector",
    "protocols.data_source": "DataSource OrderBookTrackerDataSource",
    "protocols.in_flight_order": "InFlightOrder",
    "protocols.market": "Market MarketApi",
    "protocols.tracker": "Tracker",
    "runtime.live_market": "LiveMarket",
    "runtime.order_book_tracker": "OrderBookTracker",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}


class _Package(ModuleType):
    """Keeps the name `connect` for the function: the module of that name would take it over."""

    def __setattr__(self, name: str, value: object) -> None:
        if name != "connect" or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
