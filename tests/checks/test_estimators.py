"""What every Kalman filter of the twins must do. They are found by themselves."""

import importlib
import pickle
import pkgutil
from collections.abc import Callable, Iterator

import numpy as np
import pytest

import twin
from twin.electrode.drying.lag_filter import LagFilter
from twin.electrode.gauge.web_profile import WebFilter
from twin.estimation.kalman import Array, GuardedFilter, Measured
from twin.estimation.level_filter import LevelFilter, ScalarFilter
from twin.snapshot import dumps, loads

SECOND = 1_000_000_000
# Those that are only made to be built upon.
BASES = {ScalarFilter}


def _lag() -> LagFilter:
    found = LagFilter(noise=0.5, wander=0.02, tau=5.0, offset_sd=2.0, offset_wander=0.001)
    found.drive_at(0, 20.0)
    return found


MAKERS: dict[str, tuple[type[GuardedFilter], Callable[[], GuardedFilter]]] = {
    "level": (LevelFilter, lambda: LevelFilter(0.5, 0.02)),
    "level-and-slope": (LevelFilter, lambda: LevelFilter(0.5, 0.02, 0.001)),
    "lag": (LagFilter, _lag),
    "web": (WebFilter, lambda: WebFilter(8, 0.02, 1.0, 1e-5)),
    "web-of-one-lane": (WebFilter, lambda: WebFilter(1, 0.02, 1.0, 1e-5)),
}


@pytest.fixture(params=MAKERS)
def make(request: pytest.FixtureRequest) -> Callable[[], GuardedFilter]:
    return MAKERS[request.param][1]


def _classes(base: type[GuardedFilter]) -> Iterator[type[GuardedFilter]]:
    for found in base.__subclasses__():
        yield found
        yield from _classes(found)


def _measured(found: GuardedFilter, i: int, value: float) -> Measured:
    row: Array = np.zeros(len(found.state))
    row[0] = 1.0
    if isinstance(found, WebFilter) and len(row) > 1:
        row[1 + i % (len(row) - 1)] = 1.0
    return Measured(i * SECOND // 10, value, row, 0.25)


def _fed(found: GuardedFilter, count: int, start: int = 0, step_at: int | None = None) -> None:
    random = np.random.default_rng(3)
    values = random.normal(0.0, 0.5, start + count)
    if step_at is not None:
        values[step_at:] += 8.0
    for i in range(start, start + count):
        if i == 0 and isinstance(found, ScalarFilter):
            found.take(0, 20.0 if isinstance(found, LagFilter) else 0.0)
        found.measure(_measured(found, i, float(values[i])))


def test_all_filters_are_checked_here() -> None:
    for module in pkgutil.walk_packages(twin.__path__, "twin."):
        importlib.import_module(module.name)
    found = {*_classes(GuardedFilter)}  # type: ignore[type-abstract]
    assert found - BASES == {kind for kind, _ in MAKERS.values()}


def test_covariance_stays_a_covariance(make: Callable[[], GuardedFilter]) -> None:
    found = make()
    for start in range(0, 400, 20):
        _fed(found, 20, start, step_at=200)
        eigenvalues = np.linalg.eigvalsh(found.covariance)
        assert eigenvalues.min() > -1e-9 * eigenvalues.max()
        assert np.allclose(found.covariance, found.covariance.T)


@pytest.mark.parametrize("cut", [0, 1, 100, 101, 102, 103, 250])
def test_restored_it_goes_on_to_the_bit(make: Callable[[], GuardedFilter], cut: int) -> None:
    """Cuts at 101 to 103 fall where readings are held back."""
    whole, restored = make(), make()
    _fed(whole, cut, step_at=100)
    restored.restore(loads(dumps(whole.snapshot())))
    _fed(whole, 300 - cut, cut, step_at=100)
    _fed(restored, 300 - cut, cut, step_at=100)
    assert dumps(restored.snapshot()) == dumps(whole.snapshot())


def test_pickled_it_goes_on_to_the_bit(make: Callable[[], GuardedFilter]) -> None:
    whole = make()
    _fed(whole, 102, step_at=100)
    copy = pickle.loads(pickle.dumps(whole))
    _fed(whole, 50, 102, step_at=100)
    _fed(copy, 50, 102, step_at=100)
    assert dumps(copy.snapshot()) == dumps(whole.snapshot())


def test_a_spike_teaches_nothing(make: Callable[[], GuardedFilter]) -> None:
    struck, silent = make(), make()
    _fed(struck, 200)
    _fed(silent, 200)
    assert struck.measure(_measured(struck, 200, 50.0)) == ()
    silent.advance(200 * SECOND // 10)
    assert np.array_equal(struck.state, silent.state)
    assert np.array_equal(struck.covariance, silent.covariance)


def test_a_step_is_followed_with_the_third_reading(make: Callable[[], GuardedFilter]) -> None:
    found = make()
    _fed(found, 200)
    taken = [len(found.measure(_measured(found, i, 12.0))) for i in (200, 201, 202)]
    assert taken == [0, 0, 3]
    assert found.state[0] == pytest.approx(12.0, abs=1.5)


def test_readings_of_the_same_time_are_all_used(make: Callable[[], GuardedFilter]) -> None:
    found = make()
    _fed(found, 100)
    row = _measured(found, 99, 0.0).row
    before = found.variance_of(row)
    assert found.measure(_measured(found, 99, 0.0))
    assert found.variance_of(row) < before


def test_after_years_of_silence_the_next_reading_is_believed(
    make: Callable[[], GuardedFilter],
) -> None:
    found = make()
    _fed(found, 100)
    years = _measured(found, 99, 0.3)._replace(time_ns=10**9 * SECOND)
    assert found.measure(years)
    assert np.isfinite(found.state).all()
    assert np.isfinite(found.covariance).all()


def test_looking_ahead_changes_nothing(make: Callable[[], GuardedFilter]) -> None:
    found = make()
    _fed(found, 100)
    before = dumps(found.snapshot())
    row = _measured(found, 0, 0.0).row
    ahead = found.variance_at(row, 3600 * SECOND)
    assert dumps(found.snapshot()) == before
    found.advance(3600 * SECOND)
    assert found.variance_of(row) == pytest.approx(ahead)
