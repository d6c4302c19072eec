"""The same venue without sockets, under a given clock: the same seed gives the same journal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import ClassVar
from urllib.parse import unquote, urlsplit

from connector_sdk.errors import ConnectFailed, Disconnected, RequestTimeout, Sent
from connector_sdk.model.redaction import public_url
from connector_sdk.model.wire import RestResponse
from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.core import DEFAULT_ACCOUNTS, VenueCore
from connector_sdk.sandbox.dialect import Dialect, VenueRequest, VenueRules
from connector_sdk.sandbox.fault_plan import FaultPlan
from connector_sdk.sandbox.link import Link
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.session import StreamSession
from connector_sdk.sandbox.venue_host import VenueHost
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.transport import Transport, WebSocketConnection

ADDRESS = "venue.memory"
MOST_UNREAD = 100_000


class MemoryVenue(VenueHost):
    """A venue in memory, driven by `clock` while it is open.

    async with MemoryVenue(dialect, clock, pairs=["BTC-USDT"], seed=1) as venue:
        connection = await venue.transport.open_websocket(venue.endpoints["ws"], timeout_s=5)
    """

    shortest_step_s: ClassVar[float] = 0.000_001

    def __init__(
        self,
        dialect: Dialect,
        clock: Clock,
        pairs: Sequence[str] = ("BTC-USDT",),
        *,
        seed: int = 1,
        flow: float | Pace = 50.0,
        faults: str | FaultPlan = "",
        rules: VenueRules | None = None,
        accounts: int = DEFAULT_ACCOUNTS,
        bounds: Bounds = USUAL,
    ) -> None:
        super().__init__(
            dialect,
            clock,
            pairs,
            seed=seed,
            flow=flow,
            faults=faults,
            rules=rules,
            accounts=accounts,
            bounds=bounds,
        )
        self.transport = MemoryTransport(self.core, clock)

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Endpoint name → URL, for its own transport only."""
        return self.core.dialect.endpoints(ADDRESS)

    async def _open(self) -> None:
        """Its transport is the way in."""

    async def _attend(self) -> None:
        """The transport looks for itself."""


class MemoryTransport(Transport):
    """Reaches a VenueCore without a socket. An exchange takes no time but what faults add."""

    def __init__(self, core: VenueCore, clock: Clock) -> None:
        self._core = core
        self._clock = clock
        self._open: dict[MemoryConnection, None] = {}

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        """Connect. Raises ConnectFailed where the venue has no stream, or is away."""
        self._reach(url)
        connection = MemoryConnection(self._core, self._clock)
        session = self._core.open_session(_request("GET", url), connection.link)
        if session is None:
            raise ConnectFailed(f"{public_url(url)}: no stream there now")
        connection.session = session
        self._open[connection] = None
        session.begin()
        return connection

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        """One exchange. Raises Disconnected where it is cut, RequestTimeout where it is slow."""
        self._reach(url)
        answer = self._core.request(_request(method, url, headers, body))
        shown = public_url(url)
        if answer.delay_s > timeout_s:
            await self._clock.sleep(timeout_s)
            raise RequestTimeout(f"{shown}: no answer in {timeout_s} s", Sent.MAYBE)
        if answer.delay_s:
            await self._clock.sleep(answer.delay_s)
        if answer.lost:
            raise Disconnected(f"{shown}: the connection was cut", Sent.MAYBE)
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return RestResponse(answer.status, lower, answer.body, shown)

    def _reach(self, url: str) -> None:
        """Raise ConnectFailed where no connection comes about."""
        self._core.step(self._clock.now_ns())
        why = self._core.world.cut_off
        if why is not None:
            raise ConnectFailed(f"{url}: {why.value}")

    async def close(self) -> None:
        """End every connection. Idempotent."""
        for connection in tuple(self._open):
            await connection.close()
        self._open.clear()


class MemoryLink(Link):
    """The venue's end of a connection in memory: frames go straight to the reader's inbox.

    A reader that leaves 100,000 messages unread is cut off.
    """

    def __init__(self, clock: Clock) -> None:
        self.inbox: deque[str] = deque()
        self.heard_ns = clock.now_ns()
        self.ended = ""
        self.pings: deque[bytes] = deque()
        self.changed = asyncio.Event()
        self._clock = clock

    def send(self, frame: bytes, piece: int = 0) -> None:
        """Hand one message to the reader; in memory there are no pieces."""
        if self.ended:
            return
        self.inbox.append(frame.decode(errors="replace"))
        self._heard()
        if len(self.inbox) > MOST_UNREAD:
            self.cut(reset=True)

    def ping(self, payload: bytes) -> None:
        """Ask the reader's end for a pong."""
        self.pings.append(payload)
        self._heard()

    def pong(self, payload: bytes) -> None:
        """Answer the reader's ping."""
        self._heard()

    def close(self, code: int, reason: str) -> None:
        """End it properly."""
        self._end(f"closed with {code} {reason}".rstrip())

    def cut(self, *, reset: bool, partial: bytes = b"") -> None:
        """End it without a close frame; a partial frame never becomes a message."""
        self._end("reset by peer" if reset else "ended without a close frame")

    def _heard(self) -> None:
        self.heard_ns = self._clock.now_ns()
        self.changed.set()

    def _end(self, reason: str) -> None:
        self.ended = self.ended or reason
        self.changed.set()


class MemoryConnection(WebSocketConnection):
    """The client's end. Pings of the venue are answered at the next `receive` or at once."""

    def __init__(self, core: VenueCore, clock: Clock) -> None:
        self.link = MemoryLink(clock)
        self.session: StreamSession | None = None
        self._core = core
        self._clock = clock

    async def receive(self) -> Sequence[str | bytes]:
        """Everything that has come, at least one message; Disconnected once it has ended."""
        while True:
            self._answer_pings()
            if self.link.inbox:
                messages = list(self.link.inbox)
                self.link.inbox.clear()
                return messages
            if self.link.ended:
                raise Disconnected(f"the venue's stream {self.link.ended}", Sent.MAYBE)
            self.link.changed.clear()
            await self.link.changed.wait()

    async def send(self, text: str) -> None:
        """Hand one message to the venue."""
        if self.link.ended or self.session is None:
            raise Disconnected(f"the venue's stream {self.link.ended}", Sent.NO)
        self._core.step(self._clock.now_ns())
        self.session.receive(text)

    async def ping(self) -> None:
        """Ask the venue for a pong."""
        if self.session is not None:
            self._core.step(self._clock.now_ns())
            self.session.receive_ping(b"")

    @property
    def heard_ns(self) -> int:
        """When anything last came."""
        return self.link.heard_ns

    async def close(self) -> None:
        """End it from this side. Idempotent."""
        if self.session is not None:
            self.session.gone()
        self.link.close(1000, "by the client")

    def _answer_pings(self) -> None:
        while self.link.pings and self.session is not None:
            self.session.receive_pong(self.link.pings.popleft())


def _request(
    method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> VenueRequest:
    parts = urlsplit(url)
    lower = {name.lower(): value for name, value in (headers or {}).items()}
    return VenueRequest(method, unquote(parts.path), parts.query, lower, body or b"", "memory")
