"""OpenOrders: what rests in the books or waits for its trigger, found by either id."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connector_sdk.model.order import Side
from connector_sdk.sandbox.accounts import Purse
from connector_sdk.sandbox.order_rules import Ticket
from connector_sdk.sandbox.pair_market import TradedPair
from connector_sdk.sandbox.trading import UserOrder


@dataclass(slots=True)
class OpenOrder:
    """A user's order while it is open, in what the engine counts in.

    left:        lots that neither matched nor were taken off.
    lock_asset:  what it will be paid with.
    lock_rate:   units locked for each lot left; 0 where a sum is locked for the whole.
    locked:      units locked for it now.
    """

    order: UserOrder
    ticket: Ticket
    market: TradedPair
    purse: Purse
    left: int
    lock_asset: str
    lock_rate: int
    locked: int = 0
    amends: int = 0

    @property
    def order_id(self) -> int:
        """The venue's id."""
        return self.order.order_id

    @property
    def buys(self) -> bool:
        """Which way it goes."""
        return self.order.new.side is Side.BUY

    @property
    def waits(self) -> bool:
        """Whether its trigger was not met yet."""
        return self.order.working_ns is None


class OpenOrders:
    """Every open order of a venue."""

    def __init__(self) -> None:
        self._by_id: dict[int, OpenOrder] = {}
        self._by_pair: dict[tuple[str, str], dict[int, OpenOrder]] = {}
        self._by_client_id: dict[tuple[str, str, str], int] = {}

    def add(self, one: OpenOrder) -> None:
        """A new one."""
        order = one.order
        self._by_id[order.order_id] = one
        self._by_pair.setdefault((order.account, order.new.pair), {})[order.order_id] = one
        self._by_client_id[order.account, order.new.pair, order.client_order_id] = order.order_id

    def remove(self, one: OpenOrder) -> None:
        """It is open no more."""
        order = one.order
        del self._by_id[order.order_id]
        del self._by_pair[order.account, order.new.pair][order.order_id]
        del self._by_client_id[order.account, order.new.pair, order.client_order_id]

    def rename(self, one: OpenOrder, client_order_id: str) -> None:
        """An amendment gave it another client order id."""
        order = one.order
        del self._by_client_id[order.account, order.new.pair, order.client_order_id]
        order.client_order_id = client_order_id
        self._by_client_id[order.account, order.new.pair, client_order_id] = order.order_id

    def get(self, order_id: int) -> OpenOrder | None:
        """The one with the venue's id."""
        return self._by_id.get(order_id)

    def has_client_id(self, account: str, pair: str, client_order_id: str) -> bool:
        """Whether an open one of that account and pair has that client order id."""
        return (account, pair, client_order_id) in self._by_client_id

    def of(self, account: str, pair: str | None = None) -> list[OpenOrder]:
        """Those of an account, oldest first."""
        if pair is not None:
            return list(self._by_pair.get((account, pair), {}).values())
        return [one for one in self._by_id.values() if one.order.account == account]

    def count(self, account: str, pair: str) -> int:
        """How many an account has of a pair."""
        return len(self._by_pair.get((account, pair), ()))

    def __iter__(self) -> Iterator[OpenOrder]:
        return iter(self._by_id.values())

    def __len__(self) -> int:
        return len(self._by_id)
