"""Connector: the frozen bundle that an entry point returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector_sdk.errors import ConfigError
from connector_sdk.model.credentials import Credentials
from connector_sdk.model.manifest import ConnectorManifest
from connector_sdk.protocols.auth import Auth
from connector_sdk.protocols.data_source import (
    OrderBookTrackerDataSource,
    UserStreamTrackerDataSource,
)
from connector_sdk.protocols.market import MarketApi
from connector_sdk.protocols.trading import TradingApi


@dataclass(frozen=True, slots=True)
class Trading:
    """What a venue's plugin brings for trading.

    credentials:  the model of what the venue asks for.
    auth:         makes the Auth of credentials of that type; ConfigError for malformed ones.
    """

    api: TradingApi
    user_stream: UserStreamTrackerDataSource
    credentials: type[Credentials]
    auth: Callable[[Credentials], Auth]

    def login(self, credentials: Credentials) -> Auth:
        """The Auth of `credentials`. Raises ConfigError for those of another venue."""
        if not isinstance(credentials, self.credentials):
            raise ConfigError(
                f"{type(credentials).__name__} are not this venue's credentials: "
                f"it takes {self.credentials.__name__}"
            )
        return self.auth(credentials)


@dataclass(frozen=True, slots=True)
class Connector:
    """Everything one venue's plugin brings. trading: None where it is for public data only."""

    manifest: ConnectorManifest
    market_api: MarketApi
    order_book: OrderBookTrackerDataSource
    trading: Trading | None = None
