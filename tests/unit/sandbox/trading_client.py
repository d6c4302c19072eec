"""A client of the venue's private half: signed calls by REST and by the WebSocket API."""

from __future__ import annotations

import asyncio
import hmac
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

from connector_sdk.errors import Disconnected
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.transport.transport import WebSocketConnection

FAR = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.01",
    "price": "50000",
}


class Client:
    """Acts for one account of a venue in memory. What it is told is in `frames`."""

    def __init__(self, venue: MemoryVenue, number: int = 0) -> None:
        self.venue = venue
        self.account = venue.account(number)
        self.frames: list[Any] = []
        self.ended = ""
        self._socket: WebSocketConnection | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        url = self.venue.endpoints["ws_api"]
        self._socket = await self.venue.transport.open_websocket(url, timeout_s=5)
        self._task = asyncio.create_task(self._read(self._socket))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._socket is not None
        assert self._task is not None
        await self._socket.close()
        await self._task

    async def call(self, method: str, path: str, **params: object) -> tuple[int, Any]:
        """Status and body of a signed call, whose time is the clock's own."""
        now_ms = self.venue.core.agenda.now_ns // 1_000_000
        form = urlencode({"timestamp": now_ms, **params})
        url = f"{self.venue.endpoints['rest']}/api/v3/{path}?{form}&signature={self._sign(form)}"
        answer = await self.venue.transport.request(
            method, url, headers={"X-MBX-APIKEY": self.account.key}, body=None, timeout_s=5
        )
        return answer.status, json.loads(answer.body)

    async def place(self, **params: object) -> tuple[int, Any]:
        """An order far below the market, but for what is given."""
        return await self.call("POST", "order", **{**FAR, **params})

    async def say(self, method: str, number: int = 1, **params: object) -> None:
        """A signed request on the socket; its answer comes among the frames."""
        assert self._socket is not None
        now_ms = self.venue.core.agenda.now_ns // 1_000_000
        proven: dict[str, object] = {"apiKey": self.account.key, "timestamp": now_ms, **params}
        payload = "&".join(f"{name}={proven[name]}" for name in sorted(proven))
        proven["signature"] = self._sign(payload)
        text = json.dumps({"id": number, "method": method, "params": proven})
        await self._socket.send(text)
        await asyncio.sleep(0)

    async def listen(self) -> None:
        """Subscribe to the account's events."""
        await self.say("userDataStream.subscribe.signature", 99)
        await asyncio.sleep(0)
        assert self.frames[-1]["status"] == 200, self.frames

    @property
    def events(self) -> list[str]:
        """What each event was: the execution's kind, or the event's own."""
        events = [frame["event"] for frame in self.frames if "event" in frame]
        return [event.get("x") or event["e"] for event in events]

    def _sign(self, payload: str) -> str:
        return hmac.new(self.account.secret.encode(), payload.encode(), "sha256").hexdigest()

    async def _read(self, socket: WebSocketConnection) -> None:
        try:
            while True:
                self.frames += [json.loads(text) for text in await socket.receive()]
        except Disconnected as error:
            self.ended = str(error)
