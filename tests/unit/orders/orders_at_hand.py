"""Short ways to write orders, reports and fills."""

from __future__ import annotations

from decimal import Decimal

from connector_sdk.errors import InsufficientFunds, OrderNotFound, RequestTimeout, Sent
from connector_sdk.model.account import Fee
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import Absent, Fill, OrderMessage, OrderReport, OrderStatus
from connector_sdk.orders.asking import SECOND, QueryFills, QueryOrder
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.ledger_settings import LedgerSettings
from connector_sdk.orders.outcome import Confirmed

PAIR = "BTC-USDT"
TIMEOUT = RequestTimeout("the venue did not answer", Sent.MAYBE)
POOR = InsufficientFunds("venue", "-2010", "Account has insufficient balance.")
NOT_FOUND = OrderNotFound("venue", "-2011", "Unknown order sent.")

__all__ = ["NOT_FOUND", "PAIR", "POOR", "SECOND", "TIMEOUT"]


def buy(quantity: str = "1", price: str | None = "100", pair: str = PAIR) -> OrderIntent:
    return _intent(Side.BUY, quantity, price, pair)


def sell(quantity: str = "1", price: str | None = "100", pair: str = PAIR) -> OrderIntent:
    return _intent(Side.SELL, quantity, price, pair)


def _intent(side: Side, quantity: str, price: str | None, pair: str) -> OrderIntent:
    if price is None:
        return OrderIntent(pair, side, Decimal(quantity), order_type=OrderType.MARKET)
    limit = OrderType.LIMIT
    return OrderIntent(pair, side, Decimal(quantity), Decimal(price), limit, TimeInForce.GTC)


def report(
    status: OrderStatus,
    filled: str | None = "0",
    *,
    name: str | None = "a",
    number: str | None = "7",
    quantity: str | None = None,
    at: int | None = None,
    reason: str = "",
) -> OrderReport:
    said = None if filled is None else Decimal(filled)
    now_for = None if quantity is None else Decimal(quantity)
    return OrderReport(PAIR, name, number, status, said, now_for, None, reason, at)


def fill(
    trade_id: str,
    quantity: str = "0.5",
    price: str = "100",
    *,
    name: str | None = "a",
    number: str | None = "7",
    side: Side = Side.BUY,
    fee: Fee | None = None,
    pair: str = PAIR,
    at: int = 0,
) -> Fill:
    amounts = Decimal(price), Decimal(quantity)
    return Fill(pair, trade_id, name, number, side, *amounts, fee, None, at)


def ledger(**settings: float) -> OrderLedger:
    return OrderLedger("venue", "account", LedgerSettings(**settings))  # type: ignore[arg-type]  # whole numbers come as ints


def opened(name: str = "a", intent: OrderIntent | None = None, **settings: float) -> OrderLedger:
    """A ledger that has just created one order; what that wrote down is taken."""
    found = ledger(**settings)
    found.create(intent or buy(), name, 0)
    found.take_dirty()
    return found


def told(orders: OrderLedger) -> list[type]:
    return [type(event) for event in orders.take_events()]


def resting(intent: OrderIntent | None = None) -> OrderLedger:
    """A ledger whose only order rests, as everybody knows."""
    orders = opened("a", intent)
    orders.settle("a", Confirmed([report(OrderStatus.OPEN)]), 1)
    orders.take_events()
    return orders


def asked(orders: OrderLedger, now_ns: int) -> QueryOrder | QueryFills:
    (query,) = orders.due(now_ns)
    return query


def answered(orders: OrderLedger, now_ns: int, *messages: OrderMessage | Absent) -> None:
    query = asked(orders, now_ns)
    for message in messages:
        orders.receive(message, now_ns)
    orders.query_answered(query, now_ns)


def kinds(*values: object) -> list[tuple[type, object]]:
    """Values with their types: tuples of different names are equal where their fields are."""
    return [(type(value), value) for value in values]
