"""A transport whose websockets do what a test says; pings are answered, and nothing else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence

from connector_sdk.errors import Disconnected, Sent, TransportError
from connector_sdk.model.wire import RestResponse
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.transport import Transport, WebSocketConnection


class ScriptedSocket(WebSocketConnection):
    """`react` is called with each text sent; `say` and `cut` speak for the venue."""

    def __init__(self, clock: Clock, react: Callable[[ScriptedSocket, str], None]) -> None:
        self.sent: list[tuple[int, str]] = []
        self.answers_pings = True
        self.pings = 0
        self._clock = clock
        self._react = react
        self._inbox: list[str] = []
        self._changed = asyncio.Event()
        self._ended: str | None = None
        self._heard_ns = clock.now_ns()

    def say(self, message: object) -> None:
        self._inbox.append(json.dumps(message))
        self._heard_ns = self._clock.now_ns()
        self._changed.set()

    def cut(self, reason: str = "cut by the script") -> None:
        self._ended = self._ended or reason
        self._changed.set()

    @property
    def open(self) -> bool:
        return self._ended is None

    async def receive(self) -> Sequence[str | bytes]:
        while True:
            if self._inbox:
                messages, self._inbox = self._inbox, []
                return messages
            if self._ended is not None:
                raise Disconnected(self._ended, Sent.MAYBE)
            self._changed.clear()
            await self._changed.wait()

    async def send(self, text: str) -> None:
        if self._ended is not None:
            raise Disconnected(self._ended, Sent.NO)
        self.sent.append((self._clock.now_ns(), text))
        self._react(self, text)

    async def ping(self) -> None:
        self.pings += 1
        if self.answers_pings:
            self._heard_ns = self._clock.now_ns()

    @property
    def heard_ns(self) -> int:
        return self._heard_ns

    async def close(self) -> None:
        self.cut("closed by us")


class ScriptedTransport(Transport):
    """Opens a ScriptedSocket each time, or raises `refusal` while there is one.

    Requests are answered with `status` and `body`.
    """

    def __init__(self, clock: Clock, react: Callable[[ScriptedSocket, str], None]) -> None:
        self.sockets: list[ScriptedSocket] = []
        self.attempts_ns: list[int] = []
        self.refusal: TransportError | None = None
        self.status, self.body = 503, b"{}"
        self.requests = 0
        self._clock = clock
        self._react = react

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        self.attempts_ns.append(self._clock.now_ns())
        if self.refusal is not None:
            raise self.refusal
        socket = ScriptedSocket(self._clock, self._react)
        self.sockets.append(socket)
        return socket

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        self.requests += 1
        await asyncio.sleep(0)
        return RestResponse(self.status, {}, self.body, url)

    async def close(self) -> None:
        for socket in self.sockets:
            await socket.close()
