"""InstrumentLoader: one request, however many ask at once."""

from __future__ import annotations

import asyncio

import pytest

from connector_sdk.errors import VenueError
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.wire import Call, RestRequest, RestResponse
from connector_sdk.runtime.instrument_loader import InstrumentLoader
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.rest import RestClient
from scripted_transport import ScriptedTransport


def read(response: RestResponse) -> Instruments | VenueError:
    if response.status != 200:
        return VenueError("venue", str(response.status), "not now")
    return Instruments(())


def loader() -> tuple[InstrumentLoader, ScriptedTransport]:
    clock = ManualClock()
    transport = ScriptedTransport(clock, lambda *_: None)
    rest = RestClient(transport, RateLimiter((), clock), {"rest": "http://venue.test"}, {})
    return InstrumentLoader(rest, Call(RestRequest("GET", "/list"), read)), transport


async def test_a_hundred_concurrent_first_calls_make_one_request() -> None:
    instruments, transport = loader()
    transport.status = 200
    lists = await asyncio.gather(*(instruments.load() for _ in range(100)))
    assert all(one is lists[0] for one in lists)
    await instruments.load()
    assert transport.requests == 1


async def test_a_failure_is_shared_by_those_who_waited_and_the_next_call_tries_again() -> None:
    instruments, transport = loader()
    answers = await asyncio.gather(
        *(instruments.load() for _ in range(100)), return_exceptions=True
    )
    assert all(isinstance(answer, VenueError) for answer in answers)
    assert transport.requests == 1
    transport.status = 200
    assert len(await instruments.load()) == 0
    assert transport.requests == 2


async def test_a_refresh_that_fails_leaves_the_former_list() -> None:
    instruments, transport = loader()
    transport.status = 200
    first = await instruments.load()
    assert await instruments.refresh() is not first
    second = await instruments.load()
    transport.status = 503
    with pytest.raises(VenueError):
        await instruments.refresh()
    assert await instruments.load() is second


async def test_one_that_leaves_while_it_loads_does_not_spoil_it_for_the_others() -> None:
    instruments, transport = loader()
    transport.status = 200
    leaving = asyncio.create_task(instruments.load())
    staying = asyncio.create_task(instruments.load())
    leaving.cancel()
    assert len(await staying) == 0


async def test_entries_that_cannot_be_read_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    transport = ScriptedTransport(clock, lambda *_: None)
    transport.status = 200
    rest = RestClient(transport, RateLimiter((), clock), {"rest": "http://venue.test"}, {})

    def two_strange(_: RestResponse) -> Instruments:
        listed = Instruments(())
        listed.skipped = 2
        return listed

    await InstrumentLoader(rest, Call(RestRequest("GET", "/list"), two_strange)).load()
    assert caplog.messages == ["/list: 2 entries cannot be read; 0 are kept"]
