"""The thickness gauge's twin: one figure a window, whatever passes by with it."""

import math
from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import SECOND, at
from twin.asset import AssetConfig, Effects, Event, Json
from twin.electrode.thickness.thickness_gauge import KIND
from twin.electrode.thickness.thickness_window import ThicknessWindow
from twin.frame import Frame, Reading
from twin.host import TwinHost
from twin.quality import UNCERTAIN
from twin.snapshot import dumps, loads

GAUGE = "line1/thickness-dry"


def gauge(**parameters: float | str) -> AssetConfig:
    return AssetConfig(GAUGE, "uid-thickness", "thickness_gauge", "line1", parameters)


class _Gauge:
    """A web of 115 um with 15 um of foil, coated on one side, read at 10 Hz."""

    def __init__(self, **parameters: float | str) -> None:
        self.twin = KIND.twin(gauge(**parameters))
        self.events: list[Event] = []
        self._sequences: dict[str, int] = {}
        self._random = np.random.default_rng(9)

    def read(self, signal: str, seconds: float, value: float, quality: int = 0) -> None:
        effects = Effects(self._sequences)
        self.twin.step(Reading(GAUGE, signal, at(seconds), value, quality), effects)
        self.events += effects.events

    def run(
        self,
        start: float,
        end: float,
        web: Callable[[float], float] = lambda _: 115.0,
        noise: float = 1.0,
    ) -> None:
        for i in range(round(10 * start), round(10 * end)):
            self.read("thickness", i / 10, web(i / 10) + float(self._random.normal(0, noise)))

    @property
    def data(self) -> Mapping[str, Json]:
        return self.events[-1].data

    def number(self, name: str) -> float:
        found = self.data[name]
        assert isinstance(found, float)
        return found

    def restored(self, **parameters: float | str) -> "_Gauge":
        other = _Gauge(**parameters)
        other.twin.restore(loads(dumps(self.twin.snapshot())))
        return other


def test_each_window_is_told_once() -> None:
    line = _Gauge()
    line.run(0, 60.1)
    assert {event.kind for event in line.events} == {"thickness.state"}
    spans = [(event.data["from_ns"], event.data["to_ns"]) for event in line.events]
    assert spans == [(at(10 * i), at(10 * i + 9.9)) for i in range(6)]
    assert {event.data["n"] for event in line.events} <= set(range(98, 101))


def test_the_coating_is_what_the_foil_leaves() -> None:
    one, two = _Gauge(), _Gauge(coated_sides=2.0)
    one.run(0, 10.1)
    two.run(0, 10.1)
    assert one.number("thickness") == pytest.approx(115.0, abs=0.4)
    assert one.number("coating_thickness") == pytest.approx(100.0, abs=0.4)
    assert two.number("coating_thickness") == pytest.approx(50.0, abs=0.2)
    assert two.number("coating_thickness_sd") == pytest.approx(
        one.number("coating_thickness_sd") / 2
    )


def test_noise_averages_out_and_calibration_and_foil_do_not() -> None:
    line = _Gauge(calibration_sd=0.5, foil_thickness_sd=0.3)
    line.run(0, 10.1)
    noise = line.number("thickness_noise_sd")
    assert noise == pytest.approx(0.1, rel=0.2)
    assert line.number("thickness_sd") == pytest.approx(math.hypot(noise, 0.5))
    assert line.number("coating_thickness_sd") == pytest.approx(math.hypot(noise, 0.5, 0.3))


def test_a_window_that_scatters_more_than_the_gauge_is_known_less_well() -> None:
    line = _Gauge()
    line.run(0, 10.1, noise=4.0)
    assert line.number("thickness_noise_sd") == pytest.approx(0.4, rel=0.25)


def test_the_deviation_is_told_only_against_a_target() -> None:
    without, against = _Gauge(), _Gauge(target_thickness=95.0)
    without.run(0, 10.1)
    against.run(0, 10.1)
    assert without.data["deviation_pct"] is None
    assert against.number("deviation_pct") == pytest.approx(100 * (100 / 95 - 1), abs=0.5)
    assert against.number("deviation_sd_pct") == pytest.approx(
        100 * against.number("coating_thickness_sd") / 95
    )


def test_a_splice_and_spikes_are_left_out() -> None:
    line = _Gauge()
    line.run(0, 10.1, web=lambda t: 240.0 if 4 <= t < 4.8 else 400.0 if t == 7 else 115.0)
    assert line.number("thickness") == pytest.approx(115.0, abs=0.5)
    assert line.data["left_out"] == 9


def test_bare_foil_is_told_as_such() -> None:
    line = _Gauge()
    line.run(0, 10.1, web=lambda _: 15.0)
    assert line.data["coated"] is False
    line.run(10.1, 20.2)
    assert line.events[-1].data["coated"] is True


def test_edges_are_left_out_where_the_head_scans() -> None:
    line = _Gauge(edge=20.0, web_width=600.0)
    for i in range(202):
        position = 600 * abs((i / 50) % 2 - 1)
        at_edge = min(position, 600 - position) < 20
        line.read("head_position", i / 10, position)
        line.read("thickness", i / 10, (160.0 if at_edge else 115.0) + 0.1 * (i % 3))
    assert line.number("thickness") == pytest.approx(115.1, abs=0.05)
    assert line.data["left_out"] == 0
    assert line.data["n"] in range(90, 97)


