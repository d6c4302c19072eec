"""What a feed of books works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from connector_sdk.errors import VenueError
from connector_sdk.model.instrument import Instruments
from connector_sdk.protocols.data_source import OrderBookTrackerDataSource
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.runtime.order_book_tracker import OrderBookTracker
from connector_sdk.runtime.stream_parts import StreamParts
from connector_sdk.transport.clock import Clock


@dataclass(frozen=True, slots=True)
class FeedParts:
    """What a feed and its snapshots work with.

    refusal:   the error that the venue's (code, message) mean.
    serve:     performs what the tracker asks for; called after each batch of frames.
    """

    venue: str
    source: OrderBookTrackerDataSource
    tracker: OrderBookTracker
    refusal: Callable[[str, str], VenueError]
    clock: Clock
    settings: FeedSettings
    serve: Callable[[], None] = lambda: None

    @property
    def instruments(self) -> Instruments:
        """The venue's symbol map and rules, as they are now."""
        return self.tracker.instruments

    @property
    def stream(self) -> StreamParts:
        """What each of its connections works with."""
        return StreamParts(
            venue=self.venue,
            source=self.source,
            tracker=self.tracker,
            on_refusal=self.tracker.snapshot_failed,
            clock=self.clock,
            settings=self.settings,
            serve=self.serve,
            refusal=self.refusal,
        )
