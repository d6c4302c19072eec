"""Errors in Binance's own codes and words, and answers in JSON.

Source: binance-spot-api-docs, "Error codes" (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from connector_sdk.sandbox.dialect import VenueAnswer
from connector_sdk.sandbox.trading import RefusalKind, Refused, Rule

UNAUTHORIZED, BAD_TIMESTAMP, BAD_SIGNATURE, BAD_KEY_FORMAT, REJECTED_KEY = (
    -1002,
    -1021,
    -1022,
    -2014,
    -2015,
)
FILTER, BAD_COMPOSITION, TOO_MANY_ORDERS, UNSUPPORTED = -1013, -1014, -1015, -1020
ILLEGAL, TOO_MANY, MISSING, UNREAD, EMPTY, NOT_REQUIRED = (-1100, -1101, -1102, -1104, -1105, -1106)
PRECISION, BAD_TIF, BAD_TYPE, BAD_SIDE, NO_SYMBOL = -1111, -1115, -1116, -1117, -1121
TOO_LONG_AGO, COMBINATION, BAD_VALUE, BAD_JSON, BAD_RESTRICTION = -1127, -1128, -1130, -1135, -1145
NEW_REJECTED, CANCEL_REJECTED, NO_ORDER, ARCHIVED = -2010, -2011, -2013, -2026
REPLACED_PARTLY, REPLACE_FAILED, AMEND_REJECTED, OTHER_CLIENT_ID = -2021, -2022, -2038, -2039
SUBSCRIBED, NOT_SUBSCRIBED, WRONG_KEY_TYPE = -2035, -2036, -4056
OUTSIDE_WINDOW = "Timestamp for this request is outside of the recvWindow."

REFUSALS: Mapping[RefusalKind, tuple[int, str]] = {
    RefusalKind.INSUFFICIENT_BALANCE: (
        NEW_REJECTED,
        "Account has insufficient balance for requested action.",
    ),
    RefusalKind.DUPLICATE: (NEW_REJECTED, "Duplicate order sent."),
    RefusalKind.WOULD_MATCH: (NEW_REJECTED, "Order would immediately match and take."),
    RefusalKind.WOULD_TRIGGER: (NEW_REJECTED, "Order would trigger immediately."),
    RefusalKind.CLOSED: (NEW_REJECTED, "Market is closed."),
    RefusalKind.PRECISION: (PRECISION, "Precision is over the maximum defined for this asset."),
    RefusalKind.NO_SUCH_ORDER: (CANCEL_REJECTED, "Unknown order sent."),
    RefusalKind.CANCEL_RESTRICTED: (
        CANCEL_REJECTED,
        "Order was not canceled due to cancel restrictions.",
    ),
    RefusalKind.NOT_SMALLER: (AMEND_REJECTED, "Order amend (quantity increase) is not supported."),
    RefusalKind.TOO_MANY_AMENDS: (AMEND_REJECTED, "Filter failure: MAX_NUM_ORDER_AMENDS"),
}
FILTERS: Mapping[str, str] = {
    Rule.PRICE: "PRICE_FILTER",
    Rule.LOT: "LOT_SIZE",
    Rule.MARKET_LOT: "MARKET_LOT_SIZE",
    Rule.NOTIONAL: "NOTIONAL",
    Rule.OPEN_ORDERS: "MAX_NUM_ORDERS",
    Rule.OPEN_TRIGGERS: "MAX_NUM_ALGO_ORDERS",
    Rule.ICEBERG_PARTS: "ICEBERG_PARTS",
    Rule.TRAILING_DELTA: "TRAILING_DELTA",
}


class ApiError(Exception):
    """An answer of the form {"code","msg"}, with ``data`` where the documentation has it."""

    def __init__(
        self, code: int, message: str, status: int = 400, data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data = data

    @property
    def body(self) -> dict[str, object]:
        """It as JSON."""
        body: dict[str, object] = {"code": self.code, "msg": self.message}
        return body if self.data is None else {**body, "data": self.data}

    def answer(self) -> VenueAnswer:
        """It as an HTTP answer."""
        return json_answer(self.body, self.status)


def json_answer(body: object, status: int = 200) -> VenueAnswer:
    """`body` as an HTTP answer."""
    headers = {"Content-Type": "application/json;charset=UTF-8"}
    return VenueAnswer(status, orjson.dumps(body), headers)


def refusal_error(refused: Refused) -> ApiError:
    """What the venue's trading half refused, as the API says it."""
    if refused.kind is RefusalKind.RULE:
        return ApiError(FILTER, f"Filter failure: {FILTERS[refused.rule]}")
    if refused.kind is RefusalKind.TOO_MANY_ORDERS:
        return ApiError(TOO_MANY_ORDERS, "Too many new orders.", 429)
    return ApiError(*REFUSALS[refused.kind])


def missing(name: str) -> ApiError:
    """A mandatory parameter was not sent."""
    return ApiError(
        MISSING, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )


def illegal(name: str, legal: str) -> ApiError:
    """A parameter holds what its pattern does not allow."""
    return ApiError(
        ILLEGAL, f"Illegal characters found in parameter '{name}'; legal range is '{legal}'."
    )
