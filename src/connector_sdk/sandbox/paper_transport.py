"""PaperTransport: the way to the paper venue. No socket, but as long as a network may take."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

import orjson

from connector_sdk.errors import ConfigError, ConnectFailed, Disconnected, RequestTimeout, Sent
from connector_sdk.model.wire import RestResponse
from connector_sdk.sandbox.paper_requests import PaperRequests
from connector_sdk.sandbox.paper_venue import PaperVenue
from connector_sdk.sandbox.trading import UserEvent
from connector_sdk.sandbox.user_streams import AccountSubscriber
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.transport import Transport, WebSocketConnection

MOST_UNREAD = 100_000
ORDER = "/order"
READS = "GET"


class Latency:
    """How long an order takes to the venue: always so long, or between two bounds, by a seed.

    seconds: or (shortest, longest).
    """

    def __init__(self, seconds: float | tuple[float, float], seed: int) -> None:
        shortest, longest = seconds if isinstance(seconds, tuple) else (seconds, seconds)
        if not 0 <= shortest <= longest:
            raise ConfigError(f"a latency of {seconds}: write seconds, or (shortest, longest)")
        self._bounds = shortest, longest
        # Seeded on purpose: the same run gives the same fills.
        self._random = random.Random(seed)

    def draw(self) -> float:
        """Of the next request."""
        shortest, longest = self._bounds
        return shortest if shortest == longest else self._random.uniform(shortest, longest)


class PaperTransport(Transport):
    """Carries requests about orders to the venue with a latency, all others at once."""

    def __init__(self, venue: PaperVenue, clock: Clock, latency: Latency) -> None:
        self._venue = venue
        self._requests = PaperRequests(venue)
        self._clock = clock
        self._latency = latency
        self._open: dict[PaperConnection, None] = {}
        self._closed = False

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        """The account's stream."""
        del url, timeout_s
        connection = PaperConnection(self._venue, self._requests, self._clock)
        self._open[connection] = None
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
        """One exchange.

        Raises RequestTimeout for an order that takes longer than that, ConnectFailed once closed.
        """
        if self._closed:
            raise ConnectFailed(f"{url}: the market is closed")
        parts = urlsplit(url)
        if parts.path == ORDER and method != READS:
            latency_s = self._latency.draw()
            await self._clock.sleep(min(latency_s, timeout_s))
            if latency_s > timeout_s:
                raise RequestTimeout(f"{url}: no answer in {timeout_s:g} s", Sent.MAYBE)
        self._venue.agenda.run(self._clock.now_ns())
        status, answer = self._requests.answer(method, parts.path, dict(parse_qsl(parts.query)))
        return RestResponse(status, {}, answer, url)

    async def close(self) -> None:
        """End the account's streams. Idempotent."""
        self._closed = True
        for connection in tuple(self._open):
            await connection.close()
        self._open.clear()


class PaperConnection(WebSocketConnection, AccountSubscriber):
    """The account's stream. A reader that leaves 100,000 messages unread is cut off."""

    def __init__(self, venue: PaperVenue, requests: PaperRequests, clock: Clock) -> None:
        self._venue = venue
        self._requests = requests
        self._clock = clock
        self._inbox: deque[bytes] = deque()
        self._changed = asyncio.Event()
        self._ended = False
        self._heard_ns = clock.now_ns()

    def tell(self, account: str, event: UserEvent) -> None:
        """Take what happened to the account."""
        frame = self._requests.frame(event)
        if frame is not None:
            self._put(frame)

    async def receive(self) -> Sequence[str | bytes]:
        """Everything that has come, at least one message; Disconnected once it has ended."""
        while not self._inbox:
            if self._ended:
                raise Disconnected("the account's stream was closed", Sent.MAYBE)
            self._changed.clear()
            await self._changed.wait()
        messages = list(self._inbox)
        self._inbox.clear()
        return messages

    async def send(self, text: str) -> None:
        """The text that opens the stream."""
        ack = orjson.loads(text)["subscribe"]
        self._put(orjson.dumps({"subscribed": ack}))
        self._venue.desk.life.streams.subscribe(self._venue.account, self)

    async def ping(self) -> None:
        """It is always there."""
        self._heard_ns = self._clock.now_ns()

    @property
    def heard_ns(self) -> int:
        """When anything last came."""
        return self._heard_ns

    async def close(self) -> None:
        """End it. Idempotent."""
        self._venue.desk.life.streams.unsubscribe(self._venue.account, self)
        self._ended = True
        self._changed.set()

    def _put(self, frame: bytes) -> None:
        if len(self._inbox) >= MOST_UNREAD:
            self._venue.desk.life.streams.unsubscribe(self._venue.account, self)
            self._ended = True
        else:
            self._inbox.append(frame)
        self._heard_ns = self._clock.now_ns()
        self._changed.set()
