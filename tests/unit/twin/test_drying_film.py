"""Solvents and the film's way through the oven: balances, limits, directions."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.twin.drying_oven import KELVIN, oven, scenario
from twin.electrode.drying import film
from twin.electrode.drying.film import Oven, Scenarios, dry, quasi_steady_k
from twin.electrode.drying.solvent import NMP, WATER, Solvent, solvent
from twin.errors import InvalidInput

# degC and Pa: NIST and suppliers' data sheets, rounded.
_VAPOUR_PRESSURES = [(NMP, 60.0, 430.0), (NMP, 202.0, 101_325.0), (WATER, 25.0, 3169.0)]


def _left(given_: Scenarios, of: Oven | None = None) -> float:
    return float(dry(oven() if of is None else of, given_).left_kg_m2[0])


@pytest.mark.parametrize(("of", "degc", "pascal"), _VAPOUR_PRESSURES)
def test_vapour_pressures_are_those_of_tables(of: Solvent, degc: float, pascal: float) -> None:
    assert of.vapour_pressure_pa(np.array(degc + KELVIN)) == pytest.approx(pascal, rel=0.06)


@pytest.mark.parametrize(("of", "kilojoule"), [(NMP, 511.0), (WATER, 2257.0)])
def test_latent_heats_at_the_boiling_point(of: Solvent, kilojoule: float) -> None:
    boiling = np.array({"NMP": 477.0, "water": 373.15}[of.name])
    assert of.latent_heat_j_kg(boiling) / 1e3 == pytest.approx(kilojoule, rel=0.01)


@pytest.mark.parametrize(("of", "measured"), [(NMP, 8.6e-6), (WATER, 2.5e-5)])
def test_diffusivities_in_air(of: Solvent, measured: float) -> None:
    assert of.diffusivity_in_air_m2_s(298.15) == pytest.approx(measured, rel=0.05)


def test_an_unknown_solvent_is_named_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="'acetone'; known are NMP and water"):
        solvent("acetone")


def test_wet_water_film_is_at_the_wet_bulb_temperature() -> None:
    """Psychrometric chart: air of 60 degC and 20 g/kg (3.2 kPa) has 33.4 degC."""
    wet_bulb = quasi_steady_k(WATER, 60.0 + KELVIN, 3160.0) - KELVIN
    assert wet_bulb == pytest.approx(33.4, abs=1.5)


def test_a_wet_film_settles_where_heat_and_evaporation_balance() -> None:
    wet = scenario(air_degc=80.0, speed_m_min=6.0, dry_kg_m2=1.0, solids=0.3)
    found = dry(oven(length_m=30.0), wet).at_zone_ends_k[0, 0]
    assert found == pytest.approx(quasi_steady_k(NMP, 80.0 + KELVIN, 100.0, sides=2.0), abs=0.4)


def test_heat_taken_up_is_heat_that_evaporates_and_warms() -> None:
    """Over the whole oven, to a hundredth."""
    of, given_ = oven(), scenario(air_degc=95.0)
    paths = dry(of, given_)
    t, r = paths.temperature_k[0], paths.solvent_kg_m2[0]
    dt, mean = np.diff(paths.seconds[0]), (t[1:] + t[:-1]) / 2
    taken_up = np.sum(2 * 40.0 * (95.0 + KELVIN - mean) * dt)
    evaporated = np.sum(-np.diff(r) * NMP.latent_heat_j_kg(mean))
    capacity = 800.0 * 0.2 + 42.0 + NMP.heat_capacity_j_kg_k * (r[1:] + r[:-1]) / 2
    assert evaporated + np.sum(capacity * np.diff(t)) == pytest.approx(taken_up, rel=0.02)


def test_drying_rates_are_those_of_laboratories() -> None:
    """0.5 to 3 g/(m2.s)."""
    paths = dry(oven(), scenario(air_degc=105.0))
    rates = -1e3 * np.diff(paths.solvent_kg_m2[0]) / np.diff(paths.seconds[0])
    assert 0.5 < rates.max() < 3.0


def test_a_production_oven_dries_a_thick_cathode() -> None:
    assert 1e3 * _left(scenario(air_degc=120.0)) < 0.05
    assert 1e3 * _left(scenario(air_degc=60.0)) > 30.0


def test_saturated_air_dries_nothing() -> None:
    saturated = float(NMP.vapour_pressure_pa(np.array(80.0 + KELVIN)))
    given_ = replace(scenario(air_degc=80.0), entry_k=80.0 + KELVIN)
    assert _left(given_, oven(vapour_pa=saturated)) == pytest.approx(0.0857, rel=1e-3)


def test_drying_ends_where_the_vapour_holds_the_last_solvent() -> None:
    """Activity of the bound solvent and vapour in the air are in balance."""
    vapour_pa, degc = 1000.0, 120.0
    left = _left(scenario(air_degc=degc), oven(vapour_pa=vapour_pa, length_m=200.0))
    saturated = float(NMP.vapour_pressure_pa(np.array(degc + KELVIN)))
    assert left / 0.2 == pytest.approx(-0.003 * np.log(1 - vapour_pa / saturated), rel=0.01)


def test_finer_cells_change_little(monkeypatch: pytest.MonkeyPatch) -> None:
    coarse = _left(scenario(air_degc=88.0))
    monkeypatch.setattr(film, "_CELLS", 400)
    assert coarse == pytest.approx(_left(scenario(air_degc=88.0)), rel=0.04)


_AIR = st.floats(60.0, 130.0)
_MORE = st.floats(1.02, 1.5)


@settings(max_examples=8)
@given(_AIR, st.floats(1.0, 20.0))
def test_hotter_air_dries_faster(air: float, more: float) -> None:
    assert _left(scenario(air_degc=air + more)) < _left(scenario(air_degc=air))


@settings(max_examples=8)
@given(_AIR, _MORE)
def test_a_thicker_film_keeps_more(air: float, more: float) -> None:
    assert _left(scenario(air, dry_kg_m2=0.2 * more)) > _left(scenario(air, dry_kg_m2=0.2))


@settings(max_examples=8)
@given(_AIR, _MORE)
def test_a_faster_web_keeps_more(air: float, more: float) -> None:
    """But for what the vapour of the zones holds in any case."""
    fast, slow = _left(scenario(air, speed_m_min=40 * more)), _left(scenario(air))
    assert fast >= slow * (1 - 1e-3)
    if slow > 1e-3:
        assert fast > slow


@settings(max_examples=8)
@given(_AIR, st.floats(10.0, 80.0), st.floats(0.02, 0.5), st.floats(0.35, 0.8))
def test_solvent_falls_and_never_below_zero(
    air: float, speed: float, loading: float, solids: float
) -> None:
    paths = dry(oven(vapour_pa=0.0), scenario(air, speed, loading, solids))
    assert np.all(np.diff(paths.solvent_kg_m2[0]) <= 0)
    assert np.all(paths.solvent_kg_m2 > 0)
    assert np.all(paths.temperature_k <= max(air + KELVIN, 298.15) + 1e-6)


def test_the_spare_part_of_the_oven_is_smooth_across_its_limit() -> None:
    limit = np.array([0.001])
    airs = np.linspace(85.0, 105.0, 41)
    spare = [float(dry(oven(), scenario(air)).spare(limit)[0]) for air in airs]
    assert np.all(np.diff(spare) > 0)
    assert np.max(np.diff(spare)) < 0.03
    wet = [_left(scenario(air)) > 0.001 for air in airs]
    assert [one < 0 for one in spare] == wet


@settings(max_examples=8)
@given(st.floats(-10.0, 280.0), st.floats(0.2, 120.0), st.floats(0.05, 0.95))
def test_the_foulest_air_and_the_oddest_film_end_in_numbers(
    air: float, speed: float, solids: float
) -> None:
    """Vapour beyond saturation, air beyond boiling: outside the model, but no NaN."""
    for of in (oven(WATER, vapour_pa=90_000.0), oven(vapour_pa=60_000.0)):
        paths = dry(of, scenario(air, speed, solids=solids))
        assert np.all(np.isfinite(paths.temperature_k))
        assert np.all(paths.solvent_kg_m2 > 0)
