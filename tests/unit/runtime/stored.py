"""Orders to be stored, and stores to keep them in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from connector_sdk.protocols.store import StoredOrder
from connector_sdk.runtime.order_file import Retention
from connector_sdk.runtime.sqlite_store import SqliteStore


def order(
    name: str, *, done: bool = False, at_ns: int = 1, body: str = "{}", account: str = "account"
) -> StoredOrder:
    return StoredOrder("venue", account, name, done, at_ns, body)


@asynccontextmanager
async def opened(path: Path, retention: Retention | None = None) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(path, retention=retention)
    try:
        yield store
    finally:
        await store.close()


async def kept(path: Path, account: str = "account") -> list[str]:
    """Names of the orders a new store finds, in its order."""
    async with opened(path) as store:
        return [one.client_order_id for one in await store.load("venue", account)]
