"""What every part relies on: units, frames and snapshots."""

import math
import zlib
from functools import cache

import numpy as np
import pint
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InvalidFrame, InvalidInput, UnitMismatch
from twin.frame import Frame, Reading, by_stream
from twin.snapshot import Value, dumps, loads
from twin.units import affine, convert, known_units, unit

# Our name of a unit, as pint writes it, where the two differ.
_PINT = {
    "1": "dimensionless",
    "%": "percent",
    "um": "micrometer",
    "m2": "m**2",
    "cm2": "cm**2",
    "m3": "m**3",
    "kg/m3": "kg/m**3",
    "g/cm3": "g/cm**3",
    "kg/m2": "kg/m**2",
    "g/m2": "g/m**2",
    "mg/cm2": "mg/cm**2",
    "g/(m2.s)": "g/(m**2*s)",
    "kg/(m2.s)": "kg/(m**2*s)",
    "m3/s": "m**3/s",
    "m2/s": "m**2/s",
    "Pa.s": "Pa*s",
    "mPa.s": "mPa*s",
    "Ohm": "ohm",
    "mOhm": "milliohm",
    "W/(m2.K)": "W/(m**2*K)",
    "mL": "milliliter",
    "mL/min": "milliliter/min",
}
_names = st.sampled_from(known_units())
_finite = st.floats(-1e9, 1e9)


@cache
def _registry() -> pint.UnitRegistry[float]:
    return pint.UnitRegistry()


@pytest.mark.parametrize("name", known_units())
def test_every_unit_is_what_pint_says(name: str) -> None:
    quantity = _registry().Quantity(7.0, _PINT.get(name, name)).to_base_units()
    own = unit(name)
    magnitude = float(quantity.magnitude)
    assert 7.0 * float(own.factor) + float(own.offset) == pytest.approx(magnitude)
    exponents = {name: round(float(str(n))) for name, n in quantity.dimensionality.items()}
    order = ("[length]", "[mass]", "[time]", "[current]", "[temperature]", "[substance]")
    assert own.dimension == tuple(exponents.get(d, 0) for d in order)


@given(_names, _names, _finite)
def test_conversion_there_and_back_gives_the_value(a: str, b: str, value: float) -> None:
    if unit(a).dimension != unit(b).dimension:
        with pytest.raises(UnitMismatch):
            convert(value, a, b)
        return
    back = convert(convert(value, a, b), b, a)
    assert back == pytest.approx(value, rel=1e-9, abs=1e-6)


def test_a_unit_of_another_quantity_is_refused_by_name() -> None:
    with pytest.raises(UnitMismatch, match=r"'kN/m' cannot be converted to 'degC'"):
        affine("kN/m", "degC")


def test_an_unknown_unit_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnitMismatch, match=r"unknown unit 'furlong'.*mg/cm2"):
        convert(1.0, "furlong", "m")


def test_temperatures_are_shifted_not_only_scaled() -> None:
    assert convert(25.0, "degC", "K") == 298.15
    assert convert(20.0, "mg/cm2", "g/m2") == 200.0


_readings = st.builds(
    Reading,
    asset=st.sampled_from(["line1/coater", "line1/coater/gauge-top", "zelle/ä"]),
    signal=st.sampled_from(["line_speed", "lot"]),
    time_ns=st.integers(-(2**63), 2**63 - 1),
    value=st.floats(allow_nan=True, allow_infinity=True),
    quality=st.integers(0, 2**32 - 1),
    text=st.none() | st.text(max_size=8),
)


def _frame(readings: list[Reading], sequence: int = 3) -> Frame:
    return Frame.of("edge-1", sequence, 1_760_000_000_000_000_000, readings)


def _same(a: Reading, b: Reading) -> bool:
    values = a.value == b.value or (math.isnan(a.value) and math.isnan(b.value))
    return values and a._replace(value=0.0) == b._replace(value=0.0)


@given(st.lists(_readings, max_size=20))
def test_a_frame_survives_its_bytes(readings: list[Reading]) -> None:
    frame = Frame.from_bytes(_frame(readings).to_bytes())
    assert (frame.producer, frame.sequence) == ("edge-1", 3)
    assert frame.received_ns == 1_760_000_000_000_000_000
    assert len(frame) == len(readings)
    assert all(map(_same, frame.readings(), readings))


@given(st.lists(_readings, max_size=20))
def test_equal_frames_have_equal_bytes(readings: list[Reading]) -> None:
    data = _frame(readings).to_bytes()
    assert _frame(readings).to_bytes() == data == Frame.from_bytes(data).to_bytes()


@given(st.lists(_readings, max_size=5), st.data())
def test_a_damaged_frame_is_refused(readings: list[Reading], data: st.DataObject) -> None:
    good = bytearray(_frame(readings).to_bytes())
    at = data.draw(st.integers(0, len(good) - 1))
    good[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidFrame):
        Frame.from_bytes(bytes(good))


@given(st.lists(_readings, max_size=5), st.data())
def test_a_truncated_frame_is_refused(readings: list[Reading], data: st.DataObject) -> None:
    good = _frame(readings).to_bytes()
    with pytest.raises(InvalidFrame):
        Frame.from_bytes(good[: data.draw(st.integers(0, len(good) - 1))])


@given(st.binary(max_size=64))
def test_arbitrary_bytes_are_no_frame(data: bytes) -> None:
    with pytest.raises(InvalidFrame):
        Frame.from_bytes(data)


@given(st.binary(max_size=80))
def test_a_frame_with_a_right_checksum_and_wrong_content_is_refused(content: bytes) -> None:
    body = b"GTF1" + content
    with pytest.raises(InvalidFrame):
        Frame.from_bytes(body + zlib.crc32(body).to_bytes(4, "little"))


@pytest.mark.parametrize("column", ["asset", "signal", "text"])
def test_a_code_outside_its_table_is_refused(column: str) -> None:
    frame = _frame([Reading("a", "s", 1, text="t")])
    getattr(frame, column)[0] = 7
    with pytest.raises(InvalidFrame, match=column):
        Frame.from_bytes(frame.to_bytes())


def test_readings_are_grouped_by_stream_in_order() -> None:
    readings = [Reading("a", "s", 1, 1.0), Reading("b", "s", 1, 2.0), Reading("a", "s", 2, 3.0)]
    grouped = by_stream(readings, {"a": "x", "b": "y"})
    assert grouped == {"x": [readings[0], readings[2]], "y": [readings[1]]}


_leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
)
_values = st.recursive(
    _leaves,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4).filter(lambda k: k != "__array__"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4).filter(lambda k: k != "__array__"), _values, max_size=4))
def test_a_snapshot_survives_its_bytes(snapshot: dict[str, Value]) -> None:
    assert loads(dumps(snapshot)) == snapshot


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=6))
def test_arrays_come_back_to_the_bit(values: list[float]) -> None:
    array = np.array(values)
    found = loads(dumps({"x": array}))["x"]
    assert isinstance(found, np.ndarray)
    assert found.tobytes() == array.tobytes()
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert found.flags.writeable


def test_the_order_of_keys_does_not_change_the_bytes() -> None:
    assert dumps({"a": 1, "b": 2}) == dumps({"b": 2, "a": 1})


@pytest.mark.parametrize("data", [b"", b"[1]", b"{", b"\xff", b"3"])
def test_bytes_that_are_no_snapshot_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        loads(data)


def test_what_is_no_value_is_not_saved_silently() -> None:
    with pytest.raises(TypeError, match="can't hold object"):
        dumps({"x": object()})  # type: ignore[dict-item]
