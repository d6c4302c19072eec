"""What every kept-up connection works with, whether it carries books or an account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from connector_sdk.errors import ConnectorError, VenueError
from connector_sdk.model.wire import Frame
from connector_sdk.protocols.data_source import DataSource
from connector_sdk.runtime.feed_settings import FeedSettings
from connector_sdk.transport.clock import Clock

SECOND_NS = 1_000_000_000


class StreamTracker(Protocol):
    """Where the frames of a connection go. A topic is what is subscribed: a pair, an account."""

    def receive(self, frame: Frame, /) -> None:
        """Take one frame."""
        ...

    def connection_lost(self, connection: str, reason: str, now_ns: int, /) -> None:
        """A connection ended."""
        ...

    def subscribed(self, connection: str, topics: Sequence[str], now_ns: int, /) -> None:
        """The venue acknowledged that `connection` carries `topics`."""
        ...

    def owned_by(self, connection: str, /) -> Collection[str]:
        """Topics that nobody but `connection` carries now."""
        ...


class StreamSubscriptions(Protocol):
    """What one connection asks for. No task and no clock: the time is passed in."""

    @property
    def waiting(self) -> bool:
        """Whether something is to be sent."""
        ...

    @property
    def expecting(self) -> bool:
        """Whether something is to be asked again, should nothing come."""
        ...

    @property
    def failure(self) -> str | None:
        """Why this connection is of no use any more; None while it may be."""
        ...

    async def prepare(self) -> None:
        """Wait for what the next text is made of. Raises ConnectorError."""
        ...

    def next_text(self, now_ns: int, /) -> str | None:
        """What to send next, to be sent at once; None: nothing."""
        ...

    def acknowledged(self, ack: str, /) -> None:
        """The venue said yes to the request with this `ack`."""
        ...

    def refused(self, ack: str | None, said: str, now_ns: int, /) -> Sequence[str]:
        """The venue said no; returns the topic that is to blame, if that can be told."""
        ...

    def take_carried(self) -> Sequence[str]:
        """Topics acknowledged since the last call."""
        ...

    def overdue(self, now_ns: int, /) -> Sequence[str]:
        """Take up again what was not answered, or refused a while ago; topics not answered."""
        ...


@dataclass(frozen=True, slots=True)
class StreamParts:
    """What every session of a stream works with.

    on_refusal:  called with each topic whose subscription was refused, why, and when.
    refusal:     the error that the venue's (code, message) mean.
    serve:       performs what the tracker asks for; called after each batch of frames.
    """

    venue: str
    source: DataSource[object]
    tracker: StreamTracker
    on_refusal: Callable[[str, ConnectorError, int], None]
    refusal: Callable[[str, str], VenueError]
    clock: Clock
    settings: FeedSettings
    serve: Callable[[], None]
