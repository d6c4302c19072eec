"""The states of an order, and the only table that changes them.

The diagram in the docs is drawn from `TRANSITIONS`. A pair of state and event that is not in it is
illegal: it is counted, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class OrderState(Enum):
    """How one of our orders stands, as far as it can be known."""

    PENDING_CREATE = "pending_create"
    """Written down; the request is on its way, or about to be."""
    UNKNOWN = "unknown"
    """The request may have reached the venue: it counts as exposure, and the venue is asked."""
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    """The venue answered no."""
    FAILED = "failed"
    """Proven never to have left this machine."""
    LOST = "lost"
    """The venue says it has no such order."""

    __hash__ = object.__hash__  # the table is read for every message; members are singletons

    @property
    def is_open(self) -> bool:
        """Whether it may rest at the venue, or come to."""
        return self in OPEN_STATES

    @property
    def is_revivable(self) -> bool:
        """Whether late evidence of the order brings it back: it was said never to have been."""
        return self in REVIVABLE_STATES


class OrderEvent(Enum):
    """What can happen to an order."""

    OUTCOME_UNKNOWN = "outcome unknown"
    """Nobody can tell what became of the request that places it."""
    NOT_SENT = "not sent"
    REFUSED = "refused"
    """The request that places it was answered no."""
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    """The venue took the request, and then reported that it does not take the order."""
    FILLED_PARTLY = "filled partly"
    FILLED = "filled"
    CANCELED = "canceled"
    EXPIRED = "expired"
    ABSENT = "absent"
    """The venue said it has no such order, often enough and late enough to be believed."""

    __hash__ = object.__hash__


OPEN_STATES = frozenset(
    {
        OrderState.PENDING_CREATE,
        OrderState.UNKNOWN,
        OrderState.OPEN,
        OrderState.PARTIALLY_FILLED,
    }
)
UNSETTLED_STATES = frozenset({OrderState.PENDING_CREATE, OrderState.UNKNOWN})
REVIVABLE_STATES = frozenset({OrderState.REJECTED, OrderState.FAILED, OrderState.LOST})


def _until_the_end() -> dict[tuple[OrderState, OrderEvent], OrderState]:
    state, event = OrderState, OrderEvent
    table: dict[tuple[OrderState, OrderEvent], OrderState] = {}
    pending, unknown = state.PENDING_CREATE, state.UNKNOWN
    live = {
        event.FILLED_PARTLY: state.PARTIALLY_FILLED,
        event.FILLED: state.FILLED,
        event.CANCELED: state.CANCELED,
        event.EXPIRED: state.EXPIRED,
    }
    # Any of the venue's words may be the first that comes, and proves the order real: also one that
    # was believed never to have been.
    for before in (pending, unknown, *REVIVABLE_STATES):
        table.update({(before, what): after for what, after in live.items()})
        table[before, event.ACCEPTED] = state.OPEN
    for before in (pending, unknown):
        table[before, event.REFUSED] = state.REJECTED
    for before in (pending, unknown, state.OPEN, state.LOST):
        table[before, event.REJECTED] = state.REJECTED
    table[pending, event.NOT_SENT] = state.FAILED
    table[unknown, event.ABSENT] = state.LOST
    for before in (state.OPEN, state.PARTIALLY_FILLED):
        table.update({(before, what): after for what, after in live.items()})
        # It was real and the venue has it no more: archived, or ended while nobody listened.
        table[before, event.ABSENT] = state.LOST
        # Venues repeat themselves, and some call an order open to its last fill.
        table[before, event.ACCEPTED] = before
    return table


def _after_the_end() -> dict[tuple[OrderState, OrderEvent], OrderState]:
    state, event = OrderState, OrderEvent
    table: dict[tuple[OrderState, OrderEvent], OrderState] = {}
    # Late fills count, whatever came first; the state stays what the venue said it was.
    for ended in (state.CANCELED, state.EXPIRED, state.FILLED):
        table[ended, event.FILLED_PARTLY] = ended
        table[ended, event.FILLED] = state.FILLED
    # What is said again is no news.
    table[state.CANCELED, event.CANCELED] = state.CANCELED
    table[state.EXPIRED, event.EXPIRED] = state.EXPIRED
    table[state.REJECTED, event.REJECTED] = state.REJECTED
    table[state.REJECTED, event.REFUSED] = state.REJECTED
    return table


def _table() -> Mapping[tuple[OrderState, OrderEvent], OrderState]:
    table = {**_until_the_end(), **_after_the_end()}
    # What is known of an order does not become less known by a request that timed out.
    for before in OrderState:
        pending = before is OrderState.PENDING_CREATE
        table[before, OrderEvent.OUTCOME_UNKNOWN] = OrderState.UNKNOWN if pending else before
    return table


TRANSITIONS: Mapping[tuple[OrderState, OrderEvent], OrderState] = MappingProxyType(_table())


def next_state(state: OrderState, event: OrderEvent) -> OrderState | None:
    """The state after `event`; None where the table has no such transition."""
    return TRANSITIONS.get((state, event))


def diagram() -> str:
    """`TRANSITIONS` as a mermaid diagram. What leaves a state as it is is not drawn.

    States that one event leads from to the same place are drawn as one, where they are a group.
    """
    groups = {"not_settled": UNSETTLED_STATES, "believed_gone": REVIVABLE_STATES}
    arrows: dict[tuple[str, str], list[str]] = {}
    for (before, event), after in TRANSITIONS.items():
        if before is after:
            continue
        begin = before.value
        for name, group in groups.items():
            together = {TRANSITIONS.get((one, event)) for one in group} == {after}
            if before in group and after not in group and together:
                begin = name
        events = arrows.setdefault((begin, after.value), [])
        if event.value not in events:
            events.append(event.value)
    lines = ["stateDiagram-v2", f"    [*] --> {OrderState.PENDING_CREATE.value}"]
    for name, group in groups.items():
        members = [f"        {state.value}" for state in OrderState if state in group]
        lines += [f"    state {name} {{", *members, "    }"]
    lines += [f"    {a} --> {b}: {', '.join(events)}" for (a, b), events in arrows.items()]
    return "\n".join(lines)
