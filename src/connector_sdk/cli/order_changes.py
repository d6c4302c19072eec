"""What happened to orders, in words and in JSON; and where the account's orders rest."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from connector_sdk.cli.order_lines import Row, fill_row, report_row
from connector_sdk.model.market_data import canonical
from connector_sdk.model.order import Side
from connector_sdk.model.order_events import (
    CancelRefused,
    ExternalFill,
    ExternalOrder,
    LateFill,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderChange,
    OrderCompleted,
    OrderExpired,
    OrderFailed,
    OrderFilled,
    OrderLost,
    OrderOutcomeUnknown,
    OrderOverfilled,
    OrderRecovered,
    OrderRefused,
)
from connector_sdk.model.order_update import Fill, OrderReport
from connector_sdk.protocols.in_flight_order import InFlightOrder

Resting: TypeAlias = Mapping[tuple[Side, Decimal], Decimal]
"""(side, price) → the quantity that the account's orders have left there."""
WORDS: Mapping[type[OrderChange], str] = {
    OrderAccepted: "accepted",
    OrderOutcomeUnknown: "outcome_unknown",
    OrderFilled: "fill",
    OrderAmended: "amended",
    OrderCompleted: "completed",
    OrderCanceled: "canceled",
    OrderExpired: "expired",
    OrderRefused: "refused",
    OrderFailed: "failed",
    OrderLost: "lost",
    OrderRecovered: "recovered",
    LateFill: "late_fill",
    OrderOverfilled: "overfilled",
    CancelRefused: "cancel_refused",
    ExternalFill: "fill",
}
"""What each event is called; an ExternalOrder by the status it reports."""


class Change(NamedTuple):
    """One event of one order.

    word:    of WORDS, or the status that was reported.
    report:  how the order stands, where the venue told of one that others placed.
    """

    pair: str
    word: str
    client_order_id: str | None
    exchange_order_id: str | None
    at_ns: int
    fill: Fill | None = None
    reason: str = ""
    report: OrderReport | None = None

    def words(self) -> str:
        """As a person would tell it."""
        name = self.client_order_id or self.exchange_order_id
        fill = self.fill
        traded = ""
        if fill is not None:
            amount, price = canonical(fill.quantity), canonical(fill.price)
            traded = f": {fill.side.value} {amount} at {price}"
        why = f": {self.reason}" if self.reason else ""
        return f"{self.pair} order {name} {self.word.replace('_', ' ')}{traded}{why}"

    def row(self, venue: str) -> Row:
        """As JSON."""
        return {
            "event": "order",
            "venue": venue,
            "pair": self.pair,
            "change": self.word,
            "client_order_id": self.client_order_id,
            "exchange_order_id": self.exchange_order_id,
            "order": None if self.report is None else report_row(self.report),
            "fill": None if self.fill is None else fill_row(self.fill),
            "reason": self.reason,
            "at_ns": self.at_ns,
        }


def change_of(event: OrderChange) -> Change:
    """What `event` tells, whoever placed the order."""
    match event:
        case ExternalOrder(pair, report, at_ns):
            ids = report.client_order_id, report.exchange_order_id
            said = report.reason
            return Change(pair, report.status.value, *ids, at_ns, reason=said, report=report)
        case ExternalFill(pair, fill, at_ns):
            ids = fill.client_order_id, fill.exchange_order_id
            return Change(pair, WORDS[ExternalFill], *ids, at_ns, fill)
        case _:
            pass
    number = event.exchange_order_id if isinstance(event, OrderAccepted) else None
    trade = event.fill if isinstance(event, OrderFilled | LateFill) else None
    ids = event.client_order_id, number
    return Change(event.pair, WORDS[type(event)], *ids, event.at_ns, trade, _reason(event))


def _reason(event: OrderChange) -> str:
    match event:
        case OrderRefused(error=error) | OrderFailed(error=error) | CancelRefused(error=error):
            return str(error)
        case (
            OrderOutcomeUnknown(reason=reason)
            | OrderCompleted(reason=reason)
            | OrderCanceled(reason=reason)
            | OrderExpired(reason=reason)
            | OrderLost(reason=reason)
        ):
            return reason
        case OrderAmended(quantity=quantity):
            return f"now {canonical(quantity)}"
        case _:
            return ""


def resting(pair: str, ours: Iterable[InFlightOrder], others: Iterable[OrderReport]) -> Resting:
    """Where limit orders of a pair rest, whoever placed them, with what is left of them."""
    found: defaultdict[tuple[Side, Decimal], Decimal] = defaultdict(Decimal)
    for order in ours:
        if order.pair == pair and order.price is not None:
            found[order.side, order.price] += order.remaining
    for report in others:
        intent = report.intent
        if report.pair == pair and intent is not None and intent.price is not None:
            left = (report.quantity or intent.quantity) - (report.filled or 0)
            found[intent.side, intent.price] += left
    return found
