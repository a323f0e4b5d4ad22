"""What the demonstration tells of a recommendation, and what of it goes into the document."""

import json

from cluster.demo.story import Story, document, told
from protocols.grpc.v1 import recommendation_service_pb2 as pb

S = pb.Recommendation.State
PLANT = "plants/demo"


def a_correction(state: S.ValueType = S.STATE_PROPOSED, **to: float) -> pb.Recommendation:
    """Of these setpoints of the oven's zones (zone1=96.0); of none: a person's work."""
    return pb.Recommendation(
        name=f"{PLANT}/recommendations/r1",
        state=state,
        type="oven_profile" if to else "gauge_calibration",
        asset=f"{PLANT}/assets/line1/oven/zone1",
        title="Set the oven",
        reason="It is too moist",
        lot="L1",
        changes=[
            pb.Change(
                asset=f"{PLANT}/assets/line1/oven/{zone}",
                signal="air_setpoint",
                from_value=90.0,
                to_value=value,
                unit="degC",
            )
            for zone, value in to.items()
        ],
    )


def with_causes(recommendation: pb.Recommendation) -> pb.Recommendation:
    recommendation.causes.add(name="lip_gap", probability=0.83, reason="moved: pump flow +2.6 %")
    recommendation.causes.add(name="pump", probability=0.12, reason="moved: pump flow +2.6 %")
    return recommendation


def test_a_proposal_is_told_with_its_title_and_its_reason() -> None:
    assert told(a_correction(zone1=96.0)) == ["Set the oven: It is too moist"]


def test_its_likely_causes_are_told_with_their_probabilities_and_what_speaks_for_them() -> None:
    _, causes = told(with_causes(a_correction(zone1=96.0)))
    assert causes == "likely cause: lip gap 83%, pump 12%; moved: pump flow +2.6 %"


def test_a_persons_work_is_told_as_such() -> None:
    assert told(a_correction())[-1] == "nothing to write: a person must see to it"


def test_what_the_mes_has_written_is_told_setpoint_by_setpoint() -> None:
    (words,) = told(a_correction(S.STATE_APPLIED, zone1=96.0, zone3=124.0))
    assert words == (
        "the MES has written line1/oven/zone1.air_setpoint 96 degC, "
        "line1/oven/zone3.air_setpoint 124 degC"
    )


def test_what_was_carried_out_without_a_setpoint_is_told_so() -> None:
    assert told(a_correction(S.STATE_APPLIED)) == ["reported as carried out"]


def test_the_verdict_of_an_effect_is_told() -> None:
    found = a_correction(S.STATE_EFFECTIVE, zone1=96.0)
    found.effect.verdict = "0.2 % are left"
    assert told(found) == ["0.2 % are left"]


def test_why_a_proposal_was_withdrawn_is_told() -> None:
    found = a_correction(S.STATE_EXPIRED, zone1=96.0)
    found.history.add(step="expire", reason="the web tore")
    assert told(found) == ["Set the oven: the web tore"]


def test_the_document_holds_each_change_and_the_first_one_by_itself() -> None:
    found = document(a_correction(zone1=96.0, zone3=124.0))
    assert (found["signal"], found["from"], found["to"], found["unit"]) == (
        *("air_setpoint", 90.0, 96.0),
        "degC",
    )
    changes = found["changes"]
    assert isinstance(changes, list)
    assert [(c["asset"], c["to"]) for c in changes] == [
        ("line1/oven/zone1", 96.0),
        ("line1/oven/zone3", 124.0),
    ]


def test_a_change_without_an_asset_is_the_recommendations_own() -> None:
    found = a_correction(zone1=96.0)
    found.changes[0].asset = ""
    changes = document(found)["changes"]
    assert isinstance(changes, list)
    assert changes[0]["asset"] == "line1/oven/zone1"


def test_every_document_is_json_with_the_same_keys() -> None:
    work, profile = document(a_correction()), document(a_correction(zone1=96.0))
    for found in (work, profile):
        assert json.loads(json.dumps(found)) == found
    assert set(work) == set(profile)
    assert [work[key] for key in ("signal", "from", "to", "unit")] == [None] * 4


def test_the_document_holds_the_causes() -> None:
    causes = document(with_causes(a_correction()))["causes"]
    assert isinstance(causes, list)
    assert [(c["name"], c["probability"]) for c in causes] == [("lip_gap", 0.83), ("pump", 0.12)]


def test_what_is_noticed_again_is_told_once() -> None:
    said: list[str] = []
    story = Story(0.0, said.append)
    story.notice({"standing": "the web stands"})
    story.notice({"standing": "the web stands", "heater": "zone 3 is cold"})
    assert [line.partition(" ")[2] for line in said] == ["the web stands", "zone 3 is cold"]


def test_a_recommendation_is_said_once_with_its_state_however_many_lines_it_takes() -> None:
    said: list[str] = []
    story = Story(0.0, said.append)
    story.take(with_causes(a_correction()))
    assert len(said) == 3
    assert [line.startswith("[bold]PROPOSED[/bold]") for line in said] == [True, False, False]
    assert story.first_approved_s is None


def test_the_first_setpoint_that_was_written_is_timed() -> None:
    story = Story(0.0, lambda _: None)
    story.take(a_correction(S.STATE_APPLIED, zone1=96.0))
    first = story.first_approved_s
    story.take(a_correction(S.STATE_APPLIED, zone1=97.0))
    assert first is not None
    assert story.first_approved_s == first
