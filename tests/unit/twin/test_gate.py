"""The sensor gate and the quarantine: what passes, what does not, and what is said of it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import Limits, SignalSpec
from twin.estimation.gate import Reason, SensorGate, Verdict
from twin.estimation.quarantine import QuarantineLog
from twin.frame import Reading
from twin.quality import BAD, GOOD, UNCERTAIN
from twin.snapshot import dumps, loads

SECOND = 1_000_000_000
WEIGHT = SignalSpec("mass", "g", "a weighing", above=0.0, maximum=100.0, per_item=True)
TEMPERATURE = SignalSpec(
    "temperature",
    "degC",
    "of the air",
    minimum=-20.0,
    maximum=200.0,
    max_rate=5.0,
    flat_after=4,
    gap_after_s=3.0,
)
LOT = SignalSpec("lot", None, "of the web")


def _gate(**limits: Limits) -> SensorGate:
    return SensorGate({"a": (WEIGHT, TEMPERATURE, LOT)}, {"a": limits})


def _mass(value: float, at_s: float = 1.0, quality: int = GOOD) -> Reading:
    return Reading("a", "mass", round(at_s * SECOND), value, quality, "cell-1")


def _temperature(value: float, at_s: float, quality: int = GOOD) -> Reading:
    return Reading("a", "temperature", round(at_s * SECOND), value, quality)


def _check(gate: SensorGate, reading: Reading) -> Verdict:
    return gate.check(reading, reading.time_ns)


def _reasons(gate: SensorGate, *readings: Reading) -> list[Reason | None]:
    return [_check(gate, reading).reason for reading in readings]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0, "0 g is not above 0 g"),
        (-3.25, "-3.25 g is not above 0 g"),
        (12195.0, "12195 g is over the limit of 100 g"),
    ],
)
def test_an_impossible_weighing_is_refused_in_plain_words(value: float, words: str) -> None:
    verdict = _check(_gate(), _mass(value))
    assert (verdict.accepted, verdict.reason, verdict.detail) == (False, Reason.RANGE, words)


def test_the_bounds_themselves_are_possible() -> None:
    gate = _gate()
    assert _reasons(gate, _mass(100.0), _temperature(-20.0, 1)) == [None, None]


def test_an_asset_s_own_limits_are_narrower() -> None:
    gate = _gate(mass=Limits(minimum=10.0, maximum=20.0))
    assert _check(gate, _mass(9.0)).detail == "9 g is under the limit of 10 g"
    assert _check(gate, _mass(21.0)).detail == "21 g is over the limit of 20 g"


def test_an_asset_s_own_limits_never_widen_the_kind_s() -> None:
    gate = _gate(mass=Limits(minimum=-5.0, maximum=500.0))
    assert _reasons(gate, _mass(0.0), _mass(101.0)) == [Reason.RANGE, Reason.RANGE]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    assert _check(_gate(), _mass(value)).reason is Reason.NOT_A_NUMBER


def test_bad_quality_is_refused_and_uncertain_quality_is_not() -> None:
    gate = _gate()
    assert _check(gate, _mass(5.0, quality=BAD)).reason is Reason.QUALITY
    assert _check(gate, _mass(5.0, quality=UNCERTAIN)).accepted


def test_an_unknown_signal_or_asset_is_refused() -> None:
    gate = _gate()
    assert _check(gate, Reading("a", "pressure", 1, 1.0)).reason is Reason.UNKNOWN_SIGNAL
    assert _check(gate, Reading("b", "mass", 1, 1.0)).reason is Reason.UNKNOWN_SIGNAL


def test_a_text_must_say_something() -> None:
    gate = _gate()
    assert _check(gate, Reading("a", "lot", 1, text="")).reason is Reason.EMPTY
    assert _check(gate, Reading("a", "lot", 2)).reason is Reason.EMPTY
    assert _check(gate, Reading("a", "lot", 3, text="E-1")).accepted


def test_a_reading_from_the_future_is_refused_and_does_not_block_the_next() -> None:
    gate = _gate()
    assert gate.check(_temperature(20, 100), 94 * SECOND).reason is Reason.FUTURE
    assert gate.check(_temperature(20, 95), 94 * SECOND).accepted


def test_readings_of_a_continuous_signal_come_in_order() -> None:
    gate = _gate()
    reasons = _reasons(
        gate, _temperature(20, 2), _temperature(21, 1), _temperature(22, 2), _temperature(23, 3)
    )
    assert reasons == [None, Reason.ORDER, Reason.ORDER, None]


def test_two_pieces_may_be_weighed_at_the_same_time() -> None:
    gate = _gate()
    assert _reasons(gate, _mass(5, 1), _mass(5, 1), _mass(5, 0.5)) == [None, None, Reason.ORDER]


def test_the_same_weight_again_and_again_is_no_flat_line() -> None:
    gate = _gate()
    assert not any(_reasons(gate, *(_mass(5.0, i) for i in range(20))))


def test_a_flat_line_is_refused_until_the_value_changes() -> None:
    gate = _gate()
    values = [20.0, 20.0, 20.0, 20.0, 20.0, 20.1, 20.1]
    reasons = _reasons(gate, *(_temperature(v, i) for i, v in enumerate(values)))
    assert reasons == [None, None, None, Reason.FLAT_LINE, Reason.FLAT_LINE, None, None]


def test_a_spike_is_refused_for_its_rate() -> None:
    gate = _gate()
    reasons = _reasons(
        gate, _temperature(20, 1), _temperature(80, 2), _temperature(21, 3), _temperature(22, 4)
    )
    assert reasons == [None, Reason.RATE, None, None]


def test_three_readings_that_agree_are_a_true_step() -> None:
    gate = _gate()
    values = [20.0, 80.0, 80.1, 80.2, 80.3]
    reasons = _reasons(gate, *(_temperature(v, i) for i, v in enumerate(values)))
    assert reasons == [None, Reason.RATE, Reason.RATE, None, None]


def test_spikes_that_do_not_agree_stay_refused() -> None:
    gate = _gate()
    values = [20.0, 80.0, 150.0, 100.0, 180.0, 20.5]
    reasons = _reasons(gate, *(_temperature(v, i) for i, v in enumerate(values)))
    assert reasons == [None, *[Reason.RATE] * 4, None]


def test_jitter_of_the_time_stamp_makes_no_rate_of_noise() -> None:
    gate = _gate()
    assert _reasons(gate, _temperature(20, 1), _temperature(20.3, 1.001)) == [None, None]


def test_a_gap_is_told_once_and_again_after_the_next_reading() -> None:
    gate = _gate()
    _check(gate, _temperature(20, 1))
    assert gate.at(4 * SECOND) == ()
    (gap,) = gate.at(5 * SECOND)
    assert (gap.asset, gap.signal, gap.since_ns) == ("a", "temperature", SECOND)
    assert gate.at(6 * SECOND) == ()
    assert _check(gate, _temperature(60, 60)).accepted
    assert len(gate.at(64 * SECOND)) == 1


def test_a_signal_never_heard_has_no_gap() -> None:
    assert _gate().at(1000 * SECOND) == ()


def test_health_counts_and_names_the_last_reason() -> None:
    gate = _gate()
    _reasons(gate, _mass(5, 1), _mass(0, 2), _mass(math.nan, 3), _mass(6, 4))
    mass = gate.health("a")[0]
    assert (mass.signal, mass.accepted, mass.quarantined) == ("mass", 2, 2)
    assert (mass.last_reason, mass.last_time_ns) == (Reason.NOT_A_NUMBER, 4 * SECOND)


_readings = st.builds(
    Reading,
    asset=st.just("a"),
    signal=st.sampled_from(["mass", "temperature", "lot"]),
    time_ns=st.integers(0, 30).map(lambda s: s * SECOND),
    value=st.sampled_from([0.0, 1.0, 20.0, 20.0, 20.0, 21.0, 90.0, 91.0, 1e9, math.nan]),
    quality=st.sampled_from([GOOD, GOOD, UNCERTAIN, BAD]),
    text=st.none() | st.just("E-1"),
)


@given(st.lists(_readings, max_size=40), st.integers(0, 40))
def test_a_restored_gate_judges_as_one_that_never_stopped(
    readings: list[Reading], cut: int
) -> None:
    whole, first = _gate(), _gate()
    for reading in readings[:cut]:
        whole.check(reading, 20 * SECOND)
        first.check(reading, 20 * SECOND)
    second = _gate()
    second.restore(loads(dumps(first.snapshot())))
    for reading in readings[cut:]:
        assert second.check(reading, 20 * SECOND) == whole.check(reading, 20 * SECOND)
    assert second.at(40 * SECOND) == whole.at(40 * SECOND)
    assert dumps(second.snapshot()) == dumps(whole.snapshot())


@given(st.lists(_readings, max_size=40))
def test_what_passes_is_good_in_range_and_in_order(readings: list[Reading]) -> None:
    gate = _gate()
    last: dict[str, int] = {}
    for reading in readings:
        if not gate.check(reading, 20 * SECOND).accepted:
            continue
        assert reading.quality != BAD
        assert reading.time_ns >= last.get(reading.signal, 0)
        assert reading.time_ns <= 25 * SECOND
        if reading.signal == "mass":
            assert 0 < reading.value <= 100
        last[reading.signal] = reading.time_ns


def test_each_refused_weighing_is_told_by_itself() -> None:
    log, gate = QuarantineLog(), _gate()
    for at in (1, 2, 3):
        reading = _mass(0.0, at)
        told = log.note(reading, _check(gate, reading), per_item=True)
        assert told is not None
        assert (told["phase"], told["count"], told["text"]) == ("item", 1, "cell-1")
        assert (told["value"], told["reason"]) == (0.0, "RANGE")
    assert log.accepted(_mass(5.0, 4)) is None


def _refused(value: float, at_s: float) -> tuple[Reading, Verdict]:
    reading = _temperature(value, at_s)
    return reading, _check(_gate(), reading)


def test_a_run_is_told_at_its_onset_and_at_its_end() -> None:
    log = QuarantineLog()
    onset = log.note(*_refused(500.0, 1), per_item=False)
    assert onset is not None
    assert (onset["phase"], onset["count"], onset["value"]) == ("onset", 1, 500.0)
    assert log.note(*_refused(math.nan, 2), per_item=False) is None
    assert log.note(*_refused(501.0, 3), per_item=False) is None
    end = log.accepted(_temperature(20, 4))
    assert end is not None
    assert (end["phase"], end["count"], end["reason"]) == ("end", 3, "RANGE")
    assert (end["from_ns"], end["to_ns"]) == (SECOND, 3 * SECOND)
    assert end["reasons"] == {"RANGE": 2, "NOT_A_NUMBER": 1}


def test_a_single_bad_reading_is_told_once() -> None:
    log = QuarantineLog()
    assert log.note(*_refused(500.0, 1), per_item=False) is not None
    assert log.accepted(_temperature(20, 2)) is None


def test_what_is_not_a_number_is_told_as_none() -> None:
    told = QuarantineLog().note(*_refused(math.nan, 1), per_item=False)
    assert told is not None
    assert told["value"] is None


def test_a_restored_quarantine_goes_on_with_its_run() -> None:
    log = QuarantineLog()
    log.note(*_refused(500.0, 1), per_item=False)
    log.note(*_refused(500.0, 2), per_item=False)
    restored = QuarantineLog()
    restored.restore(loads(dumps(log.snapshot())))
    assert restored.accepted(_temperature(20, 3)) == log.accepted(_temperature(20, 3))
    assert dumps(restored.snapshot()) == dumps(log.snapshot())
