"""OrderStore: where orders are written down before they are sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, NamedTuple


class StoredOrder(NamedTuple):
    """One order as it is kept.

    venue, account:  whose it is; `account` is the Auth's identity, never a key.
    client_order_id: unique within venue and account; saving it again replaces it.
    done:            whether it may be forgotten in time.
    body:            the record, versioned JSON text, without any secret.
    """

    venue: str
    account: str
    client_order_id: str
    done: bool
    updated_ns: int
    body: str


class OrderStore(ABC):
    """Durable memory of one process's orders. Each venue and account is a room of its own.

    keeps: whether it is one; for one that is not, orders need not even be put into words.
    """

    keeps: ClassVar[bool] = True

    @abstractmethod
    async def save(self, orders: Sequence[StoredOrder]) -> None:
        """Write them all, or none; returns once they would survive the end of the machine.

        Raises StoreFailed.
        """

    @abstractmethod
    async def load(self, venue: str, account: str) -> Sequence[StoredOrder]:
        """Every order of that account, oldest first. Raises StoreFailed."""

    @abstractmethod
    async def save_marks(self, marks: Mapping[str, int]) -> None:
        """Write numbers that must never fall, by name: nonces, cursors. Raises StoreFailed."""

    @abstractmethod
    async def load_marks(self) -> Mapping[str, int]:
        """All of them. Raises StoreFailed."""

    @abstractmethod
    async def close(self) -> None:
        """Write what is left and free everything. Idempotent."""
