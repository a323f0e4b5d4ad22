"""The calendering part of the electrode supervisor: hand-off, line load, rolls."""

import pytest

from tests.unit.twin.coating_line import at
from tests.unit.twin.supervised_calender import SupervisedCalender
from twin.electrode.coating.coater_history import CoaterHistory
from twin.plant.genealogy import StepType
from twin.plant.recommendation import State
from twin.plant.supervision import Approve, Reject, ReportApplied
from twin.snapshot import dumps, loads

MINUTE = 60


def _outside(**parameters: float | str) -> SupervisedCalender:
    found = SupervisedCalender(**parameters)
    for i in range(5):
        found.state(2 * i, porosity=36.0)
    return found


def test_a_lot_s_porosity_is_handed_on_when_the_lot_ends() -> None:
    found = SupervisedCalender()
    for i in range(50):
        found.state(2 * i, porosity=30.0 + 0.02 * i)
    found.state(100, lot="E-2")
    (event,) = found.upward("lot.porosity")
    data = event.data
    assert (data["lot"], data["from_m"], data["to_m"]) == ("E-1", 0.0, 98.0)
    assert data["porosity"] == pytest.approx(30.5, abs=0.03)
    # What is not known holds for the whole lot: the number of readings does not narrow it.
    assert data["porosity_sd"] == pytest.approx(0.5)
    assert data["lower"] == pytest.approx(30.5 - 1.645 * 0.5, abs=0.03)
    assert (data["confidence"], data["roll_set"], data["final"]) == (0.9, "R-1", True)
    assert data["density"] == pytest.approx(4400 * 0.695, rel=1e-3)
    (step,) = found.done.steps
    assert (step.type, step.outputs) == (StepType.CALENDER, ("E-1",))
    assert step.measured["porosity [%]"] == data["porosity"]


def test_while_a_lot_runs_its_porosity_is_told_every_five_minutes() -> None:
    found = SupervisedCalender()
    for i in range(1, 12 * MINUTE):
        found.state(i)
    told = found.upward("lot.porosity")
    assert [event.time_ns for event in told] == [at(1 + 5 * MINUTE), at(1 + 10 * MINUTE)]
    assert [event.sequence for event in told] == [1, 2]


def test_metres_and_not_time_weigh() -> None:
    found = SupervisedCalender()
    for i in range(11):
        found.state(i, porosity=30.0, web_length=10.0 * i)
    for i in range(100):
        found.state(11 + i, porosity=35.0, web_length=100.0)
    found.state(120, lot="E-2")
    assert found.upward("lot.porosity")[0].data["porosity"] == pytest.approx(30.0)


def test_where_the_calender_names_no_lot_the_coater_s_lots_count_by_distance() -> None:
    found = SupervisedCalender(coater="line1/coater", distance_from_die=60.0)
    found.line.history = CoaterHistory(
        at(0), length=100.0, lots={"E-1": None, "E-2": 30.0, "E-3": 90.0}
    )
    found.state(0, lot=None, web_length=None)
    found.line.history.lots["E-4"] = 35.0
    found.state(1, lot=None, web_length=None)
    (event,) = found.upward("lot.porosity")
    assert (event.data["lot"], event.data["to_m"]) == ("E-2", 40.0)


def test_a_lot_laid_heavier_than_assumed_has_less_porosity() -> None:
    """As far as the porosity came from a thickness: the covariance says how far."""
    found = SupervisedCalender()
    found.line.loadings["E-1"] = (20.4, 0.02)
    # All of it from thickness: 70 % solids, so 1 % more loading is 0.7 points less.
    found.state(0, porosity_loading_covariance=-0.7, sd=0.8)
    found.state(2, porosity_loading_covariance=-0.7, sd=0.8, lot="E-2")
    data = found.upward("lot.porosity")[0].data
    assert data["porosity"] == pytest.approx(30.0 - 0.7 * 1.98, abs=0.05)
    assert data["porosity_sd"] == pytest.approx((0.64 - 0.49) ** 0.5, abs=0.02)
    # What samples have already told of the loading is not counted twice.
    other = SupervisedCalender()
    other.line.loadings["E-1"] = (20.4, 0.02)
    other.state(0, porosity_loading_covariance=-0.7, loading_deviation=1.98)
    other.state(2, lot="E-2")
    assert other.upward("lot.porosity")[0].data["porosity"] == pytest.approx(30.0, abs=0.01)


