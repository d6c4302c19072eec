"""Request parameters and the errors about them, in Binance's own codes and words.

Source: binance-spot-api-docs, "Error codes" and "REST API" (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import parse_qsl

import orjson

from connector_sdk.sandbox.dialect import VenueAnswer, VenueView

SYMBOL_CHARACTERS = "^[\\w\\-._&&[^a-z]]{1,50}$"
DIGITS = re.compile(r"[0-9]{1,20}")
NO_SYMBOL, ILLEGAL, TOO_MANY, MISSING, EMPTY, COMBINATION, BAD_VALUE = (
    -1121,
    -1100,
    -1101,
    -1102,
    -1105,
    -1128,
    -1130,
)


class ApiError(Exception):
    """An answer of the form {"code","msg"}."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def answer(self) -> VenueAnswer:
        """It as an HTTP answer."""
        return json_answer({"code": self.code, "msg": self.message}, self.status)


def json_answer(body: object, status: int = 200) -> VenueAnswer:
    """`body` as an HTTP answer."""
    headers = {"Content-Type": "application/json;charset=UTF-8"}
    return VenueAnswer(status, orjson.dumps(body), headers)


class Parameters:
    """The parameters of one request, checked against the names its endpoint knows."""

    def __init__(self, query: str, known: tuple[str, ...]) -> None:
        self._values: Mapping[str, str] = dict(parse_qsl(query, keep_blank_values=True))
        if not set(self._values) <= set(known):
            raise ApiError(
                TOO_MANY,
                f"Too many parameters; expected '{len(known)}' and received '{len(self._values)}'.",
            )

    def text(self, name: str) -> str | None:
        """The parameter's text; None when it was not sent."""
        value = self._values.get(name)
        if value == "":
            raise ApiError(EMPTY, f"Parameter '{name}' was empty.")
        return value

    def pair(self, venue: VenueView) -> str:
        """The pair of the mandatory parameter ``symbol``."""
        symbol = self.text("symbol")
        if symbol is None:
            raise ApiError(
                MISSING,
                "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.",
            )
        return pair_of(symbol, venue)

    def pairs(self, venue: VenueView) -> list[str] | None:
        """The pairs of ``symbol`` or ``symbols``; None when neither was sent."""
        one, many = self.text("symbol"), self.text("symbols")
        if one is not None and many is not None:
            raise ApiError(COMBINATION, "Combination of optional parameters invalid.")
        if one is not None:
            return [pair_of(one, venue)]
        if many is None:
            return None
        try:
            names = orjson.loads(many)
        except orjson.JSONDecodeError:
            names = None
        if not isinstance(names, list) or not names:
            raise ApiError(
                ILLEGAL,
                "Illegal characters found in parameter 'symbols'; legal range is "
                '\'^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$\'.',
            )
        return [pair_of(str(name), venue) for name in cast("list[object]", names)]

    def number(self, name: str, default: int, most: int) -> int:
        """A count; more than `most` counts as `most`."""
        text = self.text(name)
        if text is None:
            return default
        if not DIGITS.fullmatch(text):
            raise ApiError(
                ILLEGAL,
                f"Illegal characters found in parameter '{name}'; legal range is "
                "'^[0-9]{1,20}$'.",
            )
        if int(text) == 0:
            raise ApiError(BAD_VALUE, f"Data sent for parameter '{name}' is not valid.")
        return min(int(text), most)


def pair_of(symbol: str, venue: VenueView) -> str:
    """The pair of a symbol; the venue's error when there is none."""
    pair = venue.pair_of(symbol)
    if pair is not None:
        return pair
    if any(c.islower() or not (c.isalnum() or c in "-._") for c in symbol):
        raise ApiError(
            ILLEGAL,
            "Illegal characters found in parameter 'symbol'; legal range is "
            f"'{SYMBOL_CHARACTERS}'.",
        )
    raise ApiError(NO_SYMBOL, "Invalid symbol.")
