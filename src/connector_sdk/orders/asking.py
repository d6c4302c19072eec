"""When the venue must be asked about an order."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple, TypeAlias

from connector_sdk.model.order import OrderKey

SECOND: Final = 1_000_000_000
TIDY_HEAP: Final = 1_000


class QueryOrder(NamedTuple):
    """Ask how an order stands."""

    key: OrderKey
    reason: str


class QueryFills(NamedTuple):
    """Ask for all fills of an order; its exchange order id is known."""

    key: OrderKey
    reason: str


Query: TypeAlias = QueryOrder | QueryFills


class Ask:
    """One order that must be asked about.

    at_ns:   when next.
    tries:   how often it was handed out.
    out:     whether it is handed out now, and not answered yet.
    doubt:   why its state is in doubt; empty where only fills are missing.
    renewed: whether the doubt came up while a query was out, which may be too old to settle it.
    absent:  whether the answer was that the venue does not have the order.
    """

    __slots__ = ("absent", "at_ns", "doubt", "out", "renewed", "tries")

    def __init__(self, at_ns: int) -> None:
        self.at_ns = at_ns
        self.tries = 0
        self.out = False
        self.doubt = ""
        self.renewed = False
        self.absent = False


class AskSchedule:
    """Client order id → Ask, by time. Each is handed out once until it is answered or failed.

    first_ns, longest_ns: the space between two queries of one order; doubled from first to longest.
    """

    def __init__(self, first_ns: int, longest_ns: int) -> None:
        self._first_ns = first_ns
        self._longest_ns = longest_ns
        self._asks: dict[str, Ask] = {}
        self._heap: list[tuple[int, str]] = []

    def __len__(self) -> int:
        return len(self._asks)

    def get(self, client_order_id: str) -> Ask | None:
        """The ask about an order, if there is one."""
        return self._asks.get(client_order_id)

    @property
    def next_ns(self) -> int | None:
        """When the next one is due; None where none is."""
        self._skip_stale()
        return self._heap[0][0] if self._heap else None

    def want(self, client_order_id: str, at_ns: int, doubt: str = "") -> None:
        """Ask at `at_ns`, or earlier where that was wanted already."""
        ask = self._asks.get(client_order_id)
        if ask is None:
            ask = self._asks[client_order_id] = Ask(at_ns)
            self._push(client_order_id, at_ns)
        elif not ask.out and at_ns < ask.at_ns:
            ask.at_ns = at_ns
            self._push(client_order_id, at_ns)
        if doubt:
            ask.doubt = doubt
            ask.renewed = ask.out

    def drop(self, client_order_id: str) -> None:
        """There is nothing to ask of it any more."""
        self._asks.pop(client_order_id, None)

    def due(self, now_ns: int) -> list[str]:
        """Those to be asked now, longest overdue first; they are handed out with this."""
        found: list[str] = []
        while True:
            self._skip_stale()
            if not self._heap or self._heap[0][0] > now_ns:
                return found
            _, name = heappop(self._heap)
            ask = self._asks[name]
            ask.out, ask.absent, ask.renewed = True, False, False
            ask.tries += 1
            found.append(name)

    def again(self, client_order_id: str, now_ns: int, wait_ns: int | None = None) -> None:
        """It was answered or failed, and must be asked again, after `wait_ns` or as often before.

        Does nothing for one that is not handed out.
        """
        ask = self._asks.get(client_order_id)
        if ask is None or not ask.out:
            return
        if wait_ns is None:
            wait_ns = min(self._first_ns << min(ask.tries - 1, 40), self._longest_ns)
        ask.out = False
        ask.at_ns = now_ns + wait_ns
        self._push(client_order_id, ask.at_ns)

    def _push(self, client_order_id: str, at_ns: int) -> None:
        heap = self._heap
        heappush(heap, (at_ns, client_order_id))
        if len(heap) > TIDY_HEAP and len(heap) > 4 * len(self._asks):
            heap[:] = {entry for entry in heap if self._is_current(entry)}
            heapify(heap)

    def _skip_stale(self) -> None:
        heap = self._heap
        while heap and not self._is_current(heap[0]):
            heappop(heap)

    def _is_current(self, entry: tuple[int, str]) -> bool:
        ask = self._asks.get(entry[1])
        return ask is not None and not ask.out and ask.at_ns == entry[0]
