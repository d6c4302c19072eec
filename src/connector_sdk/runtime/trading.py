"""Trading: everything that deals with the account, composed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from connector_sdk.errors import (
    ConnectorError,
    Disconnected,
    Sent,
    StoreFailed,
    TimestampRejected,
)
from connector_sdk.model.account import Balance, FeeRates
from connector_sdk.model.health import ConnectionHealth, PartHealth
from connector_sdk.model.instrument import trading_pair
from connector_sdk.model.order import OrderIntent
from connector_sdk.orders.asking import QueryFills, QueryOrder
from connector_sdk.orders.intent import exact
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.outcome import Unknown
from connector_sdk.orders.record_text import LedgerEntry
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.in_flight_order import InFlightOrder
from connector_sdk.protocols.tracker import Control
from connector_sdk.protocols.trader import Amount, CancelResult, Trader
from connector_sdk.runtime.account_comparison import AccountComparison
from connector_sdk.runtime.amending import Amending
from connector_sdk.runtime.cancelling import Cancelling
from connector_sdk.runtime.execution import Execution
from connector_sdk.runtime.holdings import EstimatedHoldings, StreamedHoldings
from connector_sdk.runtime.in_flight_orders import InFlightOrders
from connector_sdk.runtime.ledger_writer import LedgerWriter
from connector_sdk.runtime.live_order import LiveOrder
from connector_sdk.runtime.order_checks import Budget, OrderChecks
from connector_sdk.runtime.order_desk import OrderDesk
from connector_sdk.runtime.order_queries import OrderQueries
from connector_sdk.runtime.periodic import Periodic
from connector_sdk.runtime.reconciliation import Reconciliation
from connector_sdk.runtime.stream_parts import StreamParts
from connector_sdk.runtime.trader_face import client_order_id_of
from connector_sdk.runtime.trading_parts import AccountAccess, TradingParts
from connector_sdk.runtime.user_stream import Account, UserStream
from connector_sdk.runtime.user_stream_tracker import NeedReconciliation, UserStreamTracker
from connector_sdk.transport.nonces import Nonces
from connector_sdk.transport.server_clock import ServerClock
from connector_sdk.transport.stamper import Stamper

LOG = logging.getLogger(__name__)


class Trading(Trader):
    """One account at one venue: its orders, its balances, and what keeps them true.

    The order of things at the start: load what was written down, read the venue's time, open the
    private stream, compare the account with the venue; only then are orders taken.
    """

    def __init__(self, access: AccountAccess, parts: TradingParts) -> None:
        self._access = access
        self._parts = parts
        self._refusal: ConnectorError | None = None
        self._closed = False
        self._fees: dict[str, FeeRates] = {}
        api, clock = access.venue.api, parts.clock
        self._ledger = OrderLedger(
            parts.manifest.venue,
            access.auth.identity,
            replace(access.settings.ledger, validity_s=api.order_validity_s),
        )
        self._server, stamper = self._clocks()
        rest = parts.rest.signing(access.auth, stamper, ordered=parts.manifest.ordered_nonce)
        source = access.venue.user_stream
        self.tracker = UserStreamTracker(
            source,
            self._ledger,
            StreamedHoldings() if source.sends_balances else EstimatedHoldings(self._ledger),
            instruments=parts.instruments(),
            started_ns=clock.now_ns(),
            listeners=parts.listeners,
        )
        self._writer = LedgerWriter(self._ledger, access.store, clock)
        self._desk = OrderDesk(
            api=api,
            rest=rest,
            tracker=self.tracker,
            writer=self._writer,
            clock=clock,
            instruments=parts.instruments,
            spawn=parts.supervisor.spawn,
            serve=self._serve,
        )
        self._compose_orders()
        self._compose_stream(Account(access.auth, stamper, rest, parts.transport, parts.endpoints))
        self._loops = self._periodic()

    def _clocks(self) -> tuple[ServerClock, Stamper]:
        parts, api = self._parts, self._access.venue.api
        time = api.server_time()
        ask = None if time is None else lambda: parts.rest.read_time(time)
        server = ServerClock(parts.clock, ask)
        nonces = None
        if parts.manifest.ordered_nonce:
            name = f"{parts.manifest.venue} {self._access.auth.identity}"
            nonces = Nonces(name, self._access.store, parts.clock)
        return server, Stamper(server, nonces)

    def _compose_orders(self) -> None:
        parts, desk, settings = self._parts, self._desk, self._access.settings
        self._checks = OrderChecks(
            parts.manifest,
            parts.instruments,
            self._unready,
            id_seed=settings.id_seed,
            budget=Budget(self.tracker, parts.price) if settings.check_budget else None,
        )
        self._execution = Execution(desk, self._checks, settings.place_patience_s)
        self._cancelling = Cancelling(desk, self._execution)
        self._amending = Amending(desk, self._checks, self._execution, self._cancelling)
        self._queries = OrderQueries(desk)
        self._comparison = AccountComparison(
            desk,
            self._queries,
            self._access.store,
            pairs=parts.pairs,
            venue_ns=self._server.now_ns,
        )
        self._reconciliation = Reconciliation(
            self._comparison, self.tracker, parts.clock, settings.rhythm, parts.changed
        )

    def _compose_stream(self, account: Account) -> None:
        parts, source = self._parts, self._access.venue.user_stream
        stream = StreamParts(
            venue=parts.manifest.venue,
            source=source,
            tracker=self.tracker,
            on_refusal=self._on_refusal,
            refusal=self._access.venue.api.stream_refusal,
            clock=parts.clock,
            settings=parts.feed,
            serve=self._serve,
        )
        self._stream = UserStream(source, stream, account)

    def _periodic(self) -> Mapping[str, Periodic]:
        parts, settings = self._parts, self._access.settings
        works: dict[str, tuple[Callable[[], Awaitable[None]], float]] = {
            "clock": (self._server.resync, settings.clock_s),
            "fees": (self._read_fees, settings.fees_s),
        }
        if parts.refresh is not None:
            works["rules"] = (parts.refresh, settings.rules_s)
        venue = parts.manifest.venue
        return {
            name: Periodic(
                f"{venue} {name}",
                work,
                period_s,
                parts.clock,
                at_once=name != "rules",  # those were just read
                changed=parts.changed,
            )
            for name, (work, period_s) in works.items()
        }

    # --- life

    async def start(self) -> None:
        """Load what was written down; everything else begins in the background.

        Raises StoreFailed, or ConfigError for a store that a newer version wrote.
        """
        ledger, store = self._ledger, self._access.store
        stored = await store.load(ledger.venue, ledger.account)
        entries = (LedgerEntry(*order[2:]) for order in stored)
        ledger.restore(entries, self._parts.clock.now_ns())
        await self._comparison.load()
        supervisor = self._parts.supervisor
        supervisor.keep("order writer", self._writer.run)
        supervisor.keep("clock", self._loops["clock"].run)
        supervisor.spawn("account", self._open)

    async def _open(self) -> None:
        """Begin to speak with the venue, once it is known what time it is there."""
        await self._loops["clock"].succeeded.wait()
        self._comparison.synchronized()
        works = {
            "private stream": self._stream.run,
            "stream grants": self._stream.renew_grants,
            "order queries": self._queries.run,
            "reconciliation": self._reconciliation.run,
            "account ticker": self._tick,
            **{name: loop.run for name, loop in self._loops.items() if name != "clock"},
        }
        for name, work in works.items():
            self._parts.supervisor.keep(name, work)

    async def _tick(self) -> None:
        clock = self._parts.clock
        while True:
            await clock.sleep(self._parts.feed.tick_s)
            self.tracker.tick(clock.now_ns())
            self._serve()

    def _serve(self) -> None:
        """Perform what the tracker asks for; whatever must wait is done by a task."""
        if self._closed:
            return
        for request in self.tracker.take_requests():
            match request:
                case Control(connection, word):
                    session = self._stream.session(connection)
                    if session is not None:
                        session.on_control(word)
                case NeedReconciliation():
                    self._refusal = None  # it carries the account
                    self._reconciliation.need(request)
                case QueryOrder() | QueryFills():
                    self._queries.put(request)
                case _:
                    assert_never(request)
        self._writer.changed()
        self._parts.changed()

    def _on_refusal(self, topic: str, error: ConnectorError, now_ns: int) -> None:
        del topic, now_ns
        self._refusal = error
        if isinstance(error, TimestampRejected):
            self._parts.supervisor.spawn("clock", self._server.resync)

    async def _read_fees(self) -> None:
        desk = self._desk
        for pair in list(self._parts.pairs()):
            call = desk.api.fee_rates(pair, desk.instruments())
            if call is not None:
                self._fees[pair] = await desk.rest.call(call)

    def followed(self) -> None:
        """A pair was added: learn what the account pays for it."""
        self._loops["fees"].soon()

    async def close(self) -> None:
        """Write down what is known. For when every task has ended. Idempotent."""
        if self._closed:
            return
        self._closed = True
        given_up = Unknown(Disconnected("the market was closed before it was answered", Sent.MAYBE))
        for record in list(self._ledger.active.values()):
            if record.state is OrderState.PENDING_CREATE:
                now_ns = self._parts.clock.now_ns()
                self._ledger.settle(record.client_order_id, given_up, now_ns)
        self.tracker.tell()
        self.tracker.close()
        try:
            await self._writer.finish()
            if self._access.owns_store:
                await self._access.store.close()
        except StoreFailed:
            LOG.exception("%s: the orders' last changes are not written", self._ledger.venue)

    # --- how it is

    def _unready(self) -> str | None:
        if self._closed or not self._parts.supervisor.running:
            return "this market was closed"
        return None if self._reconciliation.done else self._reconciliation.failure

    @property
    def health(self) -> Mapping[str, PartHealth]:
        """Part → how it is."""
        halted = self._checks.halted
        troubles = {
            "private stream": self._stream_trouble(),
            "reconciliation": self._reconciliation.failure,
            "store": self._writer.failure,
            "kill switch": None if halted is None else f"halted: {halted}",
            **{name: loop.failure for name, loop in self._loops.items()},
        }
        return {name: PartHealth(why is None, why or "") for name, why in troubles.items()}

    def _stream_trouble(self) -> str | None:
        if self.tracker.ready:
            return None
        if self.tracker.failure is not None:
            return self.tracker.failure
        if self.tracker.silent:
            return "it does not tell what the venue does"
        if self._refusal is not None:
            return f"{type(self._refusal).__name__}: {self._refusal}"
        errors = [link.last_error for link in self._stream.health().values() if link.last_error]
        return errors[0] if errors else "not up yet"

    @property
    def connections(self) -> Mapping[str, ConnectionHealth]:
        """The private stream's."""
        return self._stream.health()

    # --- what a strategy asks for

    async def submit(self, intent: OrderIntent) -> LiveOrder:
        """Place one order."""
        return await self._execution.submit(intent)

    async def submit_batch(self, intents: Sequence[OrderIntent]) -> Sequence[LiveOrder]:
        """Place several, all or (refused locally) none."""
        return await self._execution.submit_batch(intents)

    async def cancel(self, order: InFlightOrder | str) -> None:
        """Ask the venue to cancel an order; returns once it answered."""
        await self._cancelling.cancel(client_order_id_of(order))

    async def cancel_all(
        self, pair: str | None = None, *, timeout_s: float = 10.0
    ) -> Sequence[CancelResult]:
        """Cancel every open order of ours (of `pair`), one result each."""
        only = None if pair is None else trading_pair(pair)
        return await self._cancelling.cancel_all(only, timeout_s)

    async def amend(
        self,
        order: InFlightOrder | str,
        *,
        quantity: Amount | None = None,
        price: Amount | None = None,
    ) -> LiveOrder:
        """Change an open order; returns the one that stands for it now."""
        return await self._amending.amend(
            client_order_id_of(order),
            None if quantity is None else exact(quantity, "quantity"),
            None if price is None else exact(price, "price"),
        )

    @property
    def in_flight_orders(self) -> Mapping[str, InFlightOrder]:
        """Client order id → order, of those that are open or unknown."""
        return InFlightOrders(self.tracker)

    def order(self, client_order_id: str) -> LiveOrder:
        """Any order still remembered; ConfigError for another."""
        return self._desk.order(client_order_id)

    @property
    def balances(self) -> Mapping[str, Balance]:
        """Asset → what the account holds."""
        return self.tracker.holdings.held

    def fee_rates(self, pair: str) -> FeeRates | None:
        """What the account pays for a pair; None where that is not known."""
        return self._fees.get(trading_pair(pair))

    def halt(self, reason: str) -> None:
        """The kill switch: refuse new orders from now on; cancels still go."""
        self._checks.halted = reason
        self._parts.changed()

    def resume(self) -> None:
        """Take new orders again."""
        self._checks.halted = None
        self._parts.changed()
