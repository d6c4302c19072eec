"""Shard: a set of pairs that one connection carries; it is kept up, and handed over in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from connector_sdk.errors import TransportError
from connector_sdk.model.health import ConnectionHealth
from connector_sdk.runtime.session import LIFETIME_USED, FeedParts, Session
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.transport import Transport

LOG = logging.getLogger(__name__)
SECOND_NS = 1_000_000_000
HANDOVER_LOOK_S = 0.05
ONE_CONNECT = {"connects": 1}


@dataclass(frozen=True, slots=True)
class Dialing:
    """How connections come about.

    connects:   the venue's rule on connection attempts, shared by all shards.
    next_name:  a name no connection of this market had yet.
    """

    url: str
    transport: Transport
    connects: RateLimiter
    backoff: Backoff
    next_name: Callable[[], str]


class Shard:
    """Keeps one connection up for its pairs, over as many sessions as that takes."""

    def __init__(self, pairs: Iterable[str], parts: FeedParts, dialing: Dialing) -> None:
        self.pairs = dict.fromkeys(pairs)
        self._parts = parts
        self._dialing = dialing
        self._name = dialing.next_name()
        self._sessions: dict[str, Session] = {}
        self._current: Session | None = None
        self._attempts = 0
        self._last_error: str | None = None

    def session(self, connection: str) -> Session | None:
        """The open session of that name."""
        return self._sessions.get(connection)

    @property
    def refusals(self) -> Mapping[str, str]:
        """Pair → what the venue said when it refused its subscription."""
        return {} if self._current is None else self._current.refusals

    def health(self) -> Mapping[str, ConnectionHealth]:
        """The present connection, and an earlier one that is still being handed over."""
        name = self._name if self._current is None else self._current.name
        up = self._current is not None
        attempts = (
            0 if self._current is not None and self._lasted(self._current) else self._attempts
        )
        now = ConnectionHealth(up, len(self.pairs), attempts, self._last_error)
        old = {
            session.name: ConnectionHealth(
                connected=True, pairs=0, attempts=0, last_error=session.leaving
            )
            for session in self._sessions.values()
        }
        return {**old, name: now}

    def add(self, pair: str) -> None:
        """Carry one more pair."""
        self.pairs[pair] = None
        if self._current is not None:
            self._current.join([pair])

    def remove(self, pair: str) -> None:
        """Carry a pair no more."""
        self.pairs.pop(pair, None)
        for session in self._sessions.values():
            session.leave(pair)

    def renew(self, pair: str) -> None:
        """Subscribe a pair anew."""
        if self._current is not None:
            self._current.renew(pair)

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

    async def _hold(self, session: Session) -> None:
        try:
            await session.run()
        finally:
            self._sessions.pop(session.name, None)
            if self._current is session:
                self._current = None

    async def _open(self) -> Session:
        dialing, timeout_s = self._dialing, self._parts.settings.connect_s
        while True:
            await dialing.backoff.pause(self._attempts)
            await dialing.connects.acquire(ONE_CONNECT)
            try:
                socket = await dialing.transport.open_websocket(dialing.url, timeout_s=timeout_s)
            except TransportError as error:
                self._attempts += 1
                self._last_error = str(error)
                if self._attempts == 1:
                    LOG.warning("%s: %s; trying again", self._parts.venue, error)
                continue
            session = Session(self._name, socket, self._parts)
            self._name = dialing.next_name()
            session.join(self.pairs)
            return session

    def _count(self, session: Session) -> None:
        """Forgive earlier failures only to a session that lasted: a subscription proves little."""
        lasted = self._lasted(session)
        if session.ended is None:
            self._attempts = 0 if lasted else self._attempts + 1
            LOG.info("%s %s: %s", self._parts.venue, session.name, session.leaving)
        else:
            self._attempts = 1 if lasted else self._attempts + 1
            self._last_error = session.ended
            LOG.warning("%s %s: %s", self._parts.venue, session.name, session.ended)

    def _lasted(self, session: Session) -> bool:
        """Whether it lived long enough, or as long as the venue lets it, to be called stable."""
        parts = self._parts
        life_s = parts.source.session_lifetime_s
        enough_s = parts.settings.stable_s
        if life_s is not None:
            enough_s = min(enough_s, life_s * LIFETIME_USED)
        return parts.clock.now_ns() - session.opened_ns >= enough_s * SECOND_NS

    async def _retire(self, old: Session) -> None:
        """Close `old` once its successor feeds every pair, or at the deadline."""
        clock, tracker = self._parts.clock, self._parts.tracker
        deadline_ns = clock.now_ns() + int(self._parts.settings.handover_s * SECOND_NS)
        while old.ended is None and tracker.owned_by(old.name):
            if clock.now_ns() >= deadline_ns:
                break
            await clock.sleep(HANDOVER_LOOK_S)
        await old.close("handed over")
