"""Binder migration: even when slow, at the surface when fast, conserved in any case."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.twin.drying_oven import oven, scenario
from twin.electrode.drying import migration
from twin.electrode.drying.film import dry
from twin.electrode.drying.migration import surface_excess


def _index(air: float, diffusivity: float = 1e-10, speed: float = 40.0) -> float:
    given_ = scenario(air, speed_m_min=speed, diffusivity_m2_s=diffusivity)
    return float(migration.index(oven(), given_, dry(oven(), given_))[0])


def _at_constant_peclet(peclet: float, clock: float = 0.8) -> float:
    s = np.linspace(0.0, clock, 40)[None]
    return float(surface_excess(s, s / peclet)[0])


def _finite_volumes(peclet: float, clock: float, cells: int = 60, steps: int = 128) -> float:
    """The same equation by another method."""
    h, ds = 1 / cells, clock / steps
    faces = np.arange(1, cells) * h
    rates = np.zeros((cells, cells))
    i = np.arange(cells - 1)
    out, back = 1 / (peclet * h) + faces / 2, -1 / (peclet * h) + faces / 2
    rates[i, i] -= out / h
    rates[i, i + 1] -= back / h
    rates[i + 1, i] += out / h
    rates[i + 1, i + 1] += back / h
    step = np.linalg.matrix_power(np.linalg.inv(np.eye(cells) - ds * rates), steps)
    binder = step @ np.ones(cells)
    return float(1.5 * binder[-1] - 0.5 * binder[-2] - 1)


@pytest.mark.parametrize("peclet", [0.1, 1.0, 5.0])
def test_it_agrees_with_finite_volumes(peclet: float) -> None:
    expected = _finite_volumes(peclet, 0.8)
    assert _at_constant_peclet(peclet) == pytest.approx(expected, rel=0.03)


def test_a_quasi_steady_profile_is_exponential_in_the_square_of_the_height() -> None:
    """b ~ exp(Pe y²/2): surface over mean, for a Péclet number of 1."""
    y = np.linspace(0, 1, 2001)
    profile = np.exp(y**2 / 2)
    expected = profile[-1] / np.trapezoid(profile, y) - 1
    assert _at_constant_peclet(1.0, clock=60.0) == pytest.approx(expected, rel=0.01)


def test_binder_is_conserved() -> None:
    """The first row, that of the mean, is zero in all that moves binder."""
    assert np.abs(migration._DIFFUSION[0]).max() < 1e-12
    assert np.abs(migration._DRIFT[0]).max() < 1e-12


@given(st.floats(0.02, 20.0), st.floats(1.05, 3.0))
def test_faster_drying_enriches_the_surface(peclet: float, more: float) -> None:
    assert 0 < _at_constant_peclet(peclet) < _at_constant_peclet(peclet * more)


@settings(max_examples=6)
@given(st.floats(75.0, 125.0), st.floats(1.0, 10.0))
def test_hotter_air_moves_more_binder(air: float, more: float) -> None:
    assert _index(air) < _index(air + more)


def test_slow_drying_leaves_the_film_even() -> None:
    assert _index(60.0, diffusivity=1e-8, speed=2.0) < 0.01


def test_without_drying_nothing_moves() -> None:
    assert _index(25.0) < 0.01


def test_a_peclet_number_beyond_what_can_be_carried_stays_finite_and_high() -> None:
    assert _at_constant_peclet(1e6, clock=5.0) == pytest.approx(_at_constant_peclet(20.0, 5.0))
    assert _at_constant_peclet(1e6) > 10
