"""OrderRecord: the truth about one order, whatever order the venue's messages come in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from connector_sdk.errors import ConnectorError, OrderNotFound, OrderRejected
from connector_sdk.model.exact import AVERAGE, EXACT, ZERO
from connector_sdk.model.order import OrderIntent, OrderKey
from connector_sdk.model.order_events import (
    LateFill,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderChange,
    OrderCompleted,
    OrderExpired,
    OrderFailed,
    OrderFilled,
    OrderLost,
    OrderOutcomeUnknown,
    OrderOverfilled,
    OrderRecovered,
    OrderRefused,
)
from connector_sdk.model.order_update import Fill, OrderReport, OrderStatus
from connector_sdk.orders.states import UNSETTLED_STATES, OrderEvent, OrderState, next_state

STATUS_EVENTS: Final[Mapping[OrderStatus, OrderEvent]] = MappingProxyType(
    {
        OrderStatus.OPEN: OrderEvent.ACCEPTED,
        OrderStatus.PARTIALLY_FILLED: OrderEvent.FILLED_PARTLY,
        OrderStatus.FILLED: OrderEvent.FILLED,
        OrderStatus.CANCELED: OrderEvent.CANCELED,
        OrderStatus.EXPIRED: OrderEvent.EXPIRED,
        OrderStatus.REJECTED: OrderEvent.REJECTED,
    }
)
MATCHED: Final = frozenset({OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED})
"""States in which an order has ended at the venue, perhaps with fills that are still to come."""


ENDINGS: Final = frozenset({OrderEvent.FILLED, OrderEvent.CANCELED, OrderEvent.EXPIRED})


class OrderLog:
    """What happened to the orders of one account, to be told.

    events:   in the order they are to be told.
    illegal:  how often a state met an event that its table does not have.
    """

    __slots__ = ("events", "illegal", "venue")

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.events: list[OrderChange] = []
        self.illegal: Counter[tuple[OrderState, OrderEvent]] = Counter()


class OrderRecord:
    """One order, as far as it is known. Others read it; only the ledger changes it.

    exchange_order_id:  the venue's id; None until it is known.
    quantity:       what it is for now, base units; an amendment changes it.
    fills:          by trade id, in the order they became known.
    filled:         their sum; `filled_quote` is that of price times quantity. Exact.
    fees:           asset → what the fills cost in it, of those whose fee is known.
    claimed:        the highest cumulative quantity a report claimed, while its fills are awaited.
    most_claimed:   the same, also once they were given up; that is not kept over a restart.
    claim_missing:  whether the reports of its end kept silent of how much had been filled; None
                    while no report told its end.
    amending:       what an amendment asked for whose outcome is not known yet.
    reported_ns:    the venue's time of the newest report that was applied.
    unknown_ns:     when its outcome became unknown: the request was sent before.
    heard_ns:       when the venue last said anything of it.
    accepted, done: whether OrderAccepted, and the terminal event, were told.
    changed:        whether anything that is worth writing down changed since the ledger looked.
    error, reason:  what ended it; the error is not kept over a restart, its words are.
    """

    __slots__ = (
        "__weakref__",
        "absences",
        "absent_ns",
        "accepted",
        "amending",
        "backfills",
        "changed",
        "claim_missing",
        "claimed",
        "client_order_id",
        "created_ns",
        "done",
        "error",
        "exchange_order_id",
        "fees",
        "filled",
        "filled_quote",
        "fills",
        "heard_ns",
        "intent",
        "most_claimed",
        "quantity",
        "reason",
        "reported_ns",
        "state",
        "unknown_ns",
        "updated_ns",
    )

    def __init__(self, intent: OrderIntent, client_order_id: str, now_ns: int) -> None:
        self.intent = intent
        self.client_order_id = client_order_id
        self.exchange_order_id: str | None = None
        self.state = OrderState.PENDING_CREATE
        self.quantity = intent.quantity
        self.amending: OrderIntent | None = None
        self.fills: dict[str, Fill] = {}
        self.filled = ZERO
        self.filled_quote = ZERO
        self.fees: dict[str, Decimal] = {}
        self.claimed = self.most_claimed = ZERO
        self.claim_missing: bool | None = None
        self.backfills = 0
        self.created_ns = self.updated_ns = self.heard_ns = now_ns
        self.reported_ns: int | None = None
        self.unknown_ns: int | None = None
        self.absences = 0
        self.absent_ns: int | None = None
        self.accepted = False
        self.done = False
        self.changed = True
        self.error: ConnectorError | None = None
        self.reason = ""

    @property
    def key(self) -> OrderKey:
        """What the venue finds it by."""
        return OrderKey(self.intent.pair, self.client_order_id, self.exchange_order_id)

    @property
    def average_price(self) -> Decimal | None:
        """Of the fills, to 28 digits; None without one."""
        return AVERAGE.divide(self.filled_quote, self.filled) if self.filled else None

    @property
    def owed(self) -> Decimal:
        """What the venue claims was filled, and no fill has shown yet."""
        return EXACT.subtract(self.claimed, self.filled) if self.claimed > self.filled else ZERO

    @property
    def fills_missing(self) -> bool:
        """Whether fills are to be expected that have not come."""
        if self.claimed > self.filled:
            return True
        return self.claim_missing is True and self.filled < self._most

    @property
    def closing(self) -> bool:
        """Whether it has ended at the venue, and is held back until its fills have come."""
        return not self.done and self.state in MATCHED

    @property
    def is_listed(self) -> bool:
        """Whether the venue's list of open orders says how it stands, by naming it or not."""
        at_rest = self.state in {OrderState.OPEN, OrderState.PARTIALLY_FILLED}
        return at_rest and self.exchange_order_id is not None and self.amending is None

    @property
    def exposed(self) -> Decimal:
        """What it may still add to the account's fills, as far as is known; base units."""
        if self.state.is_open:
            most = self._most
            return EXACT.subtract(most, self.filled) if most > self.filled else ZERO
        return ZERO if self.done else self.owed

    @property
    def fill_list(self) -> Sequence[Fill]:
        """Every fill, each once, in the order they became known."""
        return tuple(self.fills.values())

    @property
    def _most(self) -> Decimal:
        amending = self.amending
        return self.quantity if amending is None else max(self.quantity, amending.quantity)

    def report(self, report: OrderReport, log: OrderLog, now_ns: int) -> None:
        """Take what the venue says of how it stands."""
        self._heard(report.exchange_order_id, now_ns)
        event = STATUS_EVENTS[report.status]
        claim = report.filled
        if claim and event is OrderEvent.ACCEPTED:
            event = OrderEvent.FILLED_PARTLY
        if not self._move(event, log, now_ns):
            self._claim(claim)
            self._conclude(log, now_ns)
            return
        if self._is_fresh(report.event_ns):
            self._take_terms(report, log)
        if claim is None and event is OrderEvent.FILLED:
            claim = self.quantity
        if event in ENDINGS and self.claim_missing is not False:
            self.claim_missing = claim is None
        self._claim(claim)
        if not self.done:
            self.reason = report.reason or self.reason
        self._conclude(log, now_ns)

    def fill(self, fill: Fill, log: OrderLog, now_ns: int) -> bool:
        """Count a fill, once; whether it is a new one."""
        self._heard(fill.exchange_order_id, now_ns)
        if fill.trade_id in self.fills:
            return False
        fill = fill._replace(
            client_order_id=self.client_order_id, exchange_order_id=self.exchange_order_id
        )
        self.fills[fill.trade_id] = fill
        self.count(fill)
        self.changed = True
        whole = self.filled >= self._most
        self._move(OrderEvent.FILLED if whole else OrderEvent.FILLED_PARTLY, log, now_ns)
        told = LateFill if self.done else OrderFilled
        pair, name = self.intent.pair, self.client_order_id
        log.events.append(told(pair, name, fill, self.filled, now_ns))
        if self.filled > self._most:
            log.events.append(OrderOverfilled(pair, name, self.filled, self.quantity, now_ns))
        self._conclude(log, now_ns)
        return True

    def count(self, fill: Fill) -> None:
        """Add `fill` to the sums."""
        self.filled = EXACT.add(self.filled, fill.quantity)
        cost = EXACT.multiply(fill.price, fill.quantity)
        self.filled_quote = EXACT.add(self.filled_quote, cost)
        if fill.fee is not None:
            asset, paid = fill.fee
            self.fees[asset] = EXACT.add(self.fees.get(asset, ZERO), paid)

    def confirmed(self, log: OrderLog, now_ns: int) -> None:
        """The venue took the request that places it."""
        if self.state in UNSETTLED_STATES:
            self._move(OrderEvent.ACCEPTED, log, now_ns)

    def ended(self, event: OrderEvent, error: ConnectorError, log: OrderLog, now_ns: int) -> bool:
        """The request that places it was REFUSED or NOT_SENT; false if evidence says otherwise."""
        if not self._move(event, log, now_ns):
            return False
        self.error, self.reason = error, str(error)
        self._conclude(log, now_ns)
        return True

    def outcome_unknown(self, reason: str, log: OrderLog, now_ns: int) -> None:
        """Nobody can tell what became of the request that places it."""
        if self.state is not OrderState.PENDING_CREATE:
            return
        self._move(OrderEvent.OUTCOME_UNKNOWN, log, now_ns)
        self.unknown_ns = now_ns
        told = OrderOutcomeUnknown(self.intent.pair, self.client_order_id, reason, now_ns)
        log.events.append(told)

    def absent(self, reason: str, log: OrderLog, now_ns: int) -> None:
        """The venue's word that it has no such order is believed."""
        if self._move(OrderEvent.ABSENT, log, now_ns):
            self.reason = reason
            self.claimed = self.filled  # a venue without the order cannot show fills of it
            self.error = OrderNotFound(log.venue, "absent", reason)
            self._conclude(log, now_ns)

    def amend_to(self, intent: OrderIntent) -> None:
        """A change to `intent` is asked for: until it is settled it may be for either quantity."""
        self.amending, self.changed = intent, True

    def amended(self, log: OrderLog, now_ns: int, *, taken: bool) -> None:
        """The change that was asked for was taken, or was not."""
        intent, self.amending = self.amending, None
        self.changed = True
        if intent is not None and taken:
            self.intent = intent
            self._amend(intent.quantity, log)
        self._conclude(log, now_ns)

    def give_up_fills(self, log: OrderLog, now_ns: int) -> None:
        """Ask no longer for fills that the venue claims and does not show."""
        owed = self.owed
        if owed:
            words = f"the venue claims {self.claimed} filled and does not show fills of {owed}"
            self.reason = f"{self.reason}; {words}" if self.reason else words
        self.claimed, self.claim_missing, self.changed = self.filled, False, True
        self._conclude(log, now_ns)

    def _heard(self, exchange_order_id: str | None, now_ns: int) -> None:
        self.heard_ns = now_ns
        self.absences = 0
        if self.exchange_order_id is None and exchange_order_id is not None:
            self.exchange_order_id = exchange_order_id
            self.changed = True

    def _claim(self, claim: Decimal | None) -> None:
        if claim is not None and claim > self.claimed:
            self.claimed = claim
            self.most_claimed = max(self.most_claimed, claim)
            self.backfills = 0
            if claim > self.filled:
                self.changed = True

    def _is_fresh(self, event_ns: int | None) -> bool:
        """Whether a report of that time is not older than the newest that was applied."""
        if event_ns is None:
            return True
        if self.reported_ns is not None and event_ns < self.reported_ns:
            return False
        self.reported_ns = event_ns
        return True

    def _take_terms(self, report: OrderReport, log: OrderLog) -> None:
        """Take what it is for now; a report that fits the amendment under way proves it taken."""
        quantity, said, amending = report.quantity, report.intent, self.amending
        if amending is not None:
            fits = quantity in {None, amending.quantity}
            fits = fits and (said is None or said.price == amending.price)
            news = quantity is not None and quantity != self.quantity
            news = news or (said is not None and said.price != self.intent.price)
            if fits and news:
                self.intent, self.amending = amending, None
        if quantity is not None:
            self._amend(quantity, log)

    def _amend(self, quantity: Decimal, log: OrderLog) -> None:
        if quantity == self.quantity or self.done:
            return
        self.quantity = quantity
        self.changed = True
        told = OrderAmended(self.intent.pair, self.client_order_id, quantity, self.heard_ns)
        log.events.append(told)

    def _move(self, event: OrderEvent, log: OrderLog, now_ns: int) -> bool:
        """Let the table decide. False: it has no such transition, and nothing changed."""
        before = self.state
        after = next_state(before, event)
        if after is None:
            log.illegal[before, event] += 1
            return False
        if after is before:
            return True
        self.state = after
        self.changed = True
        if after is OrderState.UNKNOWN or after.is_revivable:
            return True
        pair, name = self.intent.pair, self.client_order_id
        if before.is_revivable:
            self.done = self.accepted = False
            self.error, self.reason = None, ""
            log.events.append(OrderRecovered(pair, name, now_ns))
        if not self.accepted:
            self.accepted = True
            log.events.append(OrderAccepted(pair, name, self.exchange_order_id, now_ns))
        return True

    def _conclude(self, log: OrderLog, now_ns: int) -> None:
        """Tell the terminal event once nothing is missing before it."""
        if self.done:
            return
        if self.state.is_open:
            if not self.accepted or self.filled < self._most:
                return
            self._move(OrderEvent.FILLED, log, now_ns)
        if self.state in MATCHED and self.fills_missing:
            return
        self.done = self.changed = True
        log.events.append(self._ending(log.venue, now_ns))

    def _ending(self, venue: str, now_ns: int) -> OrderChange:
        pair, name, filled, reason = (
            self.intent.pair,
            self.client_order_id,
            self.filled,
            self.reason,
        )
        match self.state:
            case OrderState.FILLED:
                return OrderCompleted(pair, name, filled, now_ns, reason)
            case OrderState.CANCELED:
                return OrderCanceled(pair, name, filled, reason, now_ns)
            case OrderState.EXPIRED:
                return OrderExpired(pair, name, filled, reason, now_ns)
            case OrderState.LOST:
                return OrderLost(pair, name, reason, now_ns)
            case _:
                if self.error is None:
                    words = reason or "the venue reported the order rejected"
                    self.error = OrderRejected(venue, "rejected", words)
                told = OrderFailed if self.state is OrderState.FAILED else OrderRefused
                return told(pair, name, self.error, now_ns)
