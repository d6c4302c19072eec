"""What listeners hear of orders and of the account.

Of one order they hear OrderAccepted, then its OrderFilled, then exactly one of the terminal events,
each once, whatever order the venue's messages took. What comes after that is told by names of its
own: LateFill, OrderRecovered.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple, TypeAlias

from connector_sdk.errors import ConnectorError
from connector_sdk.model.account import Balance
from connector_sdk.model.order_update import Fill, OrderReport


class OrderAccepted(NamedTuple):
    """The venue has the order."""

    pair: str
    client_order_id: str
    exchange_order_id: str | None
    at_ns: int


class OrderOutcomeUnknown(NamedTuple):
    """A request went out and nobody can tell what became of it: the order counts as exposure.

    The venue is asked until it is known; the order is never sent again.
    """

    pair: str
    client_order_id: str
    reason: str
    at_ns: int


class OrderFilled(NamedTuple):
    """One more fill; `filled` is the sum of all so far."""

    pair: str
    client_order_id: str
    fill: Fill
    filled: Decimal
    at_ns: int


class OrderAmended(NamedTuple):
    """The order is now for `quantity`."""

    pair: str
    client_order_id: str
    quantity: Decimal
    at_ns: int


class OrderCompleted(NamedTuple):
    """Terminal: filled to the end.

    reason: says so where the venue claims fills that it does not show; `filled` is what it showed.
    """

    pair: str
    client_order_id: str
    filled: Decimal
    at_ns: int
    reason: str = ""


class OrderCanceled(NamedTuple):
    """Terminal: canceled; `filled` may be more than nothing."""

    pair: str
    client_order_id: str
    filled: Decimal
    reason: str
    at_ns: int


class OrderExpired(NamedTuple):
    """Terminal: the venue ended it by its own rules (time in force, no liquidity, self-trade)."""

    pair: str
    client_order_id: str
    filled: Decimal
    reason: str
    at_ns: int


class OrderRefused(NamedTuple):
    """Terminal: the venue answered no; it never was in the book."""

    pair: str
    client_order_id: str
    error: ConnectorError
    at_ns: int


class OrderFailed(NamedTuple):
    """Terminal: proven never to have left this machine."""

    pair: str
    client_order_id: str
    error: ConnectorError
    at_ns: int


class OrderLost(NamedTuple):
    """Terminal, as far as can be known: the venue said, repeatedly, that it has no such order,
    after the request could no longer be accepted. Late evidence brings OrderRecovered.
    """

    pair: str
    client_order_id: str
    reason: str
    at_ns: int


class OrderRecovered(NamedTuple):
    """A lost order showed up after all: its events begin anew, up to one more terminal event."""

    pair: str
    client_order_id: str
    at_ns: int


class LateFill(NamedTuple):
    """A fill that came after the order's terminal event; it counts."""

    pair: str
    client_order_id: str
    fill: Fill
    filled: Decimal
    at_ns: int


class OrderOverfilled(NamedTuple):
    """The fills add up to more than the order was for."""

    pair: str
    client_order_id: str
    filled: Decimal
    quantity: Decimal
    at_ns: int


class CancelRefused(NamedTuple):
    """The venue did not cancel; how the order stands is asked and told by its own events."""

    pair: str
    client_order_id: str
    error: ConnectorError
    at_ns: int


class ExternalOrder(NamedTuple):
    """The account has an order that this program did not place, or it changed."""

    pair: str
    report: OrderReport
    at_ns: int


class ExternalFill(NamedTuple):
    """A fill of an order that this program did not place."""

    pair: str
    fill: Fill
    at_ns: int


class BalanceChanged(NamedTuple):
    """What the account holds of one asset changed."""

    pair: None
    balance: Balance
    at_ns: int


class AccountReconciled(NamedTuple):
    """The account was compared with the venue; follows every interruption of the private stream.

    from_ns, to_ns: what was not heard on the stream.
    evidence:       what was asked, in words.
    proven:         whether every order and fill of that time is now known; if not, `evidence` says
                    which part could not be asked.
    orders, fills:  how many were found that the stream had not told.
    """

    pair: None
    from_ns: int
    to_ns: int
    evidence: str
    proven: bool
    orders: int
    fills: int


TerminalEvent: TypeAlias = (
    OrderCompleted | OrderCanceled | OrderExpired | OrderRefused | OrderFailed | OrderLost
)
OrderChange: TypeAlias = (
    OrderAccepted
    | OrderOutcomeUnknown
    | OrderFilled
    | OrderAmended
    | TerminalEvent
    | OrderRecovered
    | LateFill
    | OrderOverfilled
    | CancelRefused
    | ExternalOrder
    | ExternalFill
)
AccountEvent: TypeAlias = OrderChange | BalanceChanged | AccountReconciled
