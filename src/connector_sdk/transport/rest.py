"""RestClient: sends a venue's requests under its rate limits and learns from its answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

from connector_sdk.errors import InvariantError, VenueError
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.transport import Transport

T = TypeVar("T")
REQUEST_TIMEOUT_S = 10.0
TOO_MANY_REQUESTS = 429
BANNED = 418
PAUSE_S = 2.0
"""How long a venue that says 429 or 418 and names no time is left alone."""


class RestClient:
    """Requests to one venue.

    endpoints:       endpoint name → URL.
    weight_headers:  header (lower case) → pool whose used weight it reports.
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

    async def send(
        self, request: RestRequest, *, timeout_s: float = REQUEST_TIMEOUT_S
    ) -> RestResponse:
        """Wait for the rate limits, then for the answer; any status is an answer.

        timeout_s: for the exchange itself; the wait for the limits is not counted.

        Raises TransportError, or ConfigError for an endpoint or pool the manifest does not name.
        """
        url = self.url_of(request)
        await self._limiter.acquire(request.costs, request.priority)
        response = await self._transport.request(
            request.method, url, headers=request.headers, body=request.body, timeout_s=timeout_s
        )
        self._learn(request, response)
        return response

    async def call(self, call: Call[T], *, timeout_s: float = REQUEST_TIMEOUT_S) -> T:
        """What `call` asks for. Raises TransportError, WireError, or the venue's VenueError."""
        answer = call.decode(await self.send(call.request, timeout_s=timeout_s))
        if isinstance(answer, VenueError):
            raise answer
        return answer

    def url_of(self, request: RestRequest) -> str:
        """Where `request` goes, query included."""
        endpoint = self._endpoints.get(request.endpoint)
        if endpoint is None:
            known = ", ".join(self._endpoints)
            raise InvariantError(f"no endpoint is named {request.endpoint!r} (known: {known})")
        query = f"?{urlencode(request.query)}" if request.query else ""
        return f"{endpoint}{request.path}{query}"

    def _learn(self, request: RestRequest, response: RestResponse) -> None:
        for header, pool in self._weight_headers.items():
            used = response.headers.get(header, "")
            if used.isdecimal():
                self._limiter.observe(pool, int(used))
        if response.status == BANNED:
            self._limiter.freeze(None, retry_after_s(response) or PAUSE_S)
        elif response.status == TOO_MANY_REQUESTS:
            pools: Iterable[str | None] = request.costs or (None,)
            for frozen in pools:
                self._limiter.freeze(frozen, retry_after_s(response) or PAUSE_S)


def retry_after_s(response: RestResponse) -> float | None:
    """Seconds the answer asks us to stay away; None where it does not say so in seconds."""
    text = response.headers.get("retry-after", "").strip()
    whole, _, part = text.partition(".")
    return float(text) if whole.isdecimal() and (not part or part.isdecimal()) else None
