"""A line that drifts: one correction before it is scrap, with its cause and its limits."""

from collections.abc import Callable

import pytest

from tests.unit.twin.coated_web import from_on
from tests.unit.twin.coating_line import COATER, at
from tests.unit.twin.supervised_web import LEARNED_S, SupervisedWeb, learned
from twin.plant.recommendation import Recommendation, State

CORRECTION = "coating_weight_correction"
NOW = LEARNED_S


def _open(line: SupervisedWeb) -> list[Recommendation]:
    return [found for found in line.latest.values() if found.state.is_open]


@pytest.mark.parametrize(
    ("cause", "size"),
    [
        ("viscosity", -1.5),
        ("pump", 1.5),
        ("lip_gap", -1.5),
        ("line_speed", 1.5),
        ("web_tension", -1.5),
    ],
)
def test_a_drift_is_corrected_before_it_is_scrap_and_its_cause_is_named(
    cause: str, size: float
) -> None:
    line = learned({cause: from_on(NOW, size, 300.0)})
    found = line.until_decided()
    (change,) = found.changes
    assert (found.type, found.state) == (CORRECTION, State.PROPOSED)
    assert (change.to_value - change.from_value) * size > 0
    assert found.causes[0].name == cause
    assert f"likely cause: {cause.replace('_', ' ')}" in found.reason
    assert ("over" if size > 0 else "under") in found.reason
    # No gauge has been out of tolerance yet.
    assert abs(line.web.faults[cause](line.now)) < 2.0
    assert found.predicted.lower < 20.0 < found.predicted.upper


def test_what_moved_and_what_did_not_is_said_of_a_cause() -> None:
    line = learned({"pump": from_on(NOW, 3.0, 400.0)})
    line.run(600.0)
    cause = _open(line)[0].causes[0]
    moved, _, still = cause.reason.partition("; as before: ")
    assert "pump flow +" in moved
    assert "line speed" in still
    assert 0 < cause.probability <= 1


def test_the_evidence_is_of_the_gauge_and_of_the_coater() -> None:
    found = learned({"pump": from_on(NOW, 2.0, 200.0)}).until_decided()
    assert [evidence.signal for evidence in found.evidence] == ["areal_loading", "line_speed"]
    of_gauge = found.evidence[0]
    assert of_gauge.asset == found.source
    assert at(NOW - 200) < of_gauge.from_ns < of_gauge.to_ns <= found.created_ns


def test_one_recommendation_and_not_five_while_it_lasts() -> None:
    line = learned({"pump": from_on(NOW, 1.5)})
    decided = line.run(870.0)
    assert len({found.id for found in decided}) == 1


def test_a_drift_that_goes_on_has_one_open_recommendation_at_any_time() -> None:
    line = learned({"pump": from_on(NOW, 3.0, 600.0)})
    for _ in range(45):
        line.run(20.0)
        assert len(_open(line)) <= 1
    states = [found.state for found in line.latest.values()]
    assert states.count(State.PROPOSED) == 1
    assert set(states) == {State.PROPOSED, State.SUPERSEDED}
    line.run(600.0)
    (last,) = _open(line)
    assert last.changes[0].to_value == pytest.approx(41.2, abs=0.5)


def test_a_drift_is_announced_once_and_before_it_is_corrected() -> None:
    line = learned({"pump": from_on(NOW, 1.5, 300.0)})
    found = line.until_decided()
    line.run(300.0)
    (told,) = [event for event in line.upward if event.kind == "line.drift"]
    assert told.asset == COATER
    assert told.time_ns <= found.created_ns
    assert isinstance(told.data["causes"], dict)


def test_a_line_on_which_nothing_is_wrong_is_left_alone() -> None:
    line = learned()
    assert line.run(1500.0) == []
    assert line.upward == []
    assert line.deviation() == pytest.approx(0.0, abs=0.2)


def test_a_correction_brings_it_back_and_nothing_more_is_proposed() -> None:
    line = learned({"pump": from_on(NOW, 1.2)})
    line.until_decided()
    line.run(200.0)
    (found,) = _open(line)
    line.carry_out(found)
    line.run(600.0)
    closed = line.again(found.id)
    assert closed.state is State.EFFECTIVE
    assert closed.effect is not None
    assert closed.effect.measured.value == pytest.approx(20.0, abs=0.1)
    assert _open(line) == []
    assert line.deviation() == pytest.approx(0.0, abs=0.4)


