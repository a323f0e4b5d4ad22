"""A reference from the design alone, and a cell beside its lot."""

from functools import cache

import numpy as np
import pytest

from tests.unit.twin.formation_cells import Cells, reference, through
from twin.cell.electrodes.halfcell import FullCell, HalfCell
from twin.cell.formation.cohort import ChannelCohort, ChannelSettings
from twin.cell.formation.design import Design, Step, from_design
from twin.cell.formation.lots import beside_lot
from twin.cell.formation.reference import Reference
from twin.errors import InvalidInput

PROTOCOL = (Step(0.0, 0.15), Step(0.05, 1.85), Step(0.2, 0.8))
HOUR = 3_600_000_000_000


def design() -> Design:
    at = np.linspace(0.0, 1.0, 41)
    positive = HalfCell.of("p", "positive", "NMC", at, 4.3 - 0.7 * at)
    negative = HalfCell.of("n", "negative", "graphite", at, 0.1 + 0.7 * np.exp(-15 * at))
    return Design(5.0, positive, negative, FullCell(6.0, 5.8, 0.95, 0.01), 0.03, 0.02)


@cache
def from_curves() -> Reference:
    return from_design(design(), PROTOCOL, decide_after=1.9)


def channel(ohmic: float, current_h: float = 2.5) -> tuple[str, float]:
    """Diagnosis and probability of being good of a cell of that design and resistance."""
    made, charge = design(), 0.0
    cohort = ChannelCohort.bulk(1, ChannelSettings(5.0, 8.0, 1.9), from_curves())
    slow = 0.0
    last, rate = 0.0, 0.0
    for second in sorted({*np.arange(0.0, current_h * 3600, 60.0), 541.0, 550.0}):
        now = 0.0 if second <= 540.0 else 0.05
        if second > 7200.0:
            now = 0.2
        charge += rate * 5.0 * (second - last) / 3600
        slow += (made.slow * rate * 5.0 - slow) * (1 - np.exp(-(second - last) / 30.0))
        pair = made.cell
        volts = made.positive.potential(pair.y0 - charge / pair.C_p)
        volts = volts - made.negative.potential(pair.x0 + charge / pair.C_n)
        volts = volts + ohmic * now * 5.0 + slow
        cohort.step_block(
            round(second * 1e9), np.array([volts]), np.array([now * 5.0]), None, ("a",)
        )
        last, rate = second, now
    found = cohort.verdicts()
    return found.diagnosis[0], float(found.probability[0, 0])


def test_a_cell_as_designed_is_good() -> None:
    diagnosis, good = channel(0.03)

    assert diagnosis == ""
    assert good > 0.9


def test_four_times_the_resistance_is_too_much_for_any_tolerance() -> None:
    assert channel(0.12)[0] == "high_polarisation"


def test_the_same_design_gives_the_same_reference() -> None:
    short = (Step(0.0, 0.1), Step(0.05, 0.5))
    one, again = (from_design(design(), short, decide_after=0.3) for _ in range(2))

    assert np.array_equal(again.mean, one.mean)
    assert again.source == "design, no cell measured: p, n"


def test_its_widths_are_no_narrower_than_the_curves_are_known() -> None:
    found = from_curves()

    levels = found.kind() < 60
    assert found.error[levels].min() >= 0.015
    assert not found.weight.any()


def test_a_cell_that_is_odd_in_its_lot_stands_out() -> None:
    cells = Cells(60, seed=31, lots=3)
    cells.ohmic[4] *= 1.2
    cohort, _ = through(cells, reference())

    found = beside_lot(cohort, reference(), cells.lot, 1.9)

    at = found.names.index("charge1.ohmic#2")
    assert found.cell[4, at] > 3.0
    assert np.nanmedian(np.abs(found.cell[:, at])) < 1.5


def test_a_lot_that_is_bad_as_a_whole_is_not_hidden() -> None:
    cells = Cells(60, seed=31, lots=3)
    bad = np.array([name == "lot-1" for name in cells.lot])
    cells.ohmic[bad] *= 1.3
    cohort, _ = through(cells, reference())

    found = beside_lot(cohort, reference(), cells.lot, 1.9)

    at = found.names.index("charge1.ohmic#2")
    assert abs(np.nanmedian(found.cell[bad, at])) < 1.0
    assert found.lot["lot-1"][at] > 4.0
    assert abs(found.lot["lot-2"][at]) < 4.0


def test_each_channel_needs_its_lot() -> None:
    cohort, _ = through(Cells(3), reference(), until_h=0.3)

    with pytest.raises(InvalidInput, match="2 lots for 3 channels"):
        beside_lot(cohort, reference(), ["a", "b"], 1.9)
