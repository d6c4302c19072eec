"""Price keys: how texts of prices are ordered, and when different texts must differ in value.

A key is a float or, on a side whose texts a float may fail to tell apart, a Decimal; of one side
all keys are of one kind. Both are annotated `float`: a key is only ever compared with its own.
Asks have negated keys, so that the best price of either side has the greatest key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from typing import Final, TypeAlias, cast

Key: TypeAlias = float
KeyOf: TypeAlias = Callable[[str], Key]

BELOW_ALL: Final[Key] = float("-inf")
FLOAT_DIGITS: Final = 15
"""Decimals of so many significant digits stay different numbers as floats (IEEE 754 binary64)."""
PLAIN_LENGTH: Final = FLOAT_DIGITS + 1
LONGEST_TEXT: Final = 40
"""Far within the range of exponents where that holds."""

_POINTS: Final = [""] + ["." + "0" * n for n in range(LONGEST_TEXT)]
ZEROS: Final = frozenset(
    [sign + whole + point for sign in ("", "-") for whole in ("0", "00", "") for point in _POINTS]
    + [
        f"{zero}{e}{n}"
        for zero in ("0", "0.0")
        for e in ("E-", "E+", "e-", "e+")
        for n in range(41)
    ]
) - {"", "-", ".", "-."}
"""The spellings of zero. A decoder maps yet odder ones to ``0``."""


def plain_offset(text: str) -> int:
    """Where the dot stands, from the end, if `text` is plainly spelled; 0 if it is not.

    Plain: digits, a dot, digits; no leading zero; at most 15 digits. Plain texts with the dot at
    one offset are different numbers whenever they are different texts.
    """
    dot = text.rfind(".") - len(text)
    return dot if dot < -1 and is_plain(text, dot) else 0


def are_plain(texts: Iterable[str], dot: int) -> bool:
    """Whether all are plainly spelled with the dot at `dot`, counted from the end."""
    return all(is_plain(text, dot) for text in texts)


def is_plain(text: str, dot: int) -> bool:
    """Whether `text`, a number, is plainly spelled with its dot at `dot`; never if that is 0."""
    length = len(text)
    if not (-dot < length <= PLAIN_LENGTH and text[dot] == "."):
        return False
    digits = text.replace(".", "", 1)
    return (length == 1 - dot or text[0] != "0") and digits.isdigit() and digits.isascii()


def fits_float(text: str) -> bool:
    """Whether texts like this one differ as floats wherever they differ in value."""
    digits = text.replace(".", "", 1)
    return (
        digits.isdigit()
        and digits.isascii()
        and len(digits) <= LONGEST_TEXT
        and len(digits.lstrip("0")) <= FLOAT_DIGITS
    )


def exact(text: str) -> Decimal:
    """The number `text` spells. Raises ValueError unless it is finite."""
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return number


def negative_float(text: str) -> Key:
    """The key of an ask, where floats will do."""
    return -float(text)


def exact_key(text: str) -> Key:
    """The key of a bid, exact."""
    return cast("Key", exact(text))


def negative_exact_key(text: str) -> Key:
    """The key of an ask, exact: a unary minus would round to the decimal context."""
    return cast("Key", exact(text).copy_negate())
