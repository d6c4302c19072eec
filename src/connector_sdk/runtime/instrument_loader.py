"""InstrumentLoader: the venue's list, fetched when first needed, once for everybody."""

from __future__ import annotations

import asyncio
import logging

from connector_sdk.errors import ConnectorError
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.wire import Call
from connector_sdk.transport.rest import RestClient

LIST_TIMEOUT_S = 30.0
LOG = logging.getLogger(__name__)


class InstrumentLoader:
    """Loads the list of instruments; whoever asks meanwhile gets the same answer."""

    def __init__(self, rest: RestClient, call: Call[Instruments]) -> None:
        self._rest = rest
        self._call = call
        self._lock = asyncio.Lock()
        self._loaded: Instruments | None = None
        self._failed: ConnectorError | None = None
        self._answered = 0

    async def load(self) -> Instruments:
        """The list. Raises TransportError, WireError or the venue's VenueError.

        A failure is shared by those who waited for that attempt; the next call tries again.
        """
        answered = self._answered
        if self._loaded is not None:
            return self._loaded
        async with self._lock:
            if self._answered != answered and self._failed is not None:
                raise self._failed
            if self._loaded is None:
                self._loaded = await self._fetch()
            return self._loaded

    async def refresh(self) -> Instruments:
        """The list, fetched anew; the former one stays if that fails."""
        async with self._lock:
            self._loaded = await self._fetch()
            return self._loaded

    async def _fetch(self) -> Instruments:
        try:
            loaded = await self._rest.call(self._call, timeout_s=LIST_TIMEOUT_S)
        except ConnectorError as error:
            self._answered += 1
            self._failed = error
            raise
        self._answered += 1
        self._failed = None
        if loaded.skipped:
            path, kept = self._call.request.path, len(loaded)
            LOG.warning("%s: %d entries cannot be read; %d are kept", path, loaded.skipped, kept)
        return loaded
