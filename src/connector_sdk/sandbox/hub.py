"""Hub: who hears what. A message is encoded once for each form its subscribers use."""

from __future__ import annotations

from abc import ABC, abstractmethod

from connector_sdk.sandbox.dialect import Dialect, VenueView
from connector_sdk.sandbox.publications import Publication, StreamKind, Topic


class Subscriber(ABC):
    """Somebody a topic is published to."""

    @property
    @abstractmethod
    def form(self) -> str:
        """How its frames are dressed."""

    @abstractmethod
    def deliver(self, topic: Topic, message: Publication, frame: bytes) -> None:
        """Take one message and its frame, which other subscribers share."""


class Hub:
    """Topics and their subscribers."""

    def __init__(self, dialect: Dialect, venue: VenueView) -> None:
        self._dialect = dialect
        self._venue = venue
        self._topics: dict[tuple[StreamKind, str], dict[Topic, dict[Subscriber, None]]] = {}

    def subscribe(self, topic: Topic, subscriber: Subscriber) -> None:
        """Publish `topic` to `subscriber`. Idempotent."""
        topics = self._topics.setdefault((topic.kind, topic.pair), {})
        topics.setdefault(topic, {})[subscriber] = None

    def unsubscribe(self, topic: Topic, subscriber: Subscriber) -> None:
        """Stop that. Idempotent."""
        topics = self._topics.get((topic.kind, topic.pair), {})
        subscribers = topics.get(topic, {})
        subscribers.pop(subscriber, None)
        if not subscribers:
            topics.pop(topic, None)

    def most_levels(self, pair: str) -> int:
        """How many levels a side the deepest PARTIAL of `pair` shows; 0 when nobody listens."""
        topics = self._topics.get((StreamKind.PARTIAL, pair))
        return max((topic.levels for topic in topics), default=0) if topics else 0

    def publish(self, kind: StreamKind, pair: str, interval_ms: int, message: Publication) -> None:
        """Deliver `message` to every subscriber of that kind, pair and interval."""
        topics = self._topics.get((kind, pair))
        if not topics:
            return
        for topic in tuple(topics):
            if topic.interval_ms != interval_ms:
                continue
            frames: dict[str, bytes] = {}
            for subscriber in tuple(topics.get(topic, ())):
                form = subscriber.form
                frame = frames.get(form)
                if frame is None:
                    frame = frames[form] = self.encode(topic, message, form)
                subscriber.deliver(topic, message, frame)

    def encode(self, topic: Topic, message: Publication, form: str) -> bytes:
        """`message` as a frame of `topic` in that form."""
        return self._dialect.encode(topic, message, form, self._venue)
