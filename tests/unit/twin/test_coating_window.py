"""How thin a film the bead still lays: the published relation, and what follows from it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.electrode.coating.window import Bead, Slurry

_VISCOSITY = st.floats(200, 20_000)
_SPEED = st.floats(2, 100)
_GAP = st.floats(50, 600)
_INDEX = st.floats(0.4, 1.0)


def _bead(
    viscosity: float = 3000.0, gap: float = 250.0, index: float = 1.0, tension: float = 40.0
) -> Bead:
    return Bead(gap, Slurry(viscosity, 50.0, index, tension))


@given(_VISCOSITY, _SPEED, _GAP, _INDEX)
def test_the_published_relation_holds_at_the_limit(
    viscosity: float, speed: float, gap: float, index: float
) -> None:
    """Ca = 0.65 [2 / (G/t - 1)]^1.5, with t the thinnest film."""
    bead = _bead(viscosity, gap, index)
    thinnest = bead.thinnest_film(speed)
    assert 0 < thinnest < gap
    assert 0.65 * (2 / (gap / thinnest - 1)) ** 1.5 == pytest.approx(
        bead.capillary_number(speed), rel=1e-6
    )


def test_the_capillary_number_in_round_figures() -> None:
    # 1 Pa.s at 60 m/min = 1 m/s on 40 mN/m: 25.
    assert _bead(viscosity=1000.0).capillary_number(60.0) == pytest.approx(25.0)


@given(_VISCOSITY, _SPEED, _GAP, _INDEX, st.floats(1.01, 3))
def test_the_faster_the_web_the_thicker_the_film_must_be(
    viscosity: float, speed: float, gap: float, index: float, times: float
) -> None:
    bead = _bead(viscosity, gap, index)
    assert bead.thinnest_film(speed * times) > bead.thinnest_film(speed)


@given(_VISCOSITY, _SPEED, _GAP, _INDEX, st.floats(1.01, 3))
def test_the_more_viscous_the_slurry_the_thicker_the_film_must_be(
    viscosity: float, speed: float, gap: float, index: float, times: float
) -> None:
    thin, thick = _bead(viscosity, gap, index), _bead(viscosity * times, gap, index)
    assert thick.thinnest_film(speed) > thin.thinnest_film(speed)


@given(_VISCOSITY, _SPEED, st.floats(1.01, 3))
def test_the_wider_the_coating_gap_the_thicker_the_film_must_be(
    viscosity: float, speed: float, times: float
) -> None:
    narrow, wide = _bead(viscosity, 100.0), _bead(viscosity, 100.0 * times)
    assert wide.thinnest_film(speed) > narrow.thinnest_film(speed)


def test_a_fast_web_needs_a_film_of_the_whole_gap_and_a_slow_one_hardly_any() -> None:
    assert _bead().thinnest_film(1e9) == pytest.approx(250.0, rel=0.01)
    assert _bead().thinnest_film(1e-6) < 1.0


def test_a_shear_thinning_slurry_is_thinner_in_the_bead_than_in_the_viscometer() -> None:
    slurry = Slurry(3000.0, 50.0, 0.7, 40.0)
    assert slurry.viscosity_at(50.0) == 3000.0
    assert slurry.viscosity_at(5000.0) == pytest.approx(3000.0 * 100**-0.3)
    assert _bead(index=0.7).thinnest_film(40.0) < _bead(index=1.0).thinnest_film(40.0)


def test_the_margin_is_counted_from_the_thinnest_film() -> None:
    bead = _bead()
    thinnest = bead.thinnest_film(40.0)
    assert bead.margin(thinnest, 40.0) == pytest.approx(0.0)
    assert bead.margin(1.25 * thinnest, 40.0) == pytest.approx(25.0)
    assert bead.margin(0.9 * thinnest, 40.0) == pytest.approx(-10.0)


def test_a_web_that_stands_needs_no_film() -> None:
    assert _bead().thinnest_film(0.0) == 0.0


def test_nearer_to_the_limit_the_film_is_less_even() -> None:
    bead = _bead()
    thinnest = bead.thinnest_film(40.0)
    spread = [
        bead.expected_variation(times * thinnest, 40.0, flow_sd=0.3, gap_sd=0.0)
        for times in (3.0, 1.5, 1.1, 1.01)
    ]
    assert spread == sorted(spread)
    assert spread[0] >= 0.3
    assert bead.expected_variation(thinnest, 40.0, 0.3, 0.0) == math.inf
    assert bead.expected_variation(0.5 * thinnest, 40.0, 0.3, 0.0) == math.inf


def test_a_gap_that_varies_does_nothing_to_a_film_of_a_third_of_it() -> None:
    """h = G/2 + G³ p'/12 mu U: d ln h / d ln G = 3 - G/h, which is 0 at h = G/3."""
    bead = _bead(viscosity=100.0)
    third = bead.coating_gap / 3
    assert third > bead.thinnest_film(5.0)
    assert bead.expected_variation(third, 5.0, 0.0, 1.0) == pytest.approx(0.0, abs=1e-9)
    assert bead.expected_variation(2 * third, 5.0, 0.0, 1.0) > 1.0
