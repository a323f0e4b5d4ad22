import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_registry.record import OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from protocols.edge.convert import BAD_TYPE_MISMATCH, to_reading
from twin.quality import BAD, GOOD, UNCERTAIN

SOURCE = OpcUaSource("opc.tcp://plc:4840", "ns=2;s=x")
SPEED = BoundSignal("line1/coater", "line_speed", "host", SOURCE, scale=60.0, offset=1.0)
LOT = BoundSignal("line1/coater", "lot", "host", SOURCE, is_text=True)


@pytest.mark.parametrize(("raw", "value"), [(2.0, 121.0), (2, 121.0), (True, 61.0)])
def test_numbers_and_truth_values_are_scaled(raw: object, value: float) -> None:
    reading, complaint = to_reading(SPEED, raw, 7, UNCERTAIN, "piece-1")

    assert (reading.value, reading.time_ns, reading.quality) == (value, 7, UNCERTAIN)
    assert reading.text == "piece-1"
    assert complaint == ""


@pytest.mark.parametrize(("raw", "text"), [("E-0042", "E-0042"), (42, "42")])
def test_text_signals_take_text_and_whole_numbers(raw: object, text: str) -> None:
    reading, complaint = to_reading(LOT, raw, 7, 0)

    assert reading.text == text
    assert math.isnan(reading.value)
    assert complaint == ""


@pytest.mark.parametrize(
    ("bound", "raw", "why"),
    [
        (SPEED, "2.0", "the text '2.0'; a number is expected"),
        (SPEED, [1.0], "an array of 1; a number is expected"),
        (SPEED, None, "missing (null); a number is expected"),
        (SPEED, 10**400, "of type int; a number is expected"),
        (LOT, 1.5, "of type float; a text is expected"),
        (LOT, True, "of type bool; a text is expected"),
    ],
)
def test_a_value_of_the_wrong_type_has_no_value_bad_quality_and_a_reason(
    bound: BoundSignal, raw: object, why: str
) -> None:
    reading, complaint = to_reading(bound, raw, 7, 0)

    assert math.isnan(reading.value)
    assert reading.quality == BAD_TYPE_MISMATCH
    assert complaint == f"the value is {why}"


def test_a_missing_value_that_the_source_itself_calls_bad_keeps_the_sources_code() -> None:
    reading, complaint = to_reading(SPEED, None, 7, BAD | 0x0001_0000)

    assert (reading.quality, complaint) == (BAD | 0x0001_0000, "")


odd = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary()),
    st.lists(st.integers()),
)


@given(raw=odd, bound=st.sampled_from([SPEED, LOT]))
def test_no_value_is_too_odd_to_become_a_value_or_to_be_complained_of(
    raw: object, bound: BoundSignal
) -> None:
    reading, complaint = to_reading(bound, raw, 7, GOOD, "piece-1")

    assert (reading.asset, reading.signal, reading.time_ns) == (bound.asset, bound.signal, 7)
    if complaint:
        assert math.isnan(reading.value)
        assert (reading.quality, reading.text) == (BAD_TYPE_MISMATCH, "piece-1")
        assert not isinstance(raw, str if bound is LOT else float)
    elif bound is LOT:
        assert (reading.quality, reading.text) == (GOOD, str(raw))
        assert math.isnan(reading.value)
    else:
        assert isinstance(raw, bool | int | float)
        expected = float(raw) * 60.0 + 1.0
        assert reading.value == expected or (math.isnan(expected) and math.isnan(reading.value))
        assert (reading.quality, reading.text) == (GOOD, "piece-1")
