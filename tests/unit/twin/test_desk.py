"""The life of a recommendation at the desk, whatever its type."""

import math
from dataclasses import replace

import pytest

from tests.unit.twin.coating_line import SECOND, at
from twin.errors import IllegalTransition, InvalidInput, NotFound
from twin.plant.desk import Desk
from twin.plant.recommendation import (
    Change,
    Effect,
    Evidence,
    Interval,
    Recommendation,
    State,
    Step,
)
from twin.plant.supervision import Approve, Command, Decisions, Reject, ReportApplied
from twin.snapshot import dumps, loads

MINUTE = 60.0
SPEED = Change("line_speed", 40.0, 41.0, "m/min", 20.0, 60.0)
ZONES = tuple(Change("air_setpoint", 110.0, 105.0, "degC", 60.0, 140.0, f"z{i}") for i in range(2))


def _made(
    id: str = "r-1",
    changes: tuple[Change, ...] = (SPEED,),
    type: str = "correction",
    asset: str = "line1/coater",
    created_s: float = 0.0,
) -> Recommendation:
    nothing = Interval("areal_loading", 20.0, 19.9, 20.1, "mg/cm2")
    return Recommendation(
        id=id,
        layer="electrode",
        asset=asset,
        source="line1/coater/gauge-top",
        type=type,
        title="t",
        reason="r",
        changes=changes,
        predicted=nothing,
        evidence=(Evidence("g", "areal_loading", at(0), at(1), 3, nothing, "m"),),
        lot="E-1",
        created_ns=at(created_s),
        expires_ns=at(created_s + 15 * MINUTE),
        updated_ns=at(created_s),
    )


def _desk(*proposed: Recommendation) -> Desk:
    desk = Desk()
    for one in proposed or (_made(),):
        desk.propose(one)
    return desk


def _moved(desk: Desk, command: Command, seconds: float = 5.0) -> Recommendation:
    decisions, _ = desk.on_command(command, at(seconds))
    (found,) = decisions.recommendations
    return found


def _approve(desk: Desk, id: str = "r-1", seconds: float = 5.0) -> Recommendation:
    return _moved(desk, Approve(id, "operator"), seconds)


def _report(
    desk: Desk, value: float = 41.0, id: str = "r-1", seconds: float = 6.0
) -> tuple[Decisions, tuple[Recommendation, Step] | None]:
    return desk.on_command(ReportApplied(id, "mes", value, at(seconds)), at(seconds))


def _effect(now_s: float = 60.0) -> Effect:
    return Effect(Interval("q", 1.0, 0.0, 2.0, "%"), 5, at(now_s), at(now_s), "as it should be")


@pytest.mark.parametrize("changes", [(), (SPEED,), ZONES], ids=["none", "one", "several"])
def test_every_type_is_approved_reported_and_closed(changes: tuple[Change, ...]) -> None:
    desk = _desk(_made(changes=changes))
    assert _approve(desk).state is State.APPROVED
    value = changes[0].to_value if changes else 0.0
    decisions, moved = _report(desk, value)
    assert moved is not None
    assert (moved[0].state, moved[1]) == (State.APPLIED, Step.REPORT_APPLIED)
    assert [step.inputs for step in decisions.steps] == [("E-1",)]
    closed = desk.close(moved[0], True, _effect(), at(60))
    (found,) = closed.recommendations
    assert (found.state, found.effect) == (State.EFFECTIVE, _effect())
    assert desk.open_for("line1/coater") is None
    assert [t.to_state for t in found.history] == [State.APPROVED, State.APPLIED, State.EFFECTIVE]


@pytest.mark.parametrize("value", [0.0, 12.5, math.nan])
def test_where_nothing_is_written_whatever_value_is_reported_will_do(value: float) -> None:
    desk = _desk(_made(changes=()))
    _approve(desk)
    _, moved = _report(desk, value)
    assert moved is not None
    assert moved[0].applied is not None
    assert moved[0].applied.value == 0.0
    again, nothing = _report(desk, value, seconds=9.0)
    assert nothing is None
    assert again.recommendations == [moved[0]]


def test_the_first_setpoint_of_several_is_held_against_its_limits() -> None:
    desk = _desk(_made(changes=ZONES))
    _approve(desk)
    with pytest.raises(InvalidInput, match="not within 60 and 140 degC"):
        _report(desk, 150.0)
    decisions, _ = _report(desk, 105.0)
    (step,) = decisions.steps
    assert {"z0/air_setpoint [degC]", "z1/air_setpoint [degC]"} <= set(step.measured)


def test_what_is_not_there_is_not_found() -> None:
    for command in (
        Approve("none", "operator"),
        Reject("none", "operator", "why"),
        ReportApplied("none", "mes", 1.0, at(1)),
    ):
        with pytest.raises(NotFound, match="none"):
            _desk().on_command(command, at(1))


@pytest.mark.parametrize(
    "command",
    [Approve("r-1", ""), Reject("r-1", "", "why"), ReportApplied("r-1", "", 41.0, at(1))],
    ids=["approve", "reject", "report"],
)
def test_who_decides_must_be_said(command: Command) -> None:
    with pytest.raises(InvalidInput, match="say who"):
        _desk().on_command(command, at(1))


@pytest.mark.parametrize("reason", ["", "  "])
def test_why_it_is_rejected_must_be_said(reason: str) -> None:
    with pytest.raises(InvalidInput, match="say why"):
        _desk().on_command(Reject("r-1", "operator", reason), at(1))


