"""What Binance's error codes mean: an allow-list, in which some need the message.

Source: https://developers.binance.com/docs/binance-spot-api-docs/errors (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from binance_account import API, INTENT, LISTED, read

from connector_sdk import errors
from connector_sdk.errors import VenueError

REFUSED: Sequence[tuple[int, str, type[VenueError]]] = [
    (-1002, "You are not authorized to execute this request.", errors.AuthRejected),
    (-1003, "Too many requests queued.", errors.RateLimited),
    (-1013, "Filter failure: LOT_SIZE", errors.RuleViolated),
    (-1013, "Market is closed.", errors.MarketClosed),
    (-1015, "Too many new orders; current limit is 50 orders per 10 SECOND.", errors.RateLimited),
    (-1021, "Timestamp for this request is outside of the recvWindow.", errors.TimestampRejected),
    (-1022, "Signature for this request is not valid.", errors.AuthRejected),
    (-1034, "Too many connections.", errors.RateLimited),
    (-1100, "Illegal characters found in a parameter.", errors.InvalidRequest),
    (-1106, "Parameter 'price' sent when not required.", errors.InvalidRequest),
    (-1111, "Parameter 'quantity' has too much precision.", errors.RuleViolated),
    (-1115, "Invalid timeInForce.", errors.InvalidRequest),
    (-1121, "Invalid symbol.", errors.UnknownInstrument),
    (-1128, "Combination of optional parameters invalid.", errors.InvalidRequest),
    (-1130, "Invalid data sent for a parameter.", errors.InvalidRequest),
    (
        -2010,
        "Account has insufficient balance for requested action.",
        errors.InsufficientFunds,
    ),
    (-2010, "Duplicate order sent.", errors.DuplicateOrder),
    (-2010, "Order would immediately match and take.", errors.PostOnlyRejected),
    (-2010, "Market is closed.", errors.MarketClosed),
    (-2010, "This symbol is restricted for this account.", errors.OrderRejected),
    (-2011, "Unknown order sent.", errors.OrderNotFound),
    (-2011, "Order was not canceled due to cancel restrictions.", errors.OrderRejected),
    (-2013, "Order does not exist.", errors.OrderNotFound),
    (-2014, "API-key format invalid.", errors.AuthRejected),
    (-2015, "Invalid API-key, IP, or permissions for action.", errors.AuthRejected),
    (-2026, "Order was canceled or expired with no executed qty.", errors.OrderNotFound),
    (-2038, "Order amend (quantity increase) is not supported.", errors.OrderRejected),
    (-2038, "Filter failure: MAX_NUM_ORDER_AMENDS", errors.RuleViolated),
    (-1000, "An unknown error occurred while processing the request.", VenueError),
    (-1001, "Internal error; unable to process your request. Please try again.", VenueError),
    (-1006, "An unexpected response was received from the message bus.", VenueError),
    (-1007, "Timeout waiting for response from backend server.", VenueError),
    (-1008, "Server is currently overloaded with other requests.", VenueError),
    (-2039, "Client order ID is not correct for this order ID.", VenueError),
    (-9999, "A code of tomorrow.", VenueError),
]


@pytest.mark.parametrize(("code", "message", "kind"), REFUSED)
def test_a_refusal_means_what_its_code_and_message_say(
    code: int, message: str, kind: type[VenueError]
) -> None:
    refusal = read(API.place(INTENT, "mine-1", LISTED), {"code": code, "msg": message}, 400)
    assert type(refusal) is kind
    assert (refusal.code, refusal.message) == (str(code), message)


@pytest.mark.parametrize(("code", "message", "kind"), REFUSED)
def test_a_failing_server_proves_nothing_whatever_it_says(
    code: int, message: str, kind: type[VenueError]
) -> None:
    refusal = read(API.place(INTENT, "mine-1", LISTED), {"code": code, "msg": message}, 503)
    assert type(refusal) is VenueError, f"{kind} would be believed"
