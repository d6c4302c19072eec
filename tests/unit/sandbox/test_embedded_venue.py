"""The venue on loopback sockets: what a client sees of it, and of its faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from typing import Any

import aiohttp
import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk.sandbox.websocket_link import frame_of
from connector_sdk_binance.sandbox import dialect

DEPTH = "btcusdt@depth@100ms"
MASKED_PING = bytes((0x89, 0x80, 0, 0, 0, 0))
MASKED_CLOSE = bytes((0x88, 0x82, 0, 0, 0, 0, 3, 232))
ENDINGS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(5)) as session:
        yield session


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop run until `condition` holds; five seconds at most."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come about in five seconds")


async def drained(reader: asyncio.StreamReader) -> None:
    """Read to the end."""
    while await asyncio.wait_for(reader.read(65_536), 5):
        pass


def stream(venue: EmbeddedVenue) -> str:
    return f"{venue.endpoints['ws']}/ws/{DEPTH}"


async def raw_stream(
    venue: EmbeddedVenue,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A stream without a websocket library in between: the bytes as they come."""
    host, _, port = venue.endpoints["ws"].removeprefix("ws://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /ws/{DEPTH} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    assert b" 101 " in head
    return reader, writer


async def test_it_serves_rest_and_streams_and_counts_its_streams(
    http: aiohttp.ClientSession,
) -> None:
    async with EmbeddedVenue(dialect, ["BTC-USDT"], seed=3) as venue:
        line = venue.ready_line()
        assert line["venue"] == "binance"
        assert line["seed"] == 3
        assert set(venue.endpoints) == {"rest", "ws", "ws_api"}
        assert line["rest"] == venue.endpoints["rest"]
        json.dumps(line)
        async with http.get(venue.endpoints["rest"] + "/api/v3/ping") as answer:
            assert (answer.status, await answer.json()) == (200, {})
            assert answer.headers["X-MBX-USED-WEIGHT-1M"] == "1"
        async with http.ws_connect(stream(venue)) as socket:
            first, second = [await socket.receive_json(timeout=5) for _ in range(2)]
            assert second["U"] == first["u"] + 1
            assert venue.open_streams == 1
        await until(lambda: not venue.open_streams)
        assert venue.opened_streams == 1


async def test_what_a_stream_shows_is_in_the_journal(http: aiohttp.ClientSession) -> None:
    async with (
        EmbeddedVenue(dialect, ["BTC-USDT"], flow=200) as venue,
        http.ws_connect(f"{venue.endpoints['ws']}/ws/btcusdt@bookTicker") as socket,
    ):
        for _ in range(10):
            top = await socket.receive_json(timeout=5)
            true = venue.journal.book_at("BTC-USDT", top["u"], 1)
            price, quantity = true.bids[0]
            assert (f"{price:.8f}", f"{quantity:.8f}") == (top["b"], top["B"])
            price, quantity = true.asks[0]
            assert (f"{price:.8f}", f"{quantity:.8f}") == (top["a"], top["A"])


@pytest.mark.parametrize("mid", [0, 1])
async def test_a_reset_is_a_reset_on_the_wire(mid: int) -> None:
    async with EmbeddedVenue(dialect, ["BTC-USDT"], faults=f"reset:after=2:mid={mid}") as venue:
        reader, writer = await raw_stream(venue)
        with pytest.raises(ConnectionResetError):
            await drained(reader)
        writer.close()
        assert [r.name for r in venue.journal.faults] == ["reset"]


@pytest.mark.parametrize("mid", [0, 1])
async def test_a_close_is_an_end_without_a_close_frame(mid: int) -> None:
    async with EmbeddedVenue(dialect, ["BTC-USDT"], faults=f"close:after=2:mid={mid}") as venue:
        reader, writer = await raw_stream(venue)
        data = await asyncio.wait_for(reader.read(), 5)
        writer.close()
    frames = 0
    while data:
        assert data[0] == 0x81
        length = int.from_bytes(data[2:4]) + 4 if data[1] == 126 else data[1] + 2
        if len(data) < length:
            assert mid
            break
        data, frames = data[length:], frames + 1
    assert frames == 2
    assert bool(data) is bool(mid)


async def test_a_silent_connection_sends_no_pong_and_no_end() -> None:
    async with EmbeddedVenue(dialect, ["BTC-USDT"], faults="silence:after=1") as venue:
        reader, writer = await raw_stream(venue)
        await until(lambda: bool(venue.journal.faults))
        assert (await reader.read(65_536))[0] == 0x81
        writer.write(MASKED_PING + MASKED_CLOSE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.5)
        writer.close()


async def test_a_ping_is_answered_with_its_payload(http: aiohttp.ClientSession) -> None:
    async with (
        EmbeddedVenue(dialect, ["BTC-USDT"], flow=0) as venue,
        http.ws_connect(stream(venue), autoping=False) as socket,
    ):
        await socket.ping(b"there?")
        answer = await socket.receive(timeout=5)
        assert (answer.type, bytes(answer.data)) == (aiohttp.WSMsgType.PONG, b"there?")


async def test_a_fragmented_link_delivers_whole_messages_in_order(
    http: aiohttp.ClientSession,
) -> None:
    faults = "slow:delay_ms=20:jitter_ms=60:piece=37"
    async with (
        EmbeddedVenue(dialect, ["BTC-USDT"], faults=faults) as venue,
        http.ws_connect(stream(venue)) as socket,
    ):
        spans = [await socket.receive_json(timeout=5) for _ in range(5)]
        assert all(b["U"] == a["u"] + 1 for a, b in pairwise(spans))
        assert venue.faults.armed[0].fired >= 5


async def test_ten_megabytes_come_through(http: aiohttp.ClientSession) -> None:
    async with (
        EmbeddedVenue(dialect, ["BTC-USDT"], faults="huge:after=1") as venue,
        http.ws_connect(stream(venue), max_msg_size=0) as socket,
    ):
        sizes = [len((await socket.receive(timeout=10)).data) for _ in range(3)]
        assert sizes[1] > 10_000_000
        assert venue.open_streams == 1


async def test_connections_are_dropped_and_the_venue_restarts_on_demand(
    http: aiohttp.ClientSession,
) -> None:
    async with EmbeddedVenue(dialect, ["BTC-USDT"]) as venue:
        async with http.ws_connect(stream(venue)) as socket:
            await socket.receive_json(timeout=5)
            assert venue.drop_connections() == 1
            assert (await ended(socket)).type in ENDINGS
        async with http.ws_connect(stream(venue)) as socket:
            venue.restart(down_s=0.2)
            assert (await ended(socket)).type in ENDINGS
            assert socket.close_code == 1001
        async with http.get(venue.endpoints["rest"] + "/api/v3/ping") as answer:
            assert answer.status == 503
        venue.reset_sequence(5_000)
        async with http.get(
            venue.endpoints["rest"] + "/api/v3/depth", params={"symbol": "BTCUSDT"}
        ) as answer:
            assert 5_000 <= (await answer.json())["lastUpdateId"] < 6_000


async def ended(socket: aiohttp.ClientWebSocketResponse) -> Any:
    while True:
        message = await socket.receive(timeout=5)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return message


async def test_the_same_faults_are_injected_at_the_same_places_over_sockets(
    http: aiohttp.ClientSession,
) -> None:
    async def run() -> list[tuple[str, str, int]]:
        faults = "drop:every=4,duplicate:p=0.3:count=3"
        async with (
            EmbeddedVenue(dialect, ["BTC-USDT"], seed=9, faults=faults) as venue,
            http.ws_connect(stream(venue)) as socket,
        ):
            async with asyncio.timeout(10):
                while next(iter(venue.core.sessions.values())).messages < 12:
                    await socket.receive()
            return [
                (r.name, r.connection, r.message) for r in venue.journal.faults if r.message <= 12
            ]

    one, two = await asyncio.gather(run(), run())
    assert one == two
    assert len(one) >= 4


async def test_unknown_paths_and_bad_settings_are_refused(http: aiohttp.ClientSession) -> None:
    async with EmbeddedVenue(dialect, ["BTC-USDT"]) as venue:
        async with http.get(venue.endpoints["rest"] + "/nowhere") as answer:
            assert answer.status == 404
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(venue.endpoints["ws"] + "/nowhere")
        with pytest.raises(ConfigError, match="did you mean drop"):
            venue.inject("dropp")
    with pytest.raises(ConfigError, match="at least one pair"):
        EmbeddedVenue(dialect, [])
    with pytest.raises(ConfigError, match="not a trading pair"):
        EmbeddedVenue(dialect, ["BTCUSDT"])


@pytest.mark.parametrize("length", [0, 125, 126, 65_535, 65_536])
def test_frames_say_their_length_as_the_protocol_has_it(length: int) -> None:
    frame = frame_of(0x81, b"x" * length)
    head = 2 if length < 126 else 4 if length < 65_536 else 10
    assert len(frame) == head + length
    assert frame[1] == (length if length < 126 else 126 if length < 65_536 else 127)
