"""Following a live market from the command line: where it is, how long, what is shown."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from connector_sdk.cli.account import Account
from connector_sdk.cli.door import CommandFailed
from connector_sdk.cli.embedded import dialect_of, keys_of
from connector_sdk.cli.running import Stop, connecting
from connector_sdk.cli.views import View
from connector_sdk.connect import connect
from connector_sdk.credentials import CredentialsSource
from connector_sdk.model.events import BookState
from connector_sdk.plugins import load_connector
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.runtime.null_store import NullStore
from connector_sdk.sandbox.venue import EmbeddedVenue
from connector_sdk.transport.transport import Transport


@dataclass(frozen=True, slots=True)
class Place:
    """Which venue is meant, and where it is: the real one, one elsewhere, or one of our own.

    account: None: public data only.
    domain:  of the manifest; None: its first.
    """

    venue: str
    sandbox: bool = False
    endpoints: dict[str, str] = field(default_factory=dict[str, str])
    account: Account | None = None
    domain: str | None = None

    @asynccontextmanager
    async def market(
        self, pairs: Sequence[str], transport: Transport | None = None
    ) -> AsyncGenerator[LiveMarket, None]:
        """A running market over `pairs`; the embedded venue lives as long as this does."""
        connector, account = load_connector(self.venue), self.account
        keys: CredentialsSource | None = None if account is None else account.credentials
        async with AsyncExitStack() as stack:
            endpoints = dict(self.endpoints)
            if self.sandbox:
                listed = list(pairs) or [connector.manifest.example_pair]
                embedded = EmbeddedVenue(dialect_of(self.venue), listed)
                await stack.enter_async_context(embedded)
                endpoints = {**embedded.endpoints, **endpoints}
                keys = None if account is None else keys_of(embedded)
            market = connect(
                connector,
                pairs,
                credentials=keys,
                store=None if account is not None and account.stored else NullStore(),
                domain=self.domain,
                endpoints=endpoints,
                transport=transport,
            )
            with connecting(self.venue):
                await stack.enter_async_context(market)
            yield market


async def follow(
    market: LiveMarket,
    view: View,
    stop: Stop,
    seconds: float | None,
    meanwhile: Callable[[float], None] = lambda _: None,
) -> None:
    """Show `market` until a signal comes, or `seconds` are over.

    meanwhile:  called at every turn with the seconds passed.
    """
    began_s = time.monotonic()
    with view:
        while True:
            passed_s = time.monotonic() - began_s
            left_s = view.period_s if seconds is None else seconds - passed_s
            view.refresh()
            meanwhile(passed_s)
            if left_s <= 0 or await stop.wait(min(left_s, view.period_s)):
                return


def demand_a_book(market: LiveMarket) -> None:
    """Raise CommandFailed unless a book is, or was, synced, saying what was missing."""
    for pair in market.pairs:
        told = market.metrics(pair)
        if told.state is BookState.SYNCED or told.applied or told.resyncs:
            return
    raise CommandFailed(f"no book was synced in time: {market.health.reason}")
