"""Whatever order a venue's words come in, an order ends in one state, and is told in one order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector_sdk.model.order_events import OrderChange, OrderLost
from connector_sdk.model.order_update import OrderStatus
from connector_sdk.orders.asking import SECOND
from connector_sdk.orders.exposure import Exposure
from connector_sdk.orders.ledger import OrderLedger
from connector_sdk.orders.locks import locked_by
from connector_sdk.orders.outcome import Unknown
from connector_sdk.orders.record_text import LedgerEntry, entry_of, record_from
from connector_sdk.orders.states import OrderState
from order_histories import (
    ENDS,
    NAME,
    PAIR,
    TIMEOUT,
    Answering,
    History,
    Step,
    histories,
    report,
    told,
)

CAMPAIGN = os.environ.get("CONNECTOR_SDK_CAMPAIGN") == "1"
thorough = settings(
    max_examples=5_000 if CAMPAIGN else 250,
    deadline=None,
    derandomize=not CAMPAIGN,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
STORED = dict[str, LedgerEntry]


@st.composite
def told_in_any_order(draw: st.DrawFn) -> tuple[History, Sequence[Step]]:
    history = draw(histories())
    return history, draw(st.permutations(history.steps))


def opened(history: History) -> OrderLedger:
    ledger = OrderLedger("venue", "account")
    ledger.create(history.intent, NAME, 0)
    return ledger


def assert_ended_as(history: History, ledger: OrderLedger, events: Sequence[OrderChange]) -> None:
    record = ledger.order(NAME)
    assert record.state is ENDS[history.end]
    assert record.done
    assert record.filled == history.filled
    assert sorted(record.fills) == sorted(fill.trade_id for fill in history.fills)
    cost = sum((fill.price * fill.quantity for fill in history.fills), Decimal(0))
    assert record.filled_quote == cost
    assert record.quantity == history.last.quantity
    assert record.fees.get("BNB", Decimal(0)) == Decimal("0.001") * history.filled
    assert told(events) == history.word
    assert dict(ledger.active) == {}
    assert ledger.exposure(PAIR) == Exposure()


@given(told_in_any_order())
@thorough
def test_any_order_of_a_legal_history_ends_in_one_state_and_one_order_of_events(
    case: tuple[History, Sequence[Step]],
) -> None:
    history, steps = case
    ledger = opened(history)
    filled = Decimal(0)
    for now_ns, step in enumerate(steps, 1):
        step.feed(ledger, now_ns)
        record = ledger.order(NAME)
        assert record.filled >= filled
        filled = record.filled
        assert ledger.exposure(PAIR).buy == record.exposed
        assert ledger.locks == locked_by(ledger.active.values())
        again = record_from(entry_of(record).body)
        assert entry_of(again) == entry_of(record)
    assert_ended_as(history, ledger, ledger.take_events())
    assert ledger.next_due_ns is None


@given(told_in_any_order(), st.data())
@thorough
def test_what_was_not_heard_is_asked_for_until_the_end_is_known(
    case: tuple[History, Sequence[Step]], data: st.DataObject
) -> None:
    history, steps = case
    ledger = opened(history)
    events: list[OrderChange] = []
    heard = data.draw(st.lists(st.sampled_from(range(len(steps))), unique=True))
    failures = data.draw(st.lists(st.booleans(), max_size=8))
    for now_ns, number in enumerate(sorted(heard), 1):
        steps[number].feed(ledger, now_ns)
    ledger.settle(NAME, Unknown(TIMEOUT), 100)  # the place request ends somehow
    if not ledger.order(NAME).done:
        ledger.ask_about(NAME, "a poll found it silent", 100)
    venue = Answering(history, failures)
    venue.settle(ledger, 100)
    events += ledger.take_events()
    assert_ended_as(history, ledger, events)
    assert len(venue.asked) <= len(failures) + 3


@given(told_in_any_order(), st.data())
@thorough
def test_a_restart_at_any_step_changes_neither_the_end_nor_what_is_told(
    case: tuple[History, Sequence[Step]], data: st.DataObject
) -> None:
    history, steps = case
    ledger = opened(history)
    stored: STORED = {}
    events: list[OrderChange] = []
    dies_at = data.draw(st.sampled_from(range(len(steps) + 1)))
    for now_ns, step in enumerate(steps, 1):
        if now_ns - 1 == dies_at:
            _write(ledger, stored, events)
            ledger = OrderLedger("venue", "account")
            ledger.restore(stored.values(), now_ns)
        if now_ns - 1 >= dies_at and step.request:
            continue  # nobody waits for the answer of a dead process's request
        step.feed(ledger, now_ns)
        _write(ledger, stored, events)
    Answering(history).settle(ledger, 100)
    _write(ledger, stored, events)
    assert_ended_as(history, ledger, events)
    assert stored[NAME].done


def _write(ledger: OrderLedger, stored: STORED, events: list[OrderChange]) -> None:
    stored.update((entry.client_order_id, entry) for entry in ledger.take_dirty())
    events += ledger.take_events()


@given(histories(), st.lists(st.booleans(), max_size=12))
@thorough
def test_an_order_that_never_arrived_is_lost_only_when_it_can_arrive_no_more(
    history: History, failures: list[bool]
) -> None:
    ledger = opened(history)
    ledger.settle(NAME, Unknown(TIMEOUT), SECOND)
    ended_ns = Answering(None, failures).settle(ledger, SECOND, within_s=10_000)
    assert ledger.order(NAME).state is OrderState.LOST
    validity = ledger.settings.validity_s + ledger.settings.margin_s
    assert ended_ns > (1 + validity) * SECOND
    assert [type(e) for e in ledger.take_events()][-1] is OrderLost
    ledger.receive(history.reports[0], ended_ns + 1)
    assert ledger.order(NAME).state is OrderState.OPEN


def test_an_hour_of_a_dead_network_loses_no_order() -> None:
    quantity = Decimal(1)
    history = History(
        quantity, [report(OrderStatus.OPEN, Decimal(0), quantity, 1)], (), OrderStatus.CANCELED
    )
    ledger = opened(history)
    ledger.settle(NAME, Unknown(TIMEOUT), 0)
    hour_ns = 3_600 * SECOND
    venue = Answering(history, [True] * 1_000)
    venue.settle(ledger, 0, within_s=3_600)
    assert 100 <= len(venue.asked) <= 130
    assert ledger.order(NAME).state is OrderState.UNKNOWN
    assert len(ledger.take_events()) == 1
    Answering(history).settle(ledger, hour_ns, within_s=60)
    assert ledger.order(NAME).state is OrderState.OPEN