def test_a_command_that_comes_again_moves_nothing_and_finds_it_as_it_is() -> None:
    desk = _desk()
    found = _approve(desk)
    decisions, moved = desk.on_command(Approve("r-1", "operator"), at(9))
    assert (decisions.recommendations, moved) == ([found], None)
    _report(desk)
    applied = desk.book.get("r-1")
    decisions, moved = desk.on_command(Approve("r-1", "operator"), at(9))
    assert (decisions.recommendations, moved) == ([applied], None)


def test_another_person_s_approval_of_the_same_is_not_a_repetition() -> None:
    desk = _desk()
    _approve(desk)
    with pytest.raises(IllegalTransition):
        desk.on_command(Approve("r-1", "another"), at(9))


def test_what_is_refused_changes_nothing() -> None:
    desk = _desk()
    before = dumps(desk.snapshot())
    refused: list[Command] = [
        Reject("r-1", "operator", ""),
        ReportApplied("r-1", "mes", 41.0, at(1)),
        Approve("r-1", ""),
    ]
    for command in refused:
        with pytest.raises((InvalidInput, IllegalTransition)):
            desk.on_command(command, at(1))
    assert dumps(desk.snapshot()) == before


def test_the_same_cause_is_proposed_once() -> None:
    desk = _desk()
    assert desk.propose(_made()) == Decisions()
    _moved(desk, Reject("r-1", "operator", "no"))
    assert desk.propose(_made()) == Decisions()
    assert desk.book.get("r-1").state is State.REJECTED


def test_one_that_is_proposed_instead_of_another_says_by_which() -> None:
    desk = _desk()
    decisions = desk.propose(_made("r-2", created_s=9.0), desk.book.get("r-1"))
    assert [(r.id, r.state) for r in decisions.recommendations] == [
        ("r-1", State.SUPERSEDED),
        ("r-2", State.PROPOSED),
    ]
    assert "r-2" in decisions.recommendations[0].history[-1].reason


def test_open_ones_are_found_by_asset_and_type() -> None:
    desk = _desk(_made("a"), _made("b", type="disposition"), _made("c", asset="line1/oven"))
    of_type = desk.open_for("line1/coater", "disposition")
    assert of_type is not None
    assert of_type.id == "b"
    either = desk.open_for("line1/coater", "correction", "disposition")
    assert either is not None
    assert desk.open_for("line1/oven", "disposition") is None
    assert desk.open_for("line9/coater") is None


def test_only_what_nobody_has_taken_up_is_withdrawn() -> None:
    desk = _desk(_made("a"), _made("b"), _made("c", type="disposition"))
    _approve(desk, "b")
    decisions = desk.withdraw(lambda r: r.type == "correction", at(20), "it would do harm")
    assert [(r.id, r.state) for r in decisions.recommendations] == [("a", State.EXPIRED)]
    assert decisions.recommendations[0].history[-1].reason == "it would do harm"
    assert desk.book.get("b").state is State.APPROVED
    assert desk.book.get("c").state is State.PROPOSED


def test_what_nobody_decides_or_applies_expires() -> None:
    desk = _desk(_made("a"), _made("b"))
    _approve(desk, "b", seconds=14 * MINUTE)
    assert desk.at(at(15 * MINUTE - 1)) == Decisions()
    assert [r.id for r in desk.at(at(15 * MINUTE)).recommendations] == ["a"]
    assert [r.id for r in desk.at(at(29 * MINUTE)).recommendations] == ["b"]
    assert desk.at(at(60 * MINUTE)) == Decisions()


def test_a_calibration_that_may_wait_for_a_shift_waits_when_it_is_approved_too() -> None:
    shift = replace(_made(changes=()), expires_ns=at(8 * 3600.0))
    desk = _desk(shift)
    _approve(desk)
    assert desk.at(at(3600.0)) == Decisions()
    assert len(desk.at(at(8 * 3600.0)).recommendations) == 1


def test_an_effect_that_can_not_be_measured_does_not_stay_open() -> None:
    desk = _desk()
    _approve(desk)
    _report(desk)
    (found,) = desk.give_up(desk.book.get("r-1"), at(600), "no loading came").recommendations
    assert (found.state, found.effect) == (State.INEFFECTIVE, None)
    assert found.history[-1].reason == "no loading came"


def test_an_effect_that_is_bad_is_ineffective_and_linked_to_the_lot() -> None:
    desk = _desk()
    _approve(desk)
    _report(desk)
    decisions = desk.close(desk.book.get("r-1"), False, _effect(), at(60))
    assert decisions.recommendations[0].state is State.INEFFECTIVE
    assert decisions.steps[0].measured["state"] == "INEFFECTIVE"


def test_clocks_may_differ_by_a_minute_and_not_by_more() -> None:
    desk = _desk()
    _approve(desk)
    late = at(6) + 61 * SECOND
    with pytest.raises(InvalidInput, match="still to come"):
        desk.on_command(ReportApplied("r-1", "mes", 41.0, late), at(6))
    _, moved = desk.on_command(ReportApplied("r-1", "mes", 41.0, late - 2 * SECOND), at(6))
    assert moved is not None


@pytest.mark.parametrize("steps", [0, 1, 2])
def test_a_restored_desk_goes_on_where_it_was(steps: int) -> None:
    desk = _desk(_made(), _made("r-2", changes=(), type="disposition"))
    if steps > 0:
        _approve(desk)
    if steps > 1:
        _report(desk)
    other = Desk()
    other.restore(loads(dumps(desk.snapshot())))
    assert dumps(other.snapshot()) == dumps(desk.snapshot())
    assert other.at(at(3600)) == desk.at(at(3600))
