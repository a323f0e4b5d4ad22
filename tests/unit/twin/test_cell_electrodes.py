"""The electrodes behind a slow charge: fitted, with honest widths, or said not to match."""

import numpy as np
import pytest

from tests.slow_charges import SlowCharge, shifted, slow_charge
from twin.cell.electrodes.chemistry import chemistry
from twin.cell.electrodes.diagnosis import Diagnosis, diagnose
from twin.cell.electrodes.halfcell import curve
from twin.errors import InvalidInput, NotFound

PAIR = "nmc532_mohtat2020/graphite_mohtat2020"


def told(made: SlowCharge, chemistry: str | None = PAIR) -> Diagnosis:
    return diagnose(made.charge, made.voltage, chemistry=chemistry)


def contains(found: Diagnosis, made: SlowCharge) -> dict[str, bool]:
    cell = made.cell
    truth = {"C_p": cell.C_p, "C_n": cell.C_n, "x0": cell.x0, "y0": cell.y0}
    inside = {
        name: found.parameters[name].lower <= value <= found.parameters[name].upper
        for name, value in truth.items()
    }
    lithium = found.lithium_ah
    return inside | {"lithium": lithium.lower <= cell.lithium_ah <= lithium.upper}


def test_a_cell_of_known_electrodes_is_found_again() -> None:
    made = slow_charge()
    found = told(made)
    assert found.verdict.matches is True
    assert found.fit.rms < 1.5e-3
    assert found.parameters["C_n"].value == pytest.approx(made.cell.C_n, rel=0.01)
    assert all(contains(found, made).values())


def test_the_anode_potential_lies_within_its_width() -> None:
    made = slow_charge(noise=2e-3)
    points = told(made).anode_potential
    assert points is not None
    for point in points[2:]:
        true = float(made.negative.potential(made.cell.x0 + point.charge / made.cell.C_n))
        assert point.lower < true < point.upper
        assert point.upper - point.lower < 0.05 or point.charge < 0.2


def test_a_negative_from_elsewhere_is_not_taken_for_the_cell_s_own() -> None:
    made = slow_charge(negative="graphite_ecker2015", x=(0.02, 0.9))
    found = told(made, "nmc532_mohtat2020/graphite_ai2020")
    assert found.verdict.matches is not True
    wide = found.parameters["C_n"]
    assert wide.upper / wide.lower > 1.15


def test_another_cathode_is_said_not_to_match_and_gives_no_anode_potential() -> None:
    found = told(slow_charge("lco_ai2020", volts=(3.0, 4.15)))
    assert found.verdict.matches is False
    assert found.anode_potential is None
    assert "they are not this cell's" in found.verdict.reason


def test_stretched_plateaus_are_noticed() -> None:
    made = slow_charge(negative=shifted("graphite_mohtat2020", 0.0, stretch=1.15))
    assert told(made).verdict.matches is not True


def test_a_shift_that_no_voltage_shows_stays_within_the_width() -> None:
    made = slow_charge(negative=shifted("graphite_mohtat2020", 0.004))
    found = told(made)
    assert found.anode_potential is not None
    last = found.anode_potential[-1]
    true = float(made.negative.potential(made.cell.x0 + last.charge / made.cell.C_n))
    assert last.lower < true < last.upper


def test_of_a_short_window_it_is_said_what_it_does_not_determine() -> None:
    made = slow_charge()
    part = (made.charge > 1.4) & (made.charge < 2.4)
    found = diagnose(made.charge[part], made.voltage[part], chemistry="NMC532/graphite")
    assert found.verdict.matches is None
    assert not found.parameters["C_n"].identified
    assert any("does not determine" in note for note in found.notes)


def test_the_same_trace_gives_the_same_numbers() -> None:
    made = slow_charge()
    assert told(made).parameters == told(made).parameters


@pytest.mark.parametrize("scale", [1e-3, 1.0, 100.0])
def test_a_coin_cell_and_a_large_cell_are_alike(scale: float) -> None:
    made = slow_charge(capacity=4 * scale)
    found = told(made)
    assert found.parameters["C_p"].value == pytest.approx(made.cell.C_p, rel=0.01)


def test_a_discharge_is_fitted_as_well() -> None:
    made = slow_charge(offset=-0.006)
    given = made.charge[-1] - made.charge[::-1]
    found = diagnose(given, made.voltage[::-1], chemistry=PAIR)
    assert found.window.direction == "discharge"
    assert found.parameters["C_n"].value == pytest.approx(made.cell.C_n, rel=0.01)


def test_rows_in_falling_charge_are_turned() -> None:
    made = slow_charge()
    found = diagnose(made.charge[::-1], made.voltage[::-1], chemistry=PAIR)
    assert found.parameters["C_n"].value == pytest.approx(made.cell.C_n, rel=0.01)


