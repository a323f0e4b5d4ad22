"""A line of twins whose slurry drifts unseen: found, corrected, measured."""

from collections.abc import Callable

from tests.unit.twin.coating_line import Line, coater
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, ReportApplied


def _drift_to(percent: float) -> Callable[[float], float]:
    return lambda t: percent * min(max((t - 30) / 40, 0), 1)


def _corrected(line: Line) -> Recommendation:
    line.run_until(lambda: bool(line.recommendations))
    line.run(20)
    found = line.latest
    line.command(Approve(found.id, "operator"))
    change = found.changes[0]
    if change.signal == "line_speed":
        line.speed = change.to_value
    else:
        line.slot_gap = change.to_value
    line.command(ReportApplied(found.id, "mes", change.to_value, line.time_ns))
    line.run_until(lambda: not line.recommendations[found.id].state.is_open, at_most=60)
    return line.recommendations[found.id]


def test_a_hidden_drift_is_found_corrected_and_the_correction_measured() -> None:
    line = Line(drift=_drift_to(3.0))
    closed = _corrected(line)
    assert closed.state is State.EFFECTIVE
    assert [t.to_state for t in closed.history] == [
        State.APPROVED,
        State.APPLIED,
        State.EFFECTIVE,
    ]
    assert len(line.recommendations) == 1
    assert [s.inputs for s in line.steps] == [("E-1",), ("E-1",)]
    assert len(line.told("gauge.recovered")) == 1


def test_the_same_with_the_slot_gap_of_a_pressure_feed() -> None:
    config = coater(feed="pressure", preferred_correction="slot_die_gap")
    # It is found past 2 %: 2 um of 300 take 2 % away, and half a per cent remains.
    line = Line(drift=_drift_to(2.5), coater=config, gap_exponent=3.0)
    closed = _corrected(line)
    assert closed.changes[0].signal == "slot_die_gap"
    assert closed.state is State.EFFECTIVE


def test_a_correction_reported_but_never_written_is_found_out() -> None:
    line = Line(drift=_drift_to(3.0))
    line.run_until(lambda: bool(line.recommendations))
    found = line.latest
    line.command(Approve(found.id, "operator"))
    line.command(ReportApplied(found.id, "mes", found.changes[0].to_value, line.time_ns))
    line.run_until(lambda: not line.recommendations[found.id].state.is_open, at_most=60)
    closed = line.recommendations[found.id]
    assert closed.state is State.INEFFECTIVE
    assert closed.effect is not None
    assert "never changed from 40 m/min" in closed.effect.verdict
