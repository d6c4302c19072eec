"""What a venue may say of an order."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from typing import NamedTuple, TypeAlias

from connector_sdk.model.account import BalanceReport, Fee
from connector_sdk.model.order import OrderIntent, Side


class OrderStatus(Enum):
    """A venue's word for how an order stands."""

    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"


class OrderReport(NamedTuple):
    """How an order stands, in the venue's words.

    client_order_id:    the id it was placed with, never that of a cancel; None where not said.
    filled:             the cumulative quantity the venue claims; fills themselves come as Fill.
    quantity:           what the order is for now (an amendment changes it); None: not said.
    intent:             what it was placed as, where the venue says; lets a foreign order be shown.
    reason:             the venue's words for an end nobody asked for.
    event_ns:           the venue's time of this state; None where it does not say.
    """

    pair: str
    client_order_id: str | None
    exchange_order_id: str | None
    status: OrderStatus
    filled: Decimal | None = None
    quantity: Decimal | None = None
    intent: OrderIntent | None = None
    reason: str = ""
    event_ns: int | None = None


class Fill(NamedTuple):
    """One trade of one order. `trade_id` is unique within venue and pair.

    maker: whether the order rested; None where the venue does not say.
    fee:   what it cost; None where the venue does not say it here.
    """

    pair: str
    trade_id: str
    client_order_id: str | None
    exchange_order_id: str | None
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Fee | None
    maker: bool | None
    event_ns: int


class FillPage(NamedTuple):
    """Some fills, oldest first; `cursor` asks for the next page, None: there is none."""

    fills: tuple[Fill, ...]
    cursor: str | None


class Absent(NamedTuple):
    """The venue's own positive answer that it does not have an order."""

    pair: str
    client_order_id: str


OrderMessage: TypeAlias = OrderReport | Fill
AccountMessage: TypeAlias = OrderReport | Fill | BalanceReport
