"""What becomes of a proposal while the excursion goes on, grows, or ends."""

from tests.unit.twin.electrode_layer import Layer
from twin.plant.recommendation import State


def test_a_second_excursion_while_one_is_open_proposes_nothing_new() -> None:
    layer = Layer()
    layer.proposed(3.0)
    assert not layer.excursion(3.3, seconds=2.0).recommendations


def test_an_excursion_that_has_grown_supersedes_its_proposal() -> None:
    layer = Layer()
    first = layer.proposed(3.0)
    second = next(r for r in layer.excursion(6.0, 20.0).recommendations if r.id != first.id)
    assert layer.again(first.id).state is State.SUPERSEDED
    assert (second.state, second.changes[0].to_value) == (State.PROPOSED, 42.4)


def test_a_drift_that_goes_on_supersedes_its_proposal_too() -> None:
    layer = Layer()
    first = layer.proposed(2.4)
    assert not layer.loading(2.8, 2, 3).recommendations
    decided = layer.loading(4.5, 30, 31).recommendations
    assert [r.state for r in decided] == [State.SUPERSEDED, State.PROPOSED]
    assert decided[0].id == first.id


def test_what_a_person_has_approved_is_not_superseded() -> None:
    layer = Layer()
    layer.approve(layer.proposed(3.0))
    assert not layer.excursion(6.0, 20.0).recommendations


def test_a_rejected_proposal_is_not_made_again_until_it_is_much_worse() -> None:
    layer = Layer()
    layer.reject(layer.proposed(3.0))
    assert not layer.excursion(3.5, 20.0).recommendations
    assert not layer.loading(4.5, 30, 31).recommendations
    assert len(layer.loading(5.5, 40, 41).recommendations) == 1


def test_on_its_way_back_within_the_limit_nothing_is_proposed() -> None:
    layer = Layer()
    layer.reject(layer.proposed(3.0))
    assert not layer.loading(1.2, 30, 31).recommendations
    assert not layer.loading(-0.2, 31, 32).recommendations


def test_an_open_proposal_is_not_superseded_by_a_correction_that_nobody_needs() -> None:
    layer = Layer()
    layer.proposed(5.0)
    assert not layer.loading(1.0, 30, 31).recommendations


def test_after_a_recovery_a_rejected_proposal_may_come_again() -> None:
    layer = Layer()
    layer.reject(layer.proposed(3.0))
    layer.recovered(60)
    assert len(layer.excursion(3.0, 90).recommendations) == 1


def test_a_proposal_is_withdrawn_when_the_loading_comes_back_by_itself() -> None:
    layer = Layer()
    found = layer.proposed()
    layer.recovered(60)
    assert layer.again(found.id).state is State.EXPIRED
    assert "came back" in layer.again(found.id).history[-1].reason


def test_an_approved_one_stays_since_its_change_may_be_why_it_came_back() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    layer.recovered(60)
    assert layer.again(found.id).state is State.APPROVED
