"""TLS is always verified; a certificate of one's own may be trusted beside the system's.

The key and certificate beside this file are for ``localhost`` and guard nothing.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from connector_sdk.errors import ConnectFailed
from connector_sdk.transport.aiohttp_transport import AiohttpTransport

HERE = Path(__file__).parent
CERTIFICATE = HERE / "localhost_certificate.pem"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """The port of a TLS server that answers everything with a websocket or 200."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path != "/stream":
            return web.Response(body=b"secret")
        server = web.WebSocketResponse()
        await server.prepare(request)
        await server.send_str("hello")
        await server.receive()
        return server

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE, HERE / "localhost_key.pem")
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    yield runner.addresses[0][1]
    await runner.cleanup()


async def test_a_certificate_nobody_vouches_for_is_refused(port: int) -> None:
    transport = AiohttpTransport()
    with pytest.raises(ConnectFailed, match="its certificate is not trusted"):
        await transport.request(
            "GET", f"https://localhost:{port}/", headers={}, body=None, timeout_s=5
        )
    with pytest.raises(ConnectFailed, match="its certificate is not trusted"):
        await transport.open_websocket(f"wss://localhost:{port}/stream", timeout_s=5)
    await transport.close()


async def test_a_certificate_that_was_named_is_trusted_for_its_own_host(port: int) -> None:
    transport = AiohttpTransport(trusted_ca=str(CERTIFICATE))
    response = await transport.request(
        "GET", f"https://localhost:{port}/", headers={}, body=None, timeout_s=5
    )
    assert response.body == b"secret"
    connection = await transport.open_websocket(f"wss://localhost:{port}/stream", timeout_s=5)
    assert list(await connection.receive()) == ["hello"]
    await connection.close()
    with pytest.raises(ConnectFailed, match="its certificate is not trusted"):
        await transport.request(
            "GET", f"https://127.0.0.1:{port}/", headers={}, body=None, timeout_s=5
        )
    await transport.close()
