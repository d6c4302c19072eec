"""AiohttpTransport: real sockets. Here, and nowhere else, aiohttp's errors become ours."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextvars import ContextVar

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from yarl import URL

from connector_sdk.errors import (
    ConfigError,
    ConnectFailed,
    Disconnected,
    RequestTimeout,
    Sent,
    TransportError,
    WireError,
)
from connector_sdk.model.redaction import public_url
from connector_sdk.model.wire import RestResponse
from connector_sdk.transport.clock import Clock, SystemClock
from connector_sdk.transport.transport import Transport, WebSocketConnection
from connector_sdk.transport.websocket import (
    CLOSE_TIMEOUT_S,
    LARGEST_MESSAGE,
    AiohttpWebSocket,
)

LARGEST_ANSWER = 64 * 1024 * 1024
CLOSING = aiohttp.ClientWSTimeout(
    ws_close=CLOSE_TIMEOUT_S  # pyright: ignore[reportCallIssue]  # it is an attrs class
)
REPEATABLE = frozenset({"GET", "HEAD"})
"""What the library may send again over a new connection when a kept-alive one was closed: all else
may have been executed, and that is not the network's to decide."""
FAILURES = (aiohttp.ClientError, OSError, ValueError)


class AiohttpTransport(Transport):
    """Websockets and HTTP requests on one shared session.

    trusted_ca:  a PEM file whose certificates are trusted beside the system's.
    proxy:       ``http://host:port`` of a proxy for everything.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        trusted_ca: str | None = None,
        proxy: str | None = None,
    ) -> None:
        self._clock = clock or SystemClock()
        self._proxy = proxy
        self._trusted_ca = trusted_ca
        self._session: aiohttp.ClientSession | None = None

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        """Connect."""
        shown = public_url(url)
        try:
            async with self._clock.timeout(timeout_s):
                socket = await self._open_session().ws_connect(
                    URL(url, encoded=True),
                    autoping=False,
                    autoclose=False,
                    timeout=CLOSING,
                    max_msg_size=LARGEST_MESSAGE,
                    proxy=self._proxy,
                )
        except TimeoutError as error:
            raise RequestTimeout(f"{shown}: no connection in {timeout_s:g} s", Sent.NO) from error
        except FAILURES as error:
            said = f"cannot connect to {shown}: {_reason(error)}"
            raise ConnectFailed(said) from _showable(error)
        return AiohttpWebSocket(socket, self._clock, shown)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        """One HTTP exchange; redirects are answers like any other.

        Only a GET that a kept-alive connection lost is sent once more by itself.
        """
        departure = _Departure(method)
        watched = _DEPARTURE.set(departure)
        try:
            async with (
                self._clock.timeout(timeout_s),
                self._open_session().request(
                    method,
                    URL(url, encoded=True),
                    headers=headers,
                    data=body,
                    allow_redirects=False,
                    proxy=self._proxy,
                ) as answer,
            ):
                content = await _bounded_body(answer, _asked(method, url))
                names = {name.lower(): value for name, value in answer.headers.items()}
                return RestResponse(answer.status, names, content, public_url(url))
        except TimeoutError as error:
            late = f"{_asked(method, url)}: no answer in {timeout_s:g} s"
            raise RequestTimeout(late, departure.sent) from error
        except FAILURES as error:
            raise _translated(error, _asked(method, url), departure) from _showable(error)
        finally:
            _DEPARTURE.reset(watched)

    async def close(self) -> None:
        """Close the session and its sockets."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=_Watched(limit=0, ssl=_trust(self._trusted_ca)),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class _Departure:
    """Whether a request may have left; it leaves once, but for one that only reads."""

    __slots__ = ("_repeatable", "sent")

    def __init__(self, method: str) -> None:
        self._repeatable = method in REPEATABLE
        self.sent = Sent.NO

    def leave(self) -> None:
        """Called before the first byte of every attempt; Disconnected forbids another one."""
        if self.sent is Sent.MAYBE and not self._repeatable:
            raise Disconnected("the connection ended before an answer came", Sent.MAYBE)
        self.sent = Sent.MAYBE


_DEPARTURE: ContextVar[_Departure | None] = ContextVar("departure", default=None)


class _Watched(aiohttp.TCPConnector):
    """Tells a request's departure when it has a connection: it is about to be written."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109  # the library's own word
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        departure = _DEPARTURE.get()
        if departure is not None:
            try:
                departure.leave()
            except Disconnected:
                connection.release()
                raise
        return connection


def _trust(trusted_ca: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if trusted_ca is not None:
        try:
            context.load_verify_locations(trusted_ca)
        except OSError as error:
            raise ConfigError(f"the trusted certificates {trusted_ca}: {error}") from error
    return context


async def _bounded_body(answer: aiohttp.ClientResponse, asked: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in answer.content.iter_any():
        parts.append(part)
        size += len(part)
        if size > LARGEST_ANSWER:
            answer.close()
            raise WireError(f"{asked}: an answer larger than {LARGEST_ANSWER >> 20} MB")
    return b"".join(parts)


def _translated(error: Exception, asked: str, departure: _Departure) -> TransportError:
    if departure.sent is Sent.NO:
        return ConnectFailed(f"{asked}: cannot connect: {_reason(error)}")
    return Disconnected(f"{asked}: the connection ended: {_reason(error)}", Sent.MAYBE)


def _showable(error: Exception) -> Exception | None:
    """`error` as a cause, unless its text repeats the URL with all its query."""
    tells = isinstance(error, aiohttp.ClientResponseError | aiohttp.InvalidURL)
    return None if tells else error


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no such host as {error.host}, or no name service"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted ({error.certificate_error})"
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return f"it answered HTTP {error.status} where a websocket was asked for"
    if isinstance(error, aiohttp.ClientResponseError):
        return f"it answered HTTP {error.status}, {error.message}"
    if isinstance(error, aiohttp.InvalidURL):
        return "a malformed URL"
    return str(error) or type(error).__name__


def _asked(method: str, url: str) -> str:
    """A request in words, without its query, which may hold a signature."""
    return f"{method} {url.partition('?')[0]}"
