"""The slurry mixer's twin: what it hands to the coater, and how it sees another slurry."""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import at
from twin.asset import AssetConfig, Effects, Event, Json
from twin.electrode.mixing.model import GAS_CONSTANT_J_MOL_K, log_ratio, log_ratio_sd
from twin.electrode.mixing.slurry_mixer import KIND
from twin.electrode.open_level import OpenLevel
from twin.frame import Frame, Reading
from twin.host import TwinHost
from twin.quality import UNCERTAIN
from twin.snapshot import dumps, loads

MIXER = "line1/mixer"


def mixer(**parameters: float | str) -> AssetConfig:
    return AssetConfig(MIXER, "uid-mixer", "slurry_mixer", "line1", parameters)


class _Mixer:
    """3000 mPa.s at 25 degC and 70 % solids, read at 1 Hz unless told otherwise."""

    def __init__(self, **parameters: float | str) -> None:
        self.twin = KIND.twin(mixer(**parameters))
        self.events: list[Event] = []
        self._sequences: dict[str, int] = {}
        self._random = np.random.default_rng(5)

    def read(self, signal: str, seconds: float, value: float | str, quality: int = 0) -> None:
        effects = Effects(self._sequences)
        if isinstance(value, str):
            reading = Reading(MIXER, signal, at(seconds), text=value)
        else:
            reading = Reading(MIXER, signal, at(seconds), value, quality)
        self.twin.step(reading, effects)
        self.events += effects.events

    def run(
        self, start: int, end: int, *, viscosity: float = 3000.0, temperature: float = 25.0
    ) -> None:
        """``viscosity`` at 25 degC; what is read is that of the temperature, 15 kJ/mol."""
        for second in range(start, end):
            self.read("temperature", second, temperature + float(self._random.normal(0, 0.05)))
            factor = math.exp(log_ratio(temperature, 25.0, 15.0))
            noise = 1 + float(self._random.normal(0, 0.02))
            self.read("viscosity", second, viscosity * factor * noise)
            self.read("solids", second, 70.0 + float(self._random.normal(0, 0.2)))

    @property
    def data(self) -> Mapping[str, Json]:
        return self.events[-1].data

    def number(self, name: str) -> float:
        found = self.data[name]
        assert isinstance(found, float)
        return found

    def restored(self, **parameters: float | str) -> "_Mixer":
        other = _Mixer(**parameters)
        other.twin.restore(loads(dumps(self.twin.snapshot())))
        return other


def test_what_is_not_known_is_told_as_none() -> None:
    line = _Mixer()
    line.read("viscosity", 0, 3000.0)
    assert line.data["viscosity"] == pytest.approx(3000.0)
    assert line.data["viscosity_sd"] == pytest.approx(60.0)
    for name in ("viscosity_reference", "solids", "solids_sd", "temperature", "lot"):
        assert line.data[name] is None, name


def test_a_steady_slurry_is_told_every_ten_seconds_once_it_is_known() -> None:
    line = _Mixer()
    line.run(0, 600)
    before = len(line.events)
    line.run(600, 900)
    assert len(line.events) - before in range(29, 33)
    assert {event.kind for event in line.events} == {"mixer.state"}


def test_the_figures_come_near_the_truth_and_say_how_near() -> None:
    line = _Mixer()
    line.run(0, 300)
    assert line.number("viscosity") == pytest.approx(3000.0, rel=0.015)
    assert line.number("viscosity_sd") / line.number("viscosity") == pytest.approx(0.003, abs=0.002)
    assert line.number("solids") == pytest.approx(70.0, abs=0.15)
    names = [figure.name for figure in line.twin.figures()]
    assert names == ["viscosity", "viscosity_reference", "solids", "temperature"]


def test_a_colder_slurry_is_thicker_but_the_same_slurry() -> None:
    line = _Mixer()
    line.run(0, 300)
    line.run(300, 600, temperature=15.0)
    expected = math.exp(15_000 / GAS_CONSTANT_J_MOL_K * (1 / 288.15 - 1 / 298.15))
    assert line.number("viscosity") == pytest.approx(3000 * expected, rel=0.02)
    assert line.number("viscosity_reference") == pytest.approx(3000.0, rel=0.02)


