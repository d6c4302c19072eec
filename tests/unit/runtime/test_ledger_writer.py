"""LedgerWriter: what waits is written, and what changes meanwhile is written again."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

from connector_sdk.model.order import OrderIntent, OrderType, Side
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.outcome import Confirmed
from connector_sdk.runtime.ledger_writer import LedgerWriter
from connector_sdk.testing.manual_clock import ManualClock
from memory_store import MemoryStore

INTENT = OrderIntent("BTC-USDT", Side.BUY, Decimal(1), order_type=OrderType.MARKET)


async def test_what_changes_while_it_is_being_written_down_is_written_again() -> None:
    ledger, store = OrderLedger("venue", "account"), MemoryStore()
    writer = LedgerWriter(ledger, store, ManualClock())
    ledger.create(INTENT, "a", 1)
    store.held = asyncio.Event()
    writing = asyncio.create_task(writer.save(["a"]))
    await asyncio.sleep(0)
    ledger.settle("a", Confirmed(), 2)
    ledger.create(INTENT, "b", 2)
    other = asyncio.create_task(writer.save(["b"]))
    await asyncio.sleep(0)
    store.held.set()
    await asyncio.gather(writing, other)
    assert json.loads(store.orders["a"].body)["state"] == "pending_create"
    await writer.flush()
    assert json.loads(store.orders["a"].body)["state"] == "open"
