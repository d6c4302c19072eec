"""RestClient with a key: what is signed, when, in which order, and what is sent once more."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl

import pytest

from connector_sdk.errors import (
    AuthRejected,
    Disconnected,
    InvariantError,
    RequestTimeout,
    Sent,
    TimestampRejected,
    TransportError,
    VenueError,
)
from connector_sdk.model.manifest import RateLimitPool
from connector_sdk.model.wire import Call, Priority, RestRequest, RestResponse, Stamp
from connector_sdk.protocols.auth import Auth
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.nonces import Nonces
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.server_clock import ServerClock
from connector_sdk.transport.stamper import Stamper
from connector_sdk.transport.transport import Transport, WebSocketConnection

MS = 1_000_000
ORDER = RestRequest("POST", "/order", query=(("s", "A"),), signed=True, costs={"orders": 1})
TIME = RestRequest("GET", "/time")
ORDERS = RateLimitPool(name="orders", limit=3, window_s=10)


class KeyAuth(Auth):
    """Puts time, nonce and a signature behind the query, and a key into a header."""

    identity = "k"

    def sign(self, request: RestRequest, stamp: Stamp) -> RestRequest:
        proof = (("t", str(stamp.now_ms)), ("n", str(stamp.nonce)), ("signature", "hush"))
        return replace(request, query=request.query + proof, headers={"x-key": "hush"})

    def login(
        self, stamp: Stamp, parameters: Mapping[str, str | int] | None = None
    ) -> Mapping[str, str | int]:
        raise NotImplementedError


@dataclass
class Wire(Transport):
    """A venue at the end of a wire: keeps what arrives, answers after a while with `answer`."""

    clock: ManualClock
    answer: Callable[[str], RestResponse | TransportError]
    delay_s: Callable[[], float] = lambda: 0.01
    arrived: list[tuple[float, str, Mapping[str, str]]] = field(default_factory=list)
    inside: int = 0
    most_inside: int = 0

    async def open_websocket(self, url: str, *, timeout_s: float) -> WebSocketConnection:
        raise NotImplementedError

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None,
        timeout_s: float,
    ) -> RestResponse:
        self.arrived.append((self.clock.now_ns() / 1e9, url, headers))
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        await self.clock.sleep(self.delay_s())
        self.inside -= 1
        answer = self.answer(url)
        if isinstance(answer, TransportError):
            raise answer
        return replace(answer, url=url)

    async def close(self) -> None:
        pass


OK = RestResponse(200, {}, b"", "")
REFUSED = RestResponse(400, {}, b"", "")


class Key:
    """A client with a key, at a venue whose clock may be elsewhere."""

    def __init__(self, skew_ms: int = 0, *, ordered: bool = False) -> None:
        self.clock = ManualClock()
        self.skew_ms = skew_ms
        self.wire = Wire(self.clock, self.answered)
        self.failure: TransportError | None = None
        self.time_failure: TransportError | None = None
        pools = [ORDERS, RateLimitPool(name="polls", limit=100_000, window_s=1)]
        self.limiter = RateLimiter(pools, self.clock)
        self.public = RestClient(self.wire, self.limiter, {"rest": "http://venue"}, {})
        read = Call(TIME, lambda answer: int(answer.body))
        self.server = ServerClock(self.clock, lambda: self.public.read_time(read))
        nonces = Nonces("k", Marks(), self.clock)
        self.client = self.public.signing(KeyAuth(), Stamper(self.server, nonces), ordered=ordered)

    @property
    def venue_ms(self) -> int:
        return self.clock.now_ns() // MS + self.skew_ms

    def answered(self, url: str) -> RestResponse | TransportError:
        """The venue's own rule: less than a second ahead, at most five behind."""
        if "/time" in url:
            return self.time_failure or replace(OK, body=str(self.venue_ms * MS).encode())
        if self.failure is not None:
            return self.failure
        if "t=" not in url:
            return OK
        behind_ms = self.venue_ms - stamped(url)
        return OK if -1_000 < behind_ms <= 5_000 else REFUSED

    @property
    def sent(self) -> list[str]:
        return [url for _, url, _ in self.wire.arrived if "/time" not in url]

    async def call(self, request: RestRequest = ORDER) -> str:
        calling = asyncio.create_task(self.client.call(Call(request, read_answer)))
        await self.clock.advance(30)
        return await calling


