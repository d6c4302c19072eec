"""Feed: spreads pairs over connections and performs what the tracker asks for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import assert_never

from connector_sdk.model.health import ConnectionHealth
from connector_sdk.protocols.tracker import Control, NeedSnapshot, Resubscribe
from connector_sdk.runtime.feed_parts import FeedParts
from connector_sdk.runtime.line import Dialing, connects
from connector_sdk.runtime.shard import Shard
from connector_sdk.runtime.snapshots import Snapshots
from connector_sdk.runtime.supervisor import Supervisor
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.transport import Transport


@dataclass(frozen=True, slots=True)
class Edges:
    """The feed's ways to the venue.

    url: of the stream, complete.
    """

    url: str
    transport: Transport
    rest: RestClient


class Feed:
    """The public streams of one venue, over as many connections as its pairs need."""

    def __init__(self, parts: FeedParts, edges: Edges, supervisor: Supervisor) -> None:
        self._parts = parts = replace(parts, serve=self.serve)
        self._supervisor = supervisor
        self._shards: dict[str, Shard] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._snapshots = Snapshots(parts, edges.rest, supervisor.spawn)
        self._renewals = Backoff(parts.clock, parts.settings.snapshots, parts.settings.seed)
        names = count(1)
        self._shard_numbers = count(1)

        async def address() -> str:
            return edges.url

        self._dialing = Dialing(
            address,
            edges.transport,
            connects(parts.source, parts.clock),
            Backoff(parts.clock, parts.settings.reconnects, parts.settings.seed),
            lambda: f"ws.{next(names)}",
        )

    def start(self, pairs: Iterable[str]) -> None:
        """Begin to follow `pairs`, which the tracker follows already."""
        listed = list(pairs)
        size = self._parts.source.pairs_per_connection
        for first in range(0, len(listed), size):
            self._start_shard(listed[first : first + size])
        self._supervisor.keep("ticker", self._tick)

    def _start_shard(self, pairs: Iterable[str]) -> None:
        key = f"feed {next(self._shard_numbers)}"
        shard = self._shards[key] = Shard(pairs, self._parts, self._dialing)
        self._tasks[key] = self._supervisor.keep(key, shard.run)

    async def _tick(self) -> None:
        parts = self._parts
        while True:
            await parts.clock.sleep(parts.settings.tick_s)
            parts.tracker.tick(parts.clock.now_ns())
            self.serve()

    def add(self, pair: str) -> None:
        """Follow one more pair, on a connection that has room or on a new one."""
        size = self._parts.source.pairs_per_connection
        for shard in self._shards.values():
            if len(shard.pairs) < size:
                shard.add(pair)
                return
        self._start_shard([pair])

    def remove(self, pair: str) -> None:
        """Follow a pair no more."""
        self._snapshots.forget(pair)
        for key, shard in list(self._shards.items()):
            if pair in shard.pairs:
                shard.remove(pair)
                if not shard.pairs:
                    del self._shards[key]
                    self._tasks.pop(key).cancel()

    def _shard_of(self, pair: str) -> Shard | None:
        return next((shard for shard in self._shards.values() if pair in shard.pairs), None)

    def serve(self) -> None:
        """Perform what the tracker asks for; whatever must wait becomes a task."""
        for request in self._parts.tracker.take_requests():
            match request:
                case NeedSnapshot():
                    self._snapshots.ask(request)
                case Resubscribe(pair=pair):
                    self._supervisor.spawn(f"renew {pair}", partial(self._renew, request))
                case Control(connection, word):
                    for shard in self._shards.values():
                        session = shard.session(connection)
                        if session is not None:
                            session.on_control(word)
                case _:
                    assert_never(request)

    async def _renew(self, request: Resubscribe) -> None:
        await self._renewals.pause(request.attempt)
        shard = self._shard_of(request.pair)
        if shard is not None:
            shard.renew(request.pair)

    @property
    def connections(self) -> Mapping[str, ConnectionHealth]:
        """Connection → how it is."""
        found: dict[str, ConnectionHealth] = {}
        for shard in self._shards.values():
            found.update(shard.health())
        return found

    @property
    def refusals(self) -> Mapping[str, str]:
        """Pair → what the venue said when it refused its subscription."""
        found: dict[str, str] = {}
        for shard in self._shards.values():
            found.update(shard.refusals)
        return found
