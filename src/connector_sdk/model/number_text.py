"""Numbers as callers and venues write them, and what is exact of them.

Some venues send prices and quantities as JSON numbers. A fast parser makes floats of them and so
loses the trailing zeros, which checksums are computed over, but not the value: up to 15
significant digits, a float's repr spells the number that stood on the wire. Where an instrument
has more, `floats_keep` says so, and its frames are parsed with `exact_json` instead;
`number_text` takes what either parser makes.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal, InvalidOperation

from connector_sdk.errors import ConnectorError
from connector_sdk.model.instrument import Instrument

FLOAT_DIGITS = 15
"""Numbers of so many significant digits survive as floats (IEEE 754 binary64)."""


def exact_number(given: object, what: str, refusal: type[ConnectorError]) -> Decimal:
    """What a caller wrote as a Decimal, an int or a text, as a Decimal.

    Raises `refusal`, which names `what`, for a float, a bool or what is no finite number.
    """
    if isinstance(given, Decimal) or type(given) is int:
        number = Decimal(given)
    elif isinstance(given, str):
        try:
            number = Decimal(given.strip())
        except InvalidOperation as error:
            raise refusal(f"{what} {given!r} is not a number") from error
    else:
        raise refusal(
            f"{what} {given!r} is a {type(given).__name__}, which is not exact: "
            "write a string or a Decimal, as in '0.01'"
        )
    if not number.is_finite():
        raise refusal(f"{what} {given!r} is not a finite number")
    return number


def number_text(number: float | Decimal, decimals: int = 0) -> str:
    """The text of a parsed JSON number, in plain notation.

    decimals: the instrument's precision: zeros are put back up to so many decimals. What has
              more decimals keeps them all.

    Raises ValueError for what is not finite, and for a float whose text has more than 15
    significant digits: the wire may have said something else.
    """
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a price or a quantity")
    text = repr(number) if isinstance(number, float) else str(number)
    if "e" in text or "E" in text:
        text = format(Decimal(text), "f")
    text = text.removesuffix(".0")
    if decimals:
        whole, _, fraction = text.partition(".")
        text = f"{whole}.{fraction.ljust(decimals, '0')}"
    if isinstance(number, float) and len(text) > FLOAT_DIGITS and _digits(text) > FLOAT_DIGITS:
        raise ValueError(f"{text} has more than {FLOAT_DIGITS} digits: a float may have changed it")
    return text


def _digits(text: str) -> int:
    return len(text.lstrip("-0.").replace(".", ""))


def floats_keep(instrument: Instrument) -> bool:
    """Whether every price and quantity of `instrument` survives as a float.

    An instrument without maximum is taken to need a float's 15 digits at most: `number_text`
    raises where it does not hold.
    """
    limits = (
        (instrument.maximum_price, instrument.tick_size),
        (instrument.maximum_quantity, instrument.lot_size),
    )
    return all(
        maximum is None or maximum.adjusted() + 1 + step_decimals(step) <= FLOAT_DIGITS
        for maximum, step in limits
    )


def step_decimals(step: Decimal) -> int:
    """The decimals that multiples of `step` are written with."""
    return len(f"{step.normalize():f}".partition(".")[2])


def exact_json(data: bytes | str) -> object:
    """Parse JSON, keeping every digit: numbers with a fraction become Decimals.

    About ten times slower than the fast parser. Raises ValueError for malformed JSON.
    """
    return json.loads(data, parse_float=Decimal, parse_constant=_refuse)


def _refuse(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON")
