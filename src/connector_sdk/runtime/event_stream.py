"""EventStream: events for a consumer that may be slow. It never slows a book."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Collection
from typing import Self, TypeAlias, get_args

from connector_sdk.errors import ListenerOverrun
from connector_sdk.model.events import BookUpdated, Event
from connector_sdk.model.market_data import TopOfBook, Trade
from connector_sdk.runtime.listeners import Listeners

KINDS: tuple[type[Event], ...] = get_args(Event)
CONFLATED = (BookUpdated, TopOfBook)
Slot: TypeAlias = list[Event]


class _Waiting:
    """Events that wait for one consumer.

    BookUpdated and TopOfBook keep one place a pair, which holds the newest; they never move
    across another event of their pair, trades excepted. Everything else is kept in order.
    """

    def __init__(self, pairs: Collection[str], limit: int) -> None:
        self._pairs = frozenset(pairs)
        self._limit = limit
        self._slots: deque[Slot] = deque()
        self._places: dict[tuple[type[Event], str], Slot] = {}
        self._wake = asyncio.Event()
        self._cancels: list[Callable[[], None]] = []
        self._overrun = False

    def listen(self, listeners: Listeners) -> None:
        """Begin to hear."""
        for kind in KINDS:
            hear = self.conflate if kind in CONFLATED else self.keep
            self._cancels.append(listeners.on(kind, hear))

    def conflate(self, event: Event) -> None:
        """Take an event whose predecessors are not needed any more."""
        pair = event.pair or ""
        if self._pairs and pair not in self._pairs:
            return
        key = (type(event), pair)
        place = self._places.get(key)
        if place is not None:
            place[0] = event
        elif self._push(slot := [event]):
            self._places[key] = slot

    def keep(self, event: Event) -> None:
        """Take an event that must not be lost, in its order."""
        pair = event.pair
        if self._pairs and pair is not None and pair not in self._pairs:
            return
        self._push([event])
        if pair is None:
            self._places.clear()
        elif not isinstance(event, Trade):
            for kind in CONFLATED:
                self._places.pop((kind, pair), None)

    def _push(self, slot: Slot) -> bool:
        if len(self._slots) >= self._limit:
            self._overrun = True
            self.end()
            return False
        self._slots.append(slot)
        self._wake.set()
        return True

    def end(self) -> None:
        """Hear no more; what waits can still be taken."""
        for cancel in self._cancels:
            cancel()
        self._cancels.clear()
        self._wake.set()

    async def take(self) -> Event:
        """The next event, once there is one."""
        while not self._slots:
            if self._overrun:
                raise ListenerOverrun(
                    f"more than {self._limit} events waited: this iterator ends here, the books "
                    "go on; open a new one, take events faster or ask for a larger queue_size"
                )
            if not self._cancels:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        event = self._slots.popleft()[0]
        key = (type(event), event.pair or "")
        place = self._places.get(key)
        if place is not None and place[0] is event:
            del self._places[key]
        return event


class EventStream(AsyncIterator[Event]):
    """All events of `pairs` (none: of every pair) from now on, as an async iterator.

    When more than `limit` events wait it gives those out and then raises ListenerOverrun. It
    ends when its market closes, on `aclose`, and when nobody holds it any more.
    """

    def __init__(self, listeners: Listeners, pairs: Collection[str], limit: int) -> None:
        self._waiting = _Waiting(pairs, limit)
        self._waiting.listen(listeners)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        return await self._waiting.take()

    async def aclose(self) -> None:
        """Hear no more. Idempotent."""
        self.end()

    def end(self) -> None:
        """Hear no more; what waits can still be taken."""
        self._waiting.end()

    def __del__(self) -> None:
        # The listeners hold what waits, not this object: left by its consumer, it ends there.
        self._waiting.end()
