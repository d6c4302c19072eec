"""TradingJournal: what truly happened to orders and money. The oracle of the order checks."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import NamedTuple

from connector_sdk.model.order import Side
from connector_sdk.sandbox.bounds import USUAL, Bounds
from connector_sdk.sandbox.trading import AccountBalance, UserFill, UserOrder, VenueOrderStatus


class Fate(Enum):
    """What became of a request about an order."""

    DONE = "done"
    """It reached the desk, which did it. Whether the answer came through is another matter."""
    REFUSED = "refused"
    """It was refused: by the desk, or for its key, its signature or its time."""
    NOT_REACHED = "not reached"
    """A limit or a fault stood before it."""


class Arrival(NamedTuple):
    """A request about an order, as it arrived.

    connection, number:  where it came, and its number among all requests of the venue, from 1.
    kind:                what it was for: a word of a fault's ``request=``.
    account:             empty where its key is not known.
    """

    at_ns: int
    connection: str
    number: int
    kind: str
    account: str
    pair: str
    client_order_id: str
    fate: Fate


class Acceptance(NamedTuple):
    """An order the venue took."""

    at_ns: int
    account: str
    pair: str
    client_order_id: str
    order_id: int


class Ending(NamedTuple):
    """An order that is open no more. `filled` is in base units."""

    at_ns: int
    account: str
    pair: str
    client_order_id: str
    order_id: int
    status: VenueOrderStatus
    filled: Decimal


class FillRecord(NamedTuple):
    """One trade of one user's order. trade_id: unique within the pair, but for self-trades."""

    at_ns: int
    account: str
    pair: str
    client_order_id: str
    order_id: int
    side: Side
    fill: UserFill


class Transfer(NamedTuple):
    """Money that came from outside (or, negative, went there); the first funds among it."""

    at_ns: int
    account: str
    asset: str
    change: Decimal


class TradingJournal:
    """Orders, requests about them, fills, transfers and balances.

    Bounded: the newest `bounds.rows` of each kind are kept; balances are those of now.

    orders:    accepted, oldest first.
    arrivals:  requests about orders, accepted or not.
    ends:      orders that are open no more.
    breaches:  requests refused because a limit of the venue was truly exceeded.
    """

    def __init__(self, bounds: Bounds = USUAL) -> None:
        self.orders: deque[Acceptance] = deque(maxlen=bounds.rows)
        self.arrivals: deque[Arrival] = deque(maxlen=bounds.rows)
        self.ends: deque[Ending] = deque(maxlen=bounds.rows)
        self.transfers: deque[Transfer] = deque(maxlen=bounds.rows)
        self.breaches = 0
        self._fills: deque[FillRecord] = deque(maxlen=bounds.rows)
        self._balances: dict[str, dict[str, AccountBalance]] = {}

    def fills(self, account: str | None = None) -> Sequence[FillRecord]:
        """The fills of an account (of all), in the order they happened."""
        return [row for row in self._fills if account in {None, row.account}]

    def balances(self, account: str) -> Mapping[str, AccountBalance]:
        """Asset → balance, as last told."""
        return self._balances.get(account, {})

    def accepted(self, order: UserOrder) -> None:
        """An order was taken."""
        self.orders.append(
            Acceptance(
                order.created_ns,
                order.account,
                order.new.pair,
                order.client_order_id,
                order.order_id,
            )
        )

    def filled(self, order: UserOrder, fill: UserFill) -> None:
        """An order has one more fill."""
        self._fills.append(
            FillRecord(
                fill.at_ns,
                order.account,
                order.new.pair,
                order.client_order_id,
                order.order_id,
                order.new.side,
                fill,
            )
        )

    def ended(self, order: UserOrder) -> None:
        """An order is open no more."""
        self.ends.append(
            Ending(
                order.updated_ns,
                order.account,
                order.new.pair,
                order.client_order_id,
                order.order_id,
                order.status,
                order.filled,
            )
        )

    def balance(self, account: str, balances: Sequence[AccountBalance]) -> None:
        """Balances of an account changed."""
        self._balances.setdefault(account, {}).update({one.asset: one for one in balances})

    def digest_into(self, digest: hashlib.blake2b) -> None:
        """Feed everything kept to `digest`."""
        rows = (self.orders, self.arrivals, self.ends, self.transfers, self._fills)
        digest.update(repr([list(each) for each in rows]).encode())
        digest.update(repr((self.breaches, self._balances)).encode())
