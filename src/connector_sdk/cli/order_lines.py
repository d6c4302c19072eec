"""Orders as a shell sees them: a line each, in words or in JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

import orjson
import typer

from connector_sdk.model.market_data import canonical
from connector_sdk.model.order import OrderIntent
from connector_sdk.model.order_update import Fill, OrderReport
from connector_sdk.protocols.in_flight_order import InFlightOrder

Row: TypeAlias = dict[str, object]


def intent_words(intent: OrderIntent) -> str:
    """``buy 0.01 BTC-USDT, limit at 50000 gtc``."""
    at = "" if intent.price is None else f" at {canonical(intent.price)}"
    force = f" {intent.time_in_force.value}" if intent.time_in_force is not None else ""
    amount = f"{intent.side.value} {canonical(intent.quantity)} {intent.pair}"
    return f"{amount}, {intent.order_type.value}{at}{force}"


def show_orders(orders: Iterable[InFlightOrder | OrderReport], *, as_json: bool) -> None:
    """Print a line for each; what was placed by others is an OrderReport."""
    for order in orders:
        if isinstance(order, OrderReport):
            row, words = report_row(order), _report_words(order)
        else:
            row, words = order_row(order), _order_words(order)
        typer.echo(orjson.dumps(row).decode() if as_json else words)


def order_row(order: InFlightOrder) -> Row:
    """One of our orders as JSON; amounts are decimal strings."""
    return {
        **_named(order.pair, order.client_order_id, order.exchange_order_id),
        **_asked(order.intent),
        "quantity": canonical(order.quantity),
        "state": order.state.value,
        "filled": canonical(order.filled),
        "average_price": _text(order.average_price),
        "fees": _fees(order.fees),
        "external": False,
    }


def report_row(report: OrderReport) -> Row:
    """An order that others placed, as JSON, as far as the venue tells."""
    return {
        **_named(report.pair, report.client_order_id, report.exchange_order_id),
        **_asked(report.intent),
        "quantity": _text(report.quantity),
        "state": report.status.value,
        "filled": _text(report.filled),
        "average_price": None,
        "fees": {},
        "external": True,
    }


def fill_row(fill: Fill) -> Row:
    """A fill as JSON."""
    return {
        "trade_id": fill.trade_id,
        "side": fill.side.value,
        "price": canonical(fill.price),
        "quantity": canonical(fill.quantity),
        "fee": None if fill.fee is None else [fill.fee.asset, canonical(fill.fee.quantity)],
        "maker": fill.maker,
    }


def _named(pair: str, client_order_id: str | None, exchange_order_id: str | None) -> Row:
    return {
        "client_order_id": client_order_id,
        "exchange_order_id": exchange_order_id,
        "pair": pair,
    }


def _asked(intent: OrderIntent | None) -> Row:
    if intent is None:
        return {"side": None, "type": None, "time_in_force": None, "price": None}
    force = intent.time_in_force
    return {
        "side": intent.side.value,
        "type": intent.order_type.value,
        "time_in_force": None if force is None else force.value,
        "price": _text(intent.price),
    }


def _order_words(order: InFlightOrder) -> str:
    fees = "".join(f", fee {paid} {asset}" for asset, paid in _fees(order.fees).items())
    at = f" at {_text(order.average_price)}{fees}"
    stands = _stands(order.state.value, order.filled, at)
    # What an amendment changed is told as it stands now.
    amended = "" if order.quantity == order.intent.quantity else f", now {order.quantity}"
    return f"{order.client_order_id}  {intent_words(order.intent)}{amended}: {stands}"


def _report_words(report: OrderReport) -> str:
    name = report.client_order_id or report.exchange_order_id or "?"
    what = report.pair if report.intent is None else intent_words(report.intent)
    stands = _stands(report.status.value, report.filled)
    return f"{name}  {what}: {stands} (placed elsewhere)"


def _stands(state: str, filled: Decimal | None, at: str = "") -> str:
    """``open``, ``partially filled 0.1``, ``canceled, filled 0.1``."""
    words = state.replace("_", " ")
    if not filled:
        return words
    return f"{words}{'' if words.endswith('filled') else ', filled'} {canonical(filled)}{at}"


def _fees(fees: Mapping[str, Decimal]) -> Mapping[str, str]:
    return {asset: canonical(paid) for asset, paid in fees.items()}


def _text(number: Decimal | None) -> str | None:
    return None if number is None else canonical(number)
