"""The calender's twin and its compaction model."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import at
from twin.asset import AssetConfig, Effects, Event, Figure
from twin.electrode.calender import KIND
from twin.electrode.calendering_model import Compaction, Electrode
from twin.frame import Reading
from twin.snapshot import dumps, loads

NAME = "line1/calender"


class _Calender:
    def __init__(self, **parameters: float | str) -> None:
        self.twin = KIND.twin(AssetConfig(NAME, "uid-calender", "calender", "line1", parameters))
        self.events: list[Event] = []
        self._sequences: dict[str, int] = {}

    def read(self, signal: str, seconds: float, value: float) -> None:
        effects = Effects(self._sequences)
        self.twin.step(Reading(NAME, signal, at(seconds), value), effects)
        self.events += effects.events

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
    assert porosity.value == pytest.approx(22.0 + 24.0 / math.e)
    assert porosity.sd == pytest.approx(2.0, abs=0.05)
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
    calender.read("thickness_out", 0, 14.0)
    porosity = calender.figure("porosity")
    assert porosity is not None
    assert porosity.value == pytest.approx(22.0 + 24.0 / math.e)


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
