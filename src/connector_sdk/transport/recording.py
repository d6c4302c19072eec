"""RecordingTransport: a transport whose every exchange is also told, as tape records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from connector_sdk.errors import Disconnected
from connector_sdk.model.redaction import public_url, without_secrets
from connector_sdk.model.tape import Direction, TapeRecord
from connector_sdk.model.wire import RestResponse
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.transport import Transport, WebSocketConnection

SESSION_HEADERS = frozenset({"set-cookie", "authorization", "proxy-authorization"})
"""Headers of an answer that never reach a record."""

Tap = Callable[[TapeRecord], None]


class RecordingTransport(Transport):
    """Passes everything through to `inner`, and tells `tap` in the order it happened."""

    def __init__(self, inner: Transport, tap: Tap, clock: Clock) -> None:
        self._inner = inner
        self._tap = tap
        self._clock = clock
        self._opened = 0

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        """Connect, and tell of all that this connection says."""
        socket = await self._inner.open_websocket(url, timeout_s=timeout_s)
        self._opened += 1
        name = f"ws.{self._opened}"
        self._tap(TapeRecord(self._clock.now_ns(), name, "open", url=public_url(url)))
        return _RecordedSocket(socket, name, self._tap, self._clock)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        """One exchange; its answer is told, with its status and headers."""
        answer = await self._inner.request(
            method, url, headers=headers, body=body, timeout_s=timeout_s
        )
        text = without_secrets(answer.body.decode("utf-8", "replace"), received=True)
        public = {k: v for k, v in answer.headers.items() if k.lower() not in SESSION_HEADERS}
        asked, now_ns = public_url(url), self._clock.now_ns()
        self._tap(TapeRecord(now_ns, "http", "in", text, asked, answer.status, public))
        return answer

    async def close(self) -> None:
        """Close `inner`."""
        await self._inner.close()


class _RecordedSocket(WebSocketConnection):
    """One websocket, told as it goes."""

    def __init__(self, inner: WebSocketConnection, name: str, tap: Tap, clock: Clock) -> None:
        self._inner = inner
        self._name = name
        self._tap = tap
        self._clock = clock
        self._ended = False

    async def receive(self) -> Sequence[str | bytes]:
        try:
            messages = await self._inner.receive()
        except Disconnected:
            self._end()
            raise
        for message in messages:
            text = message if isinstance(message, str) else message.decode("utf-8", "replace")
            self._tell("in", without_secrets(text, received=True))
        return messages

    async def send(self, text: str) -> None:
        self._tell("out", without_secrets(text))
        await self._inner.send(text)

    async def ping(self) -> None:
        await self._inner.ping()

    @property
    def heard_ns(self) -> int:
        return self._inner.heard_ns

    async def close(self) -> None:
        self._end()
        await self._inner.close()

    def _tell(self, direction: Direction, text: str = "") -> None:
        self._tap(TapeRecord(self._clock.now_ns(), self._name, direction, text))

    def _end(self) -> None:
        if not self._ended:
            self._ended = True
            self._tell("close")
