from __future__ import annotations

import pytest

import connector_sdk.errors as e
from connector_sdk.orders.outcome import NotSent, Refused, Unknown, outcome_of
from orders_at_hand import kinds

REFUSED = [
    e.AuthRejected,
    e.InsufficientFunds,
    e.InvalidRequest,
    e.MarketClosed,
    e.OrderNotFound,
    e.OrderRejected,
    e.PostOnlyRejected,
    e.RateLimited,
    e.RuleViolated,
    e.TimestampRejected,
    e.UnknownInstrument,
]


@pytest.mark.parametrize("kind", REFUSED)
def test_an_error_of_the_list_is_believed_to_be_a_refusal(kind: type[e.VenueError]) -> None:
    error = kind("venue", "-1", "no")
    assert kinds(outcome_of(error)) == kinds(Refused(error))


@pytest.mark.parametrize(
    "error",
    [
        e.DuplicateOrder("venue", "-2010", "Duplicate order sent."),
        e.VenueError("venue", "503", "Service unavailable"),
        e.VenueError("venue", "-9999", "a code nobody has classified"),
        e.RequestTimeout("no answer", e.Sent.MAYBE),
        e.Disconnected("the connection ended", e.Sent.MAYBE),
        e.WireError("an answer nobody can read", b"<html>"),
        e.InvariantError("our own bug"),
        e.ConnectorError("whatever this is"),
    ],
)
def test_everything_else_is_unknown(error: e.ConnectorError) -> None:
    assert kinds(outcome_of(error)) == kinds(Unknown(error))


@pytest.mark.parametrize(
    "error",
    [
        e.ConnectFailed("no such host"),
        e.RequestTimeout("the rate budget was not free in time", e.Sent.NO),
        e.Disconnected("before the request was written", e.Sent.NO),
        e.NotSupported("no such order type"),
        e.StoreFailed("the disk is full"),
    ],
)
def test_what_never_left_is_proven_not_sent(error: e.ConnectorError) -> None:
    assert kinds(outcome_of(error)) == kinds(NotSent(error))


def test_every_kind_of_venue_error_was_thought_of() -> None:
    """A new one must be put on the list, or be a doubt on purpose."""
    pending, kinds = [e.VenueError], set[type[e.VenueError]]()
    while pending:
        kind = pending.pop()
        kinds.add(kind)
        pending += kind.__subclasses__()
    assert kinds - set(REFUSED) == {e.VenueError, e.DuplicateOrder}
