"""Events of every day that are no drifts: splices, web breaks, lots, an operator's hand."""

import pytest

from tests.unit.twin.coated_web import CoatedWeb, from_on
from tests.unit.twin.supervised_web import LEARNED_S as NOW
from tests.unit.twin.supervised_web import SupervisedWeb, learned


@pytest.mark.parametrize("size", [3.0, 6.0])
def test_a_splice_is_no_drift(size: float) -> None:
    """Half a second of tape, 50 % more than the film, is 6 % over four or five."""
    line = learned({"unknown": lambda t: size if NOW + 20 <= t < NOW + 25 else 0.0})
    assert line.run(500.0) == []


@pytest.mark.parametrize("at_once", [True, False])
def test_a_web_break_is_no_drift(at_once: bool) -> None:
    """The web stands for ten minutes; the gauges see bare rolls, then a film that starts up."""
    line = learned()
    for speed in (0.0,) if at_once else (20.0, 8.0, 2.0, 0.0):
        line.web.speed = speed
        assert line.run(4.0) == []
    for _ in range(20):
        assert not line.loading(-95.0, line.now - 6, line.now).recommendations
        assert line.run(30.0) == []
    line.web.faults = {"pump": from_on(line.now, 0.0)}
    begun = line.now
    line.web.faults = {"pump": lambda t: 10.0 if t < begun + 20 else 0.0}
    line.web.speed = 40.0
    assert line.run(600.0) == []


def test_what_a_gauge_reads_while_the_web_stands_is_not_of_the_lot() -> None:
    line = learned()
    before = line.rules.lot_loading("E-1")
    line.web.speed = 0.0
    line.run(10.0)
    for _ in range(50):
        line.loading(-95.0, line.now - 6, line.now)
    assert before is not None
    after = line.rules.lot_loading("E-1")
    assert after is not None
    assert after[0] == pytest.approx(before[0], abs=0.02)


def test_a_new_lot_in_the_middle_of_a_scan_is_no_drift() -> None:
    line = learned()
    line.run(61.0)
    line.web.next_lot("E-2")
    assert line.run(400.0) == []
    assert line.rules.lot_loading("E-2") is not None


def test_a_lot_whose_slurry_differs_is_a_drift_and_belongs_to_that_lot() -> None:
    line = learned({"viscosity": from_on(NOW + 60, 1.8)})
    line.run(60.0)
    line.web.next_lot("E-2")
    found = line.until_decided()
    assert found.causes[0].name == "viscosity"
    assert found.lot == "E-2"


def test_an_operator_s_own_change_is_no_drift() -> None:
    line = learned()
    line.web.speed, line.web.gap = 44.0, 300.0 * 1.1 ** (1 / 3)
    assert line.run(500.0) == []


def test_a_line_that_is_being_learned_is_not_judged() -> None:
    line = SupervisedWeb(CoatedWeb({"pump": from_on(150.0, 1.0)}))
    assert line.run(280.0) == []
