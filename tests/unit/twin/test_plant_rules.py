"""What all layers together came to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Event, Json
from twin.errors import NotFound
from twin.plant.genealogy import BELOW_GRADE, GOOD
from twin.plant.rules import PlantRules
from twin.plant.supervision import Approve, Decisions
from twin.snapshot import dumps, loads


def changed(id: str, state: str, revision: int) -> Event:
    data: dict[str, Json] = {"id": id, "state": state, "revision": revision}
    return Event("line1/coater", "supervisor:electrode", 1, "recommendation.changed", 1, data)


def graded(piece: str, grade: str) -> Event:
    data: dict[str, Json] = {"id": "s", "outputs": [piece], "measured": {"grade": grade}}
    return Event("f/channel-1", "supervisor:cell", 1, "step.grade", 1, data)


def kpis(*events: Event) -> dict[str, Json]:
    rules = PlantRules()
    for event in events:
        assert rules.on_event(event) == Decisions()
    return dict(rules.kpis())


def test_nothing_is_claimed_before_anything_is_known() -> None:
    assert kpis() == {
        "assets": 0,
        "graded": 0,
        "first_pass_yield": None,
        "recommendations": {},
        "acceptance": None,
        "effective": 0,
        "ineffective": 0,
    }


def test_first_pass_yield_is_the_share_of_graded_pieces_that_are_not_below_grade() -> None:
    found = kpis(graded("a", GOOD), graded("b", BELOW_GRADE), graded("c", GOOD), graded("d", GOOD))
    assert (found["graded"], found["first_pass_yield"]) == (4, 0.75)


def test_a_re_test_changes_no_first_pass_yield() -> None:
    found = kpis(graded("a", BELOW_GRADE), graded("a", GOOD), graded("b", GOOD))
    assert (found["graded"], found["first_pass_yield"]) == (2, 0.5)


def test_recommendations_are_counted_in_the_state_they_are_in() -> None:
    found = kpis(
        changed("r1", "PROPOSED", 1),
        changed("r2", "PROPOSED", 1),
        changed("r1", "APPROVED", 2),
        changed("r1", "APPLIED", 3),
    )
    assert found["recommendations"] == {"APPLIED": 1, "PROPOSED": 1}


def test_acceptance_is_the_share_of_decisions_that_were_approvals() -> None:
    found = kpis(
        changed("r1", "APPROVED", 2),
        changed("r1", "APPLIED", 3),
        changed("r1", "EFFECTIVE", 4),
        changed("r2", "REJECTED", 2),
        changed("r3", "EXPIRED", 2),
        changed("r4", "APPROVED", 2),
        changed("r4", "INEFFECTIVE", 4),
    )
    assert found["acceptance"] == pytest.approx(2 / 3)
    assert (found["effective"], found["ineffective"]) == (1, 1)


def test_what_a_layer_tells_twice_counts_once() -> None:
    told = [changed("r1", "APPROVED", 2), changed("r1", "EFFECTIVE", 4)]
    assert kpis(*told, *told) == kpis(*told)


def test_other_events_say_nothing() -> None:
    assert kpis(Event("a", "u", 1, "step.fill", 1, {})) == kpis()


def test_the_plant_holds_no_recommendation_of_its_own() -> None:
    with pytest.raises(NotFound, match="'r1'"):
        PlantRules().on_command(Approve("r1", "operator"), 1)


def test_assets_are_counted_as_the_registry_has_them() -> None:
    rules = PlantRules()
    rules.assets_changed({"a": AssetConfig("a", "u", "coater")})
    assert rules.kpis()["assets"] == 1
    assert rules.at(1) == Decisions()


_events = st.lists(
    st.builds(
        changed, st.sampled_from("rst"), st.sampled_from(["APPROVED", "REJECTED"]), st.just(2)
    )
    | st.builds(graded, st.sampled_from("abc"), st.sampled_from([GOOD, BELOW_GRADE])),
    max_size=10,
)


@given(_events, st.integers(0, 10))
def test_a_restored_plant_goes_on_as_if_nothing_had_been(events: list[Event], cut: int) -> None:
    undisturbed, restored = PlantRules(), PlantRules()
    for event in events[:cut]:
        undisturbed.on_event(event)
    restored.restore(loads(dumps(undisturbed.snapshot())))
    for event in events[cut:]:
        undisturbed.on_event(event)
        restored.on_event(event)
    assert dumps(restored.snapshot()) == dumps(undisturbed.snapshot())
    assert restored.kpis() == undisturbed.kpis()
