"""OrderLedger: every order of one account, and what must be asked of the venue."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from connector_sdk.errors import (
    ConfigError,
    ConnectorError,
    InvariantError,
    OrderNotFound,
    WireError,
)
from connector_sdk.model.order import OrderIntent
from connector_sdk.model.order_events import CancelRefused, ExternalFill, ExternalOrder, OrderChange
from connector_sdk.model.order_update import Absent, Fill, OrderMessage, OrderReport
from connector_sdk.orders.asking import Query, QueryOrder
from connector_sdk.orders.exposure import Exposure, Exposures
from connector_sdk.orders.external import ExternalOrders, UnclaimedFills, VenueId, venue_id
from connector_sdk.orders.ledger_settings import LedgerSettings
from connector_sdk.orders.order_index import OrderIndex, may_mean
from connector_sdk.orders.order_record import OrderLog, OrderRecord
from connector_sdk.orders.outcome import Confirmed, NotSent, Refused, RequestOutcome, Unknown
from connector_sdk.orders.questions import Questions
from connector_sdk.orders.record_text import LedgerEntry, entry_of, record_from
from connector_sdk.orders.states import OrderEvent, OrderState

RESTARTED = "the program was started again"
DIED = "the program ended while the request may have been under way"


class OrderLedger:
    """Knows every order of one account of one venue; decides, and waits for nothing.

    What came is given to `receive` and the `settle` methods, in any order. What to tell is left in
    `take_events`, what to write down in `take_dirty`, what to ask the venue in `due`.
    """

    def __init__(self, venue: str, account: str, settings: LedgerSettings | None = None) -> None:
        self.venue = venue
        self.account = account
        self.settings = settings or LedgerSettings()
        self._log = OrderLog(venue)
        self._orders = OrderIndex(self.settings.closed_limits)
        self._dirty: dict[str, OrderRecord] = {}
        self._questions = Questions(self._orders, self._log, self.settings)
        self._exposures = Exposures()
        self._external = ExternalOrders(self.settings.external_kept)
        self._unclaimed = UnclaimedFills(self.settings.unclaimed_kept)
        self._cancels: dict[str, ConnectorError | None] = {}
        self._amends: set[str] = set()

    @property
    def active(self) -> Mapping[str, OrderRecord]:
        """Client order id → order, of those whose end was not told yet, oldest first."""
        return self._orders.active

    @property
    def lost(self) -> Mapping[str, OrderRecord]:
        """Client order id → order, of those the venue said it does not have."""
        return self._orders.lost

    @property
    def external_open(self) -> Mapping[VenueId, OrderReport]:
        """Open orders of the account that are not ours, as they were last reported."""
        return self._external.open

    @property
    def illegal(self) -> Mapping[tuple[OrderState, OrderEvent], int]:
        """How often a state met an event that its table does not have."""
        return MappingProxyType(self._log.illegal)

    def open_orders(self, pair: str | None = None) -> Iterator[OrderRecord]:
        """Orders that may rest at the venue, or come to (of `pair`), oldest first."""
        for record in self.active.values():
            if record.state.is_open and pair in {None, record.intent.pair}:
                yield record

    def unknown_orders(self) -> Iterator[OrderRecord]:
        """Orders of which nobody can tell yet whether the venue has them."""
        return (record for record in self.active.values() if record.state is OrderState.UNKNOWN)

    def recently_closed(self) -> Iterator[OrderRecord]:
        """Orders whose end was told, the newest first."""
        return self._orders.closed.newest()

    def order(self, client_order_id: str) -> OrderRecord:
        """Any order still remembered. Raises ConfigError for another."""
        record = self._orders.get(client_order_id)
        if record is None:
            raise ConfigError(f"{self.venue}: no order {client_order_id!r} is remembered")
        return record

    def find(self, pair: str, exchange_order_id: str) -> OrderRecord | None:
        """Our order with the venue's id; None where it is not ours."""
        return self._orders.find(pair, None, exchange_order_id)

    def exposure(self, pair: str) -> Exposure:
        """What open and unknown orders of a pair may still fill."""
        return self._exposures.of(pair)

    @property
    def locks(self) -> Mapping[str, Decimal]:
        """Asset → what a venue sets aside for our open and unknown orders."""
        return MappingProxyType(self._exposures.locks)

    @property
    def unseen_locks(self) -> Mapping[str, Decimal]:
        """The part of `locks` that the venue's balances may not show yet."""
        return MappingProxyType(self._exposures.unseen)

    def is_canceling(self, client_order_id: str) -> bool:
        """Whether a cancel of it is under way, or was refused and the order is being asked for."""
        return client_order_id in self._cancels

    def create(self, intent: OrderIntent, client_order_id: str, now_ns: int) -> OrderRecord:
        """A new order, to be written down and then sent."""
        if self._orders.get(client_order_id) is not None:
            raise InvariantError(f"{self.venue}: order {client_order_id} exists already")
        record = OrderRecord(intent, client_order_id, now_ns)
        self._touch(record, now_ns)
        return record

    def restore(self, orders: Iterable[LedgerEntry], now_ns: int) -> None:
        """Take up what an earlier process wrote down.

        Orders that rested are left to the venue's list of open orders, which is one request for
        thousands of them; every other that may be open is asked for. Raises what `record_from`
        raises.
        """
        for entry in orders:
            record = record_from(entry.body)
            if self._orders.get(record.client_order_id) is not None:
                continue
            self._keep(record, record.updated_ns)
            record.outcome_unknown(DIED, self._log, now_ns)
            self._touch(record, now_ns)
            # The machine's clock may have been set back: nothing was heard in this life yet.
            record.heard_ns = min(record.heard_ns, now_ns - 1)
            if not record.is_listed:
                self.ask_about(record.client_order_id, RESTARTED, now_ns)

    def settle(self, client_order_id: str, outcome: RequestOutcome, now_ns: int) -> None:
        """Say what became of the request that places an order."""
        record = self.order(client_order_id)
        match self._believed(record, outcome, now_ns):
            case Confirmed(messages):
                self._take_own(record, messages, now_ns)
                record.confirmed(self._log, now_ns)
            case Unknown(error):
                record.outcome_unknown(str(error), self._log, now_ns)
            case Refused(error) | NotSent(error):
                refused = isinstance(outcome, Refused)
                event = OrderEvent.REFUSED if refused else OrderEvent.NOT_SENT
                if not record.ended(event, error, self._log, now_ns):
                    self._questions.doubt(
                        record, f"it is known, and yet its request failed: {error}", now_ns
                    )
        self._touch(record, now_ns)

    def cancel_asked(self, client_order_id: str, now_ns: int) -> None:
        """A cancel is about to be sent."""
        del now_ns
        self.order(client_order_id)
        self._cancels.setdefault(client_order_id, None)

    def settle_cancel(self, client_order_id: str, outcome: RequestOutcome, now_ns: int) -> None:
        """Say what became of a cancel. Only the venue's reports close an order."""
        record = self.order(client_order_id)
        self._cancels.pop(client_order_id, None)
        match outcome:
            case Confirmed(messages):
                self._take_own(record, messages, now_ns)
                if record.state.is_open:
                    self._questions.doubt(
                        record, "its cancel was confirmed, its end was not", now_ns
                    )
            case Unknown(error):
                self._questions.doubt(
                    record, f"nobody can tell what its cancel did: {error}", now_ns
                )
            case Refused(error):
                if not record.done:
                    self._cancels[client_order_id] = error
                self._questions.doubt(record, f"its cancel was refused: {error}", now_ns)
            case NotSent():
                pass
        self._touch(record, now_ns)

    def amend_asked(self, client_order_id: str, intent: OrderIntent, now_ns: int) -> None:
        """A change of an order to `intent` is about to be sent: it may be for either quantity."""
        record = self.order(client_order_id)
        record.amend_to(intent)
        self._amends.add(client_order_id)
        self._touch(record, now_ns)

    def settle_amend(self, client_order_id: str, outcome: RequestOutcome, now_ns: int) -> None:
        """Say what became of the change asked for last."""
        record = self.order(client_order_id)
        self._amends.discard(client_order_id)
        match self._believed(record, outcome, now_ns):
            case Confirmed(messages):
                record.amended(self._log, now_ns, taken=True)
                self._take_own(record, messages, now_ns)
            case Unknown(error):
                self._questions.doubt(
                    record, f"nobody can tell what its amendment did: {error}", now_ns
                )
            case Refused(error):
                record.amended(self._log, now_ns, taken=False)
                self._questions.doubt(record, f"its amendment was refused: {error}", now_ns)
            case NotSent():
                record.amended(self._log, now_ns, taken=False)
        self._touch(record, now_ns)

    def receive(self, message: OrderMessage | Absent, now_ns: int) -> None:
        """Take what the venue says, of whichever order, on whichever road it came."""
        match message:
            case Absent(client_order_id=name):
                record = self._orders.get(name)
                if record is not None:
                    self._questions.absent(record, now_ns)
                    self._touch(record, now_ns)
            case _:
                ids = message.client_order_id, message.exchange_order_id
                record = self._orders.find(message.pair, *ids)
                if record is not None:
                    self._take(record, message, now_ns)
                    self._touch(record, now_ns)
                elif isinstance(message, Fill):
                    self._foreign_fill(message, now_ns)
                else:
                    self._foreign_report(message, now_ns)

    def receive_open_orders(
        self, pair: str | None, reports: Sequence[OrderReport], *, asked_ns: int, now_ns: int
    ) -> None:
        """Take a whole listing of the open orders (of `pair`) that was asked for at `asked_ns`.

        Orders of ours that should be in it and are not are asked for.
        """
        named: set[str] = set()
        for report in reports:
            self.receive(report, now_ns)
            record = self._orders.find(
                report.pair, report.client_order_id, report.exchange_order_id
            )
            if record is not None:
                named.add(record.client_order_id)
        self._external.listed(pair, reports)
        for record in self.open_orders(pair):
            fresh = record.heard_ns >= asked_ns or record.state is OrderState.PENDING_CREATE
            if record.client_order_id not in named and not fresh:
                self._questions.doubt(
                    record, "the venue's list of open orders does not name it", now_ns
                )

    def ask_about(self, client_order_id: str, reason: str, now_ns: int) -> None:
        """Have an order asked for at the next `due`, unless it has ended or is not sent yet."""
        self._questions.doubt(self.order(client_order_id), reason, now_ns)

    def due(self, now_ns: int) -> Sequence[Query]:
        """What the venue must be asked now, longest overdue first.

        Each query is handed out once, until `query_answered` or `query_failed` is told of it.
        """
        return self._questions.due(now_ns)

    @property
    def next_due_ns(self) -> int | None:
        """When `due` has something next; None while nothing is to be asked."""
        return self._questions.next_ns

    def query_answered(self, query: Query, now_ns: int) -> None:
        """The venue answered; everything it said was given to `receive` before."""
        record = self._questions.answered(query, now_ns)
        if record is None:
            return
        if isinstance(query, QueryOrder) and not self._questions.in_doubt(record):
            self._settled_by_asking(record, now_ns)
        self._touch(record, now_ns)

    def query_failed(self, query: Query, error: ConnectorError, now_ns: int) -> None:
        """No answer came. Only OrderNotFound is an answer: it is the same as Absent."""
        if isinstance(error, OrderNotFound):
            if isinstance(query, QueryOrder):
                self.receive(Absent(query.key.pair, query.key.client_order_id), now_ns)
            self.query_answered(query, now_ns)
        else:
            self._questions.failed(query, now_ns)

    def take_events(self) -> list[OrderChange]:
        """What is to be told, in order; it is told once."""
        events, self._log.events = self._log.events, []
        return events

    def take_dirty(self) -> list[LedgerEntry]:
        """Orders that changed since the last time, to be written down."""
        dirty, self._dirty = self._dirty, {}
        return [entry_of(record) for record in dirty.values()]

    def drop_dirty(self) -> None:
        """Nobody writes down what changed."""
        self._dirty.clear()

    def _take_own(self, record: OrderRecord, messages: Sequence[OrderMessage], now_ns: int) -> None:
        """Take the answer to a request about `record`; it may name the order by no id of ours."""
        for message in messages:
            if self._is_about(record, message):
                self._take(record, message, now_ns)
            else:
                self.receive(message, now_ns)

    def _is_about(self, record: OrderRecord, message: OrderMessage) -> bool:
        """Whether the answer to a request about `record` says this of it."""
        name, number = message.client_order_id, message.exchange_order_id
        if name is None:
            return may_mean(record, message.pair, number)
        return self._orders.find(message.pair, name, number) is record

    def _believed(
        self, record: OrderRecord, outcome: RequestOutcome, now_ns: int
    ) -> RequestOutcome:
        """A yes that tells of other orders alone says nothing of `record`: Unknown."""
        if not isinstance(outcome, Confirmed) or not outcome.messages:
            return outcome
        if any(self._is_about(record, message) for message in outcome.messages):
            return outcome
        self._take_own(record, outcome.messages, now_ns)
        return Unknown(WireError(f"{self.venue}: the answer is about another order"))

    def _take(self, record: OrderRecord, message: OrderMessage, now_ns: int) -> None:
        if isinstance(message, Fill):
            record.fill(message, self._log, now_ns)
        else:
            record.report(message, self._log, now_ns)

    def _touch(self, record: OrderRecord, now_ns: int) -> None:
        """Keep up everything that follows from how `record` stands."""
        if record.changed:
            record.updated_ns = now_ns
            self._dirty[record.client_order_id] = record
            self._keep(record, now_ns)
        self._questions.plan(record, now_ns)

    def _keep(self, record: OrderRecord, now_ns: int) -> None:
        pair, name = record.intent.pair, record.client_order_id
        learned = self._orders.put(record, now_ns)
        if learned is not None and len(self._unclaimed):
            for fill in self._unclaimed.claim((pair, learned)):
                record.fill(fill, self._log, now_ns)
            self._orders.put(record, now_ns)
        record.changed = False
        self._exposures.changed(record)
        if record.done:
            self._cancels.pop(name, None)
            self._amends.discard(name)
        if len(self._unclaimed) and not self._orders.without_ids(pair):
            for fill in self._unclaimed.of_pair(pair):
                self._tell_foreign(fill, now_ns)

    def _settled_by_asking(self, record: OrderRecord, now_ns: int) -> None:
        """It is known how `record` stands; so is what came of requests that were in doubt."""
        name = record.client_order_id
        error = self._cancels.get(name)
        if error is not None:
            del self._cancels[name]
            if record.state.is_open:
                told = CancelRefused(record.intent.pair, name, error, now_ns)
                self._log.events.append(told)
        if record.amending is not None and name not in self._amends:
            record.amended(self._log, now_ns, taken=False)

    def _foreign_report(self, report: OrderReport, now_ns: int) -> None:
        if self._external.report(report):
            self._log.events.append(ExternalOrder(report.pair, report, now_ns))
        for fill in self._unclaimed.claim(venue_id(report)):
            self._tell_foreign(fill, now_ns)

    def _foreign_fill(self, fill: Fill, now_ns: int) -> None:
        number = fill.exchange_order_id
        may_be_ours = fill.client_order_id is None and bool(self._orders.without_ids(fill.pair))
        if number is None or not may_be_ours:
            self._tell_foreign(fill, now_ns)
            return
        for told in self._unclaimed.put((fill.pair, number), fill):
            self._tell_foreign(told, now_ns)
        for record in self._orders.without_ids(fill.pair):
            self._questions.identify(record, now_ns)

    def _tell_foreign(self, fill: Fill, now_ns: int) -> None:
        if self._external.fill(fill):
            self._log.events.append(ExternalFill(fill.pair, fill, now_ns))
