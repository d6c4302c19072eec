"""connect: finds a venue's plugin and composes the live market."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector_sdk.model.instrument import Instruments
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Connector
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.live_market import LiveMarket, Surroundings
from connector_sdk.transport.clock import Clock, SystemClock
from connector_sdk.transport.transport import Transport


def connect(
    venue: str | Connector,
    pairs: Iterable[str],
    *,
    domain: str | None = None,
    endpoints: Mapping[str, str] | None = None,
    transport: Transport | None = None,
    clock: Clock | None = None,
    instruments: Instruments | None = None,
    settings: FeedSettings | None = None,
) -> LiveMarket:
    """Compose the live market of a venue; `async with` opens and closes it.

    venue:        the name of an installed connector, or a connector.
    domain:       one of the manifest's domains, as a test network; default: its first.
    endpoints:    endpoint name → URL, in place of the domain's own.
    transport:    in place of real sockets; it stays open when the market closes.
    instruments:  in place of the list the venue gives.

    Raises PluginError for a connector that cannot be used, ConfigError for malformed pairs, an
    unknown domain or endpoint. Pairs the venue does not list are refused at the start.
    """
    connector = load_connector(venue) if isinstance(venue, str) else venue
    surroundings = Surroundings(
        endpoints=connector.manifest.endpoints(domain, endpoints),
        transport=transport,
        clock=clock or SystemClock(),
        instruments=instruments,
        settings=settings or FeedSettings(),
    )
    return LiveMarket(connector, pairs, surroundings)
