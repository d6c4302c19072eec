"""Fault texts, the catalogue, and when a fault fires."""

from __future__ import annotations

import pytest

from connector_sdk.errors import ConfigError
from connector_sdk.sandbox.dialect import RequestKind, Route
from connector_sdk.sandbox.fault_catalogue import CATALOGUE, Place
from connector_sdk.sandbox.fault_plan import ArmedFault, FaultPlan
from connector_sdk.sandbox.faults import parse_faults
from connector_sdk.sandbox.message_faults import EFFECTS
from connector_sdk.sandbox.publications import StreamKind, Topic

DEPTH = Topic(StreamKind.DEPTH, "BTC-USDT", "d", 100)
TRADE = Topic(StreamKind.TRADE, "BTC-USDT", "t")
OTHER = Topic(StreamKind.DEPTH, "ETH-USDT", "e", 100)


def test_the_documented_example_is_read() -> None:
    drop, reset, stale = parse_faults(
        "drop:stream=depth:every=500,reset:conn=1:after=200,snapshot-stale:count=2"
    )
    assert (drop.kind.name, drop.stream, drop.every) == ("drop", StreamKind.DEPTH, 500)
    assert (reset.connection, reset.after, reset.count) == (1, 200, 1)
    assert (stale.count, stale.request) == (2, RequestKind.SNAPSHOT)
    assert stale.options == {"behind": 200}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("dorp", "did you mean drop"),
        ("drop:strem=depth", "has no key 'strem': it has stream, pair"),
        ("drop:every", "as key=value"),
        ("drop:every=0", "count from 1"),
        ("drop:every=x", "every is a whole number, not 'x'"),
        ("drop:p=2", "p is a probability"),
        ("drop:p=often", "p is a probability"),
        ("drop:stream=book", "write one of depth, partial"),
        ("drop:pair=BTCUSDT", "BASE-QUOTE"),
        ("snapshot-fail:request=x", "write one of snapshot"),
        ("drop:delay_ms=1", "has no key 'delay_ms'"),
    ],
)
def test_a_bad_text_is_refused_with_what_to_write(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_faults(text)


def test_every_message_fault_of_the_catalogue_has_an_effect() -> None:
    placed = {name for name, kind in CATALOGUE.items() if kind.place is Place.MESSAGE}
    assert placed == set(EFFECTS)
    numbers = {kind.number for kind in CATALOGUE.values()}
    assert numbers | {kind.on_user for kind in CATALOGUE.values()} == set(range(18))


def fires(plan: FaultPlan, messages: int, connection: int = 1, topic: Topic = DEPTH) -> list[int]:
    """Numbers of the messages at which something fires."""
    at = range(1, messages + 1)
    return [n for n in at if plan.at_message(connection, f"ws.{connection}", topic)]


def test_a_fault_fires_once_right_after_so_many_messages() -> None:
    assert fires(FaultPlan("drop:after=3"), 10) == [4]


def test_a_fault_fires_at_each_so_many_messages_at_most_so_often() -> None:
    assert fires(FaultPlan("drop:every=3"), 10) == [3, 6, 9]
    assert fires(FaultPlan("drop:every=3:after=2:count=2"), 20) == [5, 8]


def test_a_fault_is_limited_to_its_stream_pair_and_connection() -> None:
    plan = FaultPlan("drop:stream=depth:pair=BTC-USDT:conn=2")
    assert fires(plan, 3, topic=DEPTH) == []
    assert fires(plan, 3, connection=2, topic=TRADE) == []
    assert fires(plan, 3, connection=2, topic=OTHER) == []
    assert fires(plan, 3, connection=2, topic=DEPTH) == [1]


def test_messages_are_counted_on_each_connection_by_itself() -> None:
    plan = FaultPlan("drop:after=2:count=2")
    assert fires(plan, 3, connection=1) == [3]
    assert fires(plan, 3, connection=2) == [3]


def test_chance_is_seeded_and_depends_on_the_place_alone() -> None:
    one = fires(FaultPlan("drop:p=0.2", seed=4), 200)
    assert one == fires(FaultPlan("drop:p=0.2", seed=4), 200)
    assert one != fires(FaultPlan("drop:p=0.2", seed=5), 200)
    assert 20 <= len(one) <= 65
    mixed = FaultPlan("drop:p=0.2", seed=4)
    both = [(n, fires(mixed, 1, 1), fires(mixed, 1, 2)) for n in range(1, 201)]
    assert [n for n, first, _ in both if first] == one


def test_faults_injected_later_count_from_then_and_can_be_cleared() -> None:
    plan = FaultPlan()
    assert plan.quiet
    assert fires(plan, 10) == []
    (late,) = plan.inject("drop:after=1")
    assert isinstance(late, ArmedFault)
    assert fires(plan, 10) == [2]
    assert late.fired == 1
    plan.inject("drop:every=1")
    plan.clear()
    assert fires(plan, 3) == []


def test_request_faults_know_what_a_request_is_for() -> None:
    plan = FaultPlan("snapshot-fail,rate-limit:request=time")
    assert [f.name for f in plan.at_request(Route(RequestKind.TIME, 1))] == ["rate-limit"]
    assert [f.name for f in plan.at_request(Route(RequestKind.SNAPSHOT, 5, "BTC-USDT"))] == [
        "snapshot-fail"
    ]
    assert plan.at_request(Route(RequestKind.OTHER, 1)) == []