def test_an_ageing_slurry_moves_at_the_reference_temperature_too() -> None:
    line = _Mixer()
    line.run(0, 300)
    for minute in range(60):
        start = 300 + 60 * minute
        line.run(start, start + 60, viscosity=3000 * (1 + 0.003 * minute))
    assert line.number("viscosity_reference") == pytest.approx(3000 * 1.17, rel=0.02)


def test_far_from_the_reference_temperature_the_activation_energy_is_what_is_not_known() -> None:
    near, far = _Mixer(), _Mixer()
    near.run(0, 200)
    far.run(0, 200, temperature=45.0)
    relative = far.number("viscosity_reference_sd") / far.number("viscosity_reference")
    by_energy = 5000 / GAS_CONSTANT_J_MOL_K * (1 / 298.15 - 1 / 318.15)
    assert relative == pytest.approx(by_energy, rel=0.1)
    assert far.number("viscosity_sd") / far.number("viscosity") < 0.01
    assert near.number("viscosity_reference_sd") < 0.2 * far.number("viscosity_reference_sd")


def test_a_new_lot_is_told_at_once_with_wider_figures() -> None:
    line = _Mixer()
    line.read("lot", 0, "S-1")
    line.run(0, 300)
    line.read("lot", 300.5, "S-2")
    assert line.events[-1].time_ns == at(300.5)
    assert (line.data["lot"], line.data["lot_since_ns"]) == ("S-2", at(300.5))
    assert line.number("viscosity") == pytest.approx(3000.0, rel=0.02)
    assert line.number("viscosity_sd") == pytest.approx(300.0, rel=0.05)
    assert line.number("solids_sd") == pytest.approx(0.5, rel=0.05)
    assert line.number("temperature_sd") < 0.2


def test_the_first_lot_and_the_same_lot_again_widen_nothing() -> None:
    line = _Mixer()
    line.run(0, 300)
    line.read("lot", 300, "S-1")
    narrow = line.number("viscosity_sd")
    told = len(line.events)
    line.read("lot", 301, "S-1")
    assert narrow < 30
    assert len(line.events) == told
    assert line.data["lot_since_ns"] == at(300)


def test_a_thicker_lot_is_found_within_seconds_and_told_at_once() -> None:
    line = _Mixer()
    line.read("lot", 0, "S-1")
    line.run(0, 300)
    line.read("lot", 300, "S-2")
    line.run(300, 304, viscosity=3450.0)
    assert line.number("viscosity") == pytest.approx(3450.0, rel=0.03)
    assert line.events[-1].time_ns < at(304)


def test_a_spike_moves_nothing_and_a_step_is_taken_with_the_third_reading() -> None:
    line = _Mixer()
    line.run(0, 300)
    line.read("viscosity", 300, 9000.0)
    line.run(301, 310)
    assert line.number("viscosity") == pytest.approx(3000.0, rel=0.02)
    line.run(310, 320, viscosity=9000.0)
    assert line.number("viscosity") == pytest.approx(9000.0, rel=0.03)


def test_an_uncertain_reading_counts_with_twice_its_noise() -> None:
    good, uncertain = _Mixer(), _Mixer()
    good.read("viscosity", 0, 3000.0)
    uncertain.read("viscosity", 0, 3000.0, UNCERTAIN)
    assert uncertain.number("viscosity_sd") == pytest.approx(2 * good.number("viscosity_sd"))


def test_without_readings_the_figures_widen() -> None:
    line = _Mixer()
    line.run(0, 300)
    line.twin.at(at(300), Effects({}))
    now = {figure.name: figure.sd for figure in line.twin.figures()}
    line.twin.at(at(300 + 3600), Effects({}))
    later = {figure.name: figure.sd for figure in line.twin.figures()}
    assert all(later[name] > 2 * now[name] for name in now)


def test_another_formulation_keeps_the_levels_and_opens_their_widths() -> None:
    line = _Mixer(formulation="nmc622-nmp@1")
    line.run(0, 300)
    other = line.restored(formulation="nmc622-nmp@2")
    found = {figure.name: figure for figure in other.twin.figures()}
    assert found["viscosity"].value == pytest.approx(3000.0, rel=0.02)
    assert found["viscosity"].sd == pytest.approx(found["viscosity"].value)
    assert found["solids"].sd == pytest.approx(10.0)
    assert found["temperature"].sd < 0.3


