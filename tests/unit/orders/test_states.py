from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from connector_sdk.orders.states import (
    TRANSITIONS,
    OrderEvent,
    OrderState,
    diagram,
    next_state,
)

ROOT = Path(__file__).parents[3]
COLUMNS = "unknown not_sent refused accepted rejected part filled canceled expired absent"
TABLE = """
pending_create    unknown failed rejected open rejected part filled canceled expired -
unknown           =       -      rejected open rejected part filled canceled expired lost
open              =       -      -        =    rejected part filled canceled expired lost
partially_filled  =       -      -        =    -        =    filled canceled expired lost
filled            =       -      -        -    -        =    =      -        -       -
canceled          =       -      -        -    -        =    filled =        -       -
expired           =       -      -        -    -        =    filled -        =       -
rejected          =       -      =        open =        part filled canceled expired -
failed            =       -      -        open -        part filled canceled expired -
lost              =       -      -        open rejected part filled canceled expired -
"""
"""Each state, and what each event makes of it; = as it was, - illegal."""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_state_changes_as_the_table_says(row: list[str]) -> None:
    before, *afters = row
    found = [next_state(OrderState(before), event) for event in OrderEvent]
    words = {"=": before, "-": None, "part": "partially_filled"}
    expected = [words.get(after, after) for after in afters]
    assert [state and state.value for state in found] == expected
    assert len(afters) == len(COLUMNS.split()) == len(OrderEvent)


def test_the_table_names_every_state() -> None:
    assert [row[0] for row in ROWS] == [state.value for state in OrderState]


def test_what_ended_at_the_venue_never_opens_again() -> None:
    ended = {OrderState.FILLED, OrderState.CANCELED, OrderState.EXPIRED}
    reached = {after for (before, _), after in TRANSITIONS.items() if before in ended}
    assert reached == ended


def test_no_events_in_any_order_lead_back_to_an_earlier_stage() -> None:
    """But for late evidence of an order that was said never to have been."""
    stage = {
        OrderState.PENDING_CREATE: 0,
        OrderState.UNKNOWN: 1,
        OrderState.OPEN: 2,
        OrderState.PARTIALLY_FILLED: 3,
    }
    for before, event in itertools.product(OrderState, OrderEvent):
        after = next_state(before, event)
        if after is not None and not before.is_revivable:
            assert stage.get(after, 4) >= stage.get(before, 4)


def test_the_docs_draw_this_table() -> None:
    page = (ROOT / "docs" / "order-states.md").read_text("utf-8")
    drawn = page.split("<!-- states: begin -->")[1].split("<!-- states: end -->")[0]
    assert diagram() in drawn


def test_the_docs_name_every_state_and_no_other() -> None:
    page = (ROOT / "docs" / "order-states.md").read_text("utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `")]
    assert listed == [state.name for state in OrderState]


def test_a_drawn_arrow_is_a_transition_and_every_transition_is_drawn() -> None:
    groups = {
        "not_settled": ["pending_create", "unknown"],
        "believed_gone": ["rejected", "failed", "lost"],
    }
    drawn: set[tuple[str, str, str]] = set()
    for line in diagram().splitlines()[2:]:
        if " --> " in line:
            arrow, _, words = line.strip().partition(": ")
            begin, _, after = arrow.partition(" --> ")
            for before in groups.get(begin, [begin]):
                drawn |= {(before, word, after) for word in words.split(", ")}
    moves = {(b.value, e.value, a.value) for (b, e), a in TRANSITIONS.items() if a is not b}
    assert drawn == moves
