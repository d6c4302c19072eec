"""RequestFaults: what becomes of requests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence

from connector_sdk.sandbox.circumstances import Circumstances, CutOff
from connector_sdk.sandbox.dialect import (
    Dialect,
    Failure,
    Oddity,
    Route,
    Throttle,
    VenueAnswer,
    VenueCall,
    VenueView,
)
from connector_sdk.sandbox.fault_plan import ArmedFault, FaultPlan
from connector_sdk.sandbox.journal import FaultRecord, Journal
from connector_sdk.sandbox.pair_market import PairMarket
from connector_sdk.sandbox.publications import BookImage
from connector_sdk.sandbox.rate_budget import SECOND_NS, RateBudget

MILLISECOND_NS = 1_000_000
NEVER_S = 86_400.0
"""An answer that is held back so long never comes."""
PLAIN_FAILURES: Mapping[str, Failure] = {
    "timestamp-refused": Failure.TIMESTAMP,
    "nonce-refused": Failure.NONCE,
}
UNSURE_FAILURES: Mapping[str, Failure] = {
    "server-error": Failure.INTERNAL,
    "status-unknown": Failure.UNKNOWN_OUTCOME,
}
CUT_OFFS = frozenset({"refuse-connections", "dns-failure"})
"""What ends the connection of the very request that meets it."""

Markets = Sequence[PairMarket]
Change = Callable[[Circumstances, ArmedFault, Route, Markets], None]


def _skew(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    shift_ms = fault.option("ahead_ms") - fault.option("behind_ms")
    world.skew(shift_ms * MILLISECOND_NS, _for_ns(fault))


def _revoke(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    world.revoke(route.account, _for_ns(fault))


def _halt(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    world.halt(markets, _for_ns(fault), expire=bool(fault.option("expire")))


def _change_tick(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    world.change_tick(markets, fault.option("factor"))


def _maintain(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    world.maintain(_for_ns(fault))


def _refuse(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    world.cut(CutOff.REFUSED, _for_ns(fault))


def _lose_name(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    world.cut(CutOff.NO_NAME, _for_ns(fault))


def _spoil(world: Circumstances, fault: ArmedFault, route: Route, markets: Markets) -> None:
    world.cut(CutOff.EXPIRED if fault.option("expired") else CutOff.UNSIGNED, _for_ns(fault))


def _for_ns(fault: ArmedFault) -> int:
    return fault.option("for_ms") * MILLISECOND_NS


CHANGES: Mapping[str, Change] = {
    "clock-skew": _skew,
    "key-revoked": _revoke,
    "halt": _halt,
    "tick-change": _change_tick,
    "maintenance": _maintain,
    "refuse-connections": _refuse,
    "dns-failure": _lose_name,
    "bad-certificate": _spoil,
}
"""Faults that change the venue as a whole, from the request on that they fire at."""


class RequestFaults:
    """The faults of the one request that is being answered."""

    def __init__(
        self,
        dialect: Dialect,
        plan: FaultPlan,
        journal: Journal,
        world: Circumstances,
        markets: Mapping[str, PairMarket],
    ) -> None:
        self._dialect = dialect
        self._plan = plan
        self._journal = journal
        self._world = world
        self._markets = markets
        self._firing: dict[str, ArmedFault] = {}

    def begin(self, number: int, connection: str, route: Route, at_ns: int) -> None:
        """Find out what fires at request `number`, journal it, and let it change the venue."""
        fired = self._plan.at_request(route)
        self._firing = {fault.name: fault for fault in fired}
        for fault in fired:
            detail = ", ".join(f"{key}={value}" for key, value in fault.spec.options.items())
            self._journal.record_fault(
                FaultRecord(
                    fault.name,
                    fault.spec.kind.number,
                    connection,
                    number,
                    route.pair,
                    route.kind.value,
                    at_ns,
                    detail,
                )
            )
            change = CHANGES.get(fault.name)
            if change is not None:
                change(self._world, fault, route, self._concerned(route))

    def instead(self, call: VenueCall, budget: RateBudget, view: VenueView) -> VenueAnswer | None:
        """The answer in place of the true one, with nothing done; None where it may be given."""
        for name in self._firing:
            if name in PLAIN_FAILURES:
                return call.failure(PLAIN_FAILURES[name])
            if name in UNSURE_FAILURES and not self._firing[name].option("executed"):
                return call.failure(UNSURE_FAILURES[name])
            if name in CUT_OFFS:
                return _cut(call)
        if self._world.in_maintenance:
            return call.failure(Failure.MAINTENANCE)
        if "request-lost" in self._firing:
            return self._lost("request-lost", call.failure(Failure.INTERNAL))
        if "snapshot-fail" in self._firing:
            failed = call.failure(Failure.INTERNAL)
            return dataclasses.replace(failed, lost=bool(self._option("snapshot-fail", "lost")))
        return self._limited(call, budget, view)

    @property
    def fills_first(self) -> int:
        """How many percent of an order are filled before its cancel is handled."""
        return self._option("fill-first", "share")

    def image(self, pair: str, levels: int | None) -> BookImage | None:
        """The stale snapshot that is served; None where the true one is."""
        behind = self._option("snapshot-stale", "behind")
        if not behind:
            return None
        journal = self._journal[pair]
        at_id = max(journal.last_id - behind, journal.first_id)
        return journal.image_at(at_id, levels)

    def finish(self, call: VenueCall, answer: VenueAnswer) -> VenueAnswer:
        """The answer as it goes out."""
        for name, failure in UNSURE_FAILURES.items():
            if name in self._firing:
                answer = call.failure(failure)
        if "unknown-enum" in self._firing:
            body = self._dialect.odd(Oddity.UNKNOWN_ENUM, answer.body, "")
            answer = dataclasses.replace(answer, body=body)
        if "slow-answer" in self._firing:
            delay_s = self._option("slow-answer", "delay_ms") / 1_000
            answer = dataclasses.replace(answer, delay_s=delay_s)
        if "answer-lost" in self._firing:
            answer = self._lost("answer-lost", answer)
        self._firing = {}
        return answer

    def _limited(self, call: VenueCall, budget: RateBudget, view: VenueView) -> VenueAnswer | None:
        if "weight" in self._firing:
            budget.charge(call.client, self._option("weight", "add"), view.now_ns)
        if "ban" in self._firing:
            throttle = budget.ban(call.client, self._option("ban", "retry_after"), view.now_ns)
            return call.refusal(throttle, view)
        if "rate-limit" in self._firing:
            after_s = self._option("rate-limit", "retry_after")
            until_ns = view.now_ns + after_s * SECOND_NS
            return call.refusal(Throttle(False, after_s, until_ns), view)
        return None

    def _lost(self, name: str, answer: VenueAnswer) -> VenueAnswer:
        """An answer that does not come: cut off, or held back for ever."""
        cut = bool(self._option(name, "cut"))
        return dataclasses.replace(answer, lost=cut, delay_s=0.0 if cut else NEVER_S)

    def _option(self, name: str, key: str) -> int:
        """The value of a key of a fault that fires; 0 where it does not."""
        fault = self._firing.get(name)
        return 0 if fault is None else fault.option(key)

    def _concerned(self, route: Route) -> Markets:
        market = self._markets.get(route.pair)
        return list(self._markets.values()) if market is None else [market]


def _cut(call: VenueCall) -> VenueAnswer:
    return dataclasses.replace(call.failure(Failure.INTERNAL), lost=True)
