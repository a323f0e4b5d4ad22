"""A gauge that is more likely wrong than the web is to be calibrated, and not followed."""

import pytest

from tests.unit.twin.coated_web import EXIT, CoatedWeb, from_on
from tests.unit.twin.coating_line import COATER, GAUGE, at
from tests.unit.twin.supervised_web import LEARNED_S, SupervisedWeb, learned
from twin.plant.recommendation import Recommendation, State

NOW = LEARNED_S
CALIBRATION = "gauge_calibration"


def _of(decided: list[Recommendation], type: str) -> list[Recommendation]:
    return [found for found in decided if found.type == type]


def _told(line: SupervisedWeb) -> Recommendation:
    found = line.until_decided()
    assert found.type == CALIBRATION
    return found


@pytest.mark.parametrize("size", [2.0, -1.5])
@pytest.mark.parametrize("gauge", [GAUGE, EXIT])
def test_a_gauge_that_drifts_alone_is_to_be_calibrated(gauge: str, size: float) -> None:
    line = learned({gauge: from_on(NOW, size, 300.0)})
    found = _told(line)
    assert (found.asset, found.source, found.changes) == (gauge, gauge, ())
    assert found.causes[0].name == "gauge"
    assert gauge in found.causes[0].reason
    assert gauge in found.title
    assert f"{'+' if size > 0 else '-'}" in found.title
    assert "setpoints" in found.reason


def test_it_may_wait_for_the_end_of_the_shift() -> None:
    found = _told(learned({GAUGE: from_on(NOW, 2.0, 300.0)}))
    assert found.expires_ns - found.created_ns == 8 * 3600 * 10**9


def test_it_is_said_once_and_no_setpoint_follows_it() -> None:
    line = learned({GAUGE: from_on(NOW, 2.5, 300.0)})
    decided = line.run(850.0)
    assert [found.type for found in decided] == [CALIBRATION]


def test_what_the_web_is_does_not_follow_the_gauge() -> None:
    line = learned({GAUGE: from_on(NOW, 2.5, 300.0)})
    line.run(600.0)
    assert line.deviation() == pytest.approx(0.0, abs=0.4)


def test_a_correction_that_nobody_has_decided_on_is_withdrawn() -> None:
    """The excursion came before it was clear that the other gauge does not see it."""
    line = learned({GAUGE: from_on(NOW, 3.0)})
    line.run(8.0)
    (pending,) = line.excursion(3.0, line.now).recommendations
    assert pending.changes
    line.run(300.0)
    withdrawn = line.again(pending.id)
    assert withdrawn.state is State.EXPIRED
    assert "more likely wrong than the web" in withdrawn.history[-1].reason
    still_open = [found for found in line.latest.values() if found.state.is_open]
    assert [found.type for found in still_open] == [CALIBRATION]


def test_an_excursion_of_a_gauge_that_is_in_doubt_is_not_followed() -> None:
    line = learned({GAUGE: from_on(NOW, 3.0, 200.0)})
    _told(line)
    line.run(60.0)
    assert not line.excursion(3.0, line.now).recommendations
    assert line.run(100.0) == []


def test_a_gauge_that_all_others_contradict_is_not_followed_before_the_line_is_learned() -> None:
    line = SupervisedWeb(CoatedWeb(bound=True))
    line.run(200.0)
    line.web.faults = {GAUGE: from_on(200.0, 3.0)}
    line.run(200.0)
    assert line.excursion(3.0, line.now).recommendations == []


def test_when_it_is_reported_as_calibrated_it_is_closed_and_the_line_learned_anew() -> None:
    line = learned({GAUGE: from_on(NOW, 2.0, 200.0)})
    found = line.carry_out(_told(line))
    assert found.state is State.EFFECTIVE
    assert found.effect is not None
    assert "calibrated" in found.effect.verdict
    # The person has set it right: it reads otherwise than before, and nobody is alarmed.
    line.web.faults = {}
    assert line.run(900.0) == []
    lines = line.rules.kpis()["lines"]
    assert isinstance(lines, dict)
    assert lines[COATER]["causes"] == {}


def test_an_excursion_that_it_saw_before_it_was_calibrated_is_not_followed_after() -> None:
    line = learned({GAUGE: from_on(NOW, 3.0, 200.0)})
    found = _told(line)
    line.run(60.0)
    line.excursion(3.0, line.now)
    line.carry_out(found)
    # Its filter follows the step a little later.
    decided = line.loading(2.8, line.now, line.now + 0.9).recommendations
    assert decided == []
    line.web.faults = {}
    assert _of(line.run(60.0), "coating_weight_correction") == []


def test_a_gauge_that_goes_on_drifting_after_that_is_found_again() -> None:
    line = learned({GAUGE: from_on(NOW, 2.0, 200.0)})
    first = line.carry_out(_told(line))
    line.web.faults = {}
    line.run(500.0)
    line.web.faults = {GAUGE: from_on(line.now, -2.0, 200.0)}
    again = _told(line)
    assert again.id != first.id
    assert again.asset == GAUGE


def test_the_other_gauge_measures_while_one_is_in_doubt() -> None:
    """The exit gauge is told to be calibrated; then the pump drifts as well."""
    line = learned({GAUGE: from_on(NOW, 2.0, 200.0)})
    _told(line)
    line.run(300.0)
    before = line.rules.lot_loading("E-1")
    line.run(100.0)
    after = line.rules.lot_loading("E-1")
    assert before is not None
    assert after is not None
    # The lot's mean is of the gauge that can be trusted.
    assert after[0] < before[0] + 0.005


def test_a_calibration_can_be_rejected_and_is_not_said_again() -> None:
    line = learned({GAUGE: from_on(NOW, 2.0, 200.0)})
    found = line.reject(_told(line), line.now)
    assert found.state is State.REJECTED
    assert line.run(600.0) == []


def test_it_is_not_said_before_the_episode_that_it_rests_on() -> None:
    found = _told(learned({EXIT: from_on(NOW, 2.0, 100.0)}))
    (evidence,) = found.evidence
    assert evidence.asset == EXIT
    assert at(NOW - 120) < evidence.from_ns < evidence.to_ns <= found.created_ns
    assert evidence.summary.lower <= evidence.summary.value <= evidence.summary.upper
