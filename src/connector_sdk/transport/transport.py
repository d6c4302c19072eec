"""Transport: what the runtime asks of a network, real or in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from connector_sdk.model.wire import RestResponse


class WebSocketConnection(ABC):
    """One open websocket."""

    @abstractmethod
    async def receive(self) -> Sequence[str | bytes]:
        """Wait for at least one message; return all that are already buffered, in order.

        Raises Disconnected (saying why) once the connection has ended and all was handed out.
        """

    @abstractmethod
    async def send(self, text: str) -> None:
        """Send one text message. Raises Disconnected, or RequestTimeout when it blocks."""

    @abstractmethod
    async def ping(self) -> None:
        """Send a ping frame; the answer shows in `heard_ns`."""

    @property
    @abstractmethod
    def heard_ns(self) -> int:
        """When anything at all last came (messages, pings, pongs), by the transport's clock."""

    @abstractmethod
    async def close(self) -> None:
        """Close it. Idempotent; never waits longer than a few seconds; ends a `receive`."""


class Transport(ABC):
    """Opens websockets and sends HTTP requests. TLS is always verified."""

    @abstractmethod
    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        """Connect. Raises ConnectFailed, or RequestTimeout after `timeout_s` seconds."""

    @abstractmethod
    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        """One HTTP exchange, any status; the answer's `url` shows no secret (`public_url`).

        Nothing but a request that only reads is ever sent twice. Raises ConnectFailed,
        RequestTimeout or Disconnected, whose `sent` is NO only if no byte can have left.
        """

    @abstractmethod
    async def close(self) -> None:
        """Free everything. Idempotent."""
