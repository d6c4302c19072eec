"""Tracker: turns frames into state. Synchronous; it needs no loop and no socket."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from connector_sdk.errors import ConnectorError
from connector_sdk.model.wire import (
    Frame,
    Reply,
    SessionEnding,
    Subscribed,
    SubscriptionRefused,
)

E = TypeVar("E")
R_co = TypeVar("R_co", covariant=True)


class NeedSnapshot(NamedTuple):
    """A pair needs a snapshot. `attempt` counts from 0 since the last success."""

    pair: str
    reason: str
    attempt: int


class Resubscribe(NamedTuple):
    """A pair's subscription must be made anew: that brings its snapshot in-stream."""

    pair: str
    reason: str
    attempt: int


class Control(NamedTuple):
    """A control word that the connection it came on must act upon."""

    connection: str
    word: Subscribed | SubscriptionRefused | Reply | SessionEnding


Request: TypeAlias = NeedSnapshot | Resubscribe | Control


class Tracker(ABC, Generic[R_co]):
    """Frames in at the top, events out to listeners, wishes left in `take_requests`."""

    @abstractmethod
    def receive(self, frame: Frame) -> None:
        """Take one frame. Never raises for what a venue sent."""

    @abstractmethod
    def connection_lost(self, connection: str, reason: str, now_ns: int) -> None:
        """A connection ended: whatever hung on it is not to be trusted."""

    @abstractmethod
    def tick(self, now_ns: int) -> None:
        """Let time pass: what is asked now and then falls due here. Call about once a second."""

    @abstractmethod
    def take_requests(self) -> Sequence[R_co]:
        """What the tracker wants done, oldest first; each is handed out once."""

    @property
    @abstractmethod
    def ready(self) -> bool:
        """Whether all that is followed can be trusted now."""

    @abstractmethod
    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`; returns a function that ends it."""


class PairTracker(Tracker[Request]):
    """A tracker of market data, pair by pair."""

    @abstractmethod
    def snapshot_failed(self, pair: str, error: ConnectorError, now_ns: int) -> None:
        """A NeedSnapshot could not be met; it will be asked again."""

    @abstractmethod
    def subscribe(self, pair: str) -> None:
        """Follow a pair from now on."""

    @abstractmethod
    def unsubscribe(self, pair: str) -> None:
        """Stop following a pair and free its state."""
