"""AccountComparison: one look at the whole account as the venue has it, beside the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from connector_sdk.errors import ConnectorError, WireError
from connector_sdk.model.order_update import OrderReport
from connector_sdk.model.wire import Call
from connector_sdk.orders.order_record import OrderRecord
from connector_sdk.orders.states import OrderState
from connector_sdk.protocols.store import OrderStore
from connector_sdk.runtime.order_desk import OrderDesk
from connector_sdk.runtime.order_queries import MOST_PAGES, OrderQueries
from connector_sdk.runtime.stream_parts import SECOND_NS
from connector_sdk.runtime.user_stream_tracker import Found

ANSWERS_WAIT_S = 15.0
LOOK_S = 0.25
OVERLAP_NS = 60 * SECOND_NS
"""Fills are asked for from so long before they were last known to be complete."""


@dataclass(slots=True)
class Evidence:
    """What was asked of the venue.

    failed:     parts that could not be asked, and why.
    unsettled:  orders that the venue did not tell of: it may not have them, or not yet.
    unlisted:   pairs that the venue does not list: it cannot be asked about them.
    """

    asked: list[str] = field(default_factory=list[str])
    failed: list[str] = field(default_factory=list[str])
    unsettled: int = 0
    unlisted: list[str] = field(default_factory=list[str])

    @property
    def proven(self) -> bool:
        """Whether nothing is left open."""
        return not (self.failed or self.unsettled or self.unlisted)

    def __str__(self) -> str:
        said = f"asked for {', '.join(self.asked) or 'nothing'}"
        if self.unsettled:
            said += f"; {self.unsettled} orders the venue does not tell of yet"
        if self.unlisted:
            said += f"; nobody can be asked about {', '.join(self.unlisted)}: not listed"
        return f"{said}; could not ask for {'; '.join(self.failed)}" if self.failed else said


class AccountComparison:
    """Asks for what the account has, and gives it to the ledger, which judges.

    pairs:    the pairs whose fills are asked for, beside those of our own orders.
    venue_ns: the venue's time.
    """

    def __init__(
        self,
        desk: OrderDesk,
        queries: OrderQueries,
        store: OrderStore,
        *,
        pairs: Callable[[], Iterable[str]],
        venue_ns: Callable[[], int],
    ) -> None:
        self._desk = desk
        self._queries = queries
        self._store = store
        self._pairs = pairs
        self._venue_ns = venue_ns
        self._begun_ns = self._started_ns = desk.clock.now_ns()
        self._marks: dict[str, int] = {}

    async def load(self) -> None:
        """Learn until when fills are complete. Raises StoreFailed."""
        prefix = self._mark("")
        for name, at_ns in (await self._store.load_marks()).items():
            if name.startswith(prefix):
                self._marks[name.removeprefix(prefix)] = at_ns

    def synchronized(self) -> None:
        """From now on the venue's time is known: so is what time it was there at the start."""
        since_ns = self._desk.clock.now_ns() - self._begun_ns
        self._started_ns = self._venue_ns() - since_ns

    @property
    def complete_ns(self) -> int:
        """Until when the fills of every pair are known, by the venue's time."""
        return min((self._marks[pair] for pair in self._listed_marks()), default=self._started_ns)

    def _mark(self, pair: str) -> str:
        return f"fills {self._desk.ledger.venue} {self._desk.ledger.account} {pair}"

    # --- the whole account

    async def whole(self, found: Found) -> Evidence:
        """Ask for everything, and wait until every open order was answered for."""
        evidence, asked_ns = Evidence(), self._desk.clock.now_ns()
        wanted, listed = self._pairs_of_interest(), self._desk.instruments()
        pairs = sorted(pair for pair in wanted if pair in listed)
        evidence.unlisted = sorted(wanted.difference(pairs))
        self._queries.found = found
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._part(evidence, "all open orders", self._open(None, found)))
                tasks.create_task(self._part(evidence, "balances", self._balances()))
                for pair in pairs:
                    title = f"fills of {pair}"
                    tasks.create_task(self._part(evidence, title, self._fills(pair, found)))
            await self._answers(asked_ns, found, evidence)
        finally:
            self._queries.found = None
        return evidence

    async def brief(self) -> Evidence:
        """Ask for the open orders of pairs that should have some, and for the balances."""
        evidence, found = Evidence(), Found()
        listed = self._desk.instruments()
        ours = {record.intent.pair for record in self._desk.ledger.open_orders()}
        for pair in self._cheapest({pair for pair in ours if pair in listed}):
            title = f"open orders of {pair or 'every pair'}"
            await self._part(evidence, title, self._open(pair, found))
        await self._part(evidence, "balances", self._balances())
        if found.orders or found.fills:
            now_ns = self._desk.clock.now_ns()
            self._desk.tracker.owes(now_ns, now_ns)
        return evidence

    def _pairs_of_interest(self) -> set[str]:
        ours = {record.intent.pair for record in self._desk.ledger.active.values()}
        return {*self._pairs(), *ours, *self._listed_marks()}

    def _listed_marks(self) -> Iterable[str]:
        """Pairs with a mark. What was traded once may be listed no more: nobody can be asked."""
        listed = self._desk.instruments()
        return (pair for pair in self._marks if pair in listed)

    def _cheapest(self, pairs: set[str]) -> Sequence[str | None]:
        """The pairs, or None for all at once where that costs less."""
        apart: Sequence[str | None] = sorted(pairs)
        calls = [self._desk.api.open_orders(pair, self._desk.instruments()) for pair in apart]
        whole = self._desk.api.open_orders(None, self._desk.instruments())
        return [None] if _weight([whole]) < _weight(calls) else apart

    async def _part(self, evidence: Evidence, title: str, work: Awaitable[None]) -> None:
        try:
            await work
        except ConnectorError as error:
            evidence.failed.append(f"{title} ({error})")
        else:
            evidence.asked.append(title)

    async def _open(self, pair: str | None, found: Found) -> None:
        desk, asked_ns = self._desk, self._desk.clock.now_ns()
        reports = await desk.rest.call(desk.api.open_orders(pair, desk.instruments()))
        now_ns = desk.clock.now_ns()
        desk.ledger.receive_open_orders(pair, reports, asked_ns=asked_ns, now_ns=now_ns)
        desk.tracker.answered((), now_ns, found)
        desk.tell()

    async def _balances(self) -> None:
        desk, asked_ns = self._desk, self._desk.clock.now_ns()
        report = await desk.rest.call(desk.api.balances())
        desk.tracker.balances_answered(report, asked_ns, desk.clock.now_ns())

    async def _fills(self, pair: str, found: Found) -> None:
        desk, asked_ns = self._desk, self._venue_ns()
        since_ns = self._since_ns(pair) - OVERLAP_NS
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            call = desk.api.recent_fills(pair, since_ns, cursor, desk.instruments())
            page = await desk.rest.call(call)
            cursor = page.cursor
            desk.tracker.answered(page.fills, desk.clock.now_ns(), found)
            desk.tell()
            if cursor is None:
                break
        else:
            raise WireError(f"{desk.api.venue}: more than {MOST_PAGES} pages of fills of {pair}")
        # What is complete must not be forgotten: first the fills, then until when they are all.
        await desk.writer.flush()
        self._marks[pair] = max(asked_ns, self._marks.get(pair, 0))
        await self._store.save_marks({self._mark(pair): self._marks[pair]})

    def _since_ns(self, pair: str) -> int:
        """Since when fills of `pair` may be unknown."""
        if pair in self._marks:
            return self._marks[pair]
        ours = [r.created_ns for r in self._desk.ledger.active.values() if r.intent.pair == pair]
        return min([self._started_ns, *ours])

    # --- single orders

    async def _answers(self, asked_ns: int, found: Found, evidence: Evidence) -> None:
        """Wait until every order was told of, or asked for by itself."""
        clock = self._desk.clock
        until_ns = clock.now_ns() + int(ANSWERS_WAIT_S * SECOND_NS)
        while not evidence.failed and (left := self._unanswered(asked_ns, found)):
            if clock.now_ns() >= until_ns:
                why = self._queries.failure or f"no answer in {ANSWERS_WAIT_S:g} s"
                evidence.failed.append(f"{len(left)} orders ({why})")
            else:
                await clock.sleep(LOOK_S)
        if found.asked:
            evidence.asked.append(f"{len(found.asked)} orders by their ids")
        evidence.unsettled = len(self._untold(asked_ns))

    def _unanswered(self, asked_ns: int, found: Found) -> Sequence[OrderRecord]:
        listed = self._desk.instruments()
        return [
            record
            for record in self._untold(asked_ns)
            if record.intent.pair in listed
            and (record.fills_missing or record.client_order_id not in found.asked)
        ]

    def _untold(self, asked_ns: int) -> Sequence[OrderRecord]:
        """Orders of which the venue has told nothing, or not every fill, since `asked_ns`."""
        return [
            record
            for record in self._desk.ledger.active.values()
            if record.created_ns < asked_ns
            and record.state is not OrderState.PENDING_CREATE
            and (record.heard_ns < asked_ns or record.fills_missing)
        ]


def _weight(calls: Iterable[Call[Sequence[OrderReport]]]) -> int:
    return sum(sum(call.request.costs.values()) for call in calls)
