"""What must be seen of each scenario for the demonstration to end well."""

import pytest

from cluster.demo import formation_room, notices
from cluster.demo.expectations import Told, expectation, learning
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from simulation.formation.scenarios import FORMATION_SCENARIOS
from simulation.scenarios import SCENARIOS

S = pb.Recommendation.State
NOTHING = Told((), ())


def told(*kinds: str, **found: S.ValueType) -> Told:
    """Recommendations by their type, in that state; and what was noticed."""
    recommendations = tuple(
        pb.Recommendation(type=type, state=state) for type, state in found.items()
    )
    return Told(recommendations, [f"{kind}:line1/somewhere" for kind in kinds])


def seen(scenario: str, found: Told) -> bool:
    return expectation(scenario).seen(found)


@pytest.mark.parametrize("scenario", [*SCENARIOS, *FORMATION_SCENARIOS])
def test_every_scenario_has_an_expectation_in_words(scenario: str) -> None:
    expected = expectation(scenario)
    assert expected.words
    assert expected.learn_s < expected.lasts_s


MOVED = [s.name for s in SCENARIOS.values() if s.moves_loading and s.name != "coating-window"]


@pytest.mark.parametrize("scenario", MOVED)
def test_a_loading_that_has_moved_must_be_corrected_with_effect(scenario: str) -> None:
    effective = told(notices.SLURRY, coating_weight_correction=S.STATE_EFFECTIVE)
    assert seen(scenario, effective)
    for state in (S.STATE_PROPOSED, S.STATE_APPLIED, S.STATE_INEFFECTIVE):
        assert not seen(scenario, told(notices.SLURRY, coating_weight_correction=state))
    assert not seen(scenario, told(notices.SLURRY, calender_line_load=S.STATE_EFFECTIVE))


def test_near_the_coating_window_a_correction_goes_as_far_as_it_may() -> None:
    found = told(coating_weight_correction=S.STATE_INEFFECTIVE)
    assert not seen("coating-window", found)
    found.recommendations[0].reason = "2.3 % over target; the coating window stops it: 1 % is left"
    assert seen("coating-window", found)
    found.recommendations[0].state = S.STATE_PROPOSED
    assert not seen("coating-window", found)


@pytest.mark.parametrize("scenario", ["steady", "spikes", "gauge-stuck", "web-break", "stop"])
def test_where_the_web_is_well_no_setpoint_of_the_coater_may_be_changed(scenario: str) -> None:
    standing = told(notices.STANDING, coating_weight_correction=S.STATE_EXPIRED)
    assert seen(scenario, standing)
    for state in (S.STATE_APPROVED, S.STATE_APPLIED, S.STATE_EFFECTIVE, S.STATE_INEFFECTIVE):
        assert not seen(scenario, told(notices.STANDING, coating_weight_correction=state))


@pytest.mark.parametrize(
    ("scenario", "kind"),
    [
        ("web-break", notices.STANDING),
        ("stop", notices.STANDING),
        ("splice", notices.OUT_OF_TOLERANCE),
        ("oven-fault", notices.HEATER),
        ("roll-change", notices.ROLLS),
    ],
)
def test_some_scenarios_are_noticed_and_not_proposed_on(scenario: str, kind: str) -> None:
    assert seen(scenario, told(kind))
    assert not seen(scenario, NOTHING)


@pytest.mark.parametrize(
    ("scenario", "type"),
    [
        ("gauge-drift", "gauge_calibration"),
        ("oven-fault", "oven_profile"),
        ("roll-wear", "roll_replacement"),
        ("roll-wear", "calender_line_load"),
    ],
)
def test_some_scenarios_end_in_a_proposal_that_nobody_need_have_taken_up(
    scenario: str, type: str
) -> None:
    assert seen(scenario, told(**{type: S.STATE_PROPOSED}))
    assert not seen(scenario, NOTHING)


def test_another_formulation_is_noticed_and_corrected() -> None:
    effective = told(coating_weight_correction=S.STATE_EFFECTIVE)
    assert not seen("new-formulation", effective)
    assert not seen("new-formulation", told(notices.SLURRY))
    noticed = told(notices.SLURRY, coating_weight_correction=S.STATE_EFFECTIVE)
    assert seen("new-formulation", noticed)


def test_the_default_scenario_begins_at_once() -> None:
    assert learning(expectation("viscosity-drift"), None) == 5.0


def test_a_short_demonstration_does_not_wait_until_causes_are_known() -> None:
    expected = expectation("pump-drift")
    assert learning(expected, None) == learning(expected, expected.lasts_s) > 90.0
    assert learning(expected, expected.lasts_s - 1) == 5.0


def cell(type: str, cause: str, state: S.ValueType, *changes: str) -> pb.Recommendation:
    found = pb.Recommendation(type=type, state=state)
    found.causes.add(name=cause)
    for signal in changes:
        found.changes.add(signal=signal)
    return found


@pytest.mark.parametrize(
    ("scenario", "cause"),
    [
        ("formation-short", "micro_short"),
        ("formation-lithium", "low_lithium_inventory"),
        ("formation-wetting", "high_polarisation"),
    ],
)
def test_a_bad_cell_must_be_diverted_for_its_own_fault(scenario: str, cause: str) -> None:
    effective, proposed = S.STATE_EFFECTIVE, S.STATE_PROPOSED
    assert seen(scenario, Told((cell("cell_diversion", cause, effective),), ()))
    assert not seen(scenario, Told((cell("cell_diversion", cause, proposed),), ()))
    assert not seen(scenario, Told((cell("cell_diversion", "unusual", effective),), ()))
    assert not seen(scenario, Told((cell("formation_protocol", cause, effective),), ()))


def test_a_slower_charge_is_only_proposed_for_the_tester_takes_no_orders() -> None:
    slower = cell("formation_protocol", "lithium_plating", S.STATE_PROPOSED, "current")
    assert seen("formation-plating", Told((slower,), ()))
    assert not seen("formation-mixed", Told((slower,), ()))


@pytest.mark.parametrize("scenario", ["formation-steady", "formation-unplugged"])
def test_good_cells_and_unplugged_ones_are_left_alone(scenario: str) -> None:
    withheld = f"{formation_room.HELD}:unplugged"
    diverted = cell("cell_diversion", "micro_short", S.STATE_PROPOSED)
    assert seen(scenario, Told((), (withheld,)))
    assert not seen(scenario, Told((diverted,), (withheld,)))


def test_an_unplugged_cells_verdict_must_be_seen_to_be_withheld() -> None:
    assert not seen("formation-unplugged", NOTHING)
    assert formation_room.of_kpis({"verdicts_withheld": {"unplugged": 1}}).keys() == {
        f"{formation_room.HELD}:unplugged:1"
    }


def test_hours_of_channels_that_a_diversion_gave_back_are_told() -> None:
    (words,) = formation_room.of_kpis({"diverted": 1, "hours_recovered": 44.7}).values()
    assert words == "1 cell diverted early: 44.7 h of channels recovered"
    assert formation_room.of_kpis({"diverted": 0, "hours_recovered": 0.0}) == {}
