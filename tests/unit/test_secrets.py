"""No key, secret or signature shows in logs, reprs, tracebacks, tapes or the store."""

from __future__ import annotations

import asyncio
import logging
import re
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from connector_sdk.connect import connect
from connector_sdk.errors import ConnectorError, TransportError, VenueError
from connector_sdk.model.tape import TapeRecord
from connector_sdk.model.wire import Call, RestResponse, SessionGrant, Stamp, StreamRequest
from connector_sdk.plugins import load_connector
from connector_sdk.protocols.auth import Auth
from connector_sdk.protocols.connector import Trading
from connector_sdk.sandbox.dialect import VenueRules
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk.signing import HmacSigner
from connector_sdk.transport.aiohttp_transport import AiohttpTransport
from connector_sdk.transport.clock import SystemClock
from connector_sdk.transport.rate_limiter import RateLimiter
from connector_sdk.transport.recording import RecordingTransport
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.server_clock import ServerClock
from connector_sdk.transport.stamper import Stamper
from connector_sdk_binance.sandbox import dialect

PAIR = "BTC-USDT"
RULES: VenueRules = dialect.rules.raised()
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Hidden:
    """What must never show: given secrets, and every signature that is made meanwhile."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.words: set[str] = set()
        made = HmacSigner.sign

        def noted(signer: HmacSigner, payload: bytes) -> str:
            signature = made(signer, payload)
            self.words.add(signature)
            return signature

        monkeypatch.setattr(HmacSigner, "sign", noted)

    def shows_in(self, text: str) -> list[str]:
        return [word for word in self.words if word in text]


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> Hidden:
    return Hidden(monkeypatch)


def told(record: TapeRecord) -> str:
    return repr(record)


def contents(folder: Path) -> list[str]:
    return [path.read_bytes().decode("latin-1") for path in folder.iterdir()]


def traded() -> Trading:
    trading = load_connector("binance").trading
    assert trading is not None
    return trading


async def test_a_session_of_trading_shows_none_in_logs_tape_store_or_reprs(
    hidden: Hidden, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(enabled=True)
    tape: list[TapeRecord] = []
    clock = SystemClock()
    transport = RecordingTransport(AiohttpTransport(clock), tape.append, clock)
    async with EmbeddedVenue(dialect, [PAIR], rules=RULES) as venue:
        account = next(iter(venue.core.accounts)).account
        hidden.words |= {account.key, account.secret}
        credentials = {"api_key": account.key, "secret": account.secret}
        market = connect(
            "binance",
            [PAIR],
            credentials=credentials,
            store=tmp_path / "orders.sqlite",
            endpoints=venue.endpoints,
            transport=transport,
        )
        async with market:
            await market.ready(timeout_s=20)
            order = await market.buy(PAIR, "0.01", price="1000")
            await order.acknowledged()
            await market.cancel(order)
            shown = [repr(vars(market)), repr(order), repr(market.health)]
    await transport.close()
    kept = contents(tmp_path)
    assert len(hidden.words) > 4
    assert any("…" in told(record) for record in tape)
    texts = [caplog.text, *shown, *kept, *map(told, tape)]
    assert [hidden.shows_in(text) for text in texts if hidden.shows_in(text)] == []


async def test_a_key_the_venue_refuses_does_not_show_in_what_is_said_of_it(
    hidden: Hidden, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with EmbeddedVenue(dialect, [PAIR], rules=RULES) as venue:
        account = next(iter(venue.core.accounts)).account
        hidden.words |= {account.key, wrong := account.secret[::-1]}
        async with signing(venue.endpoints["rest"], account.key, wrong) as (rest, _):
            await assert_nothing_shows(rest, hidden, VenueError)
    assert hidden.shows_in(caplog.text) == []


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def gibberish(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"what?\r\n\r\n")


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize("talk", [hang_up, gibberish, silence])
async def test_a_signed_request_that_fails_on_its_way_shows_nothing(
    talk: Talk, hidden: Hidden, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hidden.words |= {"the-key-itself", "the-secret-itself"}

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", 0)
    async with server:
        url = "http://{}:{}".format(*server.sockets[0].getsockname()[:2])
        async with signing(url, "the-key-itself", "the-secret-itself") as (rest, _):
            await assert_nothing_shows(rest, hidden, TransportError)
    async with signing(url, "the-key-itself", "the-secret-itself") as (rest, _):
        await assert_nothing_shows(rest, hidden, TransportError)  # nobody listens now
    assert hidden.shows_in(caplog.text) == []
    assert len(hidden.words) > 2


async def assert_nothing_shows(
    rest: RestClient, hidden: Hidden, kind: type[ConnectorError]
) -> None:
    with pytest.raises(kind) as failed:
        await rest.call(traded().api.balances(), timeout_s=0.3)
    said = "".join(traceback.format_exception(failed.value))
    assert hidden.shows_in(said + repr(failed.value) + repr(rest)) == []


@asynccontextmanager
async def signing(url: str, key: str, secret: str) -> AsyncGenerator[tuple[RestClient, Auth]]:
    """A client with a key at `url`."""
    clock, trading = SystemClock(), traded()
    credentials = trading.credentials.model_validate({"api_key": key, "secret": secret})
    auth = trading.login(credentials)
    limiter = RateLimiter(load_connector("binance").manifest.rate_limits, clock)
    transport = AiohttpTransport(clock)
    public = RestClient(transport, limiter, {"rest": url}, {})
    try:
        yield public.signing(auth, Stamper(ServerClock(clock, None))), auth
    finally:
        await transport.close()


async def test_what_is_signed_does_not_show_its_signature(hidden: Hidden) -> None:
    hidden.words |= {"the-key-itself", "the-secret-itself"}
    async with signing("http://venue.test", "the-key-itself", "the-secret-itself") as (_, auth):
        stamp = Stamp(1_700_000_000_000, 0)
        signed = auth.sign(traded().api.balances().request, stamp)
        login = auth.login(stamp)
        call: Call[int] = Call(signed, lambda answer: answer.status)
        stream = StreamRequest(f'{{"signature": "{login["signature"]}"}}', "1")
        answer = RestResponse(200, {"x": "the-key-itself"}, b"the-key-itself", "http://venue.test")
        grant = SessionGrant("the-key-itself")
        for value in (signed, call, stream, auth, answer, grant):
            assert hidden.shows_in(repr(value)) == []
        assert re.search(r"key …self\)", repr(auth))
    assert len(hidden.words) == 4