class Marks:
    """Marks in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, int] = {}

    async def save_marks(self, marks: Mapping[str, int]) -> None:
        self.kept.update(marks)

    async def load_marks(self) -> Mapping[str, int]:
        return self.kept


def read_answer(answer: RestResponse) -> str | VenueError:
    return "done" if answer.ok else TimestampRejected("venue", "-1021", "outside the window")


def stamped(url: str) -> int:
    return int(dict(parse_qsl(url.partition("?")[2]))["t"])


def nonce(url: str) -> int:
    return int(dict(parse_qsl(url.partition("?")[2]))["n"])


async def test_what_is_public_is_never_signed_and_what_is_signed_needs_a_key() -> None:
    key = Key()
    assert await key.call(replace(ORDER, signed=False)) == "done"
    assert key.sent == ["http://venue/order?s=A"]
    assert key.wire.arrived[0][2] == {}
    with pytest.raises(InvariantError, match="POST /order is to be signed, by nobody"):
        await key.public.send(ORDER)


async def test_a_request_is_stamped_when_it_goes_and_not_when_it_queues() -> None:
    key = Key()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(key.client.send(ORDER))
        await key.clock.advance(30)
    for at_s, url, headers in key.wire.arrived:
        assert stamped(url) == int(at_s * 1000)
        assert headers == {"x-key": "hush"}
    assert key.wire.arrived[3][0] - key.wire.arrived[0][0] > 10  # it waited for the limit


@pytest.mark.parametrize("skew_ms", [-5_500, 5_000])
async def test_a_refused_time_is_read_anew_and_the_request_sent_once_more(skew_ms: int) -> None:
    key = Key(skew_ms)
    assert await key.call() == "done"
    assert len(key.sent) == 2
    assert await key.call() == "done"
    assert len(key.sent) == 3  # the offset stays


async def test_a_time_refused_again_is_told_after_one_retry() -> None:
    key = Key()
    key.wire.answer = lambda url: REFUSED if "/order" in url else key.answered(url)
    with pytest.raises(TimestampRejected):
        await key.call()
    assert len(key.sent) == 2


async def test_without_the_venues_time_nothing_is_sent_again() -> None:
    key = Key(skew_ms=5_000)
    key.time_failure = Disconnected("venue: cut", Sent.MAYBE)
    with pytest.raises(TimestampRejected) as refused:
        await key.call()
    assert len(key.sent) == 1
    assert isinstance(refused.value.__cause__, Disconnected)


@pytest.mark.parametrize(
    "failure", [RequestTimeout("late", Sent.MAYBE), Disconnected("cut", Sent.MAYBE)]
)
async def test_no_failure_of_the_network_sends_anything_again(failure: TransportError) -> None:
    key = Key()
    key.failure = failure
    with pytest.raises(type(failure)):
        await key.call()
    assert len(key.sent) == 1


async def test_no_other_refusal_sends_anything_again() -> None:
    key = Key()
    call: Call[str] = Call(ORDER, lambda _: AuthRejected("venue", "-2015", "no such key"))
    calling = asyncio.create_task(key.client.call(call))
    await key.clock.advance(1)
    with pytest.raises(AuthRejected):
        await calling
    assert len(key.sent) == 1


async def test_ten_thousand_requests_at_once_reach_the_wire_one_by_one_in_nonce_order() -> None:
    key = Key(ordered=True)
    draw = random.Random(7)
    key.wire.delay_s = lambda: draw.random() / 1000
    request = replace(ORDER, costs={"polls": 1})
    async with asyncio.TaskGroup() as tasks:
        for _ in range(10_000):
            priority = draw.choice(list(Priority))
            tasks.create_task(key.client.send(replace(request, priority=priority)))
        await key.clock.advance(60)
    assert key.wire.most_inside == 1
    nonces = [nonce(url) for url in key.sent]
    assert len(nonces) == len(set(nonces)) == 10_000
    assert nonces == sorted(nonces)


async def test_where_order_does_not_matter_requests_do_not_wait_for_each_other() -> None:
    key = Key()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(50):
            tasks.create_task(key.client.send(replace(ORDER, costs={"polls": 1})))
        await key.clock.advance(1)
    assert key.wire.most_inside == 50
