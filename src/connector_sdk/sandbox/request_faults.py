"""RequestFaults: what becomes of HTTP requests."""

from __future__ import annotations

import dataclasses

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
from connector_sdk.sandbox.publications import BookImage
from connector_sdk.sandbox.rate_budget import SECOND_NS, RateBudget


class RequestFaults:
    """The faults of the one request that is being answered."""

    def __init__(self, dialect: Dialect, plan: FaultPlan, journal: Journal) -> None:
        self._dialect = dialect
        self._plan = plan
        self._journal = journal
        self._firing: dict[str, ArmedFault] = {}
        self._behind = 0

    def begin(self, number: int, connection: str, route: Route, view: VenueView) -> None:
        """Find out what fires at request `number`, and journal it."""
        fired = self._plan.at_request(route)
        self._firing = {fault.name: fault for fault in fired}
        stale = self._firing.get("snapshot-stale")
        self._behind = stale.option("behind") if stale is not None else 0
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
                    view.now_ns,
                    detail,
                )
            )

    def refused(self, call: VenueCall, budget: RateBudget, view: VenueView) -> VenueAnswer | None:
        """The answer in place of the true one; None where it may be given."""
        firing, now_ns = self._firing, view.now_ns
        if "weight" in firing:
            budget.charge(call.client, firing["weight"].option("add"), now_ns)
        if "ban" in firing:
            throttle = budget.ban(call.client, firing["ban"].option("retry_after"), now_ns)
            return call.refusal(throttle, view)
        if "rate-limit" in firing:
            after_s = firing["rate-limit"].option("retry_after")
            throttle = Throttle(
                banned=False, retry_after_s=after_s, until_ns=now_ns + after_s * SECOND_NS
            )
            return call.refusal(throttle, view)
        if "snapshot-fail" in firing:
            lost = bool(firing["snapshot-fail"].option("lost"))
            return dataclasses.replace(call.failure(Failure.INTERNAL), lost=lost)
        return None

    def image(self, pair: str, levels: int | None) -> BookImage | None:
        """The stale snapshot that is served; None where the true one is."""
        if not self._behind:
            return None
        journal = self._journal[pair]
        at_id = max(journal.last_id - self._behind, journal.first_id)
        return journal.image_at(at_id, levels)

    def finish(self, answer: VenueAnswer) -> VenueAnswer:
        """The answer as it goes out."""
        if "unknown-enum" in self._firing:
            body = self._dialect.odd(Oddity.UNKNOWN_ENUM, answer.body, "")
            answer = dataclasses.replace(answer, body=body)
        if "slow-answer" in self._firing:
            delay_s = self._firing["slow-answer"].option("delay_ms") / 1_000
            answer = dataclasses.replace(answer, delay_s=delay_s)
        self._firing, self._behind = {}, 0
        return answer
