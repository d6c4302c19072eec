"""What the venue says where it serves nobody, or not now.

Source: binance-spot-api-docs, "Error codes", "Limits" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping

from connector_sdk.sandbox.dialect import Failure, Throttle, VenueRules
from connector_sdk_binance.sandbox.api_error import BAD_TIMESTAMP, OUTSIDE_WINDOW, ApiError

UNKNOWN, TOO_MANY_REQUESTS, TIMEOUT, BUSY = -1000, -1003, -1007, -1008
LIMITED_STATUS, BANNED_STATUS = 429, 418
UNKNOWN_OUTCOME = (
    "Timeout waiting for response from backend server. Send status unknown; execution status "
    "unknown."
)
OVERLOADED = (
    "Server is currently overloaded with other requests. Please try again in a few minutes."
)

FAILURES: Mapping[Failure, tuple[int, str, int]] = {
    Failure.INTERNAL: (UNKNOWN, "An unknown error occurred while processing the request.", 503),
    Failure.UNKNOWN_OUTCOME: (TIMEOUT, UNKNOWN_OUTCOME, 504),
    Failure.MAINTENANCE: (BUSY, OVERLOADED, 503),
    Failure.TIMESTAMP: (BAD_TIMESTAMP, OUTSIDE_WINDOW, 400),
    # This venue has no nonces; the timestamp is what it refuses.
    Failure.NONCE: (BAD_TIMESTAMP, OUTSIDE_WINDOW, 400),
}


def failure_error(failure: Failure) -> ApiError:
    """How it is said."""
    return ApiError(*FAILURES[failure])


def throttle_error(throttle: Throttle, rules: VenueRules) -> ApiError:
    """429, and 418 once the client is banned."""
    if throttle.banned:
        return ApiError(
            TOO_MANY_REQUESTS,
            f"Way too much request weight used; IP banned until {throttle.until_ns // 1_000_000}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            BANNED_STATUS,
        )
    return ApiError(
        TOO_MANY_REQUESTS,
        f"Too much request weight used; current limit is {rules.weight} request weight per 1 "
        "MINUTE. Please use WebSocket Streams for live updates to avoid polling the API.",
        LIMITED_STATUS,
    )
