"""RestClient: sends a venue's requests under its rate limits and learns from its answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Protocol, TypeVar

from connector_sdk.errors import (
    InvariantError,
    TimestampRejected,
    TransportError,
    VenueError,
    WireError,
)
from connector_sdk.model.wire import Call, RestRequest, RestResponse, Stamp
from connector_sdk.transport.departure import Departure
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.server_clock import TimeReading
from connector_sdk.transport.stamper import Stamper
from connector_sdk.transport.transport import Transport
from connector_sdk.transport.turns import Turns

T = TypeVar("T")
REQUEST_TIMEOUT_S = 10.0
TOO_MANY_REQUESTS = 429
BANNED = 418
PAUSE_S = 2.0
"""How long a venue that says 429 or 418 and names no time is left alone."""


class RequestSigner(Protocol):
    """What proves who sent a request: a venue's Auth."""

    def sign(self, request: RestRequest, stamp: Stamp) -> RestRequest:
        """`request`, signed."""
        ...


class RestClient:
    """Requests to one venue.

    endpoints:       endpoint name → URL.
    weight_headers:  header (lower case) → pool whose used weight it reports.

    `signing` makes of it a client that also sends signed requests.
    """

    def __init__(
        self,
        transport: Transport,
        limiter: RateLimiter,
        endpoints: Mapping[str, str],
        weight_headers: Mapping[str, str],
    ) -> None:
        self._transport = transport
        self._limiter = limiter
        self._endpoints = endpoints
        self._weight_headers = weight_headers
        self._auth: RequestSigner | None = None
        self._stamper: Stamper | None = None
        self._turns: Turns | None = None

    def signing(
        self, auth: RequestSigner, stamper: Stamper, *, ordered: bool = False
    ) -> RestClient:
        """A client on the same transport and limits that signs what is to be signed.

        ordered: sign and send one at a time, as the manifest's `ordered_nonce` asks for.
        """
        client = RestClient(self._transport, self._limiter, self._endpoints, self._weight_headers)
        client._auth, client._stamper = auth, stamper
        client._turns = Turns() if ordered else None
        return client

    def check(self, request: RestRequest) -> None:
        """Raise ConfigError or InvariantError for a request that could never be sent."""
        self._endpoint(request)
        self._limiter.check(request.costs, request.priority)

    def close(self) -> None:
        """Give back to other processes what is left of the leased limits. Idempotent."""
        self._limiter.close()

    async def send(
        self,
        request: RestRequest,
        *,
        timeout_s: float = REQUEST_TIMEOUT_S,
        departure: Departure | None = None,
    ) -> RestResponse:
        """Wait for the rate limits, sign, then wait for the answer; any status is an answer.

        timeout_s: for the exchange itself; the wait for the limits is not counted.
        departure: bounds that wait, and is asked once more before signing; None: it may take long.

        Raises TransportError, what `departure` does, or ConfigError for an endpoint or pool the
        manifest does not name.
        """
        self._endpoint(request)  # an unknown one costs no weight
        patience_s = None if departure is None else departure.left_s(self._limiter.clock.now_ns())
        async with self._limiter.passage(request.costs, request.priority, patience_s):
            if request.signed:
                return await self._send_signed(request, timeout_s, departure)
            self._leave(departure)
            return await self._exchange(request, timeout_s)

    async def call(
        self,
        call: Call[T],
        *,
        timeout_s: float = REQUEST_TIMEOUT_S,
        departure: Departure | None = None,
    ) -> T:
        """What `call` asks for. Raises as `send` does, WireError, or the venue's VenueError.

        A signed request that the venue refuses for its time was not executed, so whatever it is,
        it is sent once more after the venue's time was read anew.
        """
        try:
            return await self._ask(call, timeout_s, departure)
        except TimestampRejected as refused:
            if self._stamper is None or not call.request.signed:
                raise
            try:
                async with self._in_time(departure):
                    await self._stamper.resync()
            except (TransportError, VenueError, WireError) as error:
                raise refused from error
        return await self._ask(call, timeout_s, departure)

    async def read_time(self, call: Call[int]) -> TimeReading:
        """Ask for the venue's time (ns) once, and say when that was. Raises as `call` does."""
        request, clock = call.request, self._limiter.clock
        async with self._limiter.passage(request.costs, request.priority):
            sent_ns = clock.now_ns()
            response = await self._exchange(request, REQUEST_TIMEOUT_S)
            received_ns = clock.now_ns()
        return TimeReading(_decoded(call, response), sent_ns, received_ns)

    def url_of(self, request: RestRequest) -> str:
        """Where `request` goes, query included."""
        query = f"?{request.query_string}" if request.query else ""
        return f"{self._endpoint(request)}{request.path}{query}"

    def _endpoint(self, request: RestRequest) -> str:
        endpoint = self._endpoints.get(request.endpoint)
        if endpoint is None:
            known = ", ".join(self._endpoints)
            raise InvariantError(f"no endpoint is named {request.endpoint!r} (known: {known})")
        return endpoint

    async def _ask(self, call: Call[T], timeout_s: float, departure: Departure | None) -> T:
        response = await self.send(call.request, timeout_s=timeout_s, departure=departure)
        return _decoded(call, response)

    async def _send_signed(
        self, request: RestRequest, timeout_s: float, departure: Departure | None
    ) -> RestResponse:
        auth, stamper = self._auth, self._stamper
        if auth is None or stamper is None:
            raise InvariantError(f"{request.method} {request.path} is to be signed, by nobody")
        async with AsyncExitStack() as held:
            if self._turns is not None:
                async with self._in_time(departure):
                    await held.enter_async_context(self._turns.turn(request.priority))
            stamp = await stamper.stamp()
            self._leave(departure)
            return await self._exchange(auth.sign(request, stamp), timeout_s)

    def _leave(self, departure: Departure | None) -> None:
        if departure is not None:
            departure.leave(self._limiter.clock.now_ns())

    @asynccontextmanager
    async def _in_time(self, departure: Departure | None) -> AsyncGenerator[None]:
        """A block that ends in RequestTimeout once `departure` is late."""
        if departure is None:
            yield
            return
        clock = self._limiter.clock
        try:
            async with clock.timeout(departure.left_s(clock.now_ns())):
                yield
        except TimeoutError as error:
            raise departure.late() from error

    async def _exchange(self, request: RestRequest, timeout_s: float) -> RestResponse:
        response = await self._transport.request(
            request.method,
            self.url_of(request),
            headers=request.headers,
            body=request.body,
            timeout_s=timeout_s,
        )
        self._learn(request, response)
        return response

    def _learn(self, request: RestRequest, response: RestResponse) -> None:
        for header, pool in self._weight_headers.items():
            used = response.headers.get(header, "")
            if used.isdecimal():
                self._limiter.observe(pool, int(used))
        if response.status == BANNED:
            self._limiter.freeze(None, response.retry_after_s or PAUSE_S)
        elif response.status == TOO_MANY_REQUESTS:
            pools: Iterable[str | None] = request.costs or (None,)
            for frozen in pools:
                self._limiter.freeze(frozen, response.retry_after_s or PAUSE_S)


def _decoded(call: Call[T], response: RestResponse) -> T:
    answer = call.decode(response)
    if isinstance(answer, VenueError):
        raise answer
    return answer
