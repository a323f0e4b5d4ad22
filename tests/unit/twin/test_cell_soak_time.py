"""Wetting: how long a cell must soak, given what is known of its electrodes."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig
from twin.cell.filling.pore_radius import PoreRadius
from twin.cell.filling.soak_time import Electrolyte, SoakTime, soak_time, wetted
from twin.cell.section import Porosity

FILLER = AssetConfig("f/filler", "u1", "electrolyte_filler")
STRIPS = PoreRadius()


def known(value: float, sd: float = 0.3) -> Porosity:
    return Porosity(value, sd, value - 1.64 * sd, value + 1.64 * sd)


def electrolyte(temperature: float | None = None, **parameters: float) -> Electrolyte:
    return Electrolyte.of(
        AssetConfig("f/filler", "u1", "electrolyte_filler", parameters=parameters), temperature
    )


def soak(porosity: Porosity | None, temperature: float | None = None) -> SoakTime:
    return soak_time(porosity, electrolyte(temperature), STRIPS)


def k(porosity: float) -> float:
    """Coefficient of L = k sqrt(t) [mm/sqrt(s)] with the electrolyte of the strips."""
    radius = math.exp(STRIPS.ln_radius(porosity)[0])
    return 1e3 * math.sqrt(radius * 30e-3 * 0.87 / (2 * 3.0e-3))


def test_wetting_is_fastest_at_a_porosity_between() -> None:
    """Sheng 2014: 0.206, 0.589 and 0.375 mm/sqrt(s) at 41, 53 and 59 um."""
    dense, light, loose = k(1 - 0.5 * 59 / 41), k(1 - 0.5 * 59 / 53), k(0.5)
    assert dense < loose < light
    assert dense == pytest.approx(0.206, rel=0.15)
    assert light == pytest.approx(0.589, rel=0.15)
    assert loose == pytest.approx(0.375, rel=0.15)


def test_between_and_beyond_the_measured_films_less_is_known() -> None:
    at, between, beyond = (STRIPS.ln_radius(e)[1] for e in (0.443, 0.36, 0.15))
    assert at < between < beyond


def test_a_lot_of_which_nobody_told_has_a_wide_distribution() -> None:
    unknown, told = soak(None), soak(known(44.0))
    assert unknown.quantile(0.95) / unknown.quantile(0.05) > 20
    assert told.quantile(0.95) / told.quantile(0.05) < 12
    assert unknown.quantile(0.95) > told.quantile(0.95)


def test_what_is_not_sure_of_the_porosity_widens_the_soak() -> None:
    wide, narrow = soak(known(44.0, 4.0)), soak(known(44.0, 0.3))
    assert wide.quantile(0.95) > 1.3 * narrow.quantile(0.95)


def test_warmth_shortens_it_by_the_viscosity() -> None:
    ratio = soak(known(36), 45.0).quantile(0.5) / soak(known(36), 25.0).quantile(0.5)
    expected = math.exp(17_000 / 8.314462618 * (1 / 318.15 - 1 / 298.15))
    assert ratio == pytest.approx(expected, rel=1e-6)


def test_it_grows_with_the_square_of_the_length() -> None:
    short, long = (soak_time(known(36), electrolyte(wetting_length=mm), STRIPS) for mm in (30, 60))
    assert long.quantile(0.5) == pytest.approx(4 * short.quantile(0.5), rel=1e-6)


@given(st.floats(10, 65), st.floats(0.05, 10), st.floats(0.02, 0.98))
def test_quantile_and_probability_answer_each_other(
    value: float, sd: float, probability: float
) -> None:
    found = soak(known(value, sd))
    assert found.probability(found.quantile(probability)) == pytest.approx(probability, abs=1e-6)
    assert found.probability(0.0) == 0.0


def test_wettings_measured_in_the_plant_take_over() -> None:
    """Cells of 36 % that were wetted after 3 h: their like is now known, others better."""
    seen = [wetted(known(36.0), 3.0, electrolyte(), STRIPS) for _ in range(10)]
    taught = PoreRadius(seen)
    like, other = (soak_time(known(at), electrolyte(), taught) for at in (36.0, 46.0))
    assert like.quantile(0.5) == pytest.approx(3.0, rel=0.1)
    assert like.quantile(0.95) < 0.3 * soak(known(36.0)).quantile(0.95)
    before = soak(known(46.0))
    assert other.quantile(0.95) / other.quantile(0.05) < before.quantile(0.95) / before.quantile(
        0.05
    )


def test_an_electrode_that_is_not_graphite_is_known_less() -> None:
    config = AssetConfig(
        "f", "u", "electrolyte_filler", parameters={"wetting_electrode": "cathode"}
    )
    cathode = Electrolyte.of(config, None)
    anode, other = soak(known(44.0)), soak_time(known(44.0), cathode, STRIPS)
    assert other.quantile(0.95) > 1.4 * anode.quantile(0.95)
    taught = PoreRadius([wetted(known(44.0), 3.0, cathode, STRIPS)] * 8)
    assert soak_time(known(44.0), cathode, taught).quantile(0.95) < anode.quantile(0.95)


def test_the_order_of_measured_wettings_does_not_matter() -> None:
    seen = [
        wetted(known(p), h, electrolyte(), STRIPS) for p, h in ((30, 9.0), (36, 4.0), (40, 3.0))
    ]
    one, other = PoreRadius(seen).ln_radius(0.35), PoreRadius(seen[::-1]).ln_radius(0.35)
    assert one == pytest.approx(other, abs=1e-9)
