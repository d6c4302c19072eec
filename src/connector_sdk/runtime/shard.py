"""Shard: a set of pairs that one connection carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector_sdk.runtime.feed_parts import FeedParts
from connector_sdk.runtime.line import Dialing, Line
from connector_sdk.runtime.subscriptions import Subscriptions


class Shard(Line[Subscriptions]):
    """Keeps one connection up for its pairs."""

    def __init__(self, pairs: Iterable[str], parts: FeedParts, dialing: Dialing) -> None:
        super().__init__(parts.stream, dialing)
        self.pairs = dict.fromkeys(pairs)
        self._feed = parts

    def _subscriptions(self) -> Subscriptions:
        feed = self._feed
        subscriptions = Subscriptions(feed.source, feed.instruments, feed.settings.ack_s)
        subscriptions.join(self.pairs)
        return subscriptions

    @property
    def _carried(self) -> int:
        return len(self.pairs)

    @property
    def refusals(self) -> Mapping[str, str]:
        """Pair → what the venue said when it refused its subscription."""
        return {} if self._current is None else self._current.subscriptions.refusals

    def add(self, pair: str) -> None:
        """Carry one more pair."""
        self.pairs[pair] = None
        if self._current is not None:
            self._current.subscriptions.join([pair])
            self._current.wake()

    def remove(self, pair: str) -> None:
        """Carry a pair no more."""
        self.pairs.pop(pair, None)
        for session in self._sessions.values():
            session.subscriptions.leave(pair)
            session.wake()

    def renew(self, pair: str) -> None:
        """Subscribe a pair anew."""
        if self._current is not None:
            self._current.subscriptions.renew(pair)
            self._current.wake()
