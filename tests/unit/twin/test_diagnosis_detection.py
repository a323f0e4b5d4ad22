"""Has a cause moved? Few false alarms, the right cause and the right sign."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm

from twin.electrode.coating.model import Feed
from twin.electrode.diagnosis.detection import limit, loudest
from twin.electrode.diagnosis.ordinary import Deviation
from twin.electrode.diagnosis.signatures import CAUSES, signatures

Array = NDArray[np.float64]
NAMES = ["gauge:top", "gauge:exit", "flow", "speed", "gap", "pressure", "viscosity", "solids"]
WINDOWS = (60.0, 300.0)


def _deviation(value: Array) -> Deviation:
    """Of sensors that stray by 0.1 %, all of them by 0.05 % together."""
    n = len(NAMES)
    covariance = 0.1**2 * np.eye(n) + 0.05**2
    return Deviation([*range(n)], value, covariance, signatures(Feed.PRESSURE, NAMES))


def _moved(cause: str, size: float) -> Deviation:
    found = signatures(Feed.PRESSURE, NAMES)
    return _deviation(size * found.mean[:, found.names.index(cause)])


@given(st.floats(0.001, 5), st.floats(1.01, 10), st.integers(1, 20))
def test_the_fewer_false_alarms_may_be_the_higher_is_the_limit(
    budget: float, times: float, causes: int
) -> None:
    assert limit(budget, causes, WINDOWS) > limit(budget * times, causes, WINDOWS)


def test_the_more_is_looked_at_the_higher_is_the_limit() -> None:
    assert limit(0.1, 9, WINDOWS) > limit(0.1, 3, WINDOWS)
    assert limit(0.1, 3, (60.0, 120.0, 300.0)) > limit(0.1, 3, WINDOWS)


@given(st.floats(0.001, 5), st.integers(1, 20))
def test_the_limit_is_passed_as_often_in_a_shift_as_it_may_be(budget: float, causes: int) -> None:
    looks = causes * sum(8 * 3600 / window for window in WINDOWS)
    assert 2 * norm.sf(limit(budget, causes, WINDOWS)) * looks == pytest.approx(budget)


@pytest.mark.parametrize("size", [-1.5, 0.7])
@pytest.mark.parametrize("cause", [c for c in CAUSES if c not in ("unknown", "web_tension")])
def test_a_cause_that_has_moved_speaks_loudest_with_its_sign_and_size(
    cause: str, size: float
) -> None:
    found = loudest(_moved(cause, size))
    assert found is not None
    assert found.cause == cause
    assert found.size == pytest.approx(size, rel=0.3)
    assert np.sign(found.z) == np.sign(size)


def test_a_gauge_s_own_drift_is_found_too() -> None:
    found = loudest(_moved("gauge:exit", -1.0))
    assert found is not None
    assert found.cause == "gauge:exit"
    assert found.size == pytest.approx(-1.0, rel=0.1)


def test_the_larger_it_is_the_louder_it_speaks() -> None:
    spoken = [abs(found.z) for s in (0.1, 0.4, 2.0) if (found := loudest(_moved("pump", s)))]
    assert len(spoken) == 3
    assert spoken == sorted(spoken)


def test_while_nothing_is_wrong_no_cause_speaks_louder_than_chance() -> None:
    rng = np.random.default_rng(7)
    shape = _deviation(np.zeros(len(NAMES))).covariance
    drawn = rng.multivariate_normal(np.zeros(len(NAMES)), shape, 400)
    spoken = [abs(found.z) for value in drawn if (found := loudest(_deviation(value)))]
    causes = 3 * (len(CAUSES) + 2)
    for z in (2.5, 3.0, 3.5):
        assert np.mean(np.array(spoken) > z) <= causes * 2 * norm.sf(z)
    # It is the largest of many, so it is larger than one alone would be.
    assert np.median(spoken) > norm.ppf(0.75)


def test_where_nothing_is_known_nothing_speaks() -> None:
    nothing = Deviation([], np.zeros(0), np.zeros((0, 0)), signatures(Feed.PRESSURE, []))
    assert loudest(nothing) is None
