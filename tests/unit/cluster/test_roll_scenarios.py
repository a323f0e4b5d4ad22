"""The simulator's calender before the twins: new rolls and worn ones."""

from cluster.bench.electrode.line import TwinLine
from simulation.scenarios import SCENARIOS
from simulation.shift import Shift
from twin.plant.supervision import Decisions


def _seen(scenario: str, seconds: float) -> Decisions:
    shift, line, seen = Shift(4, SCENARIOS[scenario]), TwinLine(), Decisions()
    while shift.seconds < seconds:
        seen.merge(line.take(shift.advance(20.0), shift.now_ns))
    return seen


def test_rolls_that_were_changed_are_a_change_of_the_process() -> None:
    (changed,) = [e for e in _seen("roll-change", 300.0).upward if e.kind == "process.changed"]
    assert changed.data["cause"] == "calender.rolls_changed"
    assert (changed.data["before"], changed.data["after"]) == ("R01", "R02")


def test_worn_rolls_are_seen_as_worn_and_not_as_a_line_load_that_is_wrong() -> None:
    found = [r for r in _seen("roll-wear", 400.0).recommendations if r.asset == "line1/calender"]
    assert [r.type for r in found] == ["roll_replacement"]
