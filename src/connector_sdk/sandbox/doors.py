"""Doors: the ports an application of aiohttp listens on, shut and opened while it runs."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

from connector_sdk.sandbox.circumstances import CutOff
from connector_sdk.sandbox.throw_away_tls import ThrowAwayTls


class Doors:
    """The plain port, and a secure one where that is wanted.

    port, tls_port:  0 for any free one, the true ones once they are open; no tls_port: None.
    ca_path:         the authority that clients are to trust, while the secure port is open.
    """

    def __init__(self, host: str, port: int, tls_port: int | None) -> None:
        self.host = host
        self.port = port
        self.tls_port = tls_port
        self.ca_path: Path | None = None
        self._tls: ThrowAwayTls | None = None
        self._runner: web.AppRunner | None = None
        self._sites: list[web.TCPSite] = []
        self._cut_off: CutOff | None = None

    async def open(self, application: web.Application) -> None:
        """Listen."""
        if self.tls_port is not None:
            self._tls = ThrowAwayTls()
            self.ca_path = self._tls.ca_path
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await self._listen(self._runner)

    async def close(self) -> None:
        """Listen no more, and end every connection. Idempotent."""
        if self._runner is not None:
            await self._runner.cleanup()
        if self._tls is not None:
            self._tls.close()
        self.ca_path = None

    async def attend(self, why: CutOff | None) -> None:
        """Let nobody in for that reason, or everybody again (None)."""
        runner = self._runner
        if why is self._cut_off or runner is None:
            return
        self._cut_off = why
        shut = why is not None and not why.secure_only
        if shut:
            for site in self._sites:
                await site.stop()
            self._sites.clear()
        elif not self._sites:
            await self._listen(runner)
        if self._tls is not None:
            self._tls.present(why)
        if why is not None and runner.server is not None:
            for handler in runner.server.connections:
                transport = handler.transport
                secure = transport is not None and transport.get_extra_info("sslcontext")
                if shut or secure:
                    handler.force_close()

    def shuts_out(self, request: web.Request, why: CutOff | None) -> bool:
        """Whether a request that slipped in must not be served."""
        return why is not None and (request.secure or not why.secure_only)

    async def _listen(self, runner: web.AppRunner) -> None:
        self.port = await self._site(runner, web.TCPSite(runner, self.host, self.port))
        if self._tls is not None and self.tls_port is not None:
            secure = web.TCPSite(runner, self.host, self.tls_port, ssl_context=self._tls.context)
            self.tls_port = await self._site(runner, secure)

    async def _site(self, runner: web.AppRunner, site: web.TCPSite) -> int:
        known = set(runner.addresses)
        await site.start()
        self._sites.append(site)
        (port,) = {address[1] for address in set(runner.addresses) - known}
        return int(port)
