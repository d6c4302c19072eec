"""Levels keep the wire's text; what they spell is checked when somebody reads it."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest

from connector_sdk.errors import WireError
from connector_sdk.model.market_data import PriceLevel, amount, canonical


def test_a_level_gives_the_wires_own_digits_exactly() -> None:
    level = PriceLevel("0.100000000000000001", "12345678901234567890.10")
    assert level.price == Decimal("0.100000000000000001")
    assert level.quantity == Decimal("12345678901234567890.10")


def test_levels_are_equal_when_their_numbers_are() -> None:
    assert PriceLevel("1.10", "2") == PriceLevel("1.1", "2.0")
    assert hash(PriceLevel("1.10", "2")) == hash(PriceLevel("1.1", "2.0"))
    assert PriceLevel("1.10", "2") != PriceLevel("1.1", "2.1")


@pytest.mark.parametrize("text", ["abc", "", "NaN", "Infinity", "-1", "1,5", cast("str", 1.5)])
def test_what_spells_no_amount_is_a_wire_error_when_read(text: str) -> None:
    with pytest.raises(WireError, match="no amount"):
        amount(text)
    with pytest.raises(WireError, match="no amount"):
        _ = PriceLevel("1", text).quantity
    with pytest.raises(WireError, match="no amount"):
        _ = PriceLevel(text, "1").price


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("1E+3", "1000"),
        ("1.500", "1.5"),
        ("0E-8", "0"),
        ("100", "100"),
        ("0.00000001", "0.00000001"),
    ],
)
def test_canonical_text_has_no_exponent_and_no_trailing_zeros(number: str, text: str) -> None:
    assert canonical(Decimal(number)) == text
