"""Which setpoint is turned, how far, and what keeps it from more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import at, coater
from twin.asset import Json
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.proposal import Deviation, propose


def _history(**setpoints: float) -> CoaterHistory:
    history = CoaterHistory()
    known: dict[str, Json] = {}
    for signal, value in {"line_speed": 40.0, "slot_die_gap": 300.0, **setpoints}.items():
        known |= {signal: value, f"{signal}_sd": 0.01}
    history.take(at(0), known)
    return history


def test_the_slot_gap_is_turned_where_it_is_preferred_and_does_something() -> None:
    config = coater(feed="pressure", preferred_correction="slot_die_gap")
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert (found.change.signal, found.change.unit) == ("slot_die_gap", "um")
    assert found.change.to_value == 297.0
    assert found.predicted.loading == pytest.approx(20.0, abs=0.05)


def test_the_slot_gap_of_a_metered_feed_is_left_alone() -> None:
    config = coater(feed="metered", preferred_correction="slot_die_gap")
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert found.change.signal == "line_speed"


def test_the_slot_gap_steps_in_where_the_line_speed_meets_its_limit() -> None:
    config = coater(feed="pressure", line_speed_max=40.5)
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert found.change.signal == "slot_die_gap"


def test_where_no_setpoint_reaches_the_target_the_best_is_proposed_and_the_limit_named() -> None:
    config = coater(line_speed_max=40.5)
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert found.change.to_value == 40.5
    assert found.stopped_by == (
        "the line speed may not go above 40.5 m/min: 1.7 % over target would remain"
    )


def test_where_nothing_can_be_turned_nothing_is_proposed() -> None:
    config = coater(line_speed_max=40.0)
    assert propose(config, _history(), Deviation(3.0, 0.2, 20.0)) is None


@given(
    st.floats(-30, 30),
    st.floats(5, 80),
    st.sampled_from(["metered", "pressure"]),
    st.sampled_from(["line_speed", "slot_die_gap"]),
)
def test_every_proposal_stays_within_its_limits_and_helps(
    deviation: float, speed: float, feed: str, preferred: str
) -> None:
    config = coater(feed=feed, preferred_correction=preferred)
    found = propose(config, _history(line_speed=speed), Deviation(deviation, 0.2, 20.0))
    if found is None:
        return
    change = found.change
    assert change.lower_limit <= change.to_value <= change.upper_limit
    before = abs(deviation) / 100 * 20.0
    assert abs(found.predicted.loading - 20.0) < before
