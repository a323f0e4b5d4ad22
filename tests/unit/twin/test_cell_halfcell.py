"""Half-cell curves: files with their source, and full cells made of them."""

import numpy as np
import pytest

from twin.cell.electrodes.halfcell import FullCell, curve, full_cell, names
from twin.errors import NotFound


@pytest.mark.parametrize("name", names())
def test_every_curve_falls_with_lithium_and_names_its_source(name: str) -> None:
    own = curve(name)
    at = np.linspace(own.low, own.high, 400)
    assert np.all(np.diff(own.potential(at)) <= 0)
    assert 0 <= own.low < own.high <= 1
    assert all(own.about[key] for key in ("source", "licence", "measured by", "measured"))
    assert name in names(own.electrode)


@pytest.mark.parametrize("name", names("negative"))
def test_every_graphite_has_its_plateau_where_graphite_has_it(name: str) -> None:
    own = curve(name)
    assert 0.08 < float(own.potential(0.75)) < 0.105
    assert 0.10 < float(own.potential(0.40)) < 0.15


def test_a_slope_is_the_potential_s_derivative() -> None:
    own = curve("nmc811_chen2020")
    at, step = np.linspace(0.3, 0.88, 30), 5e-4
    numeric = (own.potential(at + step) - own.potential(at - step)) / (2 * step)
    assert own.slope(at) == pytest.approx(numeric, abs=0.05)


def test_beyond_its_ends_a_curve_goes_on_straight() -> None:
    own = curve("graphite_mohtat2020")
    steps = np.diff(own.potential(own.high + np.array([0.0, 0.01, 0.02])))
    assert steps[0] == pytest.approx(steps[1])
    assert steps[0] < 0


def test_a_potential_gives_its_stoichiometry_back() -> None:
    own = curve("nmc111_bpx2022")
    at = np.linspace(0.4, 0.95, 20)
    assert own.stoichiometry(own.potential(at)) == pytest.approx(at, abs=1e-4)


def test_a_full_cell_is_the_difference_of_its_electrodes() -> None:
    p, n = curve("nmc532_mohtat2020"), curve("graphite_mohtat2020")
    cell = FullCell(C_p=5.0, C_n=6.0, y0=0.9, x0=0.05, offset=0.01)
    voltage = full_cell([0.0, 3.0], cell, p, n)
    expected = [p.potential(0.9) - n.potential(0.05), p.potential(0.3) - n.potential(0.55)]
    assert voltage == pytest.approx(np.array(expected) + 0.01)


def test_lithium_is_the_same_at_every_state_of_charge() -> None:
    cell = FullCell(C_p=5.0, C_n=6.0, y0=0.9, x0=0.05)
    charged = FullCell(C_p=5.0, C_n=6.0, y0=0.9 - 3 / 5, x0=0.05 + 3 / 6)
    assert charged.lithium_ah == pytest.approx(cell.lithium_ah)
    assert cell.lithium_mol == pytest.approx(cell.lithium_ah * 3600 / 96485.33)


def test_an_unknown_curve_is_refused_with_those_there_are() -> None:
    with pytest.raises(NotFound, match=r"no half-cell curve 'tin'.*graphite_mohtat2020"):
        curve("tin")
