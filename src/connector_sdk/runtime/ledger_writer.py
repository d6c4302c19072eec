"""LedgerWriter: writes the ledger's changes down, new orders at once and the rest behind."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from connector_sdk.errors import StoreFailed
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.record_text import LedgerEntry
from connector_sdk.protocols.store import OrderStore, StoredOrder
from connector_sdk.transport.backoff import Backoff
from connector_sdk.transport.clock import Clock

LOG = logging.getLogger(__name__)
LAST_WRITE_S = 10.0
MOST_AT_ONCE = 1_000
BATCH_S = 0.01
"""Changes that come within this time are written together."""


class LedgerWriter:
    """What waits to be written is kept by order, the newest of each: at most one entry an order.

    failure: why the last write failed; None when it did not.
    """

    def __init__(self, ledger: OrderLedger, store: OrderStore, clock: Clock) -> None:
        self._ledger = ledger
        self._store = store
        self._backoff = Backoff(clock)
        self._clock = clock
        self._waiting: dict[str, LedgerEntry] = {}
        self._wake = asyncio.Event()
        self.failure: str | None = None

    def changed(self) -> None:
        """Orders may have changed: write them soon."""
        if self._store.keeps:
            self._wake.set()
        else:
            self._ledger.drop_dirty()

    async def save(self, client_order_ids: Iterable[str]) -> None:
        """Write these orders now; returns once they would survive. Raises StoreFailed."""
        if not self._store.keeps:
            return
        self._collect()
        names = list(client_order_ids)
        entries = [self._waiting[name] for name in names if name in self._waiting]
        await self._write(entries)

    async def run(self) -> None:
        """Write what changes, for ever; while the store fails it is tried again."""
        attempt = 0
        while True:
            await self._wake.wait()
            await self._clock.sleep(BATCH_S)
            self._wake.clear()
            try:
                await self.flush()
                attempt = 0
            except StoreFailed as error:
                attempt += 1
                if attempt == 1:
                    LOG.error("%s: %s; trying again", self._ledger.venue, error)  # noqa: TRY400
                self._wake.set()
                await self._backoff.pause(attempt)

    async def finish(self) -> None:
        """Write what is left, within some seconds. Raises StoreFailed."""
        try:
            async with self._clock.timeout(LAST_WRITE_S):
                await self.flush()
        except TimeoutError as error:
            raise StoreFailed(
                f"{self._ledger.venue}: {len(self._waiting)} orders could not be written down in "
                f"{LAST_WRITE_S:g} s"
            ) from error

    def _collect(self) -> None:
        for entry in self._ledger.take_dirty():
            self._waiting[entry.client_order_id] = entry

    async def flush(self) -> None:
        """Write everything that has changed. Raises StoreFailed."""
        self._collect()
        while self._waiting:
            await self._write(list(self._waiting.values())[:MOST_AT_ONCE])
            self._collect()

    async def _write(self, entries: list[LedgerEntry]) -> None:
        if not entries:
            return
        venue, account = self._ledger.venue, self._ledger.account
        try:
            await self._store.save([StoredOrder(venue, account, *entry) for entry in entries])
        except StoreFailed as error:
            self.failure = str(error)
            raise
        self.failure = None
        for entry in entries:
            if self._waiting.get(entry.client_order_id) is entry:
                del self._waiting[entry.client_order_id]
