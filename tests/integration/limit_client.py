"""A process that asks a venue as much as its limits allow: polls without end, and a few cancels.

Usage: `python limit_client.py '{"url": …, "folder": …, "identity": …, "seconds": …, "pool": {…}}'`;
prints one JSON line: the answers' statuses, and how long each kind waited for the limits.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Priority, RestRequest
from connector_sdk.transport.aiohttp_transport import AiohttpTransport
from connector_sdk.transport.clock import SystemClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.shared_budget import BudgetFolder

POLLERS = 200
CANCEL_EVERY_S = 0.25


@dataclass
class Saturation:
    """What one process did."""

    rest: RestClient
    limiter: RateLimiter
    weight: str
    statuses: Counter[str] = field(default_factory=Counter[str])
    waits: dict[str, list[float]] = field(
        default_factory=lambda: {priority.name: [] for priority in Priority}
    )

    async def ask(self, priority: Priority) -> None:
        clock = self.limiter.clock
        request = RestRequest("GET", "/api/v3/time", costs={self.weight: 1}, priority=priority)
        begun_ns = clock.now_ns()
        async with self.limiter.passage(request.costs, priority):
            self.waits[priority.name].append((clock.now_ns() - begun_ns) / 1e9)
            free = RestRequest(request.method, request.path)
            response = await self.rest.send(free)
        self.statuses[str(response.status)] += 1

    async def poll(self) -> None:
        while True:
            await self.ask(Priority.POLL)

    async def cancel(self) -> None:
        while True:
            await asyncio.sleep(CANCEL_EVERY_S)
            await self.ask(Priority.CANCEL)


async def saturate(asked: dict[str, str], seconds: float, pool: RateLimitPool) -> Saturation:
    clock = SystemClock()
    folder = BudgetFolder(Path(asked["folder"]), "binance", asked["url"], asked["identity"])
    limiter = RateLimiter([pool], clock, folder=folder)
    transport = AiohttpTransport(clock)
    rest = RestClient(transport, limiter, {"rest": asked["url"]}, {})
    made = Saturation(rest, limiter, pool.name)
    try:
        async with asyncio.timeout(seconds), asyncio.TaskGroup() as tasks:
            for _ in range(POLLERS):
                tasks.create_task(made.poll())
            tasks.create_task(made.cancel())
    except TimeoutError:
        return made
    finally:
        limiter.close()
        await transport.close()
    raise AssertionError("polls and cancels have no end")


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    done = asyncio.run(saturate(told, told["seconds"], RateLimitPool.model_validate(told["pool"])))
    print(json.dumps({"statuses": done.statuses, "waits": done.waits}))  # noqa: T201
