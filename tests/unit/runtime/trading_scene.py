"""A market that trades at the tiny venue, in virtual time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from connector_sdk.connect import connect
from connector_sdk.model.events import Event
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order_events import (
    AccountEvent,
    ExternalOrder,
    OrderAccepted,
    OrderCompleted,
    OrderFailed,
    OrderFilled,
    OrderLost,
    OrderOutcomeUnknown,
    OrderRefused,
)
from connector_sdk.protocols.connector import Connector
from connector_sdk.protocols.store import OrderStore
from connector_sdk.runtime.event_stream import KINDS
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.runtime.trading_settings import TradingSettings
from connector_sdk.testing.manual_clock import ManualClock
from tiny_connector import KEYS, LISTED, tiny_connector
from tiny_venue import PAIR, TinyVenue

ORDER_EVENTS = (
    OrderAccepted,
    OrderOutcomeUnknown,
    OrderFilled,
    OrderCompleted,
    OrderRefused,
    OrderFailed,
    OrderLost,
    ExternalOrder,
)


class Scene:
    """One run of a program: `events` holds all that its listeners heard."""

    def __init__(self, clock: ManualClock, venue: TinyVenue, market: LiveMarket) -> None:
        self.clock = clock
        self.venue = venue
        self.market = market
        self.events: list[Event] = []

    def told(self, *kinds: type[AccountEvent]) -> list[str]:
        """Names of the events of `kinds`, in order."""
        return [type(event).__name__ for event in self.events if isinstance(event, kinds)]

    def orders_told(self) -> list[str]:
        """Names of the events of orders, in order."""
        return self.told(*ORDER_EVENTS)

    def sent(self, what: str = "POST /order") -> int:
        """How many requests of that kind the venue saw."""
        return self.venue.asked.count(what)


@asynccontextmanager
async def scene(
    *,
    venue: TinyVenue | None = None,
    clock: ManualClock | None = None,
    connector: Connector | None = None,
    store: OrderStore | None = None,
    pairs: Sequence[str] = (PAIR,),
    instruments: Instruments = LISTED,
    settle_s: float = 1.0,
    settings: TradingSettings | None = None,
    prepare: Callable[[TinyVenue], None] = lambda _: None,
) -> AsyncIterator[Scene]:
    """A market that had `settle_s` to get ready."""
    clock = clock or ManualClock()
    venue = venue or TinyVenue(clock)
    prepare(venue)
    market = connect(
        connector or tiny_connector(),
        pairs,
        credentials=KEYS,
        store=store or NullStore(),
        transport=venue,
        clock=clock,
        instruments=instruments,
        settings=FeedSettings(seed=1),
        trading=settings,
    )
    async with market:
        made = Scene(clock, venue, market)
        for kind in KINDS:
            market.on(kind, made.events.append)
        await clock.advance(settle_s)
        yield made
