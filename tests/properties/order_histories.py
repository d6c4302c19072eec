"""Legal histories of one order at a venue, and everything the venue may say of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from hypothesis import strategies as st

from connector_sdk.errors import OrderNotFound, RequestTimeout, Sent
from connector_sdk.model.account import Fee
from connector_sdk.model.order import OrderIntent, OrderType, Side, TimeInForce
from connector_sdk.model.order_events import (
    CancelRefused,
    LateFill,
    OrderAccepted,
    OrderAmended,
    OrderCanceled,
    OrderChange,
    OrderCompleted,
    OrderExpired,
    OrderFilled,
    OrderOutcomeUnknown,
)
from connector_sdk.model.order_update import Absent, Fill, OrderMessage, OrderReport, OrderStatus
from connector_sdk.orders.asking import SECOND, Query, QueryFills
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.outcome import Confirmed, Refused, RequestOutcome, Unknown
from connector_sdk.orders.states import OrderState

PAIR = "BTC-USDT"
NAME = "mine-1"
NUMBER = "77"
TIMEOUT = RequestTimeout("the venue did not answer", Sent.MAYBE)
NOT_FOUND = OrderNotFound("the venue", "-2011", "Unknown order sent.")
ENDS = {
    OrderStatus.FILLED: OrderState.FILLED,
    OrderStatus.CANCELED: OrderState.CANCELED,
    OrderStatus.EXPIRED: OrderState.EXPIRED,
}
LETTERS: dict[type, str] = {
    OrderAccepted: "A",
    OrderFilled: "F",
    OrderCompleted: "C",
    OrderCanceled: "X",
    OrderExpired: "E",
    LateFill: "L",
}
ASIDE = (OrderOutcomeUnknown, OrderAmended, CancelRefused)
TOLD = {OrderStatus.FILLED: "C", OrderStatus.CANCELED: "X", OrderStatus.EXPIRED: "E"}


class Step(NamedTuple):
    """One thing that reaches the ledger."""

    label: str
    feed: Callable[[OrderLedger, int], None]
    request: bool = False

    def __repr__(self) -> str:
        return self.label


@dataclass(frozen=True)
class History:
    """What truly happened at the venue: reports in its order, fills, and how it ended."""

    quantity: Decimal
    reports: Sequence[OrderReport]
    fills: Sequence[Fill]
    end: OrderStatus
    steps: Sequence[Step] = field(default=(), compare=False)

    @property
    def intent(self) -> OrderIntent:
        return OrderIntent(
            PAIR, Side.BUY, self.quantity, Decimal(100), OrderType.LIMIT, TimeInForce.GTC
        )

    @property
    def filled(self) -> Decimal:
        return sum((fill.quantity for fill in self.fills), Decimal(0))

    @property
    def last(self) -> OrderReport:
        return self.reports[-1]

    @property
    def word(self) -> str:
        return "A" + "F" * len(self.fills) + TOLD[self.end]


def told(events: Sequence[OrderChange]) -> str:
    """The events as letters; those that may or may not be told are left out."""
    return "".join(LETTERS.get(type(e), "?") for e in events if not isinstance(e, ASIDE))


def report(status: OrderStatus, filled: Decimal, quantity: Decimal, at: int) -> OrderReport:
    return OrderReport(PAIR, NAME, NUMBER, status, filled, quantity, event_ns=at)


def fill(number: int, quantity: Decimal) -> Fill:
    fee = Fee("BNB", Decimal("0.001") * quantity)
    price = Decimal(100) - number
    return Fill(PAIR, f"t{number}", NAME, NUMBER, Side.BUY, price, quantity, fee, True, 10 + number)


@st.composite
def histories(draw: st.DrawFn) -> History:
    """An order that was accepted, filled in some parts, perhaps amended, and ended."""
    parts = draw(st.lists(st.integers(1, 5), max_size=4))
    end = draw(st.sampled_from(list(OrderStatus)).filter(lambda s: s in ENDS))
    if end is OrderStatus.FILLED and not parts:
        parts = [draw(st.integers(1, 5))]
    rest = 0 if end is OrderStatus.FILLED else draw(st.integers(1, 5))
    final = Decimal(sum(parts) + rest)
    amended_at = draw(st.none() | st.integers(0, max(len(parts) - 1, 0)))
    quantity = final if amended_at is None else final + draw(st.integers(1, 5))
    reports = [report(OrderStatus.OPEN, Decimal(0), quantity, 1)]
    fills: list[Fill] = []
    done, now_for = Decimal(0), quantity
    for number, part in enumerate(parts):
        if number == amended_at:
            now_for = final
            reports.append(_standing(done, now_for, len(reports) + 1))
        done += part
        fills.append(fill(number, Decimal(part)))
        reports.append(_standing(done, now_for, len(reports) + 1))
    if amended_at is not None and now_for != final:
        now_for = final
        reports.append(_standing(done, now_for, len(reports) + 1))
    if end is not OrderStatus.FILLED:
        reports.append(report(end, done, now_for, len(reports) + 1))
    history = History(quantity, reports, fills, end)
    return History(quantity, reports, fills, end, draw(_steps(history)))


def _standing(filled: Decimal, quantity: Decimal, at: int) -> OrderReport:
    status = OrderStatus.PARTIALLY_FILLED if filled else OrderStatus.OPEN
    return report(OrderStatus.FILLED if filled == quantity else status, filled, quantity, at)


@st.composite
def _steps(draw: st.DrawFn, history: History) -> Sequence[Step]:
    """Every report and fill of the stream, the requests' answers, and answers to polls."""
    streamed: Sequence[OrderMessage] = [*history.reports, *history.fills]
    steps = [_message(message) for message in streamed]
    steps.append(_place(draw(_place_outcomes(history))))
    if draw(st.booleans()):
        steps.append(_cancel(draw(_cancel_outcomes(history))))
    nameless = [f._replace(client_order_id=None) for f in history.fills]
    polled: Sequence[OrderMessage | Absent] = [*history.reports, *history.fills, *nameless]
    extra = draw(st.lists(st.sampled_from(polled), max_size=5))
    absences = [Absent(PAIR, NAME)] * draw(st.integers(0, 2))
    return [*steps, *(_message(message) for message in [*extra, *absences])]


