"""What the tests of the live path share: quick settings, comparison with the journal."""

from __future__ import annotations

import asyncio
import gc
import resource
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from connector_sdk.connect import connect
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.connector import Connector
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.dialect import VenueRules
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk.transport.backoff import Spacing
from connector_sdk_binance.sandbox import dialect

BOUND_S = 20.0
RULES: VenueRules = dialect.rules.raised()
QUICK = FeedSettings(
    ack_s=1.0,
    reconnects=Spacing(0.005, 0.02),
    snapshots=Spacing(0.005, 0.05),
    seed=1,
)


def hurried(**declared: float) -> Connector:
    """The installed connector, with other limits declared by its data source."""
    connector = load_connector("binance")
    limits = {"connects_per_minute": 1e6, "messages_per_second": None, **declared}
    hurrying = type("Hurried", (type(connector.order_book),), limits)
    return replace(connector, order_book=hurrying())


def unthrottled(connector: Connector) -> Connector:
    """The connector, allowed to ask as much as a venue with raised limits admits."""
    pools = [
        pool.model_copy(update={"limit": 1_000_000}) for pool in connector.manifest.rate_limits
    ]
    manifest = connector.manifest.model_copy(update={"rate_limits": tuple(pools)})
    return replace(connector, manifest=manifest)


def venue_of(pairs: Sequence[str], flow: float = 50.0, faults: str = "") -> EmbeddedVenue:
    return EmbeddedVenue(dialect, pairs, seed=7, flow=flow, faults=faults, rules=RULES)


def market_of(
    venue: EmbeddedVenue | MemoryVenue,
    pairs: Sequence[str],
    connector: Connector | None = None,
    settings: FeedSettings = QUICK,
) -> LiveMarket:
    connector = connector or hurried()
    known = connector.manifest.endpoints()
    endpoints = {name: url for name, url in venue.endpoints.items() if name in known}
    return connect(connector, pairs, endpoints=endpoints, settings=settings)


def differs(venue: EmbeddedVenue | MemoryVenue, market: LiveMarket, pair: str) -> bool:
    """Whether the book, as it can be read now, differs from the venue's at the id it claims."""
    book = market.order_book(pair)
    true = venue.journal.book_at(pair, book.update_id, 20)
    read = [
        [(level.price, level.quantity) for level in side] for side in (book.bids(20), book.asks(20))
    ]
    return read != [true.bids, true.asks]


async def until(holds: Callable[[], bool]) -> None:
    """Give the loop back until `holds`; fails after a while."""
    async with asyncio.timeout(BOUND_S):
        while not holds():  # noqa: ASYNC110  # the venue's side has no event to wait for
            await asyncio.sleep(0.005)


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def resident_bytes() -> int:
    """Memory of this process that is in RAM, once garbage is gone."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
