"""Connect to exchanges, correctly: exact, gap-checked order books through venue plugins.

Names are loaded when first used: importing this package opens no network library.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector_sdk.book.depth_queries import SimulatedFill, TakenLevel
    from connector_sdk.book.order_book import OrderBook
    from connector_sdk.book.reading import PriceType
    from connector_sdk.book.sequence import Verification
    from connector_sdk.connect import connect
    from connector_sdk.errors import (
        AuthRejected,
        BookNotSynced,
        ConfigError,
        ConnectFailed,
        ConnectorError,
        Disconnected,
        DuplicateOrder,
        EmptySide,
        InsufficientDepth,
        InsufficientFunds,
        IntentRefused,
        InvalidRequest,
        InvariantError,
        ListenerOverrun,
        MarketClosed,
        NotSupported,
        OrderNotFound,
        OrderRejected,
        PluginError,
        PostOnlyRejected,
        RateLimited,
        RequestTimeout,
        RuleViolated,
        Sent,
        StoreFailed,
        TimestampRejected,
        TransportError,
        UnknownInstrument,
        VenueError,
        WireError,
    )
    from connector_sdk.model.account import Balance, BalanceReport, Fee, FeeRates
    from connector_sdk.model.credentials import Credentials, KeyCredentials
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
    from connector_sdk.model.order import OrderIntent, OrderKey, OrderType, Side, TimeInForce
    from connector_sdk.model.order_events import (
        AccountReconciled,
        BalanceChanged,
        CancelRefused,
        ExternalFill,
        ExternalOrder,
        LateFill,
        OrderAccepted,
        OrderAmended,
        OrderCanceled,
        OrderCompleted,
        OrderExpired,
        OrderFailed,
        OrderFilled,
        OrderLost,
        OrderOutcomeUnknown,
        OrderOverfilled,
        OrderRecovered,
        OrderRefused,
    )
    from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus
    from connector_sdk.model.wire import Call, Frame, RestRequest, RestResponse
    from connector_sdk.orders.states import OrderState
    from connector_sdk.plugins import (
        InstalledConnector,
        PluginCheck,
        check_connectors,
        installed_connectors,
        load_connector,
    )
    from connector_sdk.protocols.auth import Auth, NoAuth, Signer
    from connector_sdk.protocols.connector import Connector, Trading
    from connector_sdk.protocols.data_source import (
        DataSource,
        OrderBookTrackerDataSource,
        UserStreamTrackerDataSource,
    )
    from connector_sdk.protocols.flat_trading import FlatTradingApi
    from connector_sdk.protocols.in_flight_order import InFlightOrder
    from connector_sdk.protocols.market import Market, MarketApi
    from connector_sdk.protocols.store import OrderStore, StoredOrder
    from connector_sdk.protocols.tracker import Tracker
    from connector_sdk.protocols.trader import CancelResult, Trader
    from connector_sdk.protocols.trading import TradingApi
    from connector_sdk.runtime.live_market import LiveMarket
    from connector_sdk.runtime.null_store import NullStore
    from connector_sdk.runtime.order_book_tracker import OrderBookTracker
    from connector_sdk.runtime.sqlite_store import SqliteStore
    from connector_sdk.runtime.trading_settings import TradingSettings
    from connector_sdk.runtime.user_stream_tracker import UserStreamTracker
    from connector_sdk.sandbox.paper import paper, paper_replay
    from connector_sdk.sandbox.paper_market import PaperMarket

__all__ = [
    "AccountReconciled",
    "Auth",
    "AuthRejected",
    "Balance",
    "BalanceChanged",
    "BalanceReport",
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
    "CancelRefused",
    "CancelResult",
    "ConfigError",
    "ConnectFailed",
    "ConnectionHealth",
    "Connector",
    "ConnectorError",
    "ConnectorManifest",
    "Credentials",
    "DataSource",
    "Disconnected",
    "DuplicateOrder",
    "EmptySide",
    "Event",
    "ExternalFill",
    "ExternalOrder",
    "Fee",
    "FeeRates",
    "FeedInterrupted",
    "FeedMetrics",
    "Fill",
    "FlatTradingApi",
    "Frame",
    "InFlightOrder",
    "InstalledConnector",
    "Instrument",
    "Instruments",
    "InsufficientDepth",
    "InsufficientFunds",
    "IntentRefused",
    "InvalidRequest",
    "InvariantError",
    "KeyCredentials",
    "LateFill",
    "ListenerOverrun",
    "LiveMarket",
    "Market",
    "MarketApi",
    "MarketClosed",
    "MarketHealth",
    "NoAuth",
    "NotSupported",
    "NullStore",
    "OrderAccepted",
    "OrderAmended",
    "OrderBook",
    "OrderBookTracker",
    "OrderBookTrackerDataSource",
    "OrderCanceled",
    "OrderCompleted",
    "OrderExpired",
    "OrderFailed",
    "OrderFilled",
    "OrderIntent",
    "OrderKey",
    "OrderLost",
    "OrderNotFound",
    "OrderOutcomeUnknown",
    "OrderOverfilled",
    "OrderRecovered",
    "OrderRefused",
    "OrderRejected",
    "OrderReport",
    "OrderState",
    "OrderStatus",
    "OrderStore",
    "OrderType",
    "PairDegraded",
    "PairHealth",
    "PaperMarket",
    "PluginCheck",
    "PluginError",
    "PostOnlyRejected",
    "PriceLevel",
    "PriceType",
    "RateLimited",
    "RequestTimeout",
    "RestRequest",
    "RestResponse",
    "RuleViolated",
    "Sent",
    "Side",
    "Signer",
    "SimulatedFill",
    "SqliteStore",
    "StoreFailed",
    "StoredOrder",
    "TakenLevel",
    "TimeInForce",
    "TimestampRejected",
    "TopOfBook",
    "Tracker",
    "Trade",
    "Trader",
    "Trading",
    "TradingApi",
    "TradingSettings",
    "TransportError",
    "UnknownInstrument",
    "UserStreamTracker",
    "UserStreamTrackerDataSource",
    "VenueError",
    "Verification",
    "WireError",
    "check_connectors",
    "connect",
    "installed_connectors",
    "load_connector",
    "paper",
    "paper_replay",
    "trading_pair",
]

_HOMES = {
    "book.depth_queries": "SimulatedFill TakenLevel",
    "book.order_book": "OrderBook",
    "book.reading": "PriceType",
    "book.sequence": "Verification",
    "connect": "connect",
    "errors": (
        "AuthRejected BookNotSynced ConfigError ConnectFailed ConnectorError Disconnected "
        "DuplicateOrder EmptySide InsufficientDepth InsufficientFunds IntentRefused "
        "InvalidRequest InvariantError ListenerOverrun MarketClosed NotSupported OrderNotFound "
        "OrderRejected PluginError PostOnlyRejected RateLimited RequestTimeout RuleViolated "
        "Sent StoreFailed TimestampRejected TransportError UnknownInstrument VenueError "
        "WireError"
    ),
    "model.account": "Balance BalanceReport Fee FeeRates",
    "model.credentials": "Credentials KeyCredentials",
    "model.events": (
        "BookAudited BookCrossed BookMetrics BookResynced BookStale BookState BookUpdated Event "
        "FeedInterrupted FeedMetrics PairDegraded"
    ),
    "model.health": "ConnectionHealth MarketHealth PairHealth",
    "model.instrument": "Instrument Instruments trading_pair",
    "model.manifest": "ConnectorManifest",
    "model.market_data": "BookDelta BookSnapshot PriceLevel TopOfBook Trade",
    "model.order": "OrderIntent OrderKey OrderType Side TimeInForce",
    "model.order_events": (
        "AccountReconciled BalanceChanged CancelRefused ExternalFill ExternalOrder LateFill "
        "OrderAccepted OrderAmended OrderCanceled OrderCompleted OrderExpired OrderFailed "
        "OrderFilled OrderLost OrderOutcomeUnknown OrderOverfilled OrderRecovered OrderRefused"
    ),
    "model.order_update": "Fill OrderReport OrderStatus",
    "model.wire": "Call Frame RestRequest RestResponse",
    "orders.states": "OrderState",
    "plugins": (
        "InstalledConnector PluginCheck check_connectors installed_connectors load_connector"
    ),
    "protocols.auth": "Auth NoAuth Signer",
    "protocols.connector": "Connector Trading",
    "protocols.data_source": "DataSource OrderBookTrackerDataSource UserStreamTrackerDataSource",
    "protocols.flat_trading": "FlatTradingApi",
    "protocols.in_flight_order": "InFlightOrder",
    "protocols.market": "Market MarketApi",
    "protocols.store": "OrderStore StoredOrder",
    "protocols.tracker": "Tracker",
    "protocols.trader": "CancelResult Trader",
    "protocols.trading": "TradingApi",
    "runtime.live_market": "LiveMarket",
    "runtime.null_store": "NullStore",
    "runtime.order_book_tracker": "OrderBookTracker",
    "runtime.sqlite_store": "SqliteStore",
    "runtime.trading_settings": "TradingSettings",
    "runtime.user_stream_tracker": "UserStreamTracker",
    "sandbox.paper": "paper paper_replay",
    "sandbox.paper_market": "PaperMarket",
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
