"""An order's record as text: versioned JSON, every amount a string, no secret inside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

import orjson

from connector_sdk.errors import ConfigError, StoreFailed
from connector_sdk.model.account import Fee
from connector_sdk.model.exact import ZERO
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import Fill
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.states import OrderState

RECORD_VERSION: Final = 1
JsonObject: TypeAlias = Mapping[str, Any]
UNREADABLE = (orjson.JSONDecodeError, KeyError, ValueError, TypeError, ArithmeticError, LookupError)


class LedgerEntry(NamedTuple):
    """One order as it is to be written down.

    done:        whether its terminal event was told, so that it may be forgotten in time.
    updated_ns:  when it last changed.
    body:        versioned JSON text.
    """

    client_order_id: str
    done: bool
    updated_ns: int
    body: str


def entry_of(record: OrderRecord) -> LedgerEntry:
    """`record` as it is to be written down."""
    body = record_bytes(record).decode()
    return LedgerEntry(record.client_order_id, record.done, record.updated_ns, body)


def record_bytes(record: OrderRecord) -> bytes:
    """`record` as JSON in UTF-8. What holds its value from the start is left out."""
    intent = record.intent
    written: dict[str, object] = {
        "v": RECORD_VERSION,
        "id": record.client_order_id,
        "pair": intent.pair,
        "side": intent.side,
        "type": intent.order_type,
        "quantity": str(intent.quantity),
        "state": record.state,
        "created": record.created_ns,
        "updated": record.updated_ns,
        "heard": record.heard_ns,
    }
    if intent.time_in_force is not None:
        written["tif"] = intent.time_in_force
    if intent.price is not None:
        written["price"] = str(intent.price)
    if record.exchange_order_id is not None:
        written["exchange_id"] = record.exchange_order_id
    if record.unknown_ns is not None:
        written["unknown"] = record.unknown_ns
    if record.accepted:
        written["accepted"] = True
    if record.done:
        written["done"] = True
    if record.reason:
        written["reason"] = record.reason
    _write_progress(record, written)
    return orjson.dumps(written)


def _write_progress(record: OrderRecord, written: dict[str, object]) -> None:
    intent, amending = record.intent, record.amending
    if record.quantity != intent.quantity:
        written["now_for"] = str(record.quantity)
    if amending is not None:
        written["amending"] = [str(amending.quantity), _text(amending.price)]
    if record.claimed:
        written["claimed"] = str(record.claimed)
    if record.claim_missing is not None:
        written["claim_missing"] = record.claim_missing
    if record.reported_ns is not None:
        written["reported"] = record.reported_ns
    if record.fills:
        written["fills"] = [_row(fill) for fill in record.fills.values()]


def record_from(body: str | bytes) -> OrderRecord:
    """The record that was written as `body`, by this version or an older one.

    Raises ConfigError for one that a newer version wrote, StoreFailed for what is no record.
    """
    try:
        written: JsonObject = orjson.loads(body)
        version = int(written["v"])
        if version <= RECORD_VERSION:
            return _record(written)
    except UNREADABLE as error:
        raise StoreFailed(f"a stored order cannot be read back: {error!r}") from error
    raise ConfigError(
        f"order {written.get('id')} was stored by a newer connector-sdk (record version {version}; "
        f"this one reads up to {RECORD_VERSION}): install that version, or use another store"
    )


def _record(written: JsonObject) -> OrderRecord:
    tif = written.get("tif")
    intent = OrderIntent(
        pair=written["pair"],
        side=Side(written["side"]),
        quantity=Decimal(written["quantity"]),
        price=_amount(written.get("price")),
        order_type=OrderType(written["type"]),
        time_in_force=None if tif is None else TimeInForce(tif),
    )
    record = OrderRecord(intent, written["id"], written["created"])
    record.exchange_order_id = written.get("exchange_id")
    record.state = OrderState(written["state"])
    record.quantity = _amount(written.get("now_for")) or intent.quantity
    amending = written.get("amending")
    if amending is not None:
        quantity, price = Decimal(amending[0]), _amount(amending[1])
        record.amending = replace(intent, quantity=quantity, price=price)
    record.claimed = record.most_claimed = _amount(written.get("claimed")) or ZERO
    record.claim_missing = written.get("claim_missing")
    record.updated_ns = written["updated"]
    record.heard_ns = written["heard"]
    record.reported_ns = written.get("reported")
    record.unknown_ns = written.get("unknown")
    record.accepted = written.get("accepted", False)
    record.done = written.get("done", False)
    record.reason = written.get("reason", "")
    record.changed = False
    for row in written.get("fills", ()):
        fill = _fill(row, record)
        record.fills[fill.trade_id] = fill
        record.count(fill)
    return record


def _row(fill: Fill) -> list[object]:
    asset, paid = fill.fee or (None, None)
    return [
        fill.trade_id,
        str(fill.price),
        str(fill.quantity),
        asset,
        _text(paid),
        fill.maker,
        fill.event_ns,
    ]


def _fill(row: list[Any], record: OrderRecord) -> Fill:
    trade_id, price, quantity, asset, paid, maker, event_ns = row
    return Fill(
        pair=record.intent.pair,
        trade_id=trade_id,
        client_order_id=record.client_order_id,
        exchange_order_id=record.exchange_order_id,
        side=record.intent.side,
        price=Decimal(price),
        quantity=Decimal(quantity),
        fee=None if asset is None else Fee(asset, Decimal(paid)),
        maker=maker,
        event_ns=event_ns,
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