def test_where_no_setpoint_is_read_the_report_is_enough() -> None:
    line = learned({"pump": from_on(NOW, 1.2)}, bound=False)
    line.until_decided()
    line.run(200.0)
    (found,) = _open(line)
    line.carry_out(found)
    line.run(600.0)
    assert line.again(found.id).state is State.EFFECTIVE
    assert _open(line) == []


def test_a_fault_that_was_corrected_is_ordinary_after_a_while_and_the_next_is_found() -> None:
    line = learned({"pump": from_on(NOW, 1.2)})
    line.until_decided()
    line.run(200.0)
    line.carry_out(_open(line)[0])
    line.run(1800.0)
    lines = line.rules.kpis()["lines"]
    assert isinstance(lines, dict)
    assert lines[COATER]["since_ns"] is None
    before = line.web.faults["pump"]
    line.web.faults = {"pump": before, "line_speed": from_on(line.now, -1.5, 200.0)}
    other = line.until_decided()
    assert other.causes[0].name == "line_speed"
    assert other.changes[0].to_value < other.changes[0].from_value


def test_a_rejected_one_is_not_proposed_again_until_it_is_much_worse() -> None:
    line = learned({"pump": from_on(NOW, 1.5, 100.0)})
    line.reject(line.until_decided(), line.now)
    assert line.run(800.0) == []
    again = from_on(line.now, 3.0, 100.0)
    line.web.faults["pump"] = lambda t: 1.5 + again(t)
    assert line.until_decided().state is State.PROPOSED


def test_a_rejection_does_not_outlast_the_fault_that_it_was_about() -> None:
    line = learned({"pump": from_on(NOW, 1.5)})
    line.reject(line.until_decided(), line.now)
    line.web.faults = {}
    assert line.run(1800.0) == []
    line.web.faults = {"pump": from_on(line.now, 1.5)}
    assert line.until_decided().state is State.PROPOSED


def test_what_a_person_has_approved_stays_while_the_drift_goes_on() -> None:
    line = learned({"pump": from_on(NOW, 3.0, 600.0)})
    found = line.approve(line.until_decided(), line.now)
    assert line.run(500.0) == []
    assert line.again(found.id).state is State.APPROVED


def test_the_coating_window_stops_a_drift_s_correction_too() -> None:
    # The film is 172 um; it may become thinner by about one per cent.
    line = learned({"pump": from_on(NOW, 3.0, 100.0)}, coating_gap=194.0, window_margin=10.0)
    found = line.until_decided()
    assert "the coating window stops it" in found.reason
    lines = line.rules.kpis()["lines"]
    assert isinstance(lines, dict)
    assert 10.0 < lines[COATER]["coating_window_margin_pct"] < 15.0


def test_a_change_of_recipe_is_learned_anew() -> None:
    line = learned()
    line.assets[COATER] = learned(least_correction=0.8).assets[COATER]
    line.rules.assets_changed(line.assets)
    line.web.faults = {"pump": from_on(NOW, 2.0)}
    assert line.run(250.0) == []
    lines = line.rules.kpis()["lines"]
    assert isinstance(lines, dict)
    assert lines[COATER]["learned_s"] < 250.0


def _mid(seconds: float) -> Callable[[SupervisedWeb], None]:
    def reach(line: SupervisedWeb) -> None:
        line.run(seconds)

    return reach


def _proposed(line: SupervisedWeb) -> None:
    line.until_decided()


def _measuring(line: SupervisedWeb) -> None:
    line.carry_out(line.until_decided())
    line.run(6.0)


def _rejected(line: SupervisedWeb) -> None:
    line.reject(line.until_decided(), line.now)


@pytest.mark.parametrize("reach", [_mid(40.0), _mid(180.0), _proposed, _measuring, _rejected])
def test_restored_rules_go_on_as_those_that_never_stopped(
    reach: Callable[[SupervisedWeb], None],
) -> None:
    one, other = (learned({"pump": from_on(NOW, 3.0, 400.0)}) for _ in range(2))
    reach(one)
    reach(other)
    other.restarted()
    for _ in range(4):
        assert one.run(90.0) == other.run(90.0)
    assert one.upward == other.upward
    assert one.rules.kpis() == other.rules.kpis()
    assert one.rules.snapshot()["desk"] == other.rules.snapshot()["desk"]
