"""What must hold of a client and its venue once all is settled: checks B, C and D of a campaign.

The venue is the witness: its desk and its journal say what truly became of every order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from connector_sdk.model.events import Event
from connector_sdk.model.order_events import (
    ExternalFill,
    LateFill,
    OrderAccepted,
    OrderCanceled,
    OrderCompleted,
    OrderExpired,
    OrderFailed,
    OrderFilled,
    OrderLost,
    OrderRecovered,
    OrderRefused,
)
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.protocols.trader import Trader
from connector_sdk.sandbox.trading import UserOrder, VenueOrderStatus

Trade: TypeAlias = tuple[str, str, str]
"""Pair, trade id, exchange order id: a trade of an account with itself fills two of its orders."""

TERMINAL = (
    OrderCompleted,
    OrderCanceled,
    OrderExpired,
    OrderRefused,
    OrderFailed,
    OrderLost,
)
TOLD_OF_AN_ORDER = (OrderAccepted, OrderFilled, LateFill, OrderRecovered, *TERMINAL)
NEVER_ACCEPTED = {OrderState.REJECTED, OrderState.FAILED, OrderState.LOST}
CLIENT_SAYS = {
    VenueOrderStatus.NEW: {OrderState.OPEN},
    VenueOrderStatus.PARTIALLY_FILLED: {OrderState.PARTIALLY_FILLED},
    VenueOrderStatus.FILLED: {OrderState.FILLED},
    VenueOrderStatus.CANCELED: {OrderState.CANCELED},
    VenueOrderStatus.EXPIRED: {OrderState.EXPIRED},
    VenueOrderStatus.EXPIRED_IN_MATCH: {OrderState.EXPIRED},
}


@dataclass
class Witnessed:
    """What the venue knows of one account: orders by client id, how often each was accepted,
    trades, balances by asset (available, locked).
    """

    orders: Mapping[str, UserOrder]
    accepted: Counter[str]
    trades: frozenset[Trade]
    balances: Mapping[str, tuple[Decimal, Decimal]]


@dataclass
class Heard:
    """Events, as a listener took them down."""

    events: list[Event] = field(default_factory=list[Event])

    def take(self, event: Event) -> None:
        self.events.append(event)

    def of_orders(self) -> Mapping[str, list[Event]]:
        told: defaultdict[str, list[Event]] = defaultdict(list)
        for event in self.events:
            if isinstance(event, TOLD_OF_AN_ORDER):
                told[event.client_order_id].append(event)
        return told


def order_intents(orders: Sequence[InFlightOrder], venue: Witnessed) -> Iterator[str]:
    """Check B: at most one accepted order an intent, and both say the same of each."""
    for name, times in venue.accepted.items():
        if times > 1:
            yield f"B: {name} was accepted {times} times"
    for order in orders:
        yield from _both_say(order, venue.orders.get(order.client_order_id))
    known = {order.client_order_id for order in orders}
    for name, true in venue.orders.items():
        if name not in known:
            yield f"B: the venue has {name} ({true.status.value}), which nobody here knows"


def _both_say(order: InFlightOrder, true: UserOrder | None) -> Iterator[str]:
    name, state = order.client_order_id, order.state
    if true is None:
        if state not in NEVER_ACCEPTED:
            yield f"B: {name} is {state.value} here, and the venue never had it"
        return
    if state not in CLIENT_SAYS[true.status]:
        yield f"B: {name} is {state.value} here, {true.status.value} there"
    if order.filled != true.filled:
        yield f"B: {name} filled {order.filled} here, {true.filled} there"
    if true.status.is_open and order.quantity != true.quantity:
        yield f"B: {name} is for {order.quantity} here, for {true.quantity} there"


def fills_and_money(market: Trader, heard: Heard, venue: Witnessed) -> Iterator[str]:
    """Check C: the trades heard are the venue's, each once; sums only rise; money is equal."""
    seen: Counter[Trade] = Counter()
    highest: dict[str, Decimal] = {}
    for event in heard.events:
        if isinstance(event, OrderFilled | LateFill | ExternalFill):
            seen[event.pair, event.fill.trade_id, event.fill.exchange_order_id or ""] += 1
        if isinstance(event, OrderFilled | LateFill):
            if event.filled <= highest.get(event.client_order_id, Decimal(0)):
                yield f"C: {event.client_order_id} fell to {event.filled}"
            highest[event.client_order_id] = event.filled
    for trade, times in seen.items():
        if times > 1:
            yield f"C: trade {trade} was told {times} times"
    for trade in venue.trades ^ set(seen):
        yield f"C: trade {trade} is {'not heard' if trade in venue.trades else 'not true'}"
    for asset, (available, locked) in venue.balances.items():
        ours = market.balances.get(asset)
        held = (Decimal(0), Decimal(0)) if ours is None else (ours.available, ours.locked)
        if held != (available, locked):
            yield f"C: {asset} is {held} here, {(available, locked)} there"


def event_order(orders: Sequence[InFlightOrder], heard: Heard) -> Iterator[str]:
    """Accepted before fills before exactly one terminal event; a recovered order begins anew."""
    told = heard.of_orders()
    for order in orders:
        name, story = order.client_order_id, _Story()
        for event in told.get(name, []):
            if not story.allows(event):
                yield f"T17: {name}: {type(event).__name__} out of turn"
        if story.ended is order.is_open:
            yield f"T17: {name} is {order.state.value}, and its end was told: {story.ended}"


@dataclass
class _Story:
    accepted: bool = False
    ended: bool = False

    def allows(self, event: Event) -> bool:
        """Whether the event may come now; it is noted."""
        before, accepted, ended = self.ended, self.accepted, self.ended
        match event:
            case OrderRecovered():
                self.accepted = self.ended = False
                return before
            case LateFill():
                return before
            case OrderAccepted():
                self.accepted = True
                return not (accepted or ended)
            case OrderRefused() | OrderFailed() | OrderLost():
                self.ended = True
                return not ended
            case OrderFilled():
                return accepted and not ended
            case _:
                self.ended = True
                return accepted and not ended
