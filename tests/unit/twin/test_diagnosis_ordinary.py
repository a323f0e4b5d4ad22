"""What is ordinary on a line: learned from it, and doubted while little has been seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from twin.electrode.coating.model import Feed
from twin.electrode.diagnosis.ordinary import Deviation, Ordinary
from twin.snapshot import dumps, loads

Array = NDArray[np.float64]
NAMES = ["gauge:top", "flow", "speed"]
MINUTE, FIVE = 60.0, 300.0
_NOISE = np.array([0.05, 0.2, 0.01])


def _ordinary(block_s: float = 20.0) -> Ordinary:
    return Ordinary(Feed.PRESSURE, block_s, 14_400.0, (MINUTE, FIVE))


def _learn(ordinary: Ordinary, blocks: int, mean: float = 0.0, seed: int = 1) -> None:
    noise = np.random.default_rng(seed).standard_normal((blocks, len(NAMES))) * _NOISE
    for values in noise + mean:
        ordinary.observe(NAMES, values)
        ordinary.learn(NAMES, values)


def _of(
    ordinary: Ordinary, value: float = 0.0, blocks: float = 1.0, window: float = MINUTE
) -> Deviation:
    n = len(NAMES)
    return ordinary.deviation(NAMES, np.full(n, value), np.full(n, blocks), window)


def _noise(ordinary: Ordinary) -> Array:
    """Standard deviation of a block's noise: what a longer mean takes away."""
    one, many = _of(ordinary, blocks=1.0), _of(ordinary, blocks=1e9)
    return np.sqrt(np.diagonal(one.covariance - many.covariance))


def test_a_line_that_has_not_been_seen_has_nothing_ordinary() -> None:
    ordinary = _ordinary()
    assert _of(ordinary).places == []
    assert ordinary.known_s == 0.0
    assert ordinary.mean_of("flow") is None
    assert ordinary.mean_of("never heard of") is None


def test_means_are_learned_and_deviations_are_from_them() -> None:
    ordinary = _ordinary()
    _learn(ordinary, 200, mean=7.0)
    assert ordinary.known_s == 4000.0
    assert ordinary.mean_of("speed") == pytest.approx(7.0, abs=0.01)
    assert _of(ordinary, 8.0).value == pytest.approx([1.0, 1.0, 1.0], abs=0.1)


def test_the_noise_of_each_sensor_is_learned() -> None:
    ordinary = _ordinary()
    _learn(ordinary, 600)
    assert _noise(ordinary) == pytest.approx(_NOISE, rel=0.2)


def test_noise_is_learned_from_neighbours_and_not_from_what_is_slow() -> None:
    ordinary = _ordinary()
    drift = np.linspace(0, 5, 600)[:, None]
    noise = np.random.default_rng(2).standard_normal((600, len(NAMES))) * _NOISE
    for values in noise + drift:
        ordinary.observe(NAMES, values)
        ordinary.learn(NAMES, np.zeros(len(NAMES)))
    assert _noise(ordinary) == pytest.approx(_NOISE, rel=0.25)


def test_a_single_wild_block_does_not_teach_it_noise() -> None:
    ordinary = _ordinary()
    _learn(ordinary, 300)
    before = _noise(ordinary)
    ordinary.observe(NAMES, np.full(len(NAMES), 100.0))
    ordinary.observe(NAMES, np.zeros(len(NAMES)))
    assert np.all(_noise(ordinary) < 1.1 * before)


def test_the_less_has_been_seen_the_wider_is_what_may_be_ordinary() -> None:
    widths = []
    for blocks in (5, 50, 150, 700):
        ordinary = _ordinary()
        for _ in range(blocks):
            ordinary.learn(NAMES, np.zeros(len(NAMES)))
        widths.append(np.sqrt(np.diagonal(_of(ordinary).covariance)))
    assert np.all(np.diff(widths, axis=0) < 0)


def test_a_mean_over_more_blocks_says_more() -> None:
    ordinary = _ordinary()
    _learn(ordinary, 100)
    one, fifteen = (np.diagonal(_of(ordinary, blocks=n).covariance) for n in (1.0, 15.0))
    assert np.all(fifteen < one)


