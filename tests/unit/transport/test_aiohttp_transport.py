"""AiohttpTransport against a bare aiohttp server on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import socket as sockets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import WSMsgType, web

from connector_sdk.errors import (
    ConfigError,
    ConnectFailed,
    Disconnected,
    RequestTimeout,
    Sent,
    WireError,
)
from connector_sdk.testing.manual_clock import ManualClock
from connector_sdk.transport import aiohttp_transport, websocket
from connector_sdk.transport.aiohttp_transport import AiohttpTransport
from connector_sdk.transport.clock import SystemClock
from connector_sdk.transport.transport import WebSocketConnection

Talk = Callable[[web.WebSocketResponse], Awaitable[None]]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(answer: Answer) -> AsyncIterator[str]:
    """`host:port` of a server whose every request is answered by `answer`."""
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield "{}:{}".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


@asynccontextmanager
async def talking(talk: Talk) -> AsyncIterator[WebSocketConnection]:
    """A client's websocket to a server that does what `talk` says."""

    async def answer(request: web.Request) -> web.StreamResponse:
        server = web.WebSocketResponse(autoping=False)
        await server.prepare(request)
        await talk(server)
        return server

    transport = AiohttpTransport()
    async with serving(answer) as address:
        connection = await transport.open_websocket(f"ws://{address}/stream", timeout_s=5)
        try:
            yield connection
        finally:
            await connection.close()
            await transport.close()


async def stay(server: web.WebSocketResponse) -> None:
    """Read on until the client leaves."""
    async for _ in server:
        pass


async def gathered(connection: WebSocketConnection, count: int) -> list[str | bytes]:
    messages: list[str | bytes] = []
    async with asyncio.timeout(5):
        while len(messages) < count:
            messages += await connection.receive()
    return messages


async def test_messages_come_in_order_text_and_binary_as_they_were_sent() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        await server.send_str("één")
        await server.send_bytes(b"\x00two")
        await server.send_str("3")
        await stay(server)

    async with talking(talk) as connection:
        assert await gathered(connection, 3) == ["één", b"\x00two", "3"]


async def test_all_that_is_buffered_is_handed_out_at_once() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        for number in range(500):
            await server.send_str(str(number))
        await stay(server)

    async with talking(talk) as connection:
        first = list(await connection.receive())
        await asyncio.sleep(0.2)  # lets the socket's buffer fill; the test waits on no condition
        rest = await connection.receive() if len(first) < 500 else []
        assert [*first, *rest] == [str(number) for number in range(500)]


async def test_a_read_that_waits_survives_many_batches() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        async for message in server:
            await server.send_str(message.data)

    async with talking(talk) as connection:
        for number in range(50):
            await connection.send(str(number))
            assert await gathered(connection, 1) == [str(number)]


async def test_a_cancelled_receive_loses_nothing() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        async for message in server:
            await server.send_str(message.data)

    async with talking(talk) as connection:
        for number in range(5):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.01):
                    await connection.receive()
            await connection.send(str(number))
            assert await gathered(connection, 1) == [str(number)]


async def test_a_ping_is_answered_with_its_payload_and_counts_as_life() -> None:
    answered: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def talk(server: web.WebSocketResponse) -> None:
        await server.ping(b"payload")
        message = await server.receive()
        if message.type is WSMsgType.PONG:
            answered.set_result(message.data)
        await stay(server)

    async with talking(talk) as connection:
        before_ns = connection.heard_ns
        reading = asyncio.create_task(connection.receive())
        assert await asyncio.wait_for(answered, 5) == b"payload"
        assert connection.heard_ns > before_ns
        reading.cancel()
        await asyncio.wait([reading])


async def test_a_pong_to_our_ping_counts_as_life() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        async for message in server:
            if message.type is WSMsgType.PING:
                await server.pong(message.data)

    async with talking(talk) as connection:
        reading = asyncio.create_task(connection.receive())
        await asyncio.sleep(0)
        before_ns = connection.heard_ns
        await connection.ping()
        async with asyncio.timeout(5):
            while connection.heard_ns == before_ns:  # noqa: ASYNC110  # a pong has no event
                await asyncio.sleep(0.001)
        reading.cancel()
        await asyncio.wait([reading])


async def test_the_end_is_told_with_the_venues_code_after_all_was_handed_out() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        await server.send_str("last words")
        await server.close(code=1008, message=b"too many messages")

    async with talking(talk) as connection:
        assert await gathered(connection, 1) == ["last words"]
        for _ in range(2):
            with pytest.raises(Disconnected, match="1008: too many messages"):
                await connection.receive()


async def test_a_cut_is_told() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        await server.send_str("first")
        transport = server._req.transport if server._req is not None else None
        assert isinstance(transport, asyncio.Transport)
        transport.abort()

    async with talking(talk) as connection:
        assert await gathered(connection, 1) == ["first"]
        with pytest.raises(Disconnected, match="cut"):
            await connection.receive()


async def test_a_message_beyond_the_limit_ends_the_connection_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(aiohttp_transport, "LARGEST_MESSAGE", 1 << 20)
    monkeypatch.setattr(websocket, "LARGEST_MESSAGE", 1 << 20)

    async def talk(server: web.WebSocketResponse) -> None:
        with contextlib.suppress(ConnectionError):
            await server.send_str("x" * (2 << 20))
        await stay(server)

    async with talking(talk) as connection:
        with pytest.raises(Disconnected, match="larger than 1 MB"):
            await gathered(connection, 1)


