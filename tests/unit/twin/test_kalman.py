"""The guarded Kalman filter against closed forms, simulated truth and hard knocks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.estimation.level_filter import LevelFilter
from twin.snapshot import dumps, loads

SECOND = 1_000_000_000

_readings = st.lists(
    st.tuples(st.integers(0, 10 * SECOND), st.floats(-1e4, 1e4)), min_size=1, max_size=40
)


def _fed(found: LevelFilter, readings: list[tuple[int, float]]) -> LevelFilter:
    time_ns = 0
    for wait, value in readings:
        time_ns += wait
        found.take(time_ns, value)
    return found


def test_nothing_is_known_before_the_first_reading() -> None:
    found = LevelFilter(noise=0.5, wander=0.01)
    assert not found.known
    found.take(0, 20.0)
    assert (found.known, found.level, found.sd) == (True, 20.0, 0.5)


def test_without_wander_the_level_is_the_mean() -> None:
    values = [20.0, 20.5, 19.8, 20.1]
    found = _fed(LevelFilter(noise=0.5, wander=0.0), [(SECOND, v) for v in values])
    assert found.level == pytest.approx(np.mean(values))
    assert found.variance == pytest.approx(0.25 / 4)


def test_variance_settles_where_the_riccati_equation_says() -> None:
    noise2, wander = 0.25, 0.02
    found = _fed(LevelFilter(0.5, wander), [(SECOND, 20.0)] * 200)
    before = (wander + math.sqrt(wander**2 + 4 * wander * noise2)) / 2
    assert found.variance == pytest.approx(before * noise2 / (before + noise2))


def test_missing_readings_widen_the_estimate() -> None:
    found = _fed(LevelFilter(0.5, 0.02), [(SECOND, 20.0)] * 50)
    later = found.time_ns
    assert later is not None
    assert found.sd_at(later) == found.sd
    expected = math.sqrt(found.variance + 0.02 * 60)
    assert found.sd_at(later + 60 * SECOND) == pytest.approx(expected)


def test_time_that_runs_backwards_does_not_narrow_it() -> None:
    found = _fed(LevelFilter(0.5, 0.02), [(10 * SECOND, 20.0)] * 5)
    assert found.sd_at(0) == found.sd


def test_one_spike_teaches_nothing_and_widens() -> None:
    found = _fed(LevelFilter(0.5, 0.02), [(SECOND, 20.0)] * 50)
    level, sd, now = found.level, found.sd, found.time_ns
    assert now is not None
    assert not found.take(now + SECOND, 26.0)
    assert found.level == level
    assert found.sd > sd
    assert found.take(now + 2 * SECOND, 20.0)
    assert found.holding == 0


def test_the_third_of_three_that_agree_is_a_step() -> None:
    found = _fed(LevelFilter(0.5, 0.02), [(SECOND, 20.0)] * 50)
    now = found.time_ns
    assert now is not None
    taken = [found.take(now + i * SECOND, 26.0 + i / 10) for i in (1, 2, 3)]
    assert taken == [False, False, True]
    assert found.level == pytest.approx(26.2, abs=0.1)
    assert found.sd == pytest.approx(0.5 / math.sqrt(3), rel=0.05)


def test_spikes_to_either_side_are_no_step() -> None:
    found = _fed(LevelFilter(0.5, 0.02), [(SECOND, 20.0)] * 50)
    now, level = found.time_ns, found.level
    assert now is not None
    for i, value in enumerate([26.0, 14.0, 26.0, 14.0, 26.0], start=1):
        assert not found.take(now + i * SECOND, value)
    assert found.level == level


def test_a_doubtful_reading_weighs_less() -> None:
    sure, doubtful = (_fed(LevelFilter(0.5, 0.02), [(SECOND, 20.0)] * 20) for _ in range(2))
    now = sure.time_ns
    assert now is not None
    sure.take(now + SECOND, 21.0)
    doubtful.take(now + SECOND, 21.0, widened=2.0)
    assert 20.0 < doubtful.level < sure.level
    assert doubtful.sd > sure.sd


def test_a_slope_is_found() -> None:
    found = LevelFilter(noise=0.1, wander=0.0, slope_wander=1e-4)
    for i in range(200):
        found.take(i * SECOND, 5.0 + 0.3 * i)
    assert found.slope == pytest.approx(0.3, abs=0.01)
    assert found.level == pytest.approx(5.0 + 0.3 * 199, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_intervals_hold_the_truth_as_often_as_they_say(seed: int) -> None:
    random = np.random.default_rng(seed)
    truth, inside, steps = 20.0, 0, 1500
    found = LevelFilter(0.5, 0.05**2)
    for i in range(steps):
        truth += random.normal(0, 0.05)
        found.take(i * SECOND, truth + random.normal(0, 0.5))
        inside += abs(found.level - truth) < 1.96 * found.sd
    # Neighbours are correlated over some ten steps: 150 independent trials, sd 1.8 %.
    assert inside / steps == pytest.approx(0.95, abs=0.05)


@given(_readings, st.floats(1e-3, 10), st.floats(0, 10), st.sampled_from([0.0, 1e-3]))
def test_covariance_stays_a_covariance(
    readings: list[tuple[int, float]], noise: float, wander: float, slope_wander: float
) -> None:
    found = _fed(LevelFilter(noise, wander, slope_wander), readings)
    assert found.variance > 0
    assert np.allclose(found.covariance, found.covariance.T)
    largest = float(np.abs(found.covariance).max())
    assert np.linalg.eigvalsh(found.covariance).min() >= -1e-9 * largest


@given(_readings)
def test_a_level_lies_among_its_readings(readings: list[tuple[int, float]]) -> None:
    found = _fed(LevelFilter(1.0, 0.1), readings)
    values = [value for _, value in readings]
    assert min(values) - 1e-6 <= found.level <= max(values) + 1e-6


@given(_readings, st.integers(0, 40), st.sampled_from([0.0, 1e-3]))
def test_a_restored_filter_goes_on_to_the_bit(
    readings: list[tuple[int, float]], cut: int, slope_wander: float
) -> None:
    whole = _fed(LevelFilter(1.0, 0.1, slope_wander), readings[:cut])
    restored = LevelFilter(1.0, 0.1, slope_wander)
    restored.restore(loads(dumps(whole.snapshot())))
    time_ns = whole.time_ns or 0
    for wait, value in readings[cut:]:
        time_ns += wait
        assert restored.take(time_ns, value) == whole.take(time_ns, value)
    assert dumps(restored.snapshot()) == dumps(whole.snapshot())
