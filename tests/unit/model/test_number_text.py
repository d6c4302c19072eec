"""JSON numbers find their wire text again."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_sdk.model.instrument import Instrument
from connector_sdk.model.number_text import exact_json, floats_keep, number_text, step_decimals


@pytest.mark.parametrize(
    ("number", "decimals", "text"),
    [
        (0.001, 8, "0.00100000"),
        (4.0, 8, "4.00000000"),
        (29430.2, 1, "29430.2"),
        (60400, 0, "60400"),
        (60400, 2, "60400.00"),
        (60400.0, 0, "60400"),
        (1e-05, 0, "0.00001"),
        (1e-05, 8, "0.00001000"),
        (1e14, 0, "100000000000000"),
        (-2.5, 0, "-2.5"),
        (0.0, 8, "0.00000000"),
        (0, 0, "0"),
        (0.123456, 2, "0.123456"),
        (143284.07017594, 8, "143284.07017594"),
        (0.000123456789012345, 0, "0.000123456789012345"),
        (Decimal("1.50"), 4, "1.5000"),
        (Decimal("1E-9"), 0, "0.000000001"),
        (Decimal("12345678901234567.12345678"), 8, "12345678901234567.12345678"),
        (12345678901234567890, 0, "12345678901234567890"),
    ],
)
def test_a_number_is_spelled_plainly_and_padded(
    number: float | Decimal, decimals: int, text: str
) -> None:
    assert number_text(number, decimals) == text


@pytest.mark.parametrize(
    ("number", "decimals"),
    [(1e16, 0), (19203.444049780002, 0), (123456789.5, 8), (1e16, 1), (0.1234567890123456, 0)],
)
def test_more_digits_than_a_float_keeps_are_refused(number: float, decimals: int) -> None:
    with pytest.raises(ValueError, match="more than 15 digits"):
        number_text(number, decimals)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), Decimal("NaN")])
def test_what_is_not_finite_is_refused(number: float | Decimal) -> None:
    with pytest.raises(ValueError, match="not a price"):
        number_text(number)


@given(st.integers(0, 10**15 - 1), st.integers(1, 12))
def test_a_literal_of_up_to_15_digits_comes_back_from_the_fast_parser(
    units: int, decimals: int
) -> None:
    literal = f"{Decimal(units).scaleb(-decimals):f}"
    assert number_text(orjson.loads(literal), decimals) == literal


@given(st.integers(0, 10**30), st.integers(1, 18))
def test_a_literal_of_any_length_comes_back_from_the_exact_parser(
    units: int, decimals: int
) -> None:
    whole, fraction = divmod(units, 10**decimals)
    literal = f"{whole}.{fraction:0{decimals}}"
    parsed = exact_json(literal)
    assert isinstance(parsed, Decimal)
    assert number_text(parsed, decimals) == literal


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "{", "[1.0,]"])
def test_the_exact_parser_refuses_what_is_not_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|Expecting|Illegal"):
        exact_json(text)


@pytest.mark.parametrize(
    ("tick", "maximum_price", "lot", "maximum_quantity", "kept"),
    [
        ("0.01", "1000000", "0.00000001", "9000", True),
        ("0.01", None, "0.00000001", None, True),
        ("0.01", "1000000", "0.00000001", "90000000", False),
        ("0.000000000001", "100000", "1", "9000", False),
    ],
)
def test_whether_floats_keep_an_instrument_is_known_from_its_limits(
    tick: str, maximum_price: str | None, lot: str, maximum_quantity: str | None, kept: bool
) -> None:
    instrument = Instrument(
        pair="A-B",
        symbol="AB",
        base="A",
        quote="B",
        tick_size=Decimal(tick),
        lot_size=Decimal(lot),
        maximum_price=None if maximum_price is None else Decimal(maximum_price),
        maximum_quantity=None if maximum_quantity is None else Decimal(maximum_quantity),
    )
    assert floats_keep(instrument) is kept


@pytest.mark.parametrize(
    ("step", "decimals"), [("0.0005", 4), ("0.00100000", 3), ("1", 0), ("10", 0), ("1E-8", 8)]
)
def test_decimals_are_those_of_the_step_without_trailing_zeros(step: str, decimals: int) -> None:
    assert step_decimals(Decimal(step)) == decimals
