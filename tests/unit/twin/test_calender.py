"""The calender's twin and its compaction model."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import at
from twin.asset import AssetConfig, Effects, Event, Figure, Json
from twin.electrode.calendering.calender import KIND
from twin.electrode.calendering.model import Compaction, Electrode
from twin.frame import Reading
from twin.snapshot import dumps, loads

NAME = "line1/calender"


class _Calender:
    def __init__(self, **parameters: float | str) -> None:
        self.twin = KIND.twin(AssetConfig(NAME, "uid-calender", "calender", "line1", parameters))
        self.events: list[Event] = []
        self._sequences: dict[str, int] = {}

    def read(self, signal: str, seconds: float, value: float, text: str | None = None) -> None:
        effects = Effects(self._sequences)
        self.twin.step(Reading(NAME, signal, at(seconds), value, text=text), effects)
        self.events += effects.events

    def say(self, signal: str, seconds: float, text: str) -> None:
        self.read(signal, seconds, math.nan, text)

    def run(self, begin: int, end: int, **values: float) -> None:
        """Once a second; unless told otherwise a web of 140 um under 120 kN/m."""
        given = {"line_load": 120.0, "thickness_out": 140.0, "gap": 110.0, **values}
        for second in range(begin, end):
            for signal, value in given.items():
                self.read(signal, second, value + 0.01 * (second % 3))

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == kind]

    @property
    def state(self) -> Mapping[str, Json]:
        return self.told("calender.state")[-1].data

    def figure(self, name: str) -> Figure | None:
        return next((f for f in self.twin.figures() if f.name == name), None)


def test_before_any_reading_there_are_no_figures() -> None:
    assert _Calender().twin.figures() == ()


def test_the_gap_alone_says_nothing_of_porosity() -> None:
    calender = _Calender()
    calender.read("gap", 0, 120.0)
    assert calender.figure("porosity") is None


def test_the_line_load_alone_gives_the_model_s_porosity() -> None:
    calender = _Calender()
    calender.read("line_load", 0, 120.0)
    porosity = calender.figure("porosity")
    assert porosity is not None
    # In the nip it is 22 + 24/e %; a twentieth of the compression springs back.
    nip, before = 1 / (1 - 0.22 - 0.24 / math.e), 1 / (1 - 0.46)
    assert porosity.value == pytest.approx(100 * (1 - 1 / (0.95 * nip + 0.05 * before)))
    # No model of a coating that nobody has calibrated is better than this.
    assert 2.0 < porosity.sd < 5.0
    assert porosity.unit == "%"


def test_a_thickness_narrows_the_porosity_and_pulls_it() -> None:
    calender = _Calender()
    calender.read("line_load", 0, 120.0)
    modelled = calender.figure("porosity")
    calender.read("thickness_out", 0, 139.0)
    both = calender.figure("porosity")
    assert modelled is not None
    assert both is not None
    # 20 mg/cm2 of 4,400 kg/m3 in 62 um of coating a side.
    measured = 100 * (1 - 0.2 / (4400 * 62e-6))
    assert min(measured, modelled.value) < both.value < max(measured, modelled.value)
    assert both.sd < modelled.sd


def test_an_electrode_as_thin_as_its_foil_is_left_to_the_model() -> None:
    calender = _Calender()
    calender.read("line_load", 0, 120.0)
    modelled = calender.figure("porosity")
    calender.read("thickness_out", 0, 14.0)
    calender.run(1, 20, thickness_out=14.0)
    porosity = calender.figure("porosity")
    assert modelled is not None
    assert porosity is not None
    assert porosity.value == pytest.approx(modelled.value, abs=0.1)
    assert porosity.sd == pytest.approx(modelled.sd, rel=0.2)


def test_state_is_told_every_two_seconds() -> None:
    calender = _Calender()
    for i in range(100):
        calender.read("line_load", i / 10, 120.0)
        calender.read("thickness_out", i / 10, 140.0)
    assert [e.time_ns for e in calender.events] == [at(t) for t in (0, 2, 4, 6, 8)]
    data = calender.events[-1].data
    assert data["gap"] is None
    assert isinstance(data["porosity"], float)
    assert isinstance(data["porosity_sd"], float)


def test_a_restored_calender_goes_on_to_the_bit() -> None:
    whole, restored = _Calender(), _Calender()
    for i in range(30):
        whole.read("line_load", i, 120.0 + i % 3)
        whole.read("roll_temperature", i, 80.0)
    restored.twin.restore(loads(dumps(whole.twin.snapshot())))
    for calender in (whole, restored):
        calender.read("line_load", 40, 180.0)
        calender.read("thickness_out", 41, 140.0)
    assert dumps(restored.twin.snapshot()) == dumps(whole.twin.snapshot())


def test_the_thickness_alone_gives_a_porosity() -> None:
    calender = _Calender()
    calender.read("thickness_out", 0, 139.0)
    porosity = calender.figure("porosity")
    assert porosity is not None
    assert porosity.value == pytest.approx(100 * (1 - 0.2 / (4400 * 62e-6)))
    assert porosity.sd > 1.0


def test_state_tells_the_interval_and_what_is_learned() -> None:
    calender = _Calender(coating_loading=19.0)
    calender.say("lot", 0, "E-1")
    calender.say("roll_set", 0, "R-1")
    for second in range(60):
        calender.read("web_length", second, 12.0 + second)
        calender.run(second, second + 1)
    data = calender.state
    value, sd = data["porosity"], data["porosity_sd"]
    assert isinstance(value, float)
    assert isinstance(sd, float)
    assert data["porosity_lower"] == pytest.approx(value - 1.645 * sd, abs=1e-3)
    assert data["porosity_upper"] == pytest.approx(value + 1.645 * sd, abs=1e-3)
    assert (data["lot"], data["roll_set"], data["web_length"]) == ("E-1", "R-1", 70.0)
    assert data["loading_assumed"] == 19.0
    assert data["calibrating"] is True
    assert isinstance(data["wear"], float)
    assert isinstance(data["recovery"], float)


def test_nothing_is_known_of_wear_where_no_gap_is_read() -> None:
    calender = _Calender()
    for second in range(30):
        calender.read("line_load", second, 120.0)
        calender.read("thickness_out", second, 140.0)
    assert calender.state["wear"] is None


def test_a_calibration_waits_for_a_sample_and_says_so() -> None:
    calender = _Calender(calibration_time=100.0)
    calender.say("lot", 0, "E-1")
    calender.run(0, 150)
    assert calender.told("calender.recalibrated") == []
    assert calender.state["calibration_lacks"] == "1 of 1 laboratory samples"
    calender.read("sample_porosity", 150, 32.0, "E-1")
    calender.run(150, 160)
    (done,) = calender.told("calender.recalibrated")
    assert done.data["samples"] == 1
    before, after = done.data["before"], done.data["after"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert before.keys() == after.keys() >= {"compaction_gamma", "initial_porosity"}
    assert before["compaction_gamma"]["sd"] == pytest.approx(40.0)
    assert after["compaction_gamma"]["sd"] < 30.0
    assert calender.state["calibrating"] is False


def _calibrated(**parameters: float | str) -> _Calender:
    calender = _Calender(calibration_time=100.0, **parameters)
    calender.say("lot", 0, "E-1")
    calender.say("roll_set", 0, "R-1")
    calender.run(0, 150)
    calender.read("sample_porosity", 150, 32.0, "E-1")
    calender.run(150, 160)
    assert calender.state["calibrating"] is False
    return calender


def test_a_sample_says_what_it_changed() -> None:
    (event,) = _calibrated().told("calender.sample")
    data = event.data
    assert (data["lot"], data["sample"], data["used"]) == ("E-1", 32.0, True)
    before, after = data["porosity_before_sd"], data["porosity_sd"]
    assert isinstance(before, float)
    assert isinstance(after, float)
    assert after < before


def test_new_rolls_start_a_calibration_with_the_parameters_as_they_were() -> None:
    calender = _calibrated()
    known = calender.told("calender.recalibrated")[0].data["after"]
    calender.say("roll_set", 200, "R-2")
    (event,) = calender.told("calender.rolls_changed")
    assert (event.data["before"], event.data["after"]) == ("R-1", "R-2")
    assert event.data["time"] == at(200)
    before, after = event.data["parameters_before"], event.data["parameters_after"]
    assert isinstance(known, dict)
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert before["compaction_gamma"] == known["compaction_gamma"]
    assert after["compaction_gamma"]["sd"] > before["compaction_gamma"]["sd"]
    assert after["roll_wear"]["value"] == 0.0
    calender.run(200, 203)
    assert calender.state["calibrating"] is True
    assert calender.state["calibration_cause"] == "rolls changed"


def test_intervals_are_wider_while_new_rolls_are_learned() -> None:
    calender = _calibrated()
    narrow = calender.figure("porosity")
    calender.say("roll_set", 160, "R-2")
    wide = calender.figure("porosity")
    calender.run(160, 300)
    calender.read("sample_porosity", 300, 32.0, "E-1")
    again = calender.figure("porosity")
    assert narrow is not None
    assert wide is not None
    assert again is not None
    assert wide.sd > 1.3 * narrow.sd
    assert again.sd < 1.2 * narrow.sd
    assert len(calender.told("calender.recalibrated")) == 2


def test_the_same_rolls_named_again_change_nothing() -> None:
    calender = _calibrated()
    calender.say("roll_set", 200, "R-1")
    assert calender.told("calender.rolls_changed") == []


def test_another_formulation_widens_the_physics_and_keeps_the_machine() -> None:
    old, new = _calibrated(), _Calender(formulation="LFP-2", calibration_time=100.0)
    new.twin.restore(loads(dumps(old.twin.snapshot())))
    narrow = old.figure("porosity")
    wide = new.figure("porosity")
    assert narrow is not None
    assert wide is not None
    assert wide.sd > 2 * narrow.sd
    new.run(160, 163)
    (event,) = new.told("calender.formulation_changed")
    assert (event.data["before"], event.data["after"]) == ("", "LFP-2")
    before, after = event.data["parameters_before"], event.data["parameters_after"]
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert after["compaction_gamma"]["value"] == pytest.approx(120.0)
    assert after["compaction_gamma"]["sd"] == pytest.approx(40.0)
    assert after["gap_zero"] == before["gap_zero"]
    assert new.state["calibrating"] is True
    # Told once, and a twin that is restored with the same formulation says nothing.
    again = _Calender(formulation="LFP-2", calibration_time=100.0)
    again.twin.restore(loads(dumps(new.twin.snapshot())))
    again.run(163, 166)
    assert again.told("calender.formulation_changed") == []


def test_a_sample_before_anything_ran_is_told_and_not_used() -> None:
    calender = _Calender()
    calender.read("sample_porosity", 0, 31.0, "E-0")
    (event,) = calender.told("calender.sample")
    assert event.data["used"] is False
    assert "'E-0'" in str(event.data["reason"])


def test_a_web_that_stands_teaches_nothing() -> None:
    calender = _Calender()
    calender.say("lot", 0, "E-1")
    for second in range(40):
        calender.read("web_length", second, float(second))
        calender.run(second, second + 1)
    moving = calender.figure("thickness_bias")
    calender.run(40, 400)
    standing = calender.figure("thickness_bias")
    assert moving is not None
    assert standing is not None
    assert standing.value == pytest.approx(moving.value, abs=0.02)


@given(st.floats(0, 1000), st.floats(0.1, 100))
def test_more_line_load_leaves_less_porosity_but_never_under_the_least(
    load: float, more: float
) -> None:
    model = Compaction(46.0, 22.0, 120.0)
    assert 22.0 <= model.porosity(load + more) <= model.porosity(load) <= 46.0


def test_the_slope_is_the_derivative() -> None:
    model = Compaction(46.0, 22.0, 120.0)
    numeric = (model.porosity(100.001) - model.porosity(99.999)) / 0.002
    assert model.slope(100.0) == pytest.approx(numeric, rel=1e-6)


def test_a_thickness_s_width_is_that_of_loading_and_gauge() -> None:
    random, n = np.random.default_rng(5), 40_000
    coating = (random.normal(139.0, 0.7, n) - 15.0) / 2
    simulated = 100 * (1 - 1e4 * random.normal(20.0, 0.2, n) / (4400.0 * coating))
    value, sd = Electrode(20.0, 0.2, 15.0, 2, 4400.0).porosity(139.0, 0.7)
    assert value == pytest.approx(simulated.mean(), abs=0.05)
    assert sd == pytest.approx(simulated.std(), rel=0.03)


def test_no_coating_has_no_porosity() -> None:
    with pytest.raises(ValueError, match="no thicker than the foil"):
        Electrode(20.0, 0.2, 15.0, 2, 4400.0).porosity(15.0, 0.7)
