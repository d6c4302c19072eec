"""Saves pairs of orders from several tasks until it is killed; prints each pair once it is saved.

Run with the path of a store and a number of tasks.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count

from connector_sdk.protocols.store import StoredOrder
from connector_sdk.runtime.sqlite_store import SqliteStore


async def save_on(store: SqliteStore, task: int) -> None:
    for number in count():
        halves = [f"{task}-{number}-{half}" for half in "ab"]
        await store.save(
            [StoredOrder("venue", "account", name, False, number, f"{{{name}}}") for name in halves]
        )
        os.write(1, f"{task}-{number}\n".encode())


async def main(path: str, tasks: int) -> None:
    store = SqliteStore(path)
    await asyncio.gather(*(save_on(store, task) for task in range(tasks)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
