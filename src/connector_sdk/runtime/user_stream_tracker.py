"""UserStreamTracker: what the venue says of an account goes in, what happened to it comes out.

Frames of the private stream and answers to requests take the same road: into the ledger and the
balances, and out as events. Synchronous; it needs no loop and no socket.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple, TypeAlias, TypeVar
from weakref import WeakValueDictionary

from connector_sdk.model.account import Balance, BalanceReport
from connector_sdk.model.events import FeedInterrupted, FeedMetrics
from connector_sdk.model.instrument import Instruments
from connector_sdk.model.order_events import (
    BalanceChanged,
    ExternalFill,
    ExternalOrder,
    LateFill,
    OrderChange,
    OrderFilled,
)
from connector_sdk.model.order_update import AccountMessage, OrderMessage
from connector_sdk.model.wire import (
    Frame,
    Reply,
    Sequenced,
    SessionEnding,
    Subscribed,
    SubscriptionRefused,
    Unrecognized,
    UserMessage,
)
from connector_sdk.orders.asking import Query
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.protocols.data_source import UserDecode, UserStreamTrackerDataSource
from connector_sdk.protocols.market import MALFORMED
from connector_sdk.protocols.tracker import Control, Tracker
from connector_sdk.runtime.holdings import Holdings
from connector_sdk.runtime.listeners import Listeners
from connector_sdk.runtime.live_order import LiveOrder
from connector_sdk.runtime.logon import ACCOUNT
from connector_sdk.runtime.oddities import Oddities
from connector_sdk.runtime.stream_parts import SECOND_NS

LOG = logging.getLogger(__name__)
E = TypeVar("E")
SILENCE_NS = 5 * SECOND_NS
"""A stream that owes a word for so long is not trusted."""
GIVEN_UP_NS = 30 * SECOND_NS
"""And after so long another connection takes its place."""
FILLS = (OrderFilled, LateFill, ExternalFill)
OTHERS = (ExternalOrder, ExternalFill)


class NeedReconciliation(NamedTuple):
    """Something may have been missed since `from_ns`: compare the account with the venue."""

    from_ns: int
    reason: str


UserRequest: TypeAlias = Control | Query | NeedReconciliation


class Found:
    """What answers told that the stream had not.

    orders:  ids of orders that turned out to stand otherwise; fills: how many.
    asked:   client order ids of orders that the venue answered for by themselves.
    """

    def __init__(self) -> None:
        self.orders: set[str] = set()
        self.fills = 0
        self.asked: set[str] = set()

    def count(self, event: OrderChange) -> None:
        """Take note of one event."""
        if isinstance(event, FILLS):
            self.fills += 1
        elif isinstance(event, ExternalOrder):
            self.orders.add(event.report.exchange_order_id or event.report.client_order_id or "")
        elif not isinstance(event, ExternalFill):
            self.orders.add(event.client_order_id)


class UserStreamTracker(Tracker[UserRequest]):
    """One account of one venue.

    started_ns: since when the account is not heard, until its stream is up.
    listeners:  who hears the events; a market gives those of its books.
    failure:    what of the stream was lost by a bug of ours; None once another carries the account.
    """

    def __init__(
        self,
        source: UserStreamTrackerDataSource,
        ledger: OrderLedger,
        holdings: Holdings,
        *,
        instruments: Instruments,
        started_ns: int,
        listeners: Listeners | None = None,
    ) -> None:
        self.instruments = instruments
        self.listeners = listeners or Listeners()
        self.ledger = ledger
        self.holdings = holdings
        self.heard_ns = 0
        self.failure: str | None = None
        self._source = source
        self._decoders: dict[str, UserDecode] = {}
        self._requests: list[UserRequest] = []
        self._orders: WeakValueDictionary[str, LiveOrder] = WeakValueDictionary()
        self._oddities = Oddities(ledger.venue)
        self._frames = 0
        self._now_ns = started_ns
        self._owner: str | None = None
        self._missed_ns: int | None = started_ns
        self._owed_ns: int | None = None

    # --- frames

    def receive(self, frame: Frame) -> None:
        """Take one frame. Never raises for what a venue sent: that is counted."""
        self._frames += 1
        self._now_ns = frame.received_ns
        decode = self._decoders.get(frame.connection)
        if decode is None:
            decode = self._source.open(self.instruments)
            self._decoders[frame.connection] = decode
        try:
            messages: Sequence[UserMessage] = decode(frame)
        except MALFORMED as error:
            self._unreadable(error, frame)
            return
        for message in messages:
            try:
                self._take(message, frame)
            except Exception as error:
                # What was read well cannot be to blame, and would fail again if it were asked for.
                LOG.exception("%s: a bug: %s not taken", self.ledger.venue, type(message).__name__)
                self.failure = f"a bug of ours: {type(error).__name__}: {error}"
        self.tell()

    def _take(self, message: UserMessage, frame: Frame) -> None:
        match message:
            case Unrecognized(kind):
                self._oddities.unrecognized(kind)
            case Subscribed() | SubscriptionRefused() | Reply():
                self._requests.append(Control(frame.connection, message))
            case SessionEnding():
                # Some venues end the account's events with this word, and the connection later.
                if frame.connection == self._owner and self._missed_ns is None:
                    self._missed_ns = frame.received_ns
                self._requests.append(Control(frame.connection, message))
            case Sequenced():
                pass
            case _:
                self.heard_ns = frame.received_ns
                self._owed_ns = None
                self._enter(message, frame.received_ns)

    def _unreadable(self, error: Exception, frame: Frame) -> None:
        """Count it; it may have been news of an order, so the venue is asked."""
        self._oddities.unreadable(error, frame.data[:200])
        reason = "a frame of the private stream cannot be read"
        self._requests.append(NeedReconciliation(frame.received_ns, reason))

    def _enter(self, message: AccountMessage, now_ns: int) -> None:
        if isinstance(message, BalanceReport):
            self._hold(self.holdings.told(message, now_ns), now_ns)
        else:
            self.ledger.receive(message, now_ns)

    def _hold(self, changed: Iterable[Balance], now_ns: int) -> None:
        for balance in changed:
            self.listeners.emit(BalanceChanged(None, balance, now_ns))

    def answered(
        self, messages: Iterable[OrderMessage], now_ns: int, found: Found | None = None
    ) -> None:
        """Take what the venue answered about orders. found: counts what that told anew."""
        self._now_ns = max(self._now_ns, now_ns)
        for message in messages:
            self.ledger.receive(message, now_ns)
        self.tell(found)

    def balances_answered(self, report: BalanceReport, asked_ns: int, now_ns: int) -> None:
        """Take what the venue answered about the balances, asked for at `asked_ns`."""
        self._hold(self.holdings.answered(report, asked_ns, now_ns), now_ns)

    def tell(self, found: Found | None = None) -> None:
        """Tell what happened to the orders, and wake who waits for it."""
        emit, events = self.listeners.emit, self.ledger.take_events()
        if events:
            fills = [event.fill for event in events if isinstance(event, FILLS)]
            self._hold(self.holdings.traded(fills), self._now_ns)
        for event in events:
            if found is not None:
                found.count(event)
            if not isinstance(event, OTHERS):
                order = self._orders.get(event.client_order_id)
                if order is not None:
                    order.changed()
            emit(event)

    def on(self, kind: type[E], callback: Callable[[E], None]) -> Callable[[], None]:
        """Call `callback` at every event of `kind`; returns a function that ends it."""
        return self.listeners.on(kind, callback)

    def order(self, record: OrderRecord) -> LiveOrder:
        """The one LiveOrder of `record`."""
        order = self._orders.get(record.client_order_id)
        if order is None:
            order = LiveOrder(record, self.ledger.venue)
            self._orders[record.client_order_id] = order
        return order

    def close(self) -> None:
        """Nothing will come any more: whoever waits for an order is told so."""
        for order in list(self._orders.values()):
            order.close()

    # --- the stream

    @property
    def ready(self) -> bool:
        """Whether the private stream is up and trusted: acknowledged, not ending, not silent, and
        all it told was taken.
        """
        up = self._owner is not None and self._missed_ns is None
        return up and not self.silent and self.failure is None

    @property
    def silent(self) -> bool:
        """Whether the stream is up and has owed a word for too long."""
        return self._owed_ns is not None and self._now_ns - self._owed_ns >= SILENCE_NS

    def owes(self, since_ns: int, now_ns: int) -> None:
        """Something happened after `since_ns` that the stream must tell, if it has not yet."""
        if self._owner is not None and self._owed_ns is None and self.heard_ns < since_ns:
            self._owed_ns = now_ns

    def subscribed(self, connection: str, topics: Sequence[str], now_ns: int) -> None:
        """The venue acknowledged that `connection` carries the account."""
        del topics
        missed_ns, self._missed_ns = self._missed_ns, None
        self._owner = connection
        self._owed_ns = None
        self.failure = None
        from_ns = now_ns if missed_ns is None else missed_ns
        reason = f"{connection} carries the account now"
        self._requests.append(NeedReconciliation(from_ns, reason))

    def owned_by(self, connection: str) -> Collection[str]:
        """The account, if `connection` carries it."""
        return (ACCOUNT,) if self._owner == connection else ()

    def connection_lost(self, connection: str, reason: str, now_ns: int) -> None:
        """A connection ended: if it carried the account, events are missed from now on."""
        self._decoders.pop(connection, None)
        if self._owner != connection:
            return
        self._owner = None
        if self._missed_ns is None:
            self._missed_ns = now_ns if self._owed_ns is None else self._owed_ns
        self._owed_ns = None
        self.listeners.emit(FeedInterrupted(None, connection, reason, now_ns))

    def tick(self, now_ns: int) -> None:
        """Let time pass; call about once a second."""
        self._now_ns = max(self._now_ns, now_ns)
        owed_ns, owner = self._owed_ns, self._owner
        if owed_ns is not None and owner is not None and now_ns - owed_ns >= GIVEN_UP_NS:
            self._owed_ns, self._missed_ns = None, owed_ns
            self._requests.append(Control(owner, SessionEnding("it owes what the venue did")))

    def take_requests(self) -> Sequence[UserRequest]:
        """What is wanted; each is handed out once."""
        queries = self.ledger.due(self._now_ns)
        if not (self._requests or queries):
            return ()
        requests, self._requests = self._requests, []
        return [*requests, *queries]

    @property
    def feed_metrics(self) -> FeedMetrics:
        """Counters of the private stream."""
        return self._oddities.metrics(self._frames)
