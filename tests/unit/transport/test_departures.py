"""What may have left and what has not, and that nothing is sent twice behind our back.

Against a raw server on loopback: what is told of the network is its doing, byte by byte.
"""

from __future__ import annotations

import asyncio
import ssl
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from connector_sdk.errors import ConnectFailed, Disconnected, RequestTimeout, Sent, TransportError
from connector_sdk.transport.aiohttp_transport import AiohttpTransport

HERE = Path(__file__).parent
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
SECRET_QUERY = "symbol=A&signature=hush"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(talk: Talk, trust: ssl.SSLContext | None = None) -> AsyncGenerator[str, None]:
    """`host:port` of a server that does to every connection what `talk` says."""

    over: list[asyncio.Event] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        over.append(asyncio.Event())
        ended = over[-1]
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await talk(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(served, "127.0.0.1", 0, ssl=trust)
    async with server:
        yield "{}:{}".format(*server.sockets[0].getsockname()[:2])
    for ended in over:
        await ended.wait()


@asynccontextmanager
async def transporting() -> AsyncGenerator[AiohttpTransport, None]:
    transport = AiohttpTransport()
    try:
        yield transport
    finally:
        await transport.close()


async def failure_of(
    transport: AiohttpTransport, url: str, method: str = "POST", timeout_s: float = 5
) -> TransportError:
    with pytest.raises(TransportError) as failed:
        await transport.request(method, url, headers={"k": "v"}, body=None, timeout_s=timeout_s)
    return failed.value


class Forgetful:
    """Answers the first request of a connection, and closes at the second without a word."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number in range(2):
            head = await reader.readuntil(b"\r\n\r\n")
            self.heard.append(head.decode().split(" ")[0])
            if number == 0:
                writer.write(OK)
                await writer.drain()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_what_changes_something_is_never_sent_again_over_a_new_connection(
    method: str,
) -> None:
    server = Forgetful()
    async with listening(server) as address, transporting() as transport:
        url = f"http://{address}/order?{SECRET_QUERY}"
        await transport.request("GET", url, headers={}, body=None, timeout_s=5)
        failed = await failure_of(transport, url, method)
    assert server.heard == ["GET", method]
    assert isinstance(failed, Disconnected)
    assert failed.sent is Sent.MAYBE
    assert "hush" not in str(failed)


async def test_what_only_reads_may_be_asked_once_more_when_its_connection_was_stale() -> None:
    server = Forgetful()
    async with listening(server) as address, transporting() as transport:
        for _ in range(2):
            answer = await transport.request(
                "GET", f"http://{address}/order?{SECRET_QUERY}", headers={}, body=None, timeout_s=5
            )
            assert answer.body == b"ok"
            assert answer.url == f"http://{address}/order?symbol=A&signature=…"
    assert server.heard == ["GET"] * 3


async def test_a_connection_that_ends_before_the_answer_may_have_carried_the_request() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async with listening(talk) as address, transporting() as transport:
        failed = await failure_of(transport, f"http://{address}/")
    assert (type(failed), failed.sent) == (Disconnected, Sent.MAYBE)


async def test_an_answer_cut_in_its_middle_may_have_carried_the_request() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

    async with listening(talk) as address, transporting() as transport:
        failed = await failure_of(transport, f"http://{address}/")
    assert (type(failed), failed.sent) == (Disconnected, Sent.MAYBE)


async def test_a_name_that_is_not_found_sent_nothing() -> None:
    async with transporting() as transport:
        failed = await failure_of(transport, f"http://no-such-host.invalid/?{SECRET_QUERY}")
    assert (type(failed), failed.sent) == (ConnectFailed, Sent.NO)


async def test_a_name_that_is_looked_up_for_too_long_sent_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def never(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(aiohttp.resolver.ThreadedResolver, "resolve", never)
    async with transporting() as transport:
        failed = await failure_of(transport, "http://venue.test/", timeout_s=0.1)
    assert (type(failed), failed.sent) == (RequestTimeout, Sent.NO)


async def test_a_handshake_that_never_ends_sent_nothing() -> None:
    over = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()  # says nothing of TLS at all

    async with listening(talk) as address, transporting() as transport:
        failed = await failure_of(transport, f"https://{address}/", timeout_s=0.1)
        over.set()
    assert (type(failed), failed.sent) == (RequestTimeout, Sent.NO)


async def test_a_handshake_that_breaks_and_a_certificate_not_trusted_sent_nothing() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trust.load_cert_chain(HERE / "localhost_certificate.pem", HERE / "localhost_key.pem")
    for listener in (listening(hang_up), listening(talk, trust)):
        async with listener as address, transporting() as transport:
            failed = await failure_of(transport, f"https://{address}/?{SECRET_QUERY}")
        assert (type(failed), failed.sent) == (ConnectFailed, Sent.NO)


async def test_an_answer_that_is_not_http_hides_the_query_from_its_traceback() -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"what?\r\n\r\n")

    async with listening(talk) as address, transporting() as transport:
        url = f"http://{address}/?{SECRET_QUERY}"
        failed = await failure_of(transport, url)
        with pytest.raises(ConnectFailed) as refused:
            await transport.open_websocket(f"ws://{address}/?{SECRET_QUERY}", timeout_s=5)
    assert failed.sent is Sent.MAYBE
    for error in (failed, refused.value):
        assert "hush" not in "".join(traceback.format_exception(error))