async def test_closing_ends_a_receive_that_waits_and_is_idempotent() -> None:
    async with talking(stay) as connection:
        reading = asyncio.create_task(connection.receive())
        await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            await asyncio.gather(connection.close(), connection.close())
            with pytest.raises(Disconnected, match="closed by us"):
                await reading
        with pytest.raises(Disconnected):
            await connection.send("late")


async def test_closing_between_two_receives_does_not_hang() -> None:
    async def talk(server: web.WebSocketResponse) -> None:
        await server.send_str("one")
        await stay(server)

    async with talking(talk) as connection:
        await connection.receive()
        async with asyncio.timeout(1):
            await connection.close()


async def test_closing_waits_only_a_moment_for_a_peer_that_does_not_answer() -> None:
    gone = asyncio.Event()

    async def talk(server: web.WebSocketResponse) -> None:
        await gone.wait()  # reads nothing: the closing handshake is not answered

    async with talking(talk) as connection:
        async with asyncio.timeout(2 * websocket.CLOSE_TIMEOUT_S + 1):
            await connection.close()
        gone.set()


async def test_sending_to_a_peer_that_does_not_read_ends_in_a_typed_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "SEND_TIMEOUT_S", 0.2)
    gone = asyncio.Event()

    async def talk(server: web.WebSocketResponse) -> None:
        await gone.wait()

    async def fill(connection: WebSocketConnection) -> None:
        for _ in range(200):  # more than the buffers on the way can hold
            await connection.send("x" * 1_000_000)

    async with talking(talk) as connection:
        with pytest.raises(RequestTimeout, match="nothing could be sent"):
            await fill(connection)
        gone.set()


async def test_a_refused_connection_is_a_connect_failed_that_names_the_address() -> None:
    with sockets.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    transport = AiohttpTransport()
    with pytest.raises(ConnectFailed, match=f"127.0.0.1:{port}") as refused:
        await transport.open_websocket(f"ws://127.0.0.1:{port}/stream", timeout_s=5)
    assert refused.value.sent is Sent.NO
    with pytest.raises(ConnectFailed, match=f"127.0.0.1:{port}"):
        await transport.request(
            "GET", f"http://127.0.0.1:{port}/", headers={}, body=None, timeout_s=5
        )
    await transport.close()


async def test_a_server_without_a_websocket_there_is_a_connect_failed() -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=404)

    transport = AiohttpTransport()
    async with serving(answer) as address:
        with pytest.raises(ConnectFailed, match="HTTP 404"):
            await transport.open_websocket(f"ws://{address}/stream", timeout_s=5)
    await transport.close()


async def test_any_status_is_an_answer_with_lower_case_headers_and_redirects_are_not_followed() -> (
    None
):
    async def answer(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {"X-Used": "7", "Location": "http://127.0.0.1:1/"}
        return web.Response(status=int(request.query["status"]), body=body, headers=headers)

    transport = AiohttpTransport(SystemClock())
    async with serving(answer) as address:
        for status in (200, 301, 404, 429, 503):
            url = f"http://{address}/a?status={status}&q=%2C%7E"
            got = await transport.request("POST", url, headers={}, body=b"body", timeout_s=5)
            assert (got.status, got.body, got.url) == (status, b"body", url)
            assert got.headers["x-used"] == "7"
    await transport.close()
    await transport.close()


async def test_a_query_reaches_the_venue_exactly_as_it_was_signed() -> None:
    seen: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append(request.raw_path)
        return web.Response()

    transport = AiohttpTransport()
    async with serving(answer) as address:
        path = "/p?a=%7E%2f~+b&c=%E2%82%AC"
        await transport.request(
            "GET", f"http://{address}{path}", headers={}, body=None, timeout_s=5
        )
    await transport.close()
    assert seen == [path]


async def test_an_answer_that_hangs_is_a_timeout_that_may_have_been_sent() -> None:
    heard = asyncio.Event()

    async def answer(_: web.Request) -> web.StreamResponse:
        heard.set()
        await asyncio.sleep(60)
        return web.Response()

    clock = ManualClock()
    transport = AiohttpTransport(clock)
    async with serving(answer) as address:
        url = f"http://{address}/x?signature=s"
        asking = asyncio.create_task(
            transport.request("GET", url, headers={}, body=None, timeout_s=10)
        )
        await heard.wait()
        await clock.advance(10)
        with pytest.raises(RequestTimeout, match=r"no answer in 10 s") as late:
            await asking
    assert late.value.sent is Sent.MAYBE
    assert "signature" not in str(late.value)
    await transport.close()


async def test_a_connection_cut_in_mid_answer_is_a_disconnected() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    transport = AiohttpTransport()
    async with serving(answer) as address:
        with pytest.raises(Disconnected):
            await transport.request("GET", f"http://{address}/", headers={}, body=None, timeout_s=5)
    await transport.close()


async def test_an_answer_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiohttp_transport, "LARGEST_ANSWER", 1 << 20)

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * (2 << 20))

    transport = AiohttpTransport()
    async with serving(answer) as address:
        with pytest.raises(WireError, match="larger than 1 MB"):
            await transport.request("GET", f"http://{address}/", headers={}, body=None, timeout_s=5)
    await transport.close()


async def test_missing_certificates_are_a_wrong_setting() -> None:
    transport = AiohttpTransport(trusted_ca="/nowhere/ca.pem")
    with pytest.raises(ConfigError, match=r"/nowhere/ca\.pem"):
        await transport.request("GET", "https://x.test/", headers={}, body=None, timeout_s=1)
