"""View: what a running market looks like to whoever started the command."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from types import TracebackType
from typing import ClassVar, Self, get_args

from connector_sdk.cli.order_changes import Resting, change_of, resting
from connector_sdk.model.events import (
    BookAudited,
    BookCrossed,
    BookResynced,
    BookStale,
    Event,
    FeedInterrupted,
    PairDegraded,
)
from connector_sdk.model.order_events import AccountReconciled, OrderChange
from connector_sdk.runtime.live_market import LiveMarket

LINE_PERIOD_S = 1.0
ORDER_CHANGES: tuple[type[OrderChange], ...] = get_args(OrderChange)
TOLD: tuple[type[Event], ...] = (
    BookStale,
    BookResynced,
    FeedInterrupted,
    PairDegraded,
    BookAudited,
    BookCrossed,
    AccountReconciled,
    *ORDER_CHANGES,
)


class View(ABC):
    """Shows one market while it runs. Used as a context: leaving it restores the terminal.

    period_s: how often `refresh` wants to be called.
    kinds:    the events it hears; none any more once the context is left.
    """

    period_s: ClassVar[float] = LINE_PERIOD_S
    kinds: ClassVar[tuple[type[Event], ...]] = TOLD

    def __init__(self, venue: str, market: LiveMarket, depth: int) -> None:
        self.venue = venue
        self.market = market
        self.depth = depth
        self._trades = bool(market.health.trading)
        self._cancels = [market.on(kind, self.hear) for kind in self.kinds]

    def resting(self, pair: str) -> Resting:
        """Where the account's orders rest; nowhere without an account."""
        if not self._trades:
            return {}
        market = self.market
        others = market.user_stream_tracker.ledger.external_open.values()
        return resting(pair, market.in_flight_orders.values(), others)

    @abstractmethod
    def hear(self, event: Event) -> None:
        """Take note of an event, as it happens."""

    @abstractmethod
    def refresh(self) -> None:
        """Show the books as they are now."""

    @abstractmethod
    def note(self, text: str) -> None:
        """Put a line of our own among the events."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Listen no longer."""
        for cancel in self._cancels:
            cancel()
        sys.stdout.flush()


def in_words(event: Event) -> str:
    """An event as a person would tell it; empty for those not worth a line."""
    match event:
        case BookStale():
            return f"{event.pair} stale after id {event.update_id}: {event.reason}"
        case BookResynced():
            return f"{event.pair} synced at id {event.update_id}, {event.replayed} replayed"
        case FeedInterrupted():
            return f"{event.connection} interrupted: {event.reason}"
        case PairDegraded():
            return f"{event.pair} degraded, {event.attempts} attempts: {event.error}"
        case BookAudited(differing=differing) if differing:
            return f"{event.pair} audited: {differing} levels differed, repaired"
        case BookCrossed():
            return f"{event.pair} crossed: bid {event.best_bid} ask {event.best_ask}"
        case AccountReconciled():
            news = f", {event.orders} orders and {event.fills} fills were news"
            return f"account compared: {event.evidence}{news}"
        case _ if isinstance(event, ORDER_CHANGES):
            return change_of(event).words()
        case _:
            return ""


def clock_text() -> str:
    """The time of day, local."""
    return datetime.now(UTC).astimezone().strftime("%H:%M:%S")
