"""EmbeddedVenue: a real exchange on loopback. Hosts a VenueCore on aiohttp."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from aiohttp import WSCloseCode, WSMsgType, web

from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.core import DEFAULT_ACCOUNTS
from connector_sdk.sandbox.dialect import Dialect, VenueRequest, VenueRules
from connector_sdk.sandbox.doors import Doors
from connector_sdk.sandbox.fault_plan import FaultPlan
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.session import StreamSession
from connector_sdk.sandbox.venue_host import DEFAULT_PAIRS, LONGEST_STEP_S, VenueHost
from connector_sdk.sandbox.websocket_link import WebSocketLink
from connector_sdk.transport.clock import Clock, SystemClock

LOOPBACK = "127.0.0.1"
LARGEST_BODY = 1 << 20
LONGEST_UPLOAD_S = 30.0


class EmbeddedVenue(VenueHost):
    """A venue that listens on a loopback port while it is open.

    async with EmbeddedVenue(dialect, pairs=["BTC-USDT"], seed=1, flow=50) as venue:
        venue.endpoints["rest"], venue.journal

    port:      0 for any free one.
    tls_port:  where it is reached securely too; 0 for any free one, None: nowhere. Its certificate
        is signed by an authority that lives as long as the venue; `ca_path` is what to trust.
    """

    shortest_step_s: ClassVar[float] = 0.004

    def __init__(
        self,
        dialect: Dialect,
        pairs: Sequence[str] = DEFAULT_PAIRS,
        *,
        seed: int = 1,
        flow: float | Pace = 50.0,
        faults: str | FaultPlan = "",
        rules: VenueRules | None = None,
        accounts: int = DEFAULT_ACCOUNTS,
        bounds: Bounds = USUAL,
        host: str = LOOPBACK,
        port: int = 0,
        tls_port: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(
            dialect,
            clock or SystemClock(),
            pairs,
            seed=seed,
            flow=flow,
            faults=faults,
            rules=rules,
            accounts=accounts,
            bounds=bounds,
        )
        self._doors = Doors(host, port, tls_port)

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Endpoint name → URL, once it is open."""
        return self.core.dialect.endpoints(f"{self._doors.host}:{self._doors.port}")

    @property
    def tls_endpoints(self) -> Mapping[str, str]:
        """Endpoint name → secure URL, once it is open; empty without a TLS port."""
        if self._doors.tls_port is None:
            return {}
        return self.core.dialect.endpoints(f"localhost:{self._doors.tls_port}", secure=True)

    @property
    def ca_path(self) -> Path | None:
        """The PEM of the authority that signs the certificate, while a TLS port is open."""
        return self._doors.ca_path

    @property
    def open_streams(self) -> int:
        """How many stream connections are open now."""
        return len(self.core.sessions)

    @property
    def opened_streams(self) -> int:
        """How many stream connections were opened so far."""
        return self.core.opened

    def ready_line(self) -> dict[str, object]:
        """What the command line prints when it serves."""
        endpoints = dict(self.endpoints)
        tls = {**self.tls_endpoints, "ca": str(self.ca_path)}
        return {
            "venue": self.core.dialect.venue,
            **endpoints,
            **({"tls": tls} if self.tls_endpoints else {}),
            "endpoints": endpoints,
            "accounts": [
                {"key": purse.account.key, "secret": purse.account.secret}
                for purse in self.core.accounts
            ],
            "seed": self.core.settings.seed,
        }

    async def _open(self) -> None:
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._serve)
        self._stack.push_async_callback(self._doors.close)
        await self._doors.open(application)

    async def _attend(self) -> None:
        await self._doors.attend(self.core.world.cut_off)

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        async with self._clock.timeout(LONGEST_UPLOAD_S):
            body = await request.read() if request.can_read_body else b""
        asked = VenueRequest(
            request.method,
            request.path or path,
            query,
            {name.lower(): value for name, value in request.headers.items()},
            body,
            request.remote or "",
        )
        self._step()
        if self._doors.shuts_out(request, self.core.world.cut_off):
            _cut(request)
        if asked.headers.get("upgrade", "").lower() == "websocket":
            return await self._stream(request, asked)
        answer = self.core.request(asked)
        if answer.delay_s:
            await self._clock.sleep(answer.delay_s)
        if answer.lost:
            _cut(request)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async def _stream(self, request: web.Request, asked: VenueRequest) -> web.StreamResponse:
        if not self.core.streams_at(asked):
            return web.Response(status=503 if self.core.down else 404)
        socket = web.WebSocketResponse(
            autoclose=False, autoping=False, compress=False, max_msg_size=LARGEST_BODY
        )
        await socket.prepare(request)
        transport = request.transport
        if transport is None:
            return socket
        session = self.core.open_session(asked, WebSocketLink(transport))
        if session is not None:
            session.begin()
            try:
                await self._listen(socket, session)
            finally:
                session.gone()
            # Half-open: whatever the client does, this end says nothing until it is gone.
            while session.silent and not transport.is_closing():
                await self._clock.sleep(LONGEST_STEP_S)
        return socket

    async def _listen(self, socket: web.WebSocketResponse, session: StreamSession) -> None:
        while True:
            message = await socket.receive()
            self._step()
            match message.type:
                case WSMsgType.TEXT:
                    session.receive(message.data)
                case WSMsgType.PING:
                    session.receive_ping(bytes(message.data))
                case WSMsgType.PONG:
                    session.receive_pong(bytes(message.data))
                case WSMsgType.BINARY:
                    session.receive(message.data.decode(errors="replace"))
                case WSMsgType.CLOSE:
                    session.end(message.data or WSCloseCode.OK, "")
                    return
                case _:
                    return


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
