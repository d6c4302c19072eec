"""One websocket over aiohttp: hands out all that is buffered at once, and tells signs of life."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine, Generator, Sequence
from contextlib import suppress
from typing import Any, Literal, TypeAlias

import aiohttp

from connector_sdk.errors import Disconnected, RequestTimeout, Sent
from connector_sdk.transport.clock import Clock
from connector_sdk.transport.transport import WebSocketConnection

LARGEST_MESSAGE = 32 * 1024 * 1024
SEND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0

Socket: TypeAlias = "aiohttp.ClientWebSocketResponse[Literal[True]]"


class _Read(Awaitable[aiohttp.WSMessage]):
    """One `receive` of aiohttp, taken by hand: `step` goes as far as it can without waiting.

    So all that is buffered can be read before the loop is given back, and a read that would
    have to wait is kept for the next time.
    """

    def __init__(self, socket: Socket) -> None:
        self._steps: Coroutine[Any, Any, aiohttp.WSMessage] = socket.receive()
        self._waits_for: asyncio.Future[object] | None = None
        self.awaited = False

    def step(self) -> aiohttp.WSMessage | None:
        """The message, if it is here already."""
        try:
            self._waits_for = self._steps.send(None)
        except StopIteration as done:
            message: aiohttp.WSMessage = done.value
            return message
        return None

    def __await__(self) -> Generator[object, None, aiohttp.WSMessage]:
        self.awaited = True
        try:
            while True:
                if self._waits_for is None or not self._waits_for.done():
                    try:
                        yield self._waits_for
                    except BaseException as error:
                        self._steps.throw(error)
                        raise
                message = self.step()
                if message is not None:
                    return message
        finally:
            self.awaited = False

    def abandon(self) -> None:
        """Give it up, as a cancelled task would: the socket can then be closed."""
        with suppress(asyncio.CancelledError):
            self._steps.throw(asyncio.CancelledError())


class AiohttpWebSocket(WebSocketConnection):
    """An open websocket. Pings are answered here, so that they count as life."""

    def __init__(self, socket: Socket, clock: Clock, url: str) -> None:
        self._socket = socket
        self._clock = clock
        self._url = url
        self._heard_ns = clock.now_ns()
        self._pending: _Read | None = None
        self._why: str | None = None

    @property
    def heard_ns(self) -> int:
        """When anything last came."""
        return self._heard_ns

    async def receive(self) -> Sequence[str | bytes]:
        """All messages that are here, at least one."""
        messages: list[str | bytes] = []
        while self._why is None:
            message = await self._next(wait=not messages)
            if message is None:
                break
            if message.type is aiohttp.WSMsgType.TEXT or message.type is aiohttp.WSMsgType.BINARY:
                messages.append(message.data)
            else:
                await self._on_control(message)
        self._heard_ns = self._clock.now_ns()
        if messages:
            return messages
        raise Disconnected(f"{self._url}: {self._why}", Sent.MAYBE)

    async def _next(self, *, wait: bool) -> aiohttp.WSMessage | None:
        read = self._pending
        if read is None:
            read = _Read(self._socket)
            message = read.step()
            if message is not None:
                return message
            self._pending = read
        if not wait:
            return None
        try:
            return await read
        finally:
            self._pending = None

    async def _on_control(self, message: aiohttp.WSMessage) -> None:
        self._heard_ns = self._clock.now_ns()
        if message.type is aiohttp.WSMsgType.PING:
            await self._bounded(self._socket.pong(message.data))
        elif message.type is not aiohttp.WSMsgType.PONG and self._why is None:
            self._why = self._end(message)

    def _end(self, message: aiohttp.WSMessage) -> str:
        if message.type is aiohttp.WSMsgType.CLOSE:
            said = f": {message.extra}" if message.extra else ""
            return f"the venue closed the connection with code {message.data}{said}"
        if message.type is aiohttp.WSMsgType.ERROR:
            return _broken(message.data)
        cause = self._socket.exception()
        return "the connection was cut" + (f" ({cause})" if cause else "")

    async def send(self, text: str) -> None:
        """Send one text."""
        await self._bounded(self._socket.send_str(text))

    async def ping(self) -> None:
        """Send a ping."""
        await self._bounded(self._socket.ping())

    async def _bounded(self, sending: Coroutine[object, object, None]) -> None:
        try:
            async with self._clock.timeout(SEND_TIMEOUT_S):
                await sending
        except TimeoutError as error:
            said = f"{self._url}: nothing could be sent for {SEND_TIMEOUT_S:g} s"
            raise RequestTimeout(said, Sent.MAYBE) from error
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise Disconnected(f"{self._url}: cannot send: {error}", Sent.MAYBE) from error

    async def close(self) -> None:
        """Close it; ends a `receive`."""
        if self._why is None:
            self._why = "closed by us"
        if self._pending is not None and not self._pending.awaited:
            self._pending.abandon()
            self._pending = None
        with suppress(TimeoutError, aiohttp.ClientError, OSError):
            async with self._clock.timeout(2 * CLOSE_TIMEOUT_S):
                await self._socket.close()


def _broken(cause: object) -> str:
    if isinstance(cause, aiohttp.WebSocketError):
        if cause.code == aiohttp.WSCloseCode.MESSAGE_TOO_BIG:
            return f"a message is larger than {LARGEST_MESSAGE >> 20} MB"
        return f"a malformed websocket frame ({cause})"
    return f"the connection broke ({cause})"
