"""The venue's ports: TLS beside plain, and shut for a while."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk_binance.sandbox import dialect
from venue_reader import PAIR


async def status(base: str, ca: Path | None = None) -> int:
    """What a new connection is answered with."""
    trust = True if ca is None else ssl.create_default_context(cafile=str(ca))
    url = f"{base}/api/v3/time"
    async with aiohttp.ClientSession() as session, session.get(url, ssl=trust) as answer:
        return answer.status


async def until_served(base: str, ca: Path | None = None) -> None:
    async with asyncio.timeout(5):
        while True:
            try:
                assert await status(base, ca) == 200
                return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)


async def until_distrusted(base: str, ca: Path | None) -> str:
    """What a client says of the certificate, once it is the bad one."""
    async with asyncio.timeout(5):
        while True:
            try:
                await status(base, ca)
            except aiohttp.ClientConnectorCertificateError as error:
                return str(error)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)


async def test_it_serves_the_same_on_a_secure_port_that_one_authority_proves() -> None:
    async with EmbeddedVenue(dialect, [PAIR], tls_port=0) as venue:
        ca = venue.ca_path
        assert ca is not None
        assert venue.tls_endpoints["rest"].startswith("https://localhost:")
        assert venue.tls_endpoints["ws_api"].startswith("wss://localhost:")
        assert await status(venue.tls_endpoints["rest"], ca) == 200
        assert (
            await status(venue.tls_endpoints["rest"].replace("localhost", "127.0.0.1"), ca) == 200
        )
        assert await status(venue.endpoints["rest"]) == 200
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await status(venue.tls_endpoints["rest"])
        trust = ssl.create_default_context(cafile=str(ca))
        async with aiohttp.ClientSession() as session:
            url = f"{venue.tls_endpoints['ws']}/ws/btcusdt@depth@100ms"
            async with session.ws_connect(url, ssl=trust) as stream:
                assert "depthUpdate" in await stream.receive_str(timeout=5)
    assert not ca.exists()


async def test_the_ready_line_names_the_ports_the_authority_and_the_accounts() -> None:
    async with EmbeddedVenue(dialect, [PAIR], tls_port=0, accounts=3) as venue:
        line = venue.ready_line()
        assert line["tls"] == {**venue.tls_endpoints, "ca": str(venue.ca_path)}
    assert line["accounts"] == [
        {"key": venue.account(n).key, "secret": venue.account(n).secret} for n in range(3)
    ]
    with pytest.raises(ConfigError, match="accounts 0 to 2, not 3"):
        venue.account(3)
    plain = EmbeddedVenue(dialect, [PAIR])
    assert "tls" not in plain.ready_line()
    assert (plain.ca_path, plain.tls_endpoints) == (None, {})
    assert plain.account(0) == venue.account(0)


@pytest.mark.parametrize("fault", ["refuse-connections", "dns-failure"])
async def test_a_shut_venue_refuses_new_connections_and_cuts_the_open_ones(fault: str) -> None:
    async with EmbeddedVenue(dialect, [PAIR], tls_port=0) as venue:
        rest, ca = venue.endpoints["rest"], venue.ca_path
        async with aiohttp.ClientSession() as session:
            async with session.ws_connect(f"{venue.endpoints['ws']}/ws") as stream:
                venue.inject(f"{fault}:for_ms=600")
                with pytest.raises(aiohttp.ClientConnectionError):
                    await session.get(f"{rest}/api/v3/time")
                ended = await stream.receive(timeout=5)
                assert ended.type in {aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR}
            for base in (rest, venue.tls_endpoints["rest"]):
                with pytest.raises(aiohttp.ClientConnectionError):
                    await status(base, ca)
        await until_served(rest)
        await until_served(venue.tls_endpoints["rest"], ca)
        assert venue.endpoints["rest"] == rest


@pytest.mark.parametrize("expired", [1, 0])
async def test_a_bad_certificate_stops_secure_connections_only(expired: int) -> None:
    async with EmbeddedVenue(dialect, [PAIR], tls_port=0) as venue:
        secure, ca = venue.tls_endpoints["rest"], venue.ca_path
        venue.inject(f"bad-certificate:for_ms=600:expired={expired}")
        assert await status(venue.endpoints["rest"]) == 200
        told = await until_distrusted(secure, ca)
        assert ("expired" in told) is bool(expired)
        assert await status(venue.endpoints["rest"]) == 200
        await until_served(secure, ca)
