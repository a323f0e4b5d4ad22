"""The quick filters do what filterpy does.

``LevelFilter``, ``LagFilter`` and ``WebFilter`` see every reading of a line, and do the
Kalman filter's arithmetic by themselves. filterpy is the oracle.
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import pytest
from filterpy.kalman import KalmanFilter
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.electrode.drying.lag_filter import LagFilter
from twin.electrode.gauge.web_profile import WebFilter
from twin.estimation.kalman import Array, GuardedFilter, Measured
from twin.estimation.level_filter import LevelFilter

SECOND: Final = 1_000_000_000

# Seconds since the last reading, how far off what is expected [sigma], how doubtful.
_steps = st.lists(
    st.tuples(st.floats(0.0, 100.0), st.floats(-3.0, 3.0), st.sampled_from([1.0, 2.0])),
    min_size=1,
    max_size=30,
)
_positive = st.floats(1e-2, 10.0)


class Oracle:
    """filterpy, begun where the other filter is now."""

    def __init__(self, found: GuardedFilter) -> None:
        n = len(found.state)
        self.filter = KalmanFilter(dim_x=n, dim_z=1)
        self.filter.x = found.state.copy().reshape(n, 1)
        self.filter.P = found.covariance.copy()

    def predict(self, motion: Array | None, noise: Array) -> None:
        self.filter.predict(F=np.eye(len(noise)) if motion is None else motion, Q=noise)

    def expected(self, row: Array, variance: float) -> tuple[float, float]:
        """Mean and standard deviation of the next reading."""
        total = float(row @ self.filter.P @ row) + variance
        return float(row @ self.filter.x[:, 0]), math.sqrt(total)

    def update(self, value: float, row: Array, variance: float) -> None:
        self.filter.update(value, R=variance, H=row.reshape(1, -1))


def _follow(
    found: GuardedFilter,
    steps: list[tuple[float, float, float]],
    noise: float,
    row_of: Callable[[int], Array],
) -> Oracle:
    oracle, time_ns = Oracle(found), found.time_ns or 0
    for i, (wait, off, widened) in enumerate(steps):
        later = time_ns + round(wait * SECOND)
        row, variance = row_of(i), (noise * widened) ** 2
        oracle.predict(*found.transition((later - time_ns) / SECOND))
        mean, width = oracle.expected(row, variance)
        value = mean + off * width
        oracle.update(value, row, variance)
        assert found.measure(Measured(later, value, row, variance))
        time_ns = later
    return oracle


def _assert_equal(found: GuardedFilter, oracle: Oracle, rel: float) -> None:
    """To ``rel`` of each state's own width and size."""
    widths = np.sqrt(np.diagonal(oracle.filter.P))
    assert np.abs(found.covariance - oracle.filter.P).max() <= rel * widths.max() ** 2
    expected = oracle.filter.x[:, 0]
    assert np.abs(found.state - expected).max() <= rel * (np.abs(expected).max() + widths.max())


@given(_steps, _positive, st.floats(0.0, 10.0))
def test_a_level_is_filterpy_s(
    steps: list[tuple[float, float, float]], noise: float, wander: float
) -> None:
    found = LevelFilter(noise, wander)
    found.take(0, 20.0)
    oracle = _follow(found, steps, noise, lambda _: np.array([1.0]))
    assert found.level == pytest.approx(float(oracle.filter.x[0, 0]), rel=1e-12, abs=1e-12)
    assert found.variance == pytest.approx(float(oracle.filter.P[0, 0]), rel=1e-12)


@given(_steps, _positive, st.floats(0.0, 10.0))
def test_taking_a_reading_is_measuring_the_level(
    steps: list[tuple[float, float, float]], noise: float, wander: float
) -> None:
    taken, measured = LevelFilter(noise, wander), LevelFilter(noise, wander)
    taken.take(0, 20.0)
    measured.take(0, 20.0)
    time_ns = 0
    for wait, off, widened in steps:
        time_ns += round(wait * SECOND)
        # Up to ten sigma: some are held back, and the third of a step is taken.
        value = taken.level + 3 * off * noise
        one = Measured(time_ns, value, np.array([1.0]), (noise * widened) ** 2)
        assert taken.take(time_ns, value, widened) == bool(measured.measure(one))
        assert taken.level == pytest.approx(measured.level, rel=1e-12, abs=1e-12)
        assert taken.variance == pytest.approx(measured.variance, rel=1e-12)


@given(_steps, _positive, st.floats(0.0, 10.0), st.floats(1e-6, 1e-2))
def test_a_level_with_a_slope_is_filterpy_s(
    steps: list[tuple[float, float, float]], noise: float, wander: float, slope_wander: float
) -> None:
    found = LevelFilter(noise, wander, slope_wander)
    found.take(0, 20.0)
    oracle = _follow(found, steps, noise, lambda _: np.array([1.0, 0.0]))
    _assert_equal(found, oracle, 1e-9)


@given(_steps, st.floats(1.0, 1000.0), _positive)
def test_a_lag_is_filterpy_s(
    steps: list[tuple[float, float, float]], tau: float, offset_sd: float
) -> None:
    found = LagFilter(0.3, 0.01, tau, offset_sd, 4e-4)
    found.drive_at(0, 100.0)
    found.take(0, 98.0)
    oracle = _follow(found, steps, 0.3, lambda _: np.array([1.0, 0.0]))
    _assert_equal(found, oracle, 1e-9)


def _web_row(found: WebFilter, lanes: int, i: int) -> Array:
    weights = np.zeros(lanes)
    weights[i % lanes], weights[(i + 1) % lanes] = 0.3, 0.7
    return found.reading(0, 0.0, weights, 1 if i % 5 < 3 else -1, 0.25).row


@settings(deadline=None)
@given(_steps, st.integers(2, 12), st.booleans())
def test_a_web_is_filterpy_s(
    steps: list[tuple[float, float, float]], lanes: int, frozen: bool
) -> None:
    found = WebFilter(lanes, 0.02, 1.0, 1e-4, 0.05)
    found.measure(found.reading(0, 1.0, None, 0, 0.25))
    found.frozen = frozen
    oracle = _follow(found, steps, 0.5, lambda i: _web_row(found, lanes, i))
    _assert_equal(found, oracle, 1e-9)


def test_a_web_stays_filterpy_s_over_hours() -> None:
    lanes, random = 20, np.random.default_rng(7)
    found = WebFilter(lanes, 0.02, 1.0, 3e-6, 0.05)
    found.measure(found.reading(0, 1.0, None, 0, 0.25))
    steps = [(1.0, float(z), 1.0) for z in random.uniform(-2, 2, 3000)]
    oracle = _follow(found, steps, 0.5, lambda i: _web_row(found, lanes, i))
    _assert_equal(found, oracle, 1e-9)
    assert np.array_equal(found.covariance, found.covariance.T)
    assert np.linalg.eigvalsh(found.covariance).min() > -1e-13
    # The lanes' offsets still sum to zero: nothing of the level has leaked into them.
    assert sum(found.profile) == pytest.approx(0.0, abs=1e-10)
