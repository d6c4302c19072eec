"""Reads one stream of a venue in memory, as a client would."""

from __future__ import annotations

import asyncio
import json
from itertools import pairwise
from types import TracebackType
from typing import Any, Self

from connector_sdk.errors import Disconnected
from connector_sdk.sandbox.memory_transport import MemoryVenue
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.transport import WebSocketConnection
from connector_sdk_binance.sandbox import dialect

PAIR = "BTC-USDT"
DEPTH = "btcusdt@depth@100ms"


class Reader:
    """Collects the texts of one connection until it ends; `ended` says why it did."""

    def __init__(self, venue: MemoryVenue, streams: str = DEPTH) -> None:
        self.texts: list[str] = []
        self.ended = ""
        self._venue = venue
        self._streams = streams
        self._task: asyncio.Task[None] | None = None
        self.connection: WebSocketConnection | None = None

    async def __aenter__(self) -> Self:
        url = f"{self._venue.endpoints['ws']}/stream?streams={self._streams}"
        self.connection = await self._venue.transport.open_websocket(url, timeout_s=5)
        self._task = asyncio.create_task(self._read(self.connection))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.connection is not None
        assert self._task is not None
        await self.connection.close()
        await self._task

    async def _read(self, connection: WebSocketConnection) -> None:
        try:
            while True:
                self.texts += [str(text) for text in await connection.receive()]
        except Disconnected as error:
            self.ended = str(error)

    @property
    def messages(self) -> list[Any]:
        """The payloads, parsed."""
        return [json.loads(text)["data"] for text in self.texts]

    @property
    def spans(self) -> list[tuple[int, int]]:
        """First and last id of each delta."""
        return [(m["U"], m["u"]) for m in self.messages if m.get("e") == "depthUpdate"]


async def get(venue: MemoryVenue, path: str) -> Any:
    """The parsed answer to a GET."""
    answer = await venue.transport.request(
        "GET", venue.endpoints["rest"] + path, headers={}, body=None, timeout_s=5
    )
    return json.loads(answer.body)


async def after(faults: str, seconds: float = 3.0, **options: Any) -> tuple[Reader, MemoryVenue]:
    """One reader on a venue with those faults, for so long."""
    clock = ManualClock()
    async with MemoryVenue(dialect, clock, [PAIR], faults=faults, **options) as venue:
        async with Reader(venue) as reader:
            await clock.advance(seconds)
        return reader, venue


def gaps(reader: Reader) -> list[int]:
    """How many ids are missing at each break of the chain; negative for repeats."""
    return [
        first - last - 1 for (_, last), (first, _) in pairwise(reader.spans) if first != last + 1
    ]
