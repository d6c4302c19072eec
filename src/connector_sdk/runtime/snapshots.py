"""Snapshots: fetches what trackers ask for, one at a time for a pair."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from connector_sdk.errors import ConnectorError, VenueError
from connector_sdk.model.market_data import BookSnapshot
from connector_sdk.model.wire import Call, Frame
from connector_sdk.protocols.tracker import NeedSnapshot
from connector_sdk.runtime.feed_parts import FeedParts
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.rest import RestClient

SNAPSHOT_TIMEOUT_S = 10.0


class Snapshots:
    """Performs NeedSnapshot: spaced by backoff, under the rate limits.

    spawn: starts a task under the market's supervisor.
    """

    def __init__(
        self,
        parts: FeedParts,
        rest: RestClient,
        spawn: Callable[[str, Callable[[], Awaitable[None]]], asyncio.Task[None]],
    ) -> None:
        self._parts = parts
        self._rest = rest
        self._spawn = spawn
        self._backoff = Backoff(parts.clock, parts.settings.snapshots, parts.settings.seed)
        self._under_way: dict[str, asyncio.Task[None]] = {}

    def ask(self, need: NeedSnapshot) -> None:
        """Begin; a snapshot of that pair which is under way is given up: its answer is older."""
        self.forget(need.pair)
        task = self._spawn(f"snapshot {need.pair}", lambda: self._fetch(need))
        self._under_way[need.pair] = task

    def forget(self, pair: str) -> None:
        """Give up what is under way for `pair`."""
        task = self._under_way.pop(pair, None)
        if task is not None:
            task.cancel()

    async def _fetch(self, need: NeedSnapshot) -> None:
        parts, pair = self._parts, need.pair
        call = parts.source.snapshot_request(pair, parts.instruments)
        if call is None:
            return
        await self._backoff.pause(need.attempt)
        answer = await self._answer(call)
        self._under_way.pop(pair, None)
        if isinstance(answer, Frame):
            parts.tracker.receive(answer)
        else:
            parts.tracker.snapshot_failed(pair, answer, parts.clock.now_ns())
        parts.serve()

    async def _answer(self, call: Call[BookSnapshot]) -> Frame | ConnectorError:
        try:
            response = await self._rest.send(call.request, timeout_s=SNAPSHOT_TIMEOUT_S)
            # Read here, too: an answer that the tracker cannot read would be awaited for ever.
            answer = call.decode(response)
        except ConnectorError as error:
            return error
        if isinstance(answer, VenueError):
            return answer
        if not response.ok:
            said = "an answer that is not a success"
            return VenueError(self._parts.venue, str(response.status), said)
        return Frame(response.body, self._parts.clock.now_ns(), response.url)