def test_few_readings_wait_for_others_but_not_beyond_a_gap() -> None:
    line = _Gauge()
    for second in (0, 6, 12, 18):
        line.read("thickness", second, 115.0 + second / 100)
    assert [event.data["n"] for event in line.events] == [3]
    line.read("thickness", 4000, 90.0)
    for second in (4004, 4008, 4012):
        line.read("thickness", second, 90.0 + second / 1e5)
    assert line.number("thickness") == pytest.approx(90.0, abs=0.1)


def test_an_uncertain_reading_makes_the_figure_wider() -> None:
    good, uncertain = _Gauge(), _Gauge()
    for i in range(102):
        good.read("thickness", i / 10, 115.0 + i % 2 / 10)
        uncertain.read("thickness", i / 10, 115.0 + i % 2 / 10, UNCERTAIN)
    assert uncertain.number("thickness_noise_sd") == pytest.approx(
        2 * good.number("thickness_noise_sd")
    )


def test_figures_are_thickness_and_coating_and_widen_without_readings() -> None:
    line = _Gauge()
    line.run(0, 60)
    found = {figure.name: figure for figure in line.twin.figures()}
    assert found.keys() == {"thickness", "coating_thickness"}
    assert found["thickness"].value == pytest.approx(115.0, abs=0.3)
    assert found["coating_thickness"].value == pytest.approx(100.0, abs=0.3)
    line.twin.at(at(3660), Effects({}))
    later = {figure.name: figure.sd for figure in line.twin.figures()}
    assert all(later[name] > 2 * found[name].sd for name in found)


def test_another_formulation_drops_the_open_window_and_opens_the_figures() -> None:
    line = _Gauge(formulation="nmc622-nmp@1")
    line.run(0, 25)
    other = line.restored(formulation="graphite-water@1")
    figure = other.twin.figures()[0]
    assert figure.value == line.twin.figures()[0].value
    assert figure.sd == pytest.approx(50.0, rel=0.01)
    other.run(25, 45.1, web=lambda _: 80.0)
    assert [event.data["from_ns"] for event in other.events] == [at(25), at(35)]
    assert other.twin.figures()[0].value == pytest.approx(80.0, abs=0.5)


def test_under_the_same_formulation_a_restored_twin_is_the_one_it_was() -> None:
    line = _Gauge(formulation="nmc622-nmp@1")
    line.run(0, 25)
    other = line.restored(formulation="nmc622-nmp@1")
    assert dumps(other.twin.snapshot()) == dumps(line.twin.snapshot())


def _refused(values: list[float], times: list[float] | None = None) -> int:
    host = TwinHost(KIND, [gauge()])
    times = times or [float(i) for i in range(len(values))]
    rows = [Reading(GAUGE, "thickness", at(t), v) for t, v in zip(times, values, strict=True)]
    host.handle(Frame.of("edge", 1, at(100), rows))
    return host.counts.quarantined


def test_zero_negative_and_no_numbers_are_refused() -> None:
    assert _refused([0.0, -3.0, math.nan, math.inf, 1500.0, 115.0]) == 5


def test_a_stuck_gauge_is_refused_from_its_fiftieth_equal_reading_on() -> None:
    assert _refused([115.0] * 60) == 11


def test_readings_out_of_order_and_in_the_future_are_refused() -> None:
    assert _refused([115.0, 114.0, 116.0, 117.0], [1.0, 0.5, 1.0, 5000.0]) == 3


_readings = st.lists(st.floats(50.0, 200.0), min_size=3, max_size=60)


@given(_readings)
def test_a_window_s_mean_lies_within_its_readings(values: list[float]) -> None:
    window = ThicknessWindow(10 * SECOND, 1.0)
    for i, value in enumerate(values):
        window.add(i, value, 1.0)
    found = window.close_at(10 * SECOND)
    assert found is not None
    assert min(values) - 1e-9 <= found.mean <= max(values) + 1e-9
    assert found.n + found.left_out == len(values)
    assert found.sd >= 1.0 / math.sqrt(found.n) - 1e-12


@given(st.lists(st.floats(300.0, 900.0), max_size=40), st.integers(0, 1000))
def test_no_minority_of_a_window_moves_it(strange: list[float], seed: int) -> None:
    random = np.random.default_rng(seed)
    values = [*random.normal(115.0, 1.0, size=len(strange) + 30).tolist(), *strange]
    random.shuffle(values)
    window = ThicknessWindow(10 * SECOND, 1.0)
    for i, value in enumerate(values):
        window.add(i, value, 1.0)
    found = window.close_at(10 * SECOND)
    assert found is not None
    assert found.mean == pytest.approx(115.0, abs=3.0)


def test_a_window_forgets_its_oldest_readings_before_it_grows_without_end() -> None:
    window = ThicknessWindow(10 * SECOND, 1.0)
    for i in range(5000):
        window.add(i, 100.0 + i / 1000, 1.0)
    found = window.close_at(10 * SECOND)
    assert found is not None
    assert found.n + found.left_out == 1000
