"""connect: finds a venue's plugin and composes the live market."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path

from connector_sdk.credentials import CredentialsSource, credentials_from
from connector_sdk.errors import NotSupported
from connector_sdk.model.instrument import Instruments
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.store import OrderStore
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.live_market import LiveMarket, Surroundings
from connector_sdk.runtime.sqlite_store import SqliteStore
from connector_sdk.runtime.store_path import default_store_path
from connector_sdk.runtime.trading_parts import AccountAccess
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.transport.clock import Clock, SystemClock
from connector_sdk.transport.shared_budget import BudgetFolder, user_folder
from connector_sdk.transport.transport import Transport


def connect(
    venue: str | Connector,
    pairs: Iterable[str],
    *,
    credentials: CredentialsSource | None = None,
    store: OrderStore | str | PathLike[str] | None = None,
    domain: str | None = None,
    endpoints: Mapping[str, str] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
    instruments: Instruments | None = None,
    settings: FeedSettings | None = None,
    trading: TradingSettings | None = None,
    share_limits: bool | str | PathLike[str] | None = None,
) -> LiveMarket:
    """Compose the live market of a venue; `async with` opens and closes it.

    venue:        the name of an installed connector, or a connector.
    credentials:  of the account to trade with, or where they come from; None: public data only.
    store:        where orders are written down before they are sent: a path, or a store, which is
                  left open at the end. None: the file that `default_store_path` names.
    domain:       one of the manifest's domains, as a test network; default: its first.
    endpoints:    endpoint name → URL, in place of the domain's own.
    transport:    in place of real sockets; it stays open when the market closes.
    instruments:  in place of the list the venue gives.
    share_limits: keep the rate limits together with the other processes of this machine, in the
                  user's state folder or in the one that is named. None: where sockets are real.

    Raises PluginError for a connector that cannot be used, NotSupported for credentials where it
    cannot trade, ConfigError for malformed pairs or credentials, an unknown domain or endpoint.
    Pairs the venue does not list are refused at the start.
    """
    connector = load_connector(venue) if isinstance(venue, str) else venue
    urls = connector.manifest.endpoints(domain, endpoints)
    access = _access(connector, credentials, store, trading or TradingSettings())
    around = Surroundings(urls, transport, clock or SystemClock(), instruments)
    around = replace(around, settings=settings or FeedSettings(), access=access)
    around = replace(around, budgets=_budgets(connector, around, share=share_limits))
    return LiveMarket(connector, pairs, around)


def _access(
    connector: Connector,
    credentials: CredentialsSource | None,
    store: OrderStore | str | PathLike[str] | None,
    settings: TradingSettings,
) -> AccountAccess | None:
    if credentials is None:
        return None
    venue, trading = connector.manifest.venue, connector.trading
    if trading is None:
        raise NotSupported(f"{venue}: this connector is for public data only: it takes no keys")
    auth = trading.login(credentials_from(trading.credentials, venue, credentials))
    if isinstance(store, OrderStore):
        return AccountAccess(trading, auth, store, owns_store=False, settings=settings)
    kept = SqliteStore(default_store_path(venue) if store is None else store)
    return AccountAccess(trading, auth, kept, owns_store=True, settings=settings)


def _budgets(
    connector: Connector, around: Surroundings, *, share: bool | str | PathLike[str] | None
) -> BudgetFolder | None:
    share = around.transport is None if share is None else share
    if share is False:
        return None
    path = user_folder() if share is True else Path(share)
    identity = "" if around.access is None else around.access.auth.identity
    address = next(iter(around.endpoints.values()))
    return BudgetFolder(path, connector.manifest.venue, address, identity)