def test_a_late_sample_moves_the_porosity_of_its_lot() -> None:
    found = SupervisedCalender()
    found.state(0)
    found.state(2, lot="E-2")
    found.tell(
        "calender.sample",
        3,
        lot="E-1",
        sample=29.0,
        used=True,
        porosity_before=30.1,
        porosity_before_sd=0.8,
        porosity=29.5,
        porosity_sd=0.4,
    )
    revised = found.upward("lot.porosity")[-1].data
    assert revised["porosity"] == pytest.approx(29.4)
    assert revised["porosity_sd"] == pytest.approx(0.25)
    assert revised["sample"] == 29.0


def test_a_porosity_outside_leads_to_one_proposal_within_the_limits() -> None:
    found = _outside()
    (proposed,) = found.proposed()
    (change,) = proposed.changes
    assert proposed.type == "calender_line_load"
    assert change.signal == "line_load"
    # -0.08 points per kN/m, fading: about 118 kN/m more; 200 is the limit.
    assert (change.from_value, change.to_value) == (120.0, 200.0)
    assert "may not go above 200" in proposed.reason
    assert proposed.lot == "E-1"
    left = 36.0 - 0.08 * 120 * (1 - 2.718281828 ** (-80 / 120))
    assert proposed.predicted.value == pytest.approx(left, abs=0.01)
    half = proposed.predicted.upper - proposed.predicted.value
    assert half > 1.96 * 0.5


def test_the_line_load_that_is_proposed_brings_the_target() -> None:
    (proposed,) = _outside(line_load_max=400.0, porosity_target=32.0).proposed()
    assert proposed.predicted.value == pytest.approx(32.0, abs=0.02)


def test_a_machine_that_is_set_by_its_gap_gets_a_gap() -> None:
    (proposed,) = _outside(control="gap").proposed()
    (change,) = proposed.changes
    assert (change.signal, change.unit, change.to_value) == ("gap", "um", 90.0)


def test_where_the_porosity_is_hardly_known_nothing_is_proposed() -> None:
    found = SupervisedCalender()
    for i in range(20):
        found.state(2 * i, porosity=34.5, sd=2.0)
    assert found.proposed() == []


def test_one_state_that_is_off_is_no_reason() -> None:
    found = SupervisedCalender()
    for i in range(12):
        found.state(2 * i, porosity=36.0 if i % 3 == 0 else 30.0)
    assert found.proposed() == []


def test_a_proposal_is_withdrawn_when_the_porosity_comes_back() -> None:
    found = _outside()
    found.state(20, porosity=30.5)
    assert found.latest.state is State.EXPIRED


def test_what_a_person_rejected_is_not_said_again_until_it_is_worse() -> None:
    found = _outside()
    found.command(Reject(found.latest.id, "ana", "trial"), 20)
    for i in range(10):
        found.state(30 + 2 * i, porosity=37.0)
    assert len(found.proposed()) == 1
    for i in range(5):
        found.state(60 + 2 * i, porosity=39.5)
    assert len(found.proposed()) == 2


def _applied(porosity: float, line_load: float) -> SupervisedCalender:
    found = _outside(line_load_max=400.0)
    proposed = found.latest
    found.command(Approve(proposed.id, "ana"), 20)
    found.command(ReportApplied(proposed.id, "mes", proposed.changes[0].to_value, at(21)), 22)
    for i in range(30, 130, 2):
        found.state(i, porosity=porosity, line_load=line_load)
    return found


