"""What the calender's estimator learns, and how far it may be believed."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.random_calenders import Calender, window
from twin.asset import AssetConfig
from twin.electrode.calendering import prior as priors
from twin.electrode.calendering.estimator import Z90, NipEstimator, Point
from twin.electrode.calendering.model import Array, N, X, gap, nip, thickness
from twin.electrode.calendering.spread import Spread
from twin.snapshot import dumps, loads

HELD = priors.CALIBRATED


def _estimator(**parameters: float | str) -> NipEstimator:
    return NipEstimator(AssetConfig("line1/calender", "uid", "calender", "line1", parameters))


def _run(seed: int, windows: int = 9, every: int = 3, seconds: float = 300.0) -> list[bool]:
    """Whether the 90 % interval held the truth, window by window; samples come a lot late."""
    plant, twin = Calender(seed), _estimator()
    inside, late = [], dict[str, float]()
    for i in range(windows):
        lot = f"E-{i // every}"
        twin.learn(plant.step(seconds), seconds, ())
        twin.count(lot, seconds)
        value, sd = twin.porosity(_at(twin))
        inside.append(abs(value - plant.porosity) <= Z90 * sd)
        if i % every == every - 1:
            for name, found in late.items():
                twin.sample(name, found, ())
            late = {lot: plant.next_lot()}
            twin.lot_changed()
    return inside


def _at(twin: NipEstimator) -> Point:
    assert twin.point is not None
    return twin.point


def test_intervals_of_90_percent_cover_the_truth_of_plants_that_are_not_the_model() -> None:
    inside = np.array([_run(seed) for seed in range(300)])
    assert 0.85 <= inside.mean() <= 0.95
    # With samples as without.
    assert 0.85 <= inside[:, :3].mean() <= 0.97
    assert 0.85 <= inside[:, -3:].mean() <= 0.97


def test_a_thousand_readings_do_not_average_away_that_the_density_is_not_known() -> None:
    twin = _estimator()
    for _ in range(100):
        twin.learn(window(line_load=120.0, thickness_out=140.0), 5.0, ())
    _, sd = twin.porosity(_at(twin))
    density = 100 * (1 - 0.32) * 60 / 4400
    assert sd > density * 0.7


def test_a_laboratory_sample_narrows_what_readings_can_not() -> None:
    twin = _estimator()
    for _ in range(100):
        twin.learn(window(line_load=120.0, thickness_out=140.0), 5.0, ())
        twin.count("E-1", 5.0)
    value, before = twin.porosity(_at(twin))
    sampled = twin.sample("E-1", value - 1.0, ())
    assert sampled is not None
    assert sampled.used
    moved, after = twin.porosity(_at(twin))
    assert moved == pytest.approx(value - 0.8, abs=0.25)
    assert 0.3 < after < 0.6 * before


def test_a_late_sample_moves_its_own_lot_the_most() -> None:
    twin = _estimator()
    for lot in ("E-1", "E-2", "E-3"):
        for _ in range(60):
            twin.learn(window(line_load=120.0, thickness_out=140.0), 30.0, ())
            twin.count(lot, 30.0)
        twin.lot_changed()
    before = {lot: twin.lot_porosity(lot) for lot in ("E-1", "E-3")}
    twin.sample("E-1", 30.0, ())
    moved = {}
    for lot, known in before.items():
        now = twin.lot_porosity(lot)
        assert known is not None
        assert now is not None
        moved[lot] = abs(now[0] - known[0])
        assert now[1] < known[1]
    assert moved["E-1"] > moved["E-3"] > 0


def test_one_odd_sample_teaches_nothing_and_two_that_agree_do() -> None:
    twin = _estimator()
    for _ in range(10):
        twin.learn(window(line_load=120.0, thickness_out=140.0), 5.0, ())
        twin.count("E-1", 5.0)
    state = twin.filter.x.copy()
    first = twin.sample("E-1", 60.0, ())
    assert first is not None
    assert not first.used
    assert np.array_equal(twin.filter.x, state)
    second = twin.sample("E-1", 60.5, ())
    assert second is not None
    assert second.used
    assert twin.porosity(_at(twin))[0] > 45


def test_a_sample_of_a_lot_that_nobody_saw_teaches_nothing() -> None:
    twin = _estimator()
    twin.learn(window(line_load=120.0, thickness_out=140.0), 5.0, ())
    twin.count("E-1", 5.0)
    assert twin.sample("E-0", 30.0, ()) is None


def test_what_is_held_keeps_its_value_and_its_width() -> None:
    twin = _estimator()
    twin.learn(window(line_load=120.0, thickness_out=140.0, gap=110.0), 5.0, ())
    value, width = twin.filter.x[[*HELD]], np.diag(twin.filter.P)[[*HELD]]
    for load in (100.0, 120.0, 160.0):
        twin.learn(window(line_load=load, thickness_out=141.0, gap=112.0), 5.0, HELD)
        twin.count("E-1", 5.0)
    twin.sample("E-1", 31.0, HELD)
    assert np.array_equal(twin.filter.x[[*HELD]], value)
    assert np.diag(twin.filter.P)[[*HELD]] == pytest.approx(width)


def test_wear_is_seen_in_the_gap_when_the_electrode_stays_as_it_is() -> None:
    twin = _estimator()
    twin.learn(window(line_load=120.0, thickness_out=140.0, gap=112.0), 5.0, ())
    twin.rolls_changed()
    before = 0.0
    for i in range(400):
        read = window(line_load=120.0, thickness_out=140.0, gap=112.0 - i / 40)
        twin.learn(read, 60.0, ())
        if i == 0:
            before = twin.filter.value(X.WEAR)
    assert twin.filter.value(X.WEAR) - before == pytest.approx(10.0, abs=1.5)
    assert twin.filter.sd(X.WEAR) < 2.0


def _calibrated_at(gap: float) -> NipEstimator:
    twin = _estimator()
    for _ in range(60):
        twin.learn(window(line_load=120.0, thickness_out=140.0, gap=gap), 30.0, ())
    return twin


@pytest.mark.parametrize(("gap", "moved"), [(82.0, X.WEAR), (142.0, X.GAP_ZERO)])
def test_once_calibrated_a_gap_that_steps_is_the_machine_s_and_not_the_coating_s(
    gap: float, moved: X
) -> None:
    twin = _calibrated_at(112.0)
    before, (porosity, sd) = twin.filter.value(moved), twin.porosity(_at(twin))
    for _ in range(20):
        twin.learn(window(line_load=120.0, thickness_out=140.0, gap=gap), 5.0, HELD)
    assert twin.filter.value(moved) - before == pytest.approx(112.0 - gap, abs=3.0)
    assert twin.porosity(_at(twin))[0] == pytest.approx(porosity, abs=sd / 3)


def test_one_gap_that_is_far_off_teaches_nothing() -> None:
    twin = _calibrated_at(112.0)
    before = twin.filter.value(X.WEAR)
    twin.learn(window(line_load=120.0, thickness_out=140.0, gap=40.0), 5.0, HELD)
    twin.learn(window(line_load=120.0, thickness_out=140.0, gap=112.0), 5.0, HELD)
    assert twin.filter.value(X.WEAR) == pytest.approx(before, abs=0.1)


def test_a_line_load_that_is_being_changed_teaches_nothing() -> None:
    twin = _estimator()
    moving = window(thickness_out=140.0)
    for i in range(50):
        moving.take("line_load", 100.0 + i)
    assert not twin.learn(moving, 5.0, ())


def test_new_rolls_open_gamma_and_zero_and_keep_what_is_known_of_the_coating() -> None:
    twin = _estimator()
    for _ in range(50):
        twin.learn(window(line_load=120.0, thickness_out=140.0, gap=112.0), 5.0, ())
    before = np.sqrt(np.diag(twin.filter.P)[:N])
    twin.rolls_changed()
    after = np.sqrt(np.diag(twin.filter.P)[:N])
    assert after[X.LN_GAMMA] > before[X.LN_GAMMA]
    assert after[X.GAP_ZERO] > before[X.GAP_ZERO]
    assert after[X.DENSITY] == before[X.DENSITY]
    assert twin.filter.value(X.WEAR) == 0.0


def test_the_recovered_part_of_the_compression_is_what_the_coating_springs_back() -> None:
    state = _estimator().prior.mean.copy()
    state[X.RECOVERY] = 0.0
    plastic = nip(state, 120.0, 0.0)
    assert plastic.porosity == pytest.approx(22 + 24 / math.e)
    state[X.RECOVERY] = 0.1
    elastic = nip(state, 120.0, 0.0)
    uncompressed = nip(state, 0.0, 0.0).volume
    assert elastic.volume == pytest.approx(0.9 * plastic.volume + 0.1 * uncompressed)


def test_warm_rolls_press_further() -> None:
    state = _estimator().prior.mean
    assert nip(state, 120.0, 20.0).porosity < nip(state, 120.0, 0.0).porosity


@given(st.lists(st.floats(-1.5, 1.5), min_size=N, max_size=N), st.floats(20, 250))
def test_the_gradients_are_the_derivatives(off: list[float], load: float) -> None:
    found = _estimator().prior
    x = found.mean + found.sd * np.array(off)

    def all_at(x: Array) -> Array:
        at = nip(x, load, 5.0)
        behind, read = thickness(x, at, found.electrode), gap(x, at, found.electrode, load)
        return np.array([at.porosity, behind[0], read[0]])

    at = nip(x, load, 5.0)
    rows = [
        at.by_porosity,
        thickness(x, at, found.electrode)[1],
        gap(x, at, found.electrode, load)[1],
    ]
    steps = 1e-6 * np.eye(N)
    numeric = np.array([(all_at(x + step) - all_at(x - step)) / 2e-6 for step in steps]).T
    assert np.array(rows) == pytest.approx(numeric, rel=1e-4, abs=1e-4)


def test_restored_it_goes_on_to_the_bit() -> None:
    plant, whole, restored = Calender(3), _estimator(), _estimator()
    for i in range(12):
        whole.learn(plant.step(60.0), 60.0, ())
        whole.count(f"E-{i // 4}", 60.0)
    whole.sample("E-0", 31.0, ())
    restored.restore(loads(dumps(whole.snapshot())))
    read = plant.step(60.0)
    for twin in (whole, restored):
        twin.learn(read, 60.0, ())
        twin.sample("E-1", 32.0, ())
    assert dumps(restored.snapshot()) == dumps(whole.snapshot())


def test_a_parameter_that_is_set_anew_counts_from_then_on() -> None:
    twin, other = _estimator(), _estimator(solid_density=4600.0, solid_density_sd=10.0)
    twin.learn(window(line_load=120.0, thickness_out=140.0), 5.0, ())
    saved = twin.snapshot()
    other.restore(saved)
    other.renew(saved)
    assert other.filter.sd(X.DENSITY) == pytest.approx(10 / 4600)
    assert other.filter.value(X.LN_GAMMA) == twin.filter.value(X.LN_GAMMA)


@pytest.mark.parametrize(("size", "low", "high"), [(0.4, 0.4, 0.7), (1, 0.85, 1.2), (2, 1.6, 2.2)])
def test_the_scatter_of_samples_sets_how_wide_the_widths_are(
    size: float, low: float, high: float
) -> None:
    spread, random = Spread(), np.random.default_rng(2)
    assert spread.factor == pytest.approx(1.0)
    for _ in range(100):
        spread.take(float(random.normal(0, math.hypot(size * 0.8, 0.3))), 0.64, 0.09)
    assert low < spread.factor < high
