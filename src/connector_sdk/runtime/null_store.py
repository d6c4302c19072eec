"""NullStore: no memory at all, for those who choose so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector_sdk.protocols.store import OrderStore, StoredOrder


class NullStore(OrderStore):
    """Keeps nothing: after a crash nobody knows which orders were on their way.

    Only what the venue itself remembers can then be found again.
    """

    keeps = False

    async def save(self, orders: Sequence[StoredOrder]) -> None:
        """Forget them."""

    async def load(self, venue: str, account: str) -> Sequence[StoredOrder]:
        """None."""
        return ()

    async def save_marks(self, marks: Mapping[str, int]) -> None:
        """Forget them."""

    async def load_marks(self) -> Mapping[str, int]:
        """None."""
        return {}

    async def close(self) -> None:
        """Nothing to write, nothing to free."""
