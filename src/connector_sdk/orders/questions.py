"""Which orders the venue must be asked about, and what its answers settle."""

from __future__ import annotations

from collections.abc import Sequence

from connector_sdk.orders.asking import Ask, AskSchedule, Query, QueryFills, QueryOrder
from connector_sdk.orders.ledger_settings import LedgerSettings, ns
from connector_sdk.orders.order_index import OrderIndex
from connector_sdk.orders.order_record import OrderLog, OrderRecord
from connector_sdk.orders.states import OrderState

OUTCOME = "nobody can tell what became of the request that places it"
FILLS = "fills are missing"
NAMELESS = "a fill came whose order is not known, and the exchange order id of this one is not"


class Questions:
    """The doubts about an account's orders, until the venue has answered them.

    An order is asked for while its outcome is unknown, while its state is in doubt, and while the
    venue claims fills that have not come.
    """

    def __init__(self, orders: OrderIndex, log: OrderLog, settings: LedgerSettings) -> None:
        self._orders = orders
        self._log = log
        self._settings = settings
        self._asks = AskSchedule(ns(settings.first_ask_s), ns(settings.longest_ask_s))

    @property
    def next_ns(self) -> int | None:
        """When the next query is due; None where none is."""
        return self._asks.next_ns

    def in_doubt(self, record: OrderRecord) -> bool:
        """Whether it is not known how `record` stands."""
        return self._asks_for_state(record, self._asks.get(record.client_order_id))

    def doubt(self, record: OrderRecord, reason: str, now_ns: int) -> None:
        """Have it asked for at once, unless it has ended."""
        if not record.done:
            self._asks.want(record.client_order_id, now_ns, reason)

    def identify(self, record: OrderRecord, now_ns: int) -> None:
        """A fill waits for its order, which may be `record`: ask if its id stays unknown."""
        ask = self._asks.get(record.client_order_id)
        if ask is None or not ask.doubt:
            at_ns = now_ns + ns(self._settings.fills_wait_s)
            self._asks.want(record.client_order_id, at_ns, NAMELESS)

    def plan(self, record: OrderRecord, now_ns: int) -> None:
        """See whether `record` must be asked for as it stands now."""
        name = record.client_order_id
        ask = self._asks.get(name)
        if self._asks_for_state(record, ask):
            if ask is None or (not ask.tries and ask.doubt != NAMELESS):
                self._asks.want(name, now_ns)
        elif not self._asks_for_fills(record):
            if ask is not None:
                self._asks.drop(name)
        elif ask is None:
            wait_ns = ns(self._settings.fills_wait_s) if record.owed else 0
            self._asks.want(name, now_ns + wait_ns)

    def due(self, now_ns: int) -> Sequence[Query]:
        """What must be asked now; each is handed out once, until it is answered or has failed."""
        queries: list[Query] = []
        for name in self._asks.due(now_ns):
            record, ask = self._orders.get(name), self._asks.get(name)
            if record is None or ask is None:
                self._asks.drop(name)
            elif record.state is OrderState.PENDING_CREATE:
                self._asks.again(name, now_ns)
            elif self._asks_for_state(record, ask):
                queries.append(QueryOrder(record.key, ask.doubt or OUTCOME))
            elif record.exchange_order_id is None:
                queries.append(QueryOrder(record.key, f"{FILLS}, and its exchange order id"))
            else:
                queries.append(QueryFills(record.key, FILLS))
        return queries

    def answered(self, query: Query, now_ns: int) -> OrderRecord | None:
        """The venue answered `query`, and what it said was received. The order, if one was asked.

        Returns None for a query that is not handed out.
        """
        name = query.key.client_order_id
        record, ask = self._orders.get(name), self._asks.get(name)
        if record is None or ask is None or not ask.out:
            return None
        if isinstance(query, QueryFills) or (record.closing and record.exchange_order_id is None):
            self._fills_answered(record, now_ns)
        elif not ask.absent and not ask.renewed:
            ask.doubt = ""
        self._asks.again(name, now_ns, self._wait_ns(record, ask, query, now_ns))
        self.plan(record, now_ns)
        return record

    def failed(self, query: Query, now_ns: int) -> None:
        """No answer came: it is asked again, and nothing else follows."""
        self._asks.again(query.key.client_order_id, now_ns)

    def absent(self, record: OrderRecord, now_ns: int) -> None:
        """The venue says it does not have it: believed if said often and late enough."""
        ask = self._asks.get(record.client_order_id)
        if ask is not None:
            ask.absent = True
        if record.done or record.state is OrderState.PENDING_CREATE or record.closing:
            return
        settings, last_ns = self._settings, record.absent_ns
        too_soon = last_ns is not None and now_ns - last_ns < ns(settings.absence_spacing_s)
        if now_ns <= self._deadline_ns(record) or (record.absences and too_soon):
            return
        record.absences += 1
        record.absent_ns = now_ns
        if record.absences >= settings.absences:
            words = f"the venue said {record.absences} times that it does not have the order"
            record.absent(words, self._log, now_ns)

    def _fills_answered(self, record: OrderRecord, now_ns: int) -> None:
        record.backfills += 1
        enough = record.backfills >= self._settings.backfills and not record.state.is_open
        if enough or not record.owed:
            record.give_up_fills(self._log, now_ns)

    def _wait_ns(self, record: OrderRecord, ask: Ask, query: Query, now_ns: int) -> int | None:
        if ask.renewed:
            return 0
        settled = isinstance(query, QueryOrder) and not self._asks_for_state(record, ask)
        if settled and record.exchange_order_id is not None:
            return 0
        if ask.absent and now_ns > self._deadline_ns(record):
            return ns(self._settings.absence_spacing_s)
        return None

    def _deadline_ns(self, record: OrderRecord) -> int:
        """Until when the venue might still accept the request that places it."""
        sent_ns = record.created_ns if record.unknown_ns is None else record.unknown_ns
        return sent_ns + ns(self._settings.validity_s + self._settings.margin_s)

    def _asks_for_state(self, record: OrderRecord, ask: Ask | None) -> bool:
        if not record.state.is_open:
            return False
        if record.state is OrderState.UNKNOWN:
            return True
        doubt = "" if ask is None else ask.doubt
        return doubt != "" and (doubt != NAMELESS or record.exchange_order_id is None)

    def _asks_for_fills(self, record: OrderRecord) -> bool:
        if record.done and record.exchange_order_id is None:
            return False
        return record.fills_missing
