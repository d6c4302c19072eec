"""InFlightOrders: the orders whose end was not told yet, as a mapping that is always up to date."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.runtime.user_stream_tracker import UserStreamTracker


class InFlightOrders(Mapping[str, InFlightOrder]):
    """Client order id → order, oldest first. Reading it copies nothing."""

    def __init__(self, tracker: UserStreamTracker) -> None:
        self._tracker = tracker

    def __getitem__(self, client_order_id: str) -> InFlightOrder:
        return self._tracker.order(self._tracker.ledger.active[client_order_id])

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._tracker.ledger.active))

    def __len__(self) -> int:
        return len(self._tracker.ledger.active)

    def __repr__(self) -> str:
        return f"InFlightOrders({', '.join(map(repr, self.values()))})"
