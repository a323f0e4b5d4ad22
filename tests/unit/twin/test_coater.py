"""The coater's twin and the equations of slot-die coating."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import COATER, at, coater
from twin.asset import Effects, Event
from twin.electrode.coating.coater import KIND
from twin.electrode.coating.lot import LotAtDie
from twin.electrode.coating.model import (
    Feed,
    Sensitivity,
    after_change,
    dry_loading,
    ratio_to_target,
    to_line_speed,
    to_slot_gap,
    wet_film_thickness,
)
from twin.frame import Reading
from twin.snapshot import dumps, loads
from twin.units import convert

_positive = st.floats(1.0, 500.0)


class _Coater:
    def __init__(self, **parameters: float | str) -> None:
        self.twin = KIND.twin(coater(**parameters))
        self.events: list[Event] = []
        self._sequences: dict[str, int] = {}

    def read(self, signal: str, seconds: float, value: float | str) -> None:
        effects = Effects(self._sequences)
        if isinstance(value, str):
            reading = Reading(COATER, signal, at(seconds), text=value)
        else:
            reading = Reading(COATER, signal, at(seconds), value)
        self.twin.step(reading, effects)
        self.events += effects.events


def test_before_any_reading_there_are_no_figures() -> None:
    assert _Coater().twin.figures() == ()


def test_state_is_told_every_two_seconds_while_nothing_changes() -> None:
    line = _Coater()
    for i in range(100):
        line.read("line_speed", i / 10, 40.0)
    times = [event.time_ns for event in line.events]
    assert times == [at(t) for t in (0, 2, 4, 6, 8)]
    assert {event.kind for event in line.events} == {"coater.state"}


def test_a_new_line_speed_is_told_with_its_third_reading() -> None:
    line = _Coater()
    for i in range(101):
        line.read("line_speed", i / 10, 40.0 if i < 95 else 41.2)
    event = line.events[-1]
    assert event.time_ns == at(9.7)
    assert event.data["line_speed"] == pytest.approx(41.2, abs=0.05)
    assert event.data["line_speed_sd"] == pytest.approx(0.03, abs=0.02)


def test_noise_is_not_told_as_a_change() -> None:
    line, random = _Coater(), np.random.default_rng(4)
    for i in range(3000):
        line.read("line_speed", i / 10, 40.0 + float(random.normal(0, 0.05)))
    assert len(line.events) <= 155


def test_what_is_not_known_is_told_as_none() -> None:
    line = _Coater()
    line.read("line_speed", 0, 40.0)
    data = line.events[0].data
    assert (data["slot_die_gap"], data["web_length"], data["lot"]) == (None, None, None)


def test_a_new_lot_is_told_at_once_with_its_first_metre() -> None:
    line = _Coater()
    line.read("line_speed", 0, 60.0)
    line.read("web_length", 0, 1000.0)
    line.read("lot", 0, "E-1")
    line.read("lot", 1.0, "E-2")
    event = line.events[-1]
    assert (event.time_ns, event.data["lot"]) == (at(1.0), "E-2")
    assert event.data["lot_start_m"] == pytest.approx(1001.0)
    assert event.data["web_length"] == pytest.approx(1001.0)


def test_where_the_first_lot_began_nobody_knows() -> None:
    lot = LotAtDie()
    lot.counted(at(0), 500.0)
    assert lot.named(at(0), "E-1", 40.0)
    assert lot.start_m is None


def test_the_same_lot_named_again_is_no_new_lot() -> None:
    lot = LotAtDie()
    lot.counted(at(0), 500.0)
    lot.named(at(0), "E-1", 40.0)
    lot.named(at(60), "E-2", 40.0)
    assert not lot.named(at(120), "E-2", 40.0)
    assert lot.start_m == 540.0


def test_a_counter_set_back_lets_the_lot_begin_there() -> None:
    lot = LotAtDie()
    lot.counted(at(0), 500.0)
    lot.named(at(0), "E-1", 40.0)
    lot.named(at(0), "E-2", 40.0)
    lot.counted(at(60), 0.0)
    assert lot.start_m == 0.0


def test_pump_and_speed_give_the_wet_film() -> None:
    line = _Coater(coating_width=500.0)
    line.read("line_speed", 0, 40.0)
    line.read("pump_flow", 0, 2000.0)
    film = next(f for f in line.twin.figures() if f.name == "wet_film_thickness")
    assert film.value == pytest.approx(100.0)
    assert film.unit == "um"
    assert film.sd == pytest.approx(100 * math.hypot(10 / 2000, 0.05 / 40))


def test_missing_data_widens() -> None:
    line = _Coater()
    for i in range(100):
        line.read("line_speed", i / 10, 40.0)
    before = line.twin.figures()[0].sd
    line.twin.at(at(600), Effects({}))
    assert line.twin.figures()[0].sd > 3 * before


def test_a_restored_coater_tells_what_one_that_never_stopped_tells() -> None:
    whole = _Coater()
    for i in range(50):
        whole.read("line_speed", i / 10, 40.0)
    restored = _Coater()
    restored.twin.restore(loads(dumps(whole.twin.snapshot())))
    restored._sequences = dict(whole._sequences)
    told = len(whole.events)
    for line in (whole, restored):
        for i in range(50, 100):
            line.read("line_speed", i / 10, 42.0)
    assert restored.events == whole.events[told:]


@given(_positive, _positive, _positive)
def test_the_web_carries_away_what_the_die_gives_out(
    flow: float, width: float, speed: float
) -> None:
    film = convert(wet_film_thickness(flow, width, speed), "um", "m")
    carried = film * convert(width, "mm", "m") * convert(speed, "m/min", "m/s")
    assert carried == pytest.approx(convert(flow, "mL/min", "m3/s"))


def test_a_dry_loading_by_hand() -> None:
    # 100 um of 2,300 kg/m3 with 70 % solids: 0.161 kg/m2.
    assert dry_loading(100.0, 2300.0, 70.0) == pytest.approx(convert(0.161, "kg/m2", "mg/cm2"))


def test_the_speed_s_exponent_is_that_of_the_mass_balance() -> None:
    film = [wet_film_thickness(2000.0, 600.0, speed) for speed in (40.0, 40.0 * 1.03)]
    assert math.log(film[1] / film[0]) / math.log(1.03) == pytest.approx(to_line_speed().exponent)


def test_the_gap_moves_the_loading_of_a_pressure_feed_only() -> None:
    assert to_slot_gap(Feed.METERED) == Sensitivity(0.0, 0.0)
    assert to_slot_gap(Feed.PRESSURE).exponent == 3.0
    with pytest.raises(ValueError, match="does not move"):
        ratio_to_target(20.6, 20.0, to_slot_gap(Feed.METERED))


@given(st.floats(10, 30), st.floats(10, 30), st.sampled_from([-1.0, 3.0]))
def test_the_ratio_to_the_target_reaches_the_target(
    loading: float, target: float, exponent: float
) -> None:
    sensitivity = Sensitivity(exponent, 0.0)
    ratio = ratio_to_target(loading, target, sensitivity)
    assert after_change(loading, 0.1, ratio, 0.0, sensitivity).loading == pytest.approx(target)


def test_a_prediction_s_width_is_that_of_all_that_is_not_known() -> None:
    random, n = np.random.default_rng(7), 40_000
    loading = random.normal(20.6, 0.05, n)
    exponent = random.normal(3.0, 0.3, n)
    setpoint = 1 + random.normal(0, 0.002, n)
    simulated = loading * 0.97**exponent * setpoint**-3.0
    predicted = after_change(20.6, 0.05, 0.97, 0.002, Sensitivity(3.0, 0.3))
    assert predicted.sd == pytest.approx(simulated.std(), rel=0.03)
    assert predicted.loading == pytest.approx(simulated.mean(), rel=0.001)