def test_another_formulation_is_told_with_the_next_reading_and_settles_with_data() -> None:
    line = _Mixer(formulation="nmc622-nmp@1")
    line.run(0, 300)
    other = line.restored(formulation="graphite-water@1")
    other.read("temperature", 300.1, 25.0)
    assert other.data["formulation"] == "graphite-water@1"
    assert other.number("viscosity_sd") == pytest.approx(other.number("viscosity"), rel=0.01)
    other.run(301, 400, viscosity=1500.0)
    assert other.number("viscosity") == pytest.approx(1500.0, rel=0.02)
    assert other.number("viscosity_sd") < 30


def test_under_the_same_formulation_a_restored_twin_is_the_one_it_was() -> None:
    line = _Mixer(formulation="nmc622-nmp@1")
    line.read("lot", 0, "S-1")
    line.run(0, 100)
    other = line.restored(formulation="nmc622-nmp@1")
    assert dumps(other.twin.snapshot()) == dumps(line.twin.snapshot())


def test_a_formulation_in_the_registry_reaches_the_running_twin_through_its_host() -> None:
    host = TwinHost(KIND, [mixer(formulation="nmc622-nmp@1")])
    rows = [Reading(MIXER, "viscosity", at(i), 3000.0 + i % 7) for i in range(60)]
    host.handle(Frame.of("edge", 1, at(61), rows))
    updated = TwinHost(KIND, [mixer(formulation="nmc622-nmp@2")])
    updated.restore(host.snapshot())
    (before,), (after,) = host.figures(MIXER), updated.figures(MIXER)
    assert after.value == before.value
    assert after.sd > 50 * before.sd


def test_reduced_to_another_temperature_the_viscosity_begins_anew() -> None:
    line = _Mixer()
    line.run(0, 100)
    other = line.restored(reference_temperature=20.0)
    assert "viscosity_reference" not in [figure.name for figure in other.twin.figures()]


@pytest.mark.parametrize(
    ("signal", "values", "refused"),
    [
        ("viscosity", [0.0, -5.0, math.nan, math.inf, 2e6], 5),
        ("solids", [0.0, -1.0, 101.0], 3),
        ("viscosity", [3000.0] * 60, 11),
        ("temperature", [25.0, 90.0], 1),
    ],
)
def test_what_no_slurry_can_be_is_refused(signal: str, values: list[float], refused: int) -> None:
    host = TwinHost(KIND, [mixer()])
    rows = [Reading(MIXER, signal, at(i), value) for i, value in enumerate(values)]
    host.handle(Frame.of("edge", 1, at(len(values)), rows))
    assert host.counts.quarantined == refused


def test_readings_out_of_order_or_in_the_future_are_refused() -> None:
    host = TwinHost(KIND, [mixer()])
    rows = [Reading(MIXER, "viscosity", at(t), 3000.0 + t) for t in (10, 9, 10, 11, 4000)]
    host.handle(Frame.of("edge", 1, at(12), rows))
    assert host.counts.quarantined == 3


@given(st.floats(0.0, 80.0), st.floats(0.0, 80.0), st.floats(0.1, 60.0))
def test_the_viscosity_falls_with_temperature_and_comes_back(
    one: float, other: float, energy: float
) -> None:
    there = log_ratio(one, other, energy)
    assert there * (one - other) <= 0
    assert log_ratio(other, one, energy) == pytest.approx(-there, abs=1e-12)
    assert log_ratio(one, one, energy) == 0


@given(st.floats(5.0, 60.0), st.floats(0.01, 2.0), st.floats(1.0, 40.0))
def test_the_reduction_s_width_is_its_slope_times_the_temperature_s(
    temperature: float, sd: float, energy: float
) -> None:
    step = 1e-4
    slope = (
        log_ratio(temperature + step, 25, energy) - log_ratio(temperature - step, 25, energy)
    ) / (2 * step)
    assert log_ratio_sd(temperature, sd, 25.0, energy, 0.0) == pytest.approx(
        abs(slope) * sd, rel=1e-4
    )


def test_an_opened_level_stays_where_it_was_and_never_narrows() -> None:
    level = OpenLevel(1.0, 0.1)
    level.open_by(9.0)
    assert not level.known
    for i in range(20):
        level.take(at(i), 50.0)
    narrow = level.variance
    level.open_by(9.0)
    assert (level.level, level.variance) == (50.0, pytest.approx(narrow + 9.0))
    level.open_to(1.0)
    assert level.variance == pytest.approx(narrow + 9.0)
    level.open_to(10.0)
    assert level.sd == pytest.approx(10.0)
