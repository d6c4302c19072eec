"""RestClient against a bare aiohttp server on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from connector_sdk.errors import InvariantError, VenueError
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.aiohttp_transport import AiohttpTransport
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient

POOLS = (
    RateLimitPool(name="weight", limit=100, window_s=60),
    RateLimitPool(name="orders", limit=10, window_s=10),
)
LIST = RestRequest("GET", "/list", costs={"weight": 5})


class Venue:
    """Answers with `status` and `headers`, and echoes the path asked."""

    def __init__(self) -> None:
        self.status = 200
        self.headers: Mapping[str, str] = {}
        self.clock = ManualClock()
        self.limiter = RateLimiter(POOLS, self.clock)
        self.client: RestClient

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = request.raw_path.encode() + b" " + await request.read()
        return web.Response(status=self.status, headers=self.headers, body=body)


@asynccontextmanager
async def venue() -> AsyncIterator[Venue]:
    made = Venue()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", made.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    transport = AiohttpTransport()
    made.client = RestClient(
        transport, made.limiter, {"rest": f"http://{host}:{port}"}, {"x-used": "weight"}
    )
    try:
        yield made
    finally:
        await transport.close()
        await runner.cleanup()


async def test_a_request_goes_to_its_endpoint_with_its_query_in_order() -> None:
    async with venue() as at:
        request = replace(LIST, query=(("b", "2 €"), ("a", "1,5")), method="POST", body=b"x")
        response = await at.client.send(request)
        assert response.body == b"/list?b=2+%E2%82%AC&a=1%2C5 x"
        assert response.url.endswith("/list?b=2+%E2%82%AC&a=1%2C5")
        assert at.limiter.used("weight") == 5


async def test_an_endpoint_the_manifest_does_not_name_is_a_bug_of_the_connector() -> None:
    async with venue() as at:
        with pytest.raises(InvariantError, match=r"'grpc' \(known: rest\)"):
            await at.client.send(replace(LIST, endpoint="grpc"))


async def test_a_call_gives_its_answer_or_raises_the_venues_refusal() -> None:
    def read(response: RestResponse) -> int | VenueError:
        if response.status == 200:
            return len(response.body)
        return VenueError("venue", str(response.status), "no")

    async with venue() as at:
        assert await at.client.call(Call(LIST, read)) == len("/list ")
        at.status = 400
        with pytest.raises(VenueError, match="400: no"):
            await at.client.call(Call(LIST, read))


async def test_used_weight_told_in_a_header_is_taken_over() -> None:
    async with venue() as at:
        at.headers = {"X-Used": "77"}
        await at.client.send(LIST)
        assert at.limiter.used("weight") == 77
        at.headers = {"X-Used": "much"}
        await at.client.send(LIST)
        assert at.limiter.used("weight") == 82


async def test_a_429_with_retry_after_7_stops_that_pool_for_7_s_and_no_other() -> None:
    async with venue() as at:
        at.status, at.headers = 429, {"Retry-After": "7"}
        assert (await at.client.send(LIST)).status == 429
        at.status = 200
        other = asyncio.create_task(at.client.send(replace(LIST, costs={"orders": 1})))
        assert (await asyncio.wait_for(other, 5)).status == 200
        waiting = asyncio.create_task(at.client.send(LIST))
        await at.clock.advance(6.9)
        assert at.limiter.waiting == 1
        await at.clock.advance(0.2)
        assert at.limiter.waiting == 0
        assert (await asyncio.wait_for(waiting, 5)).status == 200


async def test_a_429_stops_every_pool_its_request_drew_on() -> None:
    async with venue() as at:
        at.status = 429
        await at.client.send(replace(LIST, costs={"weight": 5, "orders": 1}))
        at.status = 200
        waiting = [
            asyncio.create_task(at.client.send(replace(LIST, costs={pool: 1})))
            for pool in ("weight", "orders")
        ]
        await at.clock.advance(1.9)
        assert at.limiter.waiting == 2
        await at.clock.advance(0.2)
        assert at.limiter.waiting == 0
        await asyncio.gather(*waiting)


async def test_a_ban_stops_everything_for_as_long_as_it_says() -> None:
    async with venue() as at:
        at.status, at.headers = 418, {"Retry-After": "120"}
        await at.client.send(LIST)
        waiting = asyncio.create_task(at.client.send(replace(LIST, costs={"orders": 1})))
        await at.clock.advance(119)
        assert at.limiter.waiting == 1
        await at.clock.advance(2)
        await asyncio.wait_for(waiting, 5)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), ("0.5", 0.5), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)],
)
def test_retry_after_is_read_where_it_is_in_seconds(text: str, seconds: float | None) -> None:
    assert RestResponse(429, {"retry-after": text}, b"", "").retry_after_s == seconds
