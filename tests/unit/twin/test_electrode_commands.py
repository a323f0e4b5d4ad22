"""What persons and the MES may do with a recommendation, and what is refused."""

import math

import pytest

from tests.unit.twin.coating_line import COATER, at
from tests.unit.twin.electrode_layer import Layer
from twin.errors import IllegalTransition, InvalidInput, NotFound
from twin.plant.genealogy import StepType
from twin.plant.recommendation import State
from twin.plant.supervision import Approve, Reject, ReportApplied


def test_what_nobody_decides_expires_and_is_proposed_again_while_it_lasts() -> None:
    layer = Layer()
    found = layer.proposed()
    layer.at(15 * 60)
    assert layer.again(found.id).state is State.PROPOSED
    layer.at(15 * 60 + 2)
    assert layer.again(found.id).state is State.EXPIRED
    assert len(layer.loading(3.0, 903, 904).recommendations) == 1


def test_what_was_approved_but_never_applied_expires_later() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed(), seconds=14 * 60)
    layer.at(16 * 60)
    assert layer.again(found.id).state is State.APPROVED
    layer.at(29 * 60 + 1)
    assert layer.again(found.id).state is State.EXPIRED


def test_an_expired_proposal_can_not_be_approved_even_before_the_clock_is_told() -> None:
    layer = Layer()
    with pytest.raises(IllegalTransition, match="expired"):
        layer.approve(layer.proposed(), seconds=15 * 60 + 2)


def test_commands_are_refused_with_the_reason() -> None:
    layer = Layer()
    found = layer.proposed()
    rules = layer.rules
    with pytest.raises(NotFound, match="cw-none"):
        rules.on_command(Approve("cw-none", "operator"), at(2))
    with pytest.raises(InvalidInput, match="say why"):
        rules.on_command(Reject(found.id, "operator", " "), at(2))
    with pytest.raises(InvalidInput, match="say who"):
        rules.on_command(Approve(found.id, ""), at(2))
    with pytest.raises(IllegalTransition, match="PROPOSED"):
        rules.on_command(ReportApplied(found.id, "mes", 41.2, at(2)), at(2))


@pytest.mark.parametrize("value", [19.9, 60.1, -1.0, math.nan, math.inf])
def test_a_value_outside_the_limits_can_not_have_been_applied(value: float) -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    with pytest.raises(InvalidInput, match="not within 20 and 60 m/min"):
        layer.apply(found, value)
    assert layer.again(found.id).state is State.APPROVED


def test_a_change_can_not_have_been_applied_in_the_future() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    with pytest.raises(InvalidInput, match="still to come"):
        layer.rules.on_command(ReportApplied(found.id, "mes", 41.2, at(1000)), at(6))


def test_commands_that_come_again_change_nothing() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    assert layer.approve(found, seconds=7.0) == found
    first = layer.apply(found, 41.2)
    again = layer.apply(found, 41.2, seconds=9.0)
    assert again.recommendations == first.recommendations
    assert again.steps == []
    with pytest.raises(IllegalTransition):
        layer.apply(found, 41.0)


def test_a_rejection_that_comes_again_changes_nothing() -> None:
    layer = Layer()
    found = layer.reject(layer.proposed())
    assert layer.reject(found, seconds=9.0) == found


def test_what_was_applied_is_linked_to_the_lot() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    (step,) = layer.apply(found, 41.2).steps
    assert (step.id, step.type, step.station) == (f"{found.id}-applied", StepType.CORRECT, COATER)
    assert step.inputs == step.outputs == ("E-7",)
    assert step.measured["line_speed [m/min]"] == 41.2
    assert step.measured["recommendation"] == found.id
