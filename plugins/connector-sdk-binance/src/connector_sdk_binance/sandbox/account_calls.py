"""What an account may ask about itself: orders, fills, balances, fees, limits.

Source: binance-spot-api-docs, "REST API: Trading endpoints", "Account endpoints" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from connector_sdk.sandbox.dialect import RequestKind
from connector_sdk_binance.sandbox.account_reports import (
    account_report,
    commission_report,
    order_count_report,
)
from connector_sdk_binance.sandbox.api_error import (
    ARCHIVED,
    COMBINATION,
    NO_ORDER,
    TOO_LONG_AGO,
    ApiError,
)
from connector_sdk_binance.sandbox.endpoint import Asked, Endpoint, weighs
from connector_sdk_binance.sandbox.order_reports import order_report, trade_reports
from connector_sdk_binance.sandbox.parameters import Parameters
from connector_sdk_binance.sandbox.proof import as_ns
from connector_sdk_binance.sandbox.trading_calls import found_order

Row = TypeVar("Row")

LIMIT_DEFAULT, LIMIT_MOST = 500, 1_000
DAY_NS = 86_400_000_000_000
KEPT_DAYS = 90
RANGE_NAMES = ("symbol", "orderId", "startTime", "endTime", "limit")


def _query(asked: Asked) -> object:
    order = found_order(asked, "orderId", "origClientOrderId")
    if order is None:
        raise ApiError(NO_ORDER, "Order does not exist.")
    archived = not order.status.is_open and not order.filled
    if archived and asked.venue.now_ns - order.updated_ns > KEPT_DAYS * DAY_NS:
        raise ApiError(
            ARCHIVED,
            "Order was canceled or expired with no executed qty over 90 days ago and has been "
            "archived.",
        )
    return order_report(order, asked.venue)


def _open_orders(asked: Asked) -> object:
    pair = asked.parameters.pair(asked.venue) if asked.parameters.has("symbol") else None
    orders = asked.desk.open_orders(asked.account, pair)
    return [order_report(order, asked.venue) for order in orders]


def _open_orders_weight(parameters: Parameters) -> int:
    return 6 if parameters.has("symbol") else 80


def _all_orders(asked: Asked) -> object:
    parameters, pair = asked.parameters, asked.parameters.pair(asked.venue)
    orders = asked.desk.orders(asked.account, pair)
    first = parameters.integer("orderId")
    if first is not None:
        chosen = [order for order in orders if order.order_id >= first][: _limit(parameters)]
    else:
        chosen = _in_time(parameters, orders, lambda order: order.created_ns)
    return [order_report(order, asked.venue) for order in chosen]


def _my_trades(asked: Asked) -> object:
    parameters, pair = asked.parameters, asked.parameters.pair(asked.venue)
    order_id, first = parameters.integer("orderId"), parameters.integer("fromId")
    timed = parameters.has("startTime") or parameters.has("endTime")
    if timed and (order_id is not None or first is not None):
        raise ApiError(COMBINATION, "Combination of optional parameters invalid.")
    fills = asked.desk.fills(asked.account, pair)
    if order_id is not None:
        fills = [(order, fill) for order, fill in fills if order.order_id == order_id]
    if first is not None:
        chosen = [row for row in fills if row[1].trade_id >= first][: _limit(parameters)]
    else:
        chosen = _in_time(parameters, fills, lambda row: row[1].at_ns)
    return trade_reports(chosen, asked.venue)


def _my_trades_weight(parameters: Parameters) -> int:
    return 5 if parameters.has("orderId") else 20


def _in_time(parameters: Parameters, rows: Sequence[Row], at_ns: Callable[[Row], int]) -> list[Row]:
    """Rows from startTime on, else the newest up to endTime; at most ``limit``."""
    start, end = parameters.integer("startTime"), parameters.integer("endTime")
    start_ns, end_ns = (None if time is None else as_ns(time) for time in (start, end))
    if start_ns is not None and end_ns is not None and end_ns - start_ns > DAY_NS:
        raise ApiError(TOO_LONG_AGO, "More than 24 hours between startTime and endTime.")
    chosen = [
        row
        for row in rows
        if (start_ns is None or at_ns(row) >= start_ns)
        # The last millisecond counts to its end.
        and (end_ns is None or at_ns(row) < end_ns + 1_000_000)
    ]
    limit = _limit(parameters)
    return chosen[-limit:] if start_ns is None else chosen[:limit]


def _limit(parameters: Parameters) -> int:
    return parameters.number("limit", LIMIT_DEFAULT, LIMIT_MOST)


def _account(asked: Asked) -> object:
    omit_zero = asked.parameters.flag("omitZeroBalances")
    return account_report(asked.account, asked.desk, omit_zero=omit_zero)


def _commission(asked: Asked) -> object:
    return commission_report(asked.account, asked.parameters.pair(asked.venue), asked.venue)


def _order_counts(asked: Asked) -> object:
    return order_count_report(asked.account, asked.desk, asked.venue.rules)


QUERY = Endpoint(
    ("symbol", "orderId", "origClientOrderId"), RequestKind.QUERY, weighs(4), _query, signed=True
)
OPEN_ORDERS = Endpoint(
    ("symbol",), RequestKind.OPEN_ORDERS, _open_orders_weight, _open_orders, signed=True
)
ALL_ORDERS = Endpoint(RANGE_NAMES, RequestKind.ORDERS, weighs(20), _all_orders, signed=True)
MY_TRADES = Endpoint(
    (*RANGE_NAMES, "fromId"), RequestKind.FILLS, _my_trades_weight, _my_trades, signed=True
)
ACCOUNT = Endpoint(("omitZeroBalances",), RequestKind.BALANCES, weighs(20), _account, signed=True)
COMMISSION = Endpoint(("symbol",), RequestKind.OTHER, weighs(20), _commission, signed=True)
ORDER_COUNTS = Endpoint((), RequestKind.OTHER, weighs(40), _order_counts, signed=True)