def _place_outcomes(history: History) -> st.SearchStrategy[RequestOutcome]:
    whole: list[OrderMessage] = [history.last, *history.fills]
    return st.sampled_from(
        [
            Confirmed(),
            Confirmed(history.reports[:1]),
            Confirmed(whole),
            Confirmed(whole[::-1]),
            Unknown(TIMEOUT),
        ]
    )


def _cancel_outcomes(history: History) -> st.SearchStrategy[RequestOutcome]:
    answers: list[RequestOutcome] = [Unknown(TIMEOUT), Refused(NOT_FOUND), Confirmed()]
    if history.end is OrderStatus.CANCELED:
        answers.append(Confirmed([history.last]))
    return st.sampled_from(answers)


def _message(message: OrderMessage | Absent) -> Step:
    return Step(_label(message), lambda ledger, now_ns: ledger.receive(message, now_ns))


def _label(message: OrderMessage | Absent) -> str:
    match message:
        case OrderReport():
            return f"{message.status.value} {message.filled}/{message.quantity}"
        case Fill():
            return f"fill {message.trade_id} {message.quantity} by {message.client_order_id}"
        case Absent():
            return "absent"


def _place(outcome: RequestOutcome) -> Step:
    def feed(ledger: OrderLedger, now_ns: int) -> None:
        ledger.settle(NAME, outcome, now_ns)

    return Step(
        f"place: {type(outcome).__name__} {len(getattr(outcome, 'messages', ()))}", feed, True
    )


def _cancel(outcome: RequestOutcome) -> Step:
    def feed(ledger: OrderLedger, now_ns: int) -> None:
        ledger.cancel_asked(NAME, now_ns)
        ledger.settle_cancel(NAME, outcome, now_ns)

    return Step(f"cancel: {type(outcome).__name__}", feed, True)


@dataclass
class Answering:
    """A venue that answers queries with how `history` ended; sometimes the network fails.

    history: None for an order that never reached it.
    """

    history: History | None
    failures: Sequence[bool] = ()
    asked: list[Query] = field(default_factory=list)

    def settle(self, ledger: OrderLedger, now_ns: int, within_s: int = 600) -> int:
        """Answer every query until none is due within `within_s`; the time then."""
        until_ns = now_ns + within_s * SECOND
        while True:
            for query in ledger.due(now_ns):
                self._answer(query, ledger, now_ns)
            due_ns = ledger.next_due_ns
            if due_ns is None or due_ns > until_ns:
                return now_ns
            now_ns = max(now_ns, due_ns)

    def _answer(self, query: Query, ledger: OrderLedger, now_ns: int) -> None:
        at = len(self.asked)
        self.asked.append(query)
        if at < len(self.failures) and self.failures[at]:
            ledger.query_failed(query, TIMEOUT, now_ns)
            return
        if self.history is None:
            ledger.query_failed(query, NOT_FOUND, now_ns)
            return
        if isinstance(query, QueryFills):
            for one in self.history.fills:
                ledger.receive(one._replace(client_order_id=None), now_ns)
        else:
            ledger.receive(self.history.last, now_ns)
        ledger.query_answered(query, now_ns)
