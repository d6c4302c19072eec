"""Following a live market from the command line: where it is, how long, what is shown."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from connector_sdk.cli.door import CommandFailed
from connector_sdk.cli.running import Stop
from connector_sdk.cli.views import View
from connector_sdk.connect import connect
from connector_sdk.model.tape import TapeRecord
from connector_sdk.plugins import load_dialect
from connector_sdk.runtime.live_market import LiveMarket
from connector_sdk.sandbox.venue import EmbeddedVenue


@dataclass(frozen=True, slots=True)
class Place:
    """Which venue is meant, and where it is: the real one, one elsewhere, or one of our own."""

    venue: str
    sandbox: bool = False
    endpoints: dict[str, str] = field(default_factory=dict[str, str])

    @asynccontextmanager
    async def market(
        self, pairs: Sequence[str], tap: Callable[[TapeRecord], None] | None = None
    ) -> AsyncIterator[LiveMarket]:
        """A market over `pairs`, not started yet; the embedded venue lives as long as this."""
        if not self.sandbox:
            yield connect(self.venue, pairs=pairs, endpoints=self.endpoints, tap=tap)
            return
        async with EmbeddedVenue(load_dialect(self.venue), pairs=pairs) as embedded:
            endpoints = {**embedded.endpoints, **self.endpoints}
            yield connect(self.venue, pairs=pairs, endpoints=endpoints, tap=tap)


async def follow(market: LiveMarket, view: View, stop: Stop, seconds: float | None) -> None:
    """Show `market` until the signal or the time comes.

    Raises CommandFailed where no book was synced at the end, saying what was missing.
    """
    with view:
        async with market:
            until_s = None if seconds is None else time.monotonic() + seconds
            while True:
                left_s = view.period_s if until_s is None else until_s - time.monotonic()
                if left_s <= 0 or await stop.wait(min(left_s, view.period_s)):
                    break
                view.refresh()
            view.refresh()
            unsynced = [p for p, each in market.health.pairs.items() if not each.state_is_synced]
            reason = market.health.reason
    if len(unsynced) == len(market.pairs):
        raise CommandFailed(f"no book was synced: {reason or 'the venue sent none in time'}")
