"""AccountReader: a venue's orders, fills and balances, read by the names it tells them under."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from connector_sdk.model.account import Balance, BalanceReport, Fee
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus
from connector_sdk.model.wire import Unrecognized

Told: TypeAlias = Mapping[str, Any]
"""One JSON object of a venue."""
Names: TypeAlias = tuple[str, ...]
"""Where something stands: under the first of these names that says anything."""
NOTHING: Final = (None, "", "NONE")
"""How venues write that a field says nothing."""
UNASKED: Final = (OrderStatus.EXPIRED, OrderStatus.REJECTED)


class OrderFields(NamedTuple):
    """What is read of an order, in this order.

    filled:  the cumulative quantity.
    reason:  why the venue ended it; where it gives none, its status is the reason.
    time:    of this state.
    """

    symbol: Names
    client_order_id: Names
    exchange_order_id: Names
    status: Names
    filled: Names
    quantity: Names
    side: Names
    order_type: Names
    time_in_force: Names
    price: Names
    reason: Names
    time: Names


class FillFields(NamedTuple):
    """What is read of a fill, in this order.

    side:   its word, or a boolean: whether the account bought.
    maker:  a boolean: whether the order rested.
    """

    symbol: Names
    trade_id: Names
    client_order_id: Names
    exchange_order_id: Names
    side: Names
    price: Names
    quantity: Names
    fee: Names
    fee_asset: Names
    maker: Names
    time: Names


class BalanceFields(NamedTuple):
    """What is read of an account, in this order: its list, each entry's parts, and its time."""

    balances: Names
    asset: Names
    available: Names
    locked: Names
    time: Names


class AccountReader:
    """Reads what a venue tells of an account. What it cannot read it raises as a decoder may.

    statuses:  the venue's words for how an order stands, beside those that are ours.
    orders:    the venue's names for OrderFields, in that order: ``symbol id|orderId …``, where
               ``a|b`` is the first of both that says anything.
    fills:     the same for FillFields.
    balances:  the same for BalanceFields.
    time_ns:   nanoseconds in one unit of the venue's times.

    Sides, types and times in force are named as ours, in any case; an order of a type that we
    have no word for is reported without its intent.
    """

    def __init__(
        self,
        statuses: Mapping[str, OrderStatus],
        *,
        orders: str,
        fills: str,
        balances: str,
        time_ns: int = 1_000_000,
    ) -> None:
        self._statuses = {**OrderStatus.__members__, **statuses}
        self._orders = OrderFields(*_names(orders))
        self._fills = FillFields(*_names(fills))
        self._balances = BalanceFields(*_names(balances))
        self._time_ns = time_ns

    def news(self, told: Told, instruments: Instruments) -> OrderReport | Unrecognized:
        """What is told of one of many orders; of one that stands as nobody knows, just that."""
        word = _word(told, self._orders.status)
        if word not in self._statuses:
            return Unrecognized(f"order status {word}")
        return self.order(told, instruments)

    def order(self, told: Told, instruments: Instruments) -> OrderReport:
        """What is told of an order. Raises KeyError for a status we do not know."""
        names = self._orders
        word = _word(told, names.status)
        status = self._statuses[word]
        pair = instruments.pair_for(_said(told, names.symbol))
        quantity = Decimal(_said(told, names.quantity))
        return OrderReport(
            pair=pair,
            client_order_id=_text(told, names.client_order_id),
            exchange_order_id=_text(told, names.exchange_order_id),
            status=status,
            filled=Decimal(_said(told, names.filled)),
            quantity=quantity,
            intent=self._intent(told, pair, quantity),
            reason=str(_said(told, names.reason) or word) if status in UNASKED else "",
            event_ns=self._at_ns(told, names.time),
        )

    def fill(self, told: Told, instruments: Instruments) -> Fill:
        """What is told of one trade of one order."""
        names = self._fills
        asset = _said(told, names.fee_asset)
        return Fill(
            pair=instruments.pair_for(_said(told, names.symbol)),
            trade_id=str(_said(told, names.trade_id)),
            client_order_id=_text(told, names.client_order_id),
            exchange_order_id=_text(told, names.exchange_order_id),
            side=_side(told, names.side),
            price=Decimal(_said(told, names.price)),
            quantity=Decimal(_said(told, names.quantity)),
            fee=None if asset is None else Fee(asset, Decimal(_said(told, names.fee))),
            maker=_said(told, names.maker),
            event_ns=self._at_ns(told, names.time),
        )

    def balances(self, told: Told, *, complete: bool) -> BalanceReport:
        """What is told of an account. complete: whether what is not named is not held."""
        names = self._balances
        held = (
            Balance(
                asset=_said(entry, names.asset),
                available=Decimal(_said(entry, names.available)),
                locked=Decimal(_said(entry, names.locked)),
            )
            for entry in _said(told, names.balances)
        )
        return BalanceReport(tuple(held), complete, self._at_ns(told, names.time))

    def trade_number(self, told: Told) -> int:
        """The id of a fill, for venues that number them."""
        return int(_said(told, self._fills.trade_id))

    def _at_ns(self, told: Told, names: Names) -> int:
        return int(_said(told, names)) * self._time_ns

    def _intent(self, told: Told, pair: str, quantity: Decimal) -> OrderIntent | None:
        names = self._orders
        kind = OrderType.__members__.get(_word(told, names.order_type))
        standing = TimeInForce.__members__.get(_word(told, names.time_in_force))
        if kind is None or (kind is OrderType.LIMIT and standing is None):
            return None
        return OrderIntent(
            pair=pair,
            side=_side(told, names.side),
            quantity=quantity,
            price=None if kind is OrderType.MARKET else Decimal(_said(told, names.price)),
            order_type=kind,
            time_in_force=standing if kind is OrderType.LIMIT else None,
        )


def _names(text: str) -> list[Names]:
    return [tuple(alternatives.split("|")) for alternatives in text.split()]


def _said(told: Told, names: Names) -> Any:  # noqa: ANN401 (a field of JSON, before it is read)
    for name in names:
        said = told.get(name)
        if said not in NOTHING:
            return said
    return None


def _text(told: Told, names: Names) -> str | None:
    said = _said(told, names)
    return None if said is None else str(said)


def _word(told: Told, names: Names) -> str:
    return str(_said(told, names)).upper()


def _side(told: Told, names: Names) -> Side:
    said = _said(told, names)
    if isinstance(said, bool):
        return Side.BUY if said else Side.SELL
    return Side[str(said).upper()]
