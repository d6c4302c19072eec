"""Session: one open websocket, from its first subscription to its end."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

from connector_sdk.errors import ConnectorError, TransportError, VenueError
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import (
    Frame,
    Reply,
    SessionEnding,
    Subscribed,
    SubscriptionRefused,
)
from connector_sdk.runtime.stream_parts import SECOND_NS, StreamParts, StreamSubscriptions
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.transport import WebSocketConnection

S = TypeVar("S", bound=StreamSubscriptions)
REPLIES_LIMIT = 1_000
SHORTEST_NAP_S = 0.01
LIFETIME_USED = 0.95
ONE_MESSAGE = {"messages": 1}
WINDOW_MARGIN = 1.1
"""Messages bunch up on their way: the venue may count more in its second than left in ours."""


class Session(Generic[S]):
    """Reads one connection into the tracker, and keeps its subscriptions and its pulse.

    subscriptions: what it asks for; whoever changes that says so by `wake`.
    changed:  set when it has ended, or wants a successor.
    leaving:  why it wants a successor, while it still runs; None if it does not.
    ended:    why it ended; None while it runs.
    """

    def __init__(
        self, name: str, socket: WebSocketConnection, parts: StreamParts, subscriptions: S
    ) -> None:
        self.name = name
        self.subscriptions = subscriptions
        self.changed = asyncio.Event()
        self.leaving: str | None = None
        self.ended: str | None = None
        self._socket = socket
        self._parts = parts
        self._replies: deque[str] = deque()
        self._wake = asyncio.Event()
        self.opened_ns = self._beat_ns = parts.clock.now_ns()
        self._pinged_ns = 0
        self._pace = _pace(parts.source.messages_per_second, parts.clock)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.ended is None

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    async def run(self) -> None:
        """Work until the connection has ended; `ended` says why."""
        reason = "stopped"
        try:
            async with asyncio.TaskGroup() as tasks:
                others = [tasks.create_task(self._send()), tasks.create_task(self._watch())]
                await self._read()
                for task in others:
                    task.cancel()
        except Exception as error:
            reason = f"an error of our own ({error!r})"
            raise
        finally:
            await self.close(reason)

    async def close(self, reason: str) -> None:
        """End it. Idempotent."""
        self._end(reason)
        await self._socket.close()

    def _end(self, reason: str) -> None:
        """Distrust at once what hung on this connection, before anybody reads on."""
        if self.ended is not None:
            return
        self.ended = reason
        parts = self._parts
        parts.tracker.connection_lost(self.name, reason, parts.clock.now_ns())
        parts.serve()
        self.changed.set()

    def depart(self, reason: str) -> None:
        """Ask for a successor; this connection goes on until that one has taken over."""
        if self.leaving is None:
            self.leaving = reason
            self.changed.set()

    # --- reading

    async def _read(self) -> None:
        receive = self._socket.receive
        reading = True
        while reading:
            try:
                batch = await receive()
            except TransportError as error:
                self._end(str(error))
                return
            reading = self._take(batch)

    def _take(self, batch: Sequence[str | bytes]) -> bool:
        """Hand a batch to the tracker; says whether to read on."""
        if self.ended is not None:
            return False
        name, take = self.name, self._parts.tracker.receive
        received_ns = self._parts.clock.now_ns()
        for text in batch:
            take(Frame(text, received_ns, None, name))
        self._parts.serve()
        return self.running

    def on_control(self, word: Subscribed | SubscriptionRefused | Reply | SessionEnding) -> None:
        """Act upon what the venue said on this connection."""
        now_ns = self._parts.clock.now_ns()
        match word:
            case Subscribed(ack):
                self.subscriptions.acknowledged(ack)
                self._tell_carried(now_ns)
            case SubscriptionRefused(ack, code, message):
                self._refused(ack, self._parts.refusal(code, message), now_ns)
            case Reply(text):
                self._replies.append(text)
                if len(self._replies) > REPLIES_LIMIT:
                    self._end(f"{REPLIES_LIMIT} answers wait to be sent")
            case SessionEnding(reason):
                self.depart(reason)
        self._wake.set()

    def _tell_carried(self, now_ns: int) -> None:
        carried = self.subscriptions.take_carried()
        if carried:
            self._parts.tracker.subscribed(self.name, carried, now_ns)
            self._parts.serve()

    def _refused(self, ack: str | None, error: VenueError, now_ns: int) -> None:
        for topic in self.subscriptions.refused(ack, str(error), now_ns):
            self._parts.on_refusal(topic, error, now_ns)
        if self.subscriptions.failure is not None:
            self._end(self.subscriptions.failure)

    # --- sending

    async def _send(self) -> None:
        clock = self._parts.clock
        while self.running:
            if not (self._replies or self.subscriptions.waiting):
                self._wake.clear()
                await self._wake.wait()
                continue
            if self._pace is not None:
                await self._pace.acquire(ONE_MESSAGE)
            try:
                text = await self._next_text()
                if text is not None:
                    await self._socket.send(text)
            except ConnectorError as error:
                await self.close(str(error))
                return
            self._tell_carried(clock.now_ns())

    async def _next_text(self) -> str | None:
        if self._replies:
            return self._replies.popleft()
        await self.subscriptions.prepare()
        return self.subscriptions.next_text(self._parts.clock.now_ns())

    # --- watching

    async def _watch(self) -> None:
        parts = self._parts
        source, clock = parts.source, parts.clock
        while self.running:
            await clock.sleep(self._nap_s(clock.now_ns()))
            now_ns = clock.now_ns()
            self._beat(now_ns)
            if self.subscriptions.overdue(now_ns) or self.subscriptions.waiting:
                self._wake.set()
            if self.subscriptions.failure is not None:
                await self.close(self.subscriptions.failure)
                return
            life_s = source.session_lifetime_s
            if life_s is not None and now_ns - self.opened_ns > life_s * LIFETIME_USED * SECOND_NS:
                self.depart(f"the venue cuts connections after {life_s:g} s")
            try:
                await self._check_pulse(now_ns)
            except TransportError as error:
                await self.close(str(error))

    def _nap_s(self, now_ns: int) -> float:
        """How long nothing can be due, nearly: an acknowledgement may be noticed a bit late."""
        ack_s = self._parts.settings.ack_s
        nap_s = ack_s / 4 if self.subscriptions.expecting else ack_s
        heartbeat = self._parts.source.heartbeat
        if heartbeat is not None:
            nap_s = min(nap_s, heartbeat[0] / 2)
        return max(min(nap_s, (self._pulse_due_ns - now_ns) / SECOND_NS), SHORTEST_NAP_S)

    def _beat(self, now_ns: int) -> None:
        heartbeat = self._parts.source.heartbeat
        if heartbeat is not None and now_ns - self._beat_ns >= heartbeat[0] * SECOND_NS:
            self._beat_ns = now_ns
            self._replies.append(heartbeat[1])
            self._wake.set()

    @property
    def _pulse_due_ns(self) -> int:
        """When a ping is due, or, once that was sent, when the connection is dead."""
        silence_ns = int(self._parts.source.silence_timeout_s * SECOND_NS)
        heard_ns = self._socket.heard_ns
        if self._pinged_ns <= heard_ns:
            return heard_ns + silence_ns // 2
        return max(heard_ns + silence_ns, self._pinged_ns + silence_ns // 4)

    async def _check_pulse(self, now_ns: int) -> None:
        """Ping when it is quiet; give up when that, too, brings no sign of life.

        After a pause of our own process the connection gets time to show what it holds: it is
        dead only if a ping was not answered.
        """
        if now_ns < self._pulse_due_ns:
            return
        heard_ns = self._socket.heard_ns
        if self._pinged_ns > heard_ns:
            quiet_s = (now_ns - heard_ns) / SECOND_NS
            await self.close(f"nothing was heard for {quiet_s:.1f} s")
            return
        self._pinged_ns = now_ns
        if self._pace is not None:
            self._pace.observe("messages", self._pace.used("messages") + 1)
        await self._socket.ping()


def _pace(per_second: float | None, clock: Clock) -> RateLimiter | None:
    if per_second is None:
        return None
    limit = max(int(per_second), 1)
    window_s = limit / per_second * WINDOW_MARGIN
    return RateLimiter([RateLimitPool(name="messages", limit=limit, window_s=window_s)], clock)
