"""Stamper: the time and the number that a signed request bears."""

from __future__ import annotations

from connector_sdk.model.wire import Stamp
from connector_sdk.transport.nonces import Nonces
from connector_sdk.transport.server_clock import ServerClock


class Stamper:
    """Stamps for one key at one venue.

    nonces:  None where the venue asks for no number; it is 0 then.
    """

    def __init__(self, server: ServerClock, nonces: Nonces | None = None) -> None:
        self._server = server
        self._nonces = nonces

    async def stamp(self) -> Stamp:
        """The venue's time now, and the next number; asked for just before signing.

        Raises StoreFailed where numbers cannot be leased.
        """
        nonce = 0 if self._nonces is None else await self._nonces.take()
        return Stamp(self._server.now_ms(), nonce)

    async def resync(self) -> None:
        """Read the venue's time anew. Raises TransportError, VenueError or WireError."""
        await self._server.resync()
