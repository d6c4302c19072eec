"""Request parameters, and the errors about them.

Source: binance-spot-api-docs, "REST API", "Error codes" (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeVar, cast
from urllib.parse import parse_qsl

import orjson

from connector_sdk.sandbox.dialect import VenueView
from connector_sdk_binance.sandbox.api_error import (
    BAD_VALUE,
    COMBINATION,
    EMPTY,
    FILTER,
    ILLEGAL,
    MISSING,
    NO_SYMBOL,
    PRECISION,
    TOO_MANY,
    UNREAD,
    ApiError,
    illegal,
    missing,
)

Word = TypeVar("Word")

SYMBOL_CHARACTERS = "^[\\w\\-._&&[^a-z]]{1,50}$"
DIGITS = "^[0-9]{1,20}$"
AMOUNT = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
CLIENT_ID = "^[a-zA-Z0-9-_]{1,36}$"
DECIMALS = 8
LARGEST_ID = 2**63 - 1


def form_values(*forms: str) -> dict[str, str]:
    """The parameters of a query and a form body; of one sent in both, the first form's.

    Raises ApiError for one that stands twice in one form.
    """
    values: dict[str, str] = {}
    for form in forms:
        pairs = parse_qsl(form, keep_blank_values=True)
        if len({name for name, _ in pairs}) < len(pairs):
            raise ApiError(TOO_MANY, "Duplicate values for a parameter detected.")
        values = {**dict(pairs), **values}
    return values


class Parameters:
    """The parameters of one request, checked against the names its endpoint knows.

    signed:  of a signed endpoint, which words an unknown name differently.
    """

    def __init__(
        self, values: Mapping[str, str], known: Iterable[str], *, signed: bool = False
    ) -> None:
        self._values = values
        names = set(known)
        unknown = [name for name in values if name not in names]
        if unknown and signed:
            raise ApiError(
                UNREAD,
                f"Not all sent parameters were read; read '{len(values) - len(unknown)}' "
                f"parameter(s) but was sent '{len(values)}'.",
            )
        if unknown:
            raise ApiError(
                TOO_MANY,
                f"Too many parameters; expected '{len(names)}' and received '{len(values)}'.",
            )

    def has(self, name: str) -> bool:
        """Whether it was sent."""
        return name in self._values

    def text(self, name: str) -> str | None:
        """The parameter's text; None when it was not sent."""
        value = self._values.get(name)
        if value == "":
            raise ApiError(EMPTY, f"Parameter '{name}' was empty.")
        return value

    def required(self, name: str) -> str:
        """The text of a mandatory parameter."""
        value = self._values.get(name)
        if not value:
            raise missing(name)
        return value

    def pair(self, venue: VenueView) -> str:
        """The pair of the mandatory parameter ``symbol``."""
        symbol = self.text("symbol")
        if symbol is None:
            raise missing("symbol")
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
            raise illegal("symbols", '^\\[("[A-Z0-9-_.]{1,20}"(,"[A-Z0-9-_.]{1,20}"){0,}){0,1}\\]$')
        return [pair_of(str(name), venue) for name in cast("list[object]", names)]

    def number(self, name: str, default: int, most: int) -> int:
        """A count; more than `most` counts as `most`."""
        value = self.integer(name)
        if value == 0:
            raise ApiError(BAD_VALUE, f"Data sent for parameter '{name}' is not valid.")
        return default if value is None else min(value, most)

    def integer(self, name: str) -> int | None:
        """A whole number from 0; None when it was not sent."""
        text = self.text(name)
        if text is None:
            return None
        if not re.fullmatch(DIGITS, text):
            raise illegal(name, DIGITS)
        if int(text) > LARGEST_ID:
            raise ApiError(BAD_VALUE, f"Data sent for parameter '{name}' is not valid.")
        return int(text)

    def amount(self, name: str) -> Decimal | None:
        """Money or a price, exact and above zero; None when it was not sent."""
        text = self.text(name)
        if text is None:
            return None
        if not re.fullmatch(AMOUNT, text):
            raise illegal(name, AMOUNT)
        if len(text.partition(".")[2]) > DECIMALS:
            raise ApiError(PRECISION, f"Parameter '{name}' has too much precision.")
        if not Decimal(text):
            raise ApiError(FILTER, f"Invalid {name}.")
        return Decimal(text)

    def client_id(self, name: str) -> str | None:
        """A client order id; None when it was not sent."""
        text = self.text(name)
        if text is not None and not re.fullmatch(CLIENT_ID, text, re.ASCII):
            raise illegal(name, CLIENT_ID)
        return text

    def word(self, name: str, words: Mapping[str, Word], refusal: tuple[int, str]) -> Word | None:
        """What an enumerated parameter stands for; None when it was not sent."""
        text = self.text(name)
        if text is None:
            return None
        if text not in words:
            raise ApiError(*refusal)
        return words[text]

    def flag(self, name: str) -> bool:
        """A ``true`` or ``false``; false when it was not sent."""
        legal = "^(true|false)$"
        text = self.text(name)
        if text is not None and not re.fullmatch(legal, text, re.IGNORECASE):
            raise illegal(name, legal)
        return text is not None and text.lower() == "true"

    def need_one_of(self, *names: str) -> None:
        """Raise the venue's error when none of two was sent."""
        if not any(self._values.get(name) for name in names):
            listed = " or ".join(f"'{name}'" for name in names)
            raise ApiError(MISSING, f"Param {listed} must be sent, but both were empty/null!")


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
