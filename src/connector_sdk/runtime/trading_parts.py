"""What trading is composed of, beside its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from connector_sdk.model.instrument import Instruments
from connector_sdk.model.manifest import ConnectorManifest
from connector_sdk.protocols import connector
from connector_sdk.protocols.auth import Auth
from connector_sdk.protocols.store import OrderStore
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.listeners import Listeners
from connector_sdk.runtime.supervisor import Supervisor
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.transport import Transport


@dataclass(frozen=True, slots=True)
class AccountAccess:
    """Whose account it is, and where its orders are written down.

    owns_store: whether the store is closed with the market.
    """

    venue: connector.Trading
    auth: Auth
    store: OrderStore
    owns_store: bool
    settings: TradingSettings


@dataclass(frozen=True, slots=True)
class TradingParts:
    """What trading shares with the rest of its market.

    endpoints:    endpoint name → URL.
    listeners:    who hears the events.
    instruments:  the rules as they are now; `refresh` reads them anew (None: they stay).
    pairs:        the pairs being followed.
    price:        what a pair trades at, where a book tells it; for valuing market orders.
    changed:      called when something that readiness hangs on may have changed.
    """

    manifest: ConnectorManifest
    transport: Transport
    rest: RestClient
    endpoints: Mapping[str, str]
    clock: Clock
    feed: FeedSettings
    supervisor: Supervisor
    listeners: Listeners
    instruments: Callable[[], Instruments]
    refresh: Callable[[], Awaitable[None]] | None
    pairs: Callable[[], Iterable[str]]
    price: Callable[[str], Decimal | None]
    changed: Callable[[], None]
