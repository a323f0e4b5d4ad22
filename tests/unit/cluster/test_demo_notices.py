"""What the demonstration notices beside the recommendations."""

from cluster.demo import notices
from cluster.demo.notices import Seen, of_kpis
from protocols.grpc.v1 import twin_service_pb2 as pb
from twin.asset import Json

MIXER, COATER, GAUGE = "line1/mixer", "line1/coater", "line1/coater/gauge-top"


def a_state(**figures: tuple[float, float]) -> pb.TwinState:
    return pb.TwinState(
        figures=[
            pb.Figure(name=name, value=value, sd=sd, unit="u")
            for name, (value, sd) in figures.items()
        ]
    )


def kinds(noticed: dict[str, str]) -> set[str]:
    return {key.partition(":")[0] for key in noticed}


def test_a_line_on_which_nothing_is_wrong_is_not_spoken_of() -> None:
    kpis: dict[str, Json] = {
        "lines": {COATER: {"causes": {}, "deviation_pct": 0.1}},
        "ovens": {"line1/oven": {"zones": {"line1/oven/zone1": {"heater_fault": False}}}},
        "metres_out_of_tolerance": {"L1": 0.0},
        "recommendations": {},
    }
    assert of_kpis(kpis) == {}
    assert of_kpis({}) == {}


def test_a_drift_is_told_with_its_likeliest_cause() -> None:
    kpis: dict[str, Json] = {"lines": {COATER: {"causes": {"pump": 0.12, "lip_gap": 0.83}}}}
    assert [*of_kpis(kpis).values()] == ["line1/coater drifts; likely cause: lip gap (83%)"]


def test_a_cause_that_is_not_sure_is_told_as_such() -> None:
    kpis: dict[str, Json] = {"lines": {COATER: {"causes": {"pump": 0.31, "lip_gap": 0.30}}}}
    assert [*of_kpis(kpis).values()] == ["line1/coater drifts; not sure why, perhaps pump (31%)"]


def test_a_heater_at_fault_new_rolls_and_a_length_out_of_tolerance_are_told() -> None:
    kpis: dict[str, Json] = {
        "ovens": {"line1/oven": {"zones": {"line1/oven/zone3": {"heater_fault": True}}}},
        "rolls_changed_ns": {"line1/calender": 17},
        "metres_out_of_tolerance": {"L1": 12.5, "L2": 0.0},
    }
    assert kinds(of_kpis(kpis)) == {notices.HEATER, notices.ROLLS, notices.OUT_OF_TOLERANCE}


def test_an_oven_that_still_waits_has_no_zones_to_speak_of() -> None:
    assert of_kpis({"ovens": {"line1/oven": {"waits": "the web stands", "says": ""}}}) == {}


def test_a_web_that_stands_is_told() -> None:
    assert Seen().of_state(COATER, a_state(line_speed=(40.0, 0.01))) == {}
    assert kinds(Seen().of_state(COATER, a_state(line_speed=(0.1, 0.01)))) == {notices.STANDING}


def test_another_slurry_is_told_when_it_has_clearly_become_another() -> None:
    seen = Seen()
    assert seen.of_state(MIXER, a_state(viscosity=(5000.0, 20.0))) == {}
    assert seen.of_state(MIXER, a_state(viscosity=(5400.0, 20.0))) == {}
    assert seen.of_state(MIXER, a_state(viscosity=(5600.0, 400.0))) == {}
    assert kinds(seen.of_state(MIXER, a_state(viscosity=(4000.0, 20.0)))) == {notices.SLURRY}


def test_a_porosity_that_moves_is_told_in_points() -> None:
    seen = Seen()
    assert seen.of_state("line1/calender", a_state(porosity=(32.0, 0.2))) == {}
    assert seen.of_state("line1/calender", a_state(porosity=(32.9, 0.2))) == {}
    moved = seen.of_state("line1/calender", a_state(porosity=(33.6, 0.2)))
    assert kinds(moved) == {notices.POROSITY}


def test_readings_that_are_refused_are_told_with_the_reason() -> None:
    state = pb.TwinState(
        signals=[
            pb.SignalHealth(signal="areal_loading", quarantined=3, last_reason="FLAT_LINE"),
            pb.SignalHealth(signal="head_position", accepted=100),
        ]
    )
    assert [*Seen().of_state(GAUGE, state).values()] == [
        "line1/coater/gauge-top: readings of areal_loading refused: FLAT_LINE"
    ]