def _strayed(lasts: int) -> Ordinary:
    """Gauge and flow go up and down together by 0.6 %, for ``lasts`` blocks at a time."""
    ordinary, rng = _ordinary(), np.random.default_rng(5)
    for _ in range(900 // lasts):
        together = rng.normal(0, 0.6) * np.array([1.0, 1.0, 0.0])
        for noise in rng.standard_normal((lasts, len(NAMES))) * _NOISE:
            ordinary.observe(NAMES, noise + together)
            ordinary.learn(NAMES, noise + together)
    return ordinary


def test_a_line_that_strays_is_given_room_and_a_calm_one_is_not() -> None:
    calm, restless = _ordinary(), _strayed(lasts=30)
    _learn(calm, 900)
    narrow, wide = (np.sqrt(np.diagonal(_of(o, blocks=1e9).covariance)) for o in (calm, restless))
    assert wide[0] > 3 * narrow[0]
    assert wide[1] > 3 * narrow[1]
    assert wide[2] < 1.5 * narrow[2]
    # What strays together is known to be together.
    covariance = _of(restless, blocks=1e9).covariance
    assert covariance[0, 1] / (wide[0] * wide[1]) > 0.8


def test_what_comes_and_goes_in_a_minute_matters_less_over_five() -> None:
    quick, slow = _strayed(lasts=3), _strayed(lasts=60)
    ratio = [
        _of(o, blocks=1e9, window=FIVE).covariance[0, 0] / _of(o, blocks=1e9).covariance[0, 0]
        for o in (quick, slow)
    ]
    assert ratio[0] < 0.5 < ratio[1]


def test_after_a_restart_means_are_unknown_and_the_noise_is_kept() -> None:
    ordinary = _ordinary()
    _learn(ordinary, 300, mean=7.0)
    before = _noise(ordinary)
    ordinary.restart()
    assert ordinary.mean_of("flow") is None
    assert ordinary.known_s == 0.0
    assert _of(ordinary).places == []
    for _ in range(300):
        ordinary.learn(NAMES, np.full(len(NAMES), -2.0))
    assert ordinary.mean_of("flow") == pytest.approx(-2.0)
    assert _noise(ordinary) == pytest.approx(before)


def test_a_mean_that_is_learned_anew_is_as_unsure_as_what_strays() -> None:
    ordinary = _strayed(lasts=30)
    known = np.diagonal(_of(ordinary, blocks=1e9).covariance)
    ordinary.restart()
    for _ in range(10):
        ordinary.learn(NAMES, np.zeros(len(NAMES)))
    anew = np.diagonal(_of(ordinary, blocks=1e9).covariance)
    assert np.all(anew[:2] > 1.5 * known[:2])


def test_what_was_not_heard_is_left_out() -> None:
    ordinary = _ordinary()
    _learn(ordinary, 10)
    found = ordinary.deviation(
        NAMES, np.array([1.0, np.nan, 1.0]), np.array([1.0, 0.0, 1.0]), MINUTE
    )
    assert found.places == [0, 2]
    assert found.covariance.shape == (2, 2)


def test_a_sensor_that_comes_later_is_left_out_until_it_has_been_seen() -> None:
    ordinary = _ordinary()
    _learn(ordinary, 50)
    names = [*NAMES, "pressure"]
    ordinary.learn(names, np.zeros(4))
    assert ordinary.deviation(names, np.zeros(4), np.ones(4), MINUTE).places == [0, 1, 2]
    for _ in range(5):
        ordinary.learn(names, np.zeros(4))
    assert ordinary.deviation(names, np.zeros(4), np.ones(4), MINUTE).places == [0, 1, 2, 3]


def test_the_memory_is_long_but_not_endless() -> None:
    ordinary = _ordinary()
    for level, blocks in ((0.0, 400), (1.0, 1800)):
        for _ in range(blocks):
            ordinary.learn(NAMES, np.full(len(NAMES), level))
    assert ordinary.known_s == 14_400.0
    assert ordinary.mean_of("flow") == pytest.approx(1.0, abs=0.1)


_VALUES = st.lists(
    st.lists(st.floats(-5, 5) | st.just(float("nan")), min_size=3, max_size=3),
    min_size=1,
    max_size=10,
)


@given(_VALUES, st.integers(0, 49))
def test_a_restored_one_goes_on_to_the_bit(rows: list[list[float]], cut: int) -> None:
    one, other = _ordinary(60.0), _ordinary(60.0)
    for i in range(50):
        if i == cut:
            other.restore(loads(dumps(one.snapshot())))
        values = np.array(rows[i % len(rows)])
        for ordinary in (one, other) if i >= cut else (one,):
            ordinary.observe(NAMES, values)
            ordinary.learn(NAMES, values)
    assert dumps(other.snapshot()) == dumps(one.snapshot())


@given(_VALUES)
def test_a_covariance_is_one_whatever_was_seen(rows: list[list[float]]) -> None:
    ordinary = _ordinary(60.0)
    for i in range(50):
        values = np.array(rows[i % len(rows)])
        ordinary.observe(NAMES, values)
        ordinary.learn(NAMES, values)
    found = _of(ordinary)
    assert np.allclose(found.covariance, found.covariance.T)
    if found.places:
        assert np.linalg.eigvalsh(found.covariance).min() > 0