def test_the_effect_is_measured_behind_the_change() -> None:
    found = _applied(30.4, 240.0).latest
    assert found.state is State.EFFECTIVE
    assert found.effect is not None
    assert found.effect.measured.value == pytest.approx(30.4)
    # 30 s after the change was made; a minute long.
    assert found.effect.from_ns == at(52)
    assert found.effect.to_ns >= at(106)


def test_a_change_that_never_came_is_named() -> None:
    found = next(
        r for r in _applied(36.0, 120.0).done.recommendations if r.state is State.INEFFECTIVE
    )
    assert found.effect is not None
    assert found.effect.verdict.startswith("line_load never changed from 120 kN/m")


def test_worn_rolls_are_proposed_for_replacement_once() -> None:
    found = SupervisedCalender()
    for i in range(10):
        found.state(2 * i, wear=25.0, wear_sd=2.0)
    (proposed,) = found.proposed()
    assert (proposed.type, proposed.changes) == ("roll_replacement", ())
    assert "25.0 ± 2.0 um" in proposed.reason


def test_wear_that_is_hardly_known_is_no_reason() -> None:
    found = SupervisedCalender()
    found.state(0, wear=25.0, wear_sd=5.0)
    assert found.proposed() == []


@pytest.mark.parametrize("reported_first", [True, False])
def test_replaced_rolls_close_the_recommendation(reported_first: bool) -> None:
    found = SupervisedCalender()
    found.state(0, wear=25.0)
    id = found.latest.id
    found.command(Approve(id, "ana"), 10)
    report = ReportApplied(id, "mes", 0.0, at(100))
    if reported_first:
        found.command(report, 100)
    found.tell("calender.rolls_changed", 110, before="R-1", after="R-2")
    if not reported_first:
        found.command(report, 120)
    assert found.latest.state is State.EFFECTIVE
    (changed,) = found.upward("process.changed")
    assert (changed.data["what"], changed.data["before"], changed.data["after"]) == (
        "rolls",
        "R-1",
        "R-2",
    )


def test_what_cannot_be_measured_does_not_stay_open() -> None:
    found = _outside()
    proposed = found.latest
    found.command(Approve(proposed.id, "ana"), 20)
    found.command(ReportApplied(proposed.id, "mes", proposed.changes[0].to_value, at(21)), 22)
    found.done.merge(found.section.at(at(600), found.line))
    assert found.latest.state is State.INEFFECTIVE


def test_the_latest_lots_stand_among_the_key_figures() -> None:
    found = SupervisedCalender()
    for i in range(210):
        found.state(2 * i, lot=f"E-{i}")
    lots = found.section.kpis()["porosity_by_lot"]
    assert isinstance(lots, dict)
    assert len(lots) == 200
    assert lots["E-100"]["porosity"] == 30.0


def test_restored_it_goes_on_as_it_was() -> None:
    whole, restored = _applied(36.0, 240.0), SupervisedCalender(line_load_max=400.0)
    for found in (whole, restored):
        found.line.loadings.update({"E-2": (20.0, 0.01), "E-3": (20.0, 0.01)})
    whole.tell("calender.rolls_changed", 131, before="R-1", after="R-2")
    whole.state(132, lot="E-2", wear=25.0, thickness_out_sd=0.2)
    whole.state(133, lot="E-3", wear=25.0, thickness_out_sd=0.2)
    whole.tell("calender.sample", 133.5, lot="E-2", sample=31.0)
    restored.section.restore(loads(dumps(whole.section.snapshot())))
    restored.desk.restore(loads(dumps(whole.desk.snapshot())))
    restored.sequence = whole.sequence
    before = len(whole.done.upward)
    for found in (whole, restored):
        found.state(134, lot="E-3", thickness_out_sd=0.2)
        found.tell("calender.sample", 135, lot="E-2", sample=30.0)
        found.state(136, lot="E-4")
    assert dumps(restored.section.snapshot()) == dumps(whole.section.snapshot())
    assert restored.done.upward == whole.done.upward[before:]
