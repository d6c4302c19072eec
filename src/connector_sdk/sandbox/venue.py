"""EmbeddedVenue: a real exchange on loopback. Hosts a VenueCore on aiohttp."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from aiohttp import WSCloseCode, WSMsgType, web

from connector_sdk.sandbox.core import DEFAULT_ACCOUNTS
from connector_sdk.sandbox.dialect import Dialect, VenueRequest, VenueRules
from connector_sdk.sandbox.fault_plan import FaultPlan
from connector_sdk.sandbox.order_flow import Pace
from connector_sdk.sandbox.session import StreamSession
from connector_sdk.sandbox.venue_host import DEFAULT_PAIRS, VenueHost
from connector_sdk.sandbox.websocket_link import WebSocketLink
from connector_sdk.transport.clock import Clock, SystemClock

LOOPBACK = "127.0.0.1"
SHORTEST_STEP_S = 0.004
LONGEST_STEP_S = 0.1
LARGEST_BODY = 1 << 20
LONGEST_UPLOAD_S = 30.0
SECOND_NS = 1_000_000_000


class EmbeddedVenue(VenueHost):
    """A venue that listens on a loopback port while it is open.

    async with EmbeddedVenue(dialect, pairs=["BTC-USDT"], seed=1, flow=50) as venue:
        venue.endpoints["rest"], venue.journal

    port:  0 for any free one.
    """

    def __init__(
        self,
        dialect: Dialect,
        pairs: Sequence[str] = DEFAULT_PAIRS,
        *,
        seed: int = 1,
        flow: float | Pace = 50.0,
        faults: str | FaultPlan = "",
        rules: VenueRules | None = None,
        host: str = LOOPBACK,
        port: int = 0,
        clock: Clock | None = None,
        accounts: int = DEFAULT_ACCOUNTS,
    ) -> None:
        super().__init__(
            dialect,
            pairs,
            seed=seed,
            flow=flow,
            faults=faults,
            rules=rules,
            accounts=accounts,
        )
        self._clock = clock or SystemClock()
        self._host, self._port = host, port

    @property
    def endpoints(self) -> Mapping[str, str]:
        """Endpoint name → URL, once it is open."""
        return self.core.dialect.endpoints(f"{self._host}:{self._port}")

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
        return {
            "venue": self.core.dialect.venue,
            **endpoints,
            "endpoints": endpoints,
            "accounts": [
                {"key": purse.account.key, "secret": purse.account.secret}
                for purse in self.core.accounts
            ],
            "seed": self.core.settings.seed,
        }

    def drop_connections(self, *, reset: bool = False) -> int:
        """Cut every open stream, by FIN or by RST; return how many there were."""
        self._step()
        return self.core.drop_connections(reset=reset)

    def restart(self, down_s: float = 0.0, gap_s: float = 0.0) -> None:
        """Close every stream, one each `gap_s`, and be away for `down_s`; the state is kept."""
        self._step()
        self.core.restart(down_s, gap_s)

    def reset_sequence(self, update_id: int = 1_000, down_s: float = 0.0) -> None:
        """Restart with update ids that count on from `update_id`."""
        self._step()
        self.core.reset_sequence(update_id, down_s)

    async def __aenter__(self) -> Self:
        self._step()
        application = web.Application(client_max_size=LARGEST_BODY)
        application.router.add_route("*", "/{path:.*}", self._serve)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, self._host, self._port)
        await site.start()
        for _, port, *_ in runner.addresses or []:
            self._port = port
        group = await self._stack.enter_async_context(asyncio.TaskGroup())
        self._stack.callback(group.create_task(self._tick()).cancel)
        self._stack.callback(self.core.drop_connections)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def _step(self) -> None:
        self.core.step(self._clock.now_ns())

    async def _tick(self) -> None:
        while True:
            self._step()
            due_ns = self.core.agenda.next_due_ns
            wait_s = LONGEST_STEP_S
            if due_ns is not None:
                wait_s = (due_ns - self._clock.now_ns()) / SECOND_NS
            await self._clock.sleep(min(max(wait_s, SHORTEST_STEP_S), LONGEST_STEP_S))

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
