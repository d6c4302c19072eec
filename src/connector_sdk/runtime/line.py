"""Line: one connection that is kept up, over as many sessions as that takes."""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic

from connector_sdk.errors import ConnectorError
from connector_sdk.model.health import ConnectionHealth
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.protocols.data_source import DataSource
from connector_sdk.runtime.session import LIFETIME_USED, S, Session
from connector_sdk.runtime.stream_parts import SECOND_NS, StreamParts
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.transport import Transport

LOG = logging.getLogger(__name__)
HANDOVER_LOOK_S = 0.05
MINUTE_S = 60.0
ONE_CONNECT = {"connects": 1}


@dataclass(frozen=True, slots=True)
class Dialing:
    """How connections come about.

    address:    the complete URL of the next one; it may have to ask the venue first, and raises
                ConnectorError where that fails.
    connects:   the venue's rule on connection attempts, shared by all lines.
    next_name:  a name no connection of this market had yet.
    """

    address: Callable[[], Awaitable[str]]
    transport: Transport
    connects: RateLimiter
    backoff: Backoff
    next_name: Callable[[], str]


def connects(source: DataSource[object], clock: Clock) -> RateLimiter:
    """The venue's rule on connection attempts."""
    limit = max(int(source.connects_per_minute), 1)
    return RateLimiter([RateLimitPool(name="connects", limit=limit, window_s=MINUTE_S)], clock)


class Line(ABC, Generic[S]):
    """Keeps one connection up; each new one is opened before the old one is closed, in time."""

    def __init__(self, parts: StreamParts, dialing: Dialing) -> None:
        self._parts = parts
        self._dialing = dialing
        self._name = dialing.next_name()
        self._sessions: dict[str, Session[S]] = {}
        self._current: Session[S] | None = None
        self._attempts = 0
        self._last_error: str | None = None

    @abstractmethod
    def _subscriptions(self) -> S:
        """What a new connection asks for."""

    @property
    @abstractmethod
    def _carried(self) -> int:
        """How many topics it carries."""

    def session(self, connection: str) -> Session[S] | None:
        """The open session of that name."""
        return self._sessions.get(connection)

    def health(self) -> Mapping[str, ConnectionHealth]:
        """The present connection, and an earlier one that is still being handed over."""
        name = self._name if self._current is None else self._current.name
        up = self._current is not None
        attempts = (
            0 if self._current is not None and self._lasted(self._current) else self._attempts
        )
        now = ConnectionHealth(up, self._carried, attempts, self._last_error)
        old = {
            session.name: ConnectionHealth(
                connected=True, pairs=0, attempts=0, last_error=session.leaving
            )
            for session in self._sessions.values()
        }
        return {**old, name: now}

    def replace(self, reason: str) -> None:
        """Open another connection, and close the present one once that has taken over."""
        if self._current is not None:
            self._current.depart(reason)

    async def run(self) -> None:
        """Connect, and connect again, for ever."""
        try:
            async with asyncio.TaskGroup() as tasks:
                while True:
                    session = await self._open()
                    before = list(self._sessions.values())
                    self._sessions[session.name] = self._current = session
                    tasks.create_task(self._hold(session))
                    for old in before:
                        tasks.create_task(self._retire(old))
                    await session.changed.wait()
                    self._count(session)
        finally:
            for session in list(self._sessions.values()):
                await session.close("stopped")
            self._sessions.clear()
            self._current = None

    async def _hold(self, session: Session[S]) -> None:
        try:
            await session.run()
        finally:
            self._sessions.pop(session.name, None)
            if self._current is session:
                self._current = None

    async def _open(self) -> Session[S]:
        dialing, timeout_s = self._dialing, self._parts.settings.connect_s
        while True:
            await dialing.backoff.pause(self._attempts)
            await dialing.connects.acquire(ONE_CONNECT)
            try:
                url = await dialing.address()
                socket = await dialing.transport.open_websocket(url, timeout_s=timeout_s)
            except ConnectorError as error:
                self._attempts += 1
                self._last_error = str(error)
                if self._attempts == 1:
                    LOG.warning("%s: %s; trying again", self._parts.venue, error)
                continue
            session = Session(self._name, socket, self._parts, self._subscriptions())
            self._name = dialing.next_name()
            return session

    def _count(self, session: Session[S]) -> None:
        """Forgive earlier failures only to a session that lasted: a subscription proves little."""
        lasted = self._lasted(session)
        if session.ended is None:
            self._attempts = 0 if lasted else self._attempts + 1
            LOG.info("%s %s: %s", self._parts.venue, session.name, session.leaving)
        else:
            self._attempts = 1 if lasted else self._attempts + 1
            self._last_error = session.ended
            LOG.warning("%s %s: %s", self._parts.venue, session.name, session.ended)

    def _lasted(self, session: Session[S]) -> bool:
        """Whether it lived long enough, or as long as the venue lets it, to be called stable."""
        parts = self._parts
        life_s = parts.source.session_lifetime_s
        enough_s = parts.settings.stable_s
        if life_s is not None:
            enough_s = min(enough_s, life_s * LIFETIME_USED)
        return parts.clock.now_ns() - session.opened_ns >= enough_s * SECOND_NS

    async def _retire(self, old: Session[S]) -> None:
        """Close `old` once its successor carries every topic, or at the deadline."""
        clock, tracker = self._parts.clock, self._parts.tracker
        deadline_ns = clock.now_ns() + int(self._parts.settings.handover_s * SECOND_NS)
        while old.ended is None and tracker.owned_by(old.name):
            if clock.now_ns() >= deadline_ns:
                break
            await clock.sleep(HANDOVER_LOOK_S)
        await old.close("handed over")
