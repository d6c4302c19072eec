"""UserStream: keeps an account's private stream up, and what opens it alive."""

from __future__ import annotations

import logging
from asyncio import Event
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

from connector_sdk.errors import ConnectorError
from connector_sdk.model.wire import SessionGrant, Stamp
from connector_sdk.protocols.auth import Auth
from connector_sdk.protocols.data_source import Login, UserStreamTrackerDataSource
from connector_sdk.runtime.line import Dialing, Line, connects
from connector_sdk.runtime.logon import Logon
from connector_sdk.runtime.stream_parts import StreamParts
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.rest import RestClient
from connector_sdk.transport.stamper import Stamper
from connector_sdk.transport.transport import Transport

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks, and the ways to the venue.

    rest:       signs.
    endpoints:  endpoint name → URL.
    """

    auth: Auth
    stamper: Stamper
    rest: RestClient
    transport: Transport
    endpoints: Mapping[str, str]


class UserStream(Line[Logon]):
    """One connection for the account.

    Where the venue wants a token first, it is fetched before every connection and renewed at
    half its life; when that fails, another connection with another token takes over.
    """

    def __init__(
        self, source: UserStreamTrackerDataSource, parts: StreamParts, account: Account
    ) -> None:
        names = count(1)
        settings = parts.settings
        dialing = Dialing(
            self._address,
            account.transport,
            connects(source, parts.clock),
            Backoff(parts.clock, settings.reconnects, settings.seed),
            lambda: f"user.{next(names)}",
        )
        super().__init__(parts, dialing)
        self._source = source
        self._account = account
        self._grant: SessionGrant | None = None
        self._granted = Event()

    def _subscriptions(self) -> Logon:
        account, grant = self._account, self._grant

        def login(stamp: Stamp) -> Login:
            return Login(account.auth, stamp, grant)

        return Logon(self._source, login, account.stamper.stamp, self._parts.settings.ack_s)

    @property
    def _carried(self) -> int:
        return 0

    async def _address(self) -> str:
        account, preparation = self._account, self._source.preparation()
        if preparation is not None:
            self._grant = await account.rest.call(preparation)
            self._granted.set()
        endpoint, path = self._source.endpoint(self._grant)
        return account.endpoints[endpoint] + path

    async def renew_grants(self) -> None:
        """Renew each grant at half its life, for ever."""
        clock = self._parts.clock
        while True:
            grant = self._grant
            self._granted.clear()
            if grant is None or grant.lifetime_s is None:
                await self._granted.wait()
                continue
            try:
                async with clock.timeout(grant.lifetime_s / 2):
                    await self._granted.wait()
            except TimeoutError:
                renewed = await self._renewed(grant)
                if self._granted.is_set():
                    continue  # a connection that was made meanwhile brought another one
                if renewed is not None:
                    self._grant = renewed
                else:
                    self.replace("what opened it cannot be renewed")
                    await self._granted.wait()

    async def _renewed(self, grant: SessionGrant) -> SessionGrant | None:
        renewal = self._source.renewal(grant)
        if renewal is None:
            return None
        try:
            return await self._account.rest.call(renewal)
        except ConnectorError as error:
            LOG.warning("%s: %s; another stream is opened", self._parts.venue, error)
            return None
