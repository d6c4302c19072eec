"""OrderHistory: what the venue remembers of orders and trades, for those who ask."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from connector_sdk.sandbox.bounds import Bounds
from connector_sdk.sandbox.trading import UserFill, UserOrder


class _PairHistory:
    """The orders and fills of one account and pair."""

    __slots__ = ("closed", "fills", "latest", "orders")

    def __init__(self, bounds: Bounds) -> None:
        self.orders: dict[int, UserOrder] = {}
        self.latest: dict[str, int] = {}
        self.closed: deque[int] = deque()
        self.fills: deque[tuple[UserOrder, UserFill]] = deque(maxlen=bounds.fills)

    def forget_oldest(self) -> None:
        order = self.orders.pop(self.closed.popleft())
        if self.latest.get(order.client_order_id) == order.order_id:
            del self.latest[order.client_order_id]


class OrderHistory:
    """Every open order, the newest closed ones and the newest fills.

    `bounds` says how many of each account and pair; the oldest are forgotten first.
    """

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self._pairs: dict[tuple[str, str], _PairHistory] = {}

    def add(self, order: UserOrder) -> None:
        """A new order."""
        pair = self._of(order.account, order.new.pair)
        pair.orders[order.order_id] = order
        pair.latest[order.client_order_id] = order.order_id

    def renamed(self, order: UserOrder, before: str) -> None:
        """An order has another client order id than `before`."""
        latest = self._of(order.account, order.new.pair).latest
        if latest.get(before) == order.order_id:
            del latest[before]
        latest[order.client_order_id] = order.order_id

    def close(self, order: UserOrder) -> None:
        """An order is open no more."""
        pair = self._of(order.account, order.new.pair)
        pair.closed.append(order.order_id)
        if len(pair.closed) > self._bounds.closed:
            pair.forget_oldest()

    def filled(self, order: UserOrder, fill: UserFill) -> None:
        """An order has one more fill."""
        self._of(order.account, order.new.pair).fills.append((order, fill))

    def order(
        self, account: str, pair: str, order_id: int | None, client_order_id: str
    ) -> UserOrder | None:
        """By the venue's id, else the newest with that client order id."""
        known = self._of(account, pair)
        if order_id is None:
            order_id = known.latest.get(client_order_id)
        return None if order_id is None else known.orders.get(order_id)

    def orders(self, account: str, pair: str) -> Sequence[UserOrder]:
        """All that is remembered, by order id."""
        return list(self._of(account, pair).orders.values())

    def fills(self, account: str, pair: str) -> Sequence[tuple[UserOrder, UserFill]]:
        """All that is remembered, by trade id."""
        return list(self._of(account, pair).fills)

    def _of(self, account: str, pair: str) -> _PairHistory:
        known = self._pairs.get((account, pair))
        if known is None:
            known = self._pairs[account, pair] = _PairHistory(self._bounds)
        return known