def test_rows_in_no_order_are_sorted_and_it_is_said() -> None:
    made = slow_charge()
    order = np.random.default_rng(1).permutation(len(made.charge))
    found = diagnose(made.charge[order], made.voltage[order], chemistry=PAIR)
    assert found.parameters["C_n"].value == pytest.approx(made.cell.C_n, rel=0.01)
    assert any("sorted" in note for note in found.notes)


def test_a_constant_voltage_tail_is_left_out() -> None:
    made = slow_charge()
    tail = made.charge[-1] + np.linspace(0.002, 0.12, 40)
    q = np.concatenate([made.charge, tail])
    v = np.concatenate([made.voltage, np.full(40, made.voltage[-1])])
    found = diagnose(q, v, chemistry=PAIR)
    assert any("constant-voltage tail" in note for note in found.notes)
    assert found.parameters["C_p"].value == pytest.approx(made.cell.C_p, rel=0.01)


def test_a_rest_at_the_end_is_left_out() -> None:
    made = slow_charge()
    q = np.concatenate([made.charge, np.full(30, made.charge[-1])])
    v = np.concatenate([made.voltage, made.voltage[-1] - np.linspace(0.001, 0.03, 30)])
    found = diagnose(q, v, chemistry=PAIR)
    assert found.parameters["C_p"].value == pytest.approx(made.cell.C_p, rel=0.01)


def test_a_coarse_voltage_and_noise_are_borne() -> None:
    made = slow_charge(noise=3e-3)
    found = diagnose(made.charge, np.round(made.voltage / 0.005) * 0.005, chemistry=PAIR)
    assert found.verdict.matches is True
    assert all(contains(found, made).values())


def test_polarisation_at_a_known_rate_is_taken_out() -> None:
    made = slow_charge(offset=0.03)
    found = diagnose(made.charge, made.voltage, chemistry=PAIR, current=made.charge[-1] / 5)
    assert found.parameters["offset"].value == pytest.approx(30, abs=6)
    assert any("C/5 is no slow charge" in note for note in found.notes)


def test_every_pair_of_a_chemistry_is_ranked() -> None:
    made = slow_charge(
        "lfp_bpx2022", "graphite_lfp_bpx2022", volts=(2.6, 3.5), x=(0.01, 0.8), rows=120
    )
    found = told(made, "LFP/graphite_lfp_bpx2022")
    assert found.verdict.matches is True
    assert [each.positive for each in found.candidates] == ["lfp_bpx2022", "lfp_afshar2017"]
    assert found.candidates[0].model_error < found.candidates[1].model_error


@pytest.mark.parametrize(
    ("name", "material"),
    [
        ("nmc 811", "NMC811"),
        ("NCM532/Gr", "NMC532"),
        ("lfp", "LFP"),
        ("LCO|graphite", "LCO"),
        ("graphite/NMC811", "NMC811"),
    ],
)
def test_chemistries_are_known_as_people_write_them(name: str, material: str) -> None:
    assert {each.material for each in chemistry(name).positives} == {material}


def test_an_unknown_chemistry_is_refused_with_those_there_are() -> None:
    made = slow_charge()
    with pytest.raises(NotFound, match=r"no chemistry 'lead'.*NMC532"):
        told(made, "lead")


@pytest.mark.parametrize(
    ("q", "v", "why"),
    [
        (np.linspace(0, 1, 8), np.linspace(3, 4.2, 8), "8 usable rows"),
        (np.zeros(50), np.linspace(3, 4.2, 50), "charge column does not change"),
        (np.linspace(0, 1, 50), np.full(50, 3.7), "no charge"),
        (np.linspace(0, 1, 50), np.linspace(3000, 4200, 50), r"3600 V is no single.*\[mV\]"),
    ],
)
def test_what_is_no_charge_is_refused(q: np.ndarray, v: np.ndarray, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        diagnose(q, v, chemistry=PAIR)


def test_two_sweeps_in_one_are_refused() -> None:
    made = slow_charge()
    q = np.concatenate([made.charge, made.charge[::-1]])
    v = np.concatenate([made.voltage, made.voltage[::-1] - 0.2])
    order = np.random.default_rng(2).permutation(len(q))
    with pytest.raises(InvalidInput, match="more than one sweep"):
        diagnose(q[order], v[order], chemistry=PAIR)


def test_intervals_cover_nine_of_ten_cells_of_somewhat_other_electrodes() -> None:
    held = 0
    for seed in range(5):
        other = shifted("graphite_mohtat2020", 0.0, 1 + 0.004 * (seed - 2))
        made = slow_charge(negative=other, seed=seed, x=(0.01 + 0.005 * seed, 0.88))
        held += sum(contains(told(made), made).values())
    assert held >= 0.85 * 5 * 5


def test_the_curves_of_a_pair_are_told() -> None:
    found = told(slow_charge())
    assert found.fit.negative is curve("graphite_mohtat2020")
