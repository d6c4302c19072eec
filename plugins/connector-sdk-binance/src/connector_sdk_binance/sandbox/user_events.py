"""Events of the user data stream, field for field.

Source: binance-spot-api-docs, "User Data Streams" (read 2026-11).
"""

from __future__ import annotations

from typing import assert_never

from connector_sdk.sandbox.dialect import VenueView
from connector_sdk.sandbox.trading import (
    BalanceEvent,
    Execution,
    OrderEvent,
    PreventedMatch,
    StreamEnded,
    TransferEvent,
    UserEvent,
)
from connector_sdk_binance.sandbox.exchange_info import text
from connector_sdk_binance.sandbox.order_reports import NO_LIST, Json, milliseconds
from connector_sdk_binance.sandbox.order_words import (
    EXECUTIONS,
    STATUSES,
    expiry_reason,
    force_word,
)

NO_TRADE = -1
NO_TRADE_GROUP = -1


def event_report(event: UserEvent, venue: VenueView) -> Json:
    """The payload of an event."""
    match event:
        case OrderEvent():
            return _execution(event, venue)
        case BalanceEvent():
            at = milliseconds(event.at_ns)
            balances = [
                {"a": one.asset, "f": text(one.free), "l": text(one.locked)}
                for one in event.balances
            ]
            return {"e": "outboundAccountPosition", "E": at, "u": at, "B": balances}
        case TransferEvent():
            at = milliseconds(event.at_ns)
            change = text(event.change)
            return {"e": "balanceUpdate", "E": at, "a": event.asset, "d": change, "T": at}
        case StreamEnded():
            return {"e": "eventStreamTerminated", "E": milliseconds(event.at_ns)}
        case _:
            assert_never(event)


def _execution(event: OrderEvent, venue: VenueView) -> Json:
    order, new, at = event.order, event.order.new, milliseconds(event.at_ns)
    current, other = _client_ids(event)
    return {
        "e": "executionReport",
        "E": at,
        "s": venue.listings[new.pair].instrument.symbol,
        "c": current,
        "S": new.side.name,
        "o": new.type.name,
        "f": force_word(order),
        "q": text(order.quantity),
        "p": text(new.price),
        "P": text(new.stop_price),
        "F": text(new.iceberg),
        "g": NO_LIST,
        "C": other,
        "x": EXECUTIONS[event.execution],
        "X": STATUSES[order.status],
        "r": "NONE",
        "i": order.order_id,
        **_last(event),
        "z": text(order.filled),
        "T": at,
        "I": event.execution_id,
        "w": order.status.is_open and order.working_ns is not None,
        "M": False,
        "O": milliseconds(order.created_ns),
        "Z": text(order.filled_quote),
        "Q": text(new.quote_quantity),
        "V": new.prevention.name,
        **_conditional(event, venue),
    }


def _client_ids(event: OrderEvent) -> tuple[str, str]:
    """(c, C): a cancel's own id and the order's; an amended order's id and the one before."""
    identifier = event.order.client_order_id
    match event.execution:
        case Execution.CANCELED:
            return event.request_id, identifier
        case Execution.AMENDED:
            return identifier, event.request_id
        case _:
            return identifier, ""


def _last(event: OrderEvent) -> Json:
    fill = event.fill
    return {
        "l": text(fill.quantity if fill else None),
        "L": text(fill.price if fill else None),
        "n": text(fill.fee) if fill else "0",
        "N": fill.fee_asset if fill else None,
        "t": fill.trade_id if fill else NO_TRADE,
        "m": fill is not None and fill.maker,
        "Y": text(fill.quote if fill else None),
    }


def _conditional(event: OrderEvent, venue: VenueView) -> Json:
    order, fields = event.order, Json()
    reason = expiry_reason(order)
    if order.working_ns is not None:
        fields["W"] = milliseconds(order.working_ns)
    if order.new.trailing_delta is not None:
        fields["d"] = order.new.trailing_delta
        fields["D"] = milliseconds(order.created_ns)
    if event.prevented is not None:
        fields |= _prevented(event.prevented, event, venue)
    if reason is not None:
        fields["eR"] = reason
    return fields


def _prevented(match: PreventedMatch, event: OrderEvent, venue: VenueView) -> Json:
    new = event.order.new
    return {
        "v": match.match_id,
        "A": text(event.order.prevented),
        "B": text(match.quantity),
        "u": NO_TRADE_GROUP,
        "U": match.counter_order_id,
        "Cs": venue.listings[new.pair].instrument.symbol,
        "pl": text(match.quantity),
        "pL": text(match.price),
        "pY": text(match.price * match.quantity),
    }
