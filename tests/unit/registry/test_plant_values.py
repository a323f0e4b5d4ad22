"""Numbers with units, as they stand in plant files."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_registry.plant_values import parse_quantity
from asset_registry.record import Quantity
from twin.errors import UnitMismatch
from twin.units import known_units

finite = st.floats(allow_nan=False, allow_infinity=False)


@given(finite, st.sampled_from(known_units()))
def test_a_number_and_its_unit_are_read_to_the_bit(value: float, unit: str) -> None:
    assert parse_quantity(f"{value!r} {unit}") == Quantity(value, unit)


@given(finite)
def test_a_number_alone_has_the_unit_one(value: float) -> None:
    assert parse_quantity(repr(value)) == Quantity(value, "1")


@given(st.text().filter(lambda text: not text.strip()[:2].strip("+-.").isdecimal()))
def test_what_begins_with_no_digit_is_a_text(text: str) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize("text", ["metered", "line1/coater", "", "nan mm", "inf", "0x10", "1_0"])
def test_what_does_not_begin_with_a_number_is_a_text(text: str) -> None:
    assert parse_quantity(text) is None


@pytest.mark.parametrize(
    ("text", "quantity"),
    [
        ("600 mm", Quantity(600, "mm")),
        ("  2   % ", Quantity(2, "%")),
        ("-1.5e3 kN/m", Quantity(-1500, "kN/m")),
        (".5 mg/cm2", Quantity(0.5, "mg/cm2")),
        ("7", Quantity(7, "1")),
    ],
)
def test_a_quantity_is_written_as_people_do(text: str, quantity: Quantity) -> None:
    assert parse_quantity(text) == quantity


def test_an_unknown_unit_is_no_text() -> None:
    with pytest.raises(UnitMismatch):
        parse_quantity("12 ell")
