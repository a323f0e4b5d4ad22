"""The life of a recommendation, and its form as JSON."""

import json
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import Json
from twin.errors import IllegalTransition, InvalidInput
from twin.plant.recommendation import (
    TRANSITIONS,
    Applied,
    Change,
    Effect,
    Evidence,
    Interval,
    Recommendation,
    State,
    Step,
    Transition,
    advance,
)
from twin.plant.recommendation_codec import decode, encode

_numbers = st.floats(allow_nan=False, allow_infinity=False)
_times = st.integers(min_value=0, max_value=2**63 - 1)
_counts = st.integers(min_value=0, max_value=10**9)
_words = st.text(max_size=12)


_intervals = st.builds(
    Interval, _words, _numbers, _numbers, _numbers, _words, st.floats(min_value=0, max_value=1)
)
_changes = st.builds(Change, _words, _numbers, _numbers, _words, _numbers, _numbers)
_evidence = st.builds(Evidence, _words, _words, _times, _times, _counts, _intervals, _words)
_transitions = st.builds(
    Transition, st.sampled_from(Step), st.sampled_from(State), _times, _words, _words
)
_recommendations = st.builds(
    Recommendation,
    id=_words,
    layer=_words,
    asset=_words,
    source=_words,
    type=_words,
    title=_words,
    reason=_words,
    changes=st.lists(_changes, max_size=2).map(tuple),
    predicted=_intervals,
    evidence=st.lists(_evidence, max_size=2).map(tuple),
    lot=_words,
    created_ns=_times,
    expires_ns=_times,
    lot_from_m=st.none() | _numbers,
    state=st.sampled_from(State),
    revision=_counts,
    updated_ns=_times,
    decided_by=_words,
    decided_ns=st.none() | _times,
    decision_reason=_words,
    applied=st.none() | st.builds(Applied, _times, _numbers, _words),
    effect=st.none() | st.builds(Effect, _intervals, _counts, _times, _times, _words),
    history=st.lists(_transitions, max_size=2).map(tuple),
)


def _recommendation(state: State = State.PROPOSED) -> Recommendation:
    return Recommendation(
        id="r1",
        layer="electrode",
        asset="line1/coater",
        source="line1/coater/gauge-top",
        type="COATING_CORRECTION",
        title="Raise the line speed",
        reason="3 % over target",
        changes=(Change("line_speed", 40.0, 41.2, "m/min", 20.0, 60.0),),
        predicted=Interval("areal_loading", 20.0, 19.9, 20.1, "mg/cm2"),
        evidence=(),
        lot="E-1",
        created_ns=1,
        expires_ns=2,
        state=state,
    )


@given(_recommendations)
def test_a_recommendation_survives_its_json(recommendation: Recommendation) -> None:
    assert decode(json.loads(json.dumps(encode(recommendation)))) == recommendation


def test_whole_numbers_written_without_a_point_are_read() -> None:
    record = encode(_recommendation())
    record["lot_from_m"] = 12
    assert decode(record).lot_from_m == 12.0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", "DONE"),
        ("created_ns", "yesterday"),
        ("created_ns", True),
        ("changes", "none"),
        ("predicted", None),
        ("applied", {"time_ns": 1}),
    ],
)
def test_what_is_no_recommendation_is_refused(field: str, value: Json) -> None:
    with pytest.raises(InvalidInput, match="no stored recommendation"):
        decode({**encode(_recommendation()), field: value})


def test_a_missing_field_is_named() -> None:
    record = encode(_recommendation())
    del record["lot"]
    with pytest.raises(InvalidInput, match="lot"):
        decode(record)


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)))
def test_only_the_table_s_steps_are_possible(state: State, step: Step) -> None:
    recommendation = _recommendation(state)
    to_state = TRANSITIONS.get((state, step))
    if to_state is None:
        with pytest.raises(IllegalTransition, match=f"is {state}"):
            advance(recommendation, step, 5, "someone")
    else:
        moved = advance(recommendation, step, 5, "someone", "because")
        assert moved.state is to_state
        assert moved.revision == recommendation.revision + 1
        assert moved.history[-1] == Transition(step, to_state, 5, "someone", "because")


def test_open_states_are_those_with_a_way_on() -> None:
    assert {s for s in State if s.is_open} == {state for state, _ in TRANSITIONS}


def test_every_state_can_be_reached() -> None:
    reached = {State.PROPOSED}
    for _ in State:
        reached |= {to for (state, _), to in TRANSITIONS.items() if state in reached}
    assert reached == set(State)


@given(st.lists(st.sampled_from(Step), max_size=8))
def test_history_tells_the_whole_life(steps: list[Step]) -> None:
    recommendation = _recommendation()
    taken = 0
    for number, step in enumerate(steps):
        try:
            recommendation = advance(recommendation, step, number, "someone")
        except IllegalTransition:
            continue
        taken += 1
    assert len(recommendation.history) == taken == recommendation.revision - 1
    if recommendation.history:
        assert recommendation.history[-1].to_state is recommendation.state


def test_approving_and_rejecting_keep_who_when_and_why() -> None:
    moved = advance(_recommendation(), Step.REJECT, 7, "operator", "end of the lot")
    assert (moved.decided_by, moved.decided_ns, moved.decision_reason) == (
        "operator",
        7,
        "end of the lot",
    )


def test_other_steps_leave_the_decision_alone() -> None:
    approved = advance(_recommendation(), Step.APPROVE, 7, "operator")
    applied = advance(approved, Step.REPORT_APPLIED, 9, "mes")
    assert (applied.decided_by, applied.decided_ns) == ("operator", 7)
