"""RequestRoad: the one way of every request, over HTTP or a stream: limits, faults, the answer."""

from __future__ import annotations

from connector_sdk.sandbox.agenda import Agenda
from connector_sdk.sandbox.circumstances import Circumstances
from connector_sdk.sandbox.dialect import (
    PRIVATE_KINDS,
    Failure,
    RequestKind,
    Route,
    VenueAnswer,
    VenueCall,
    VenueView,
)
from connector_sdk.sandbox.order_desk import OrderDesk
from connector_sdk.sandbox.rate_budget import RateBudget
from connector_sdk.sandbox.request_faults import RequestFaults
from connector_sdk.sandbox.trading_journal import Arrival, Fate

FIRST_ERROR = 400
ABOUT_ORDERS = PRIVATE_KINDS - {RequestKind.BALANCES, RequestKind.LOGIN}


class RequestRoad:
    """Answers requests, one at a time.

    budget:    request weight by client address.
    requests:  how many came so far.
    """

    def __init__(
        self,
        agenda: Agenda,
        desk: OrderDesk,
        world: Circumstances,
        budget: RateBudget,
        faults: RequestFaults,
    ) -> None:
        self.budget = budget
        self.requests = 0
        self._agenda = agenda
        self._desk = desk
        self._world = world
        self._faults = faults

    def perform(
        self, call: VenueCall, connection: str, venue: VenueView, *, down: bool
    ) -> VenueAnswer:
        """Answer one request that came on `connection`. down: the venue is away."""
        self.requests += 1
        route = call.route(venue)
        if down:
            fate, answer = Fate.NOT_REACHED, call.failure(Failure.INTERNAL)
        elif self._world.in_maintenance:
            fate, answer = Fate.NOT_REACHED, call.failure(Failure.MAINTENANCE)
        else:
            fate, answer = self._admitted(call, connection, route, venue)
        if route.kind in ABOUT_ORDERS:
            self._write(route, connection, fate)
        return answer

    def _admitted(
        self, call: VenueCall, connection: str, route: Route, venue: VenueView
    ) -> tuple[Fate, VenueAnswer]:
        now_ns, faults, journal = self._agenda.now_ns, self._faults, self._desk.life.journal
        throttle = self.budget.charge(call.client, route.weight, now_ns)
        if throttle is not None:
            journal.breaches += 1
            return Fate.NOT_REACHED, call.refusal(throttle, venue)
        faults.begin(self.requests, connection, route, now_ns)
        answer = faults.instead(call, self.budget, venue)
        if answer is not None:
            return Fate.NOT_REACHED, faults.finish(call, answer)
        self._desk.fills_first = faults.fills_first
        answer = call.answer(venue)
        self._desk.fills_first = 0
        if answer.weight is not None:
            self.budget.give_back(call.client, route.weight - answer.weight, now_ns)
        fate = Fate.DONE if answer.status < FIRST_ERROR else Fate.REFUSED
        return fate, faults.finish(call, answer)

    def _write(self, route: Route, connection: str, fate: Fate) -> None:
        self._desk.life.journal.arrivals.append(
            Arrival(
                self._agenda.now_ns,
                connection,
                self.requests,
                route.kind.value,
                route.account,
                route.pair,
                route.client_order_id,
                fate,
            )
        )
