"""One recommendation, and lists of them."""

from dataclasses import replace
from typing import Any

import pytest

from protocols.grpc.v1 import recommendation_service_pb2 as pb
from tests.contract.recommendation_service.harness import (
    PLANT,
    Code,
    Desk,
    Gateway,
    State,
    getting,
    named,
)
from tests.recommendation_samples import EFFECT, T0, moved, recommendation
from tests.refusals import refusal
from twin.plant.recommendation import Applied, Step

pytestmark = pytest.mark.integration


def listing(**fields: Any) -> pb.ListRecommendationsRequest:
    return pb.ListRecommendationsRequest(**{"parent": PLANT, **fields})


async def ids(gateway: Gateway, **fields: Any) -> list[str]:
    answer = await gateway.stub.ListRecommendations(listing(**fields))
    return [r.name.removeprefix(named("")) for r in answer.recommendations]


async def test_a_recommendation_is_told_whole(gateway: Gateway, desk: Desk) -> None:
    closed = moved(
        recommendation(), Step.APPROVE, Step.REPORT_APPLIED, Step.FOUND_EFFECTIVE, reason="so — µ"
    )
    await desk.propose(replace(closed, applied=Applied(T0 + 5, 41.2, "mes"), effect=EFFECT))

    found = (await gateway.stub.GetRecommendation(getting("r1"))).recommendation

    assert found.name == "plants/demo/recommendations/r1"
    assert found.state == State.STATE_EFFECTIVE
    assert (found.asset, found.source_asset, found.layer) == (
        "plants/demo/assets/line1/coater",
        "plants/demo/assets/line1/coater/gauge-top",
        "electrode",
    )
    (change,) = found.changes
    assert (change.signal, change.from_value, change.to_value, change.unit) == (
        "line_speed",
        40.0,
        41.2,
        "m/min",
    )
    assert (change.lower_limit, change.upper_limit) == (20.0, 60.0)
    predicted = found.predicted_effect
    assert (predicted.quantity, predicted.value, predicted.lower, predicted.upper) == (
        "areal_loading",
        20.0,
        19.9,
        20.1,
    )
    assert (predicted.unit, predicted.confidence) == ("mg/cm2", 0.95)
    (evidence,) = found.evidence
    assert (evidence.asset, evidence.readings) == (
        "plants/demo/assets/line1/coater/gauge-top",
        40,
    )
    assert evidence.to_time.ToNanoseconds() == T0
    assert (found.lot, found.lot_from_m) == ("E-1", 0.1 + 0.2)
    assert (found.decided_by, found.decision_reason) == ("operator", "so — µ")
    assert found.decide_time.ToNanoseconds() == T0 + 1
    assert found.create_time.ToNanoseconds() == T0
    assert found.update_time.ToNanoseconds() == T0 + 3
    assert found.expire_time.ToNanoseconds() == T0 + 600_000_000_000
    assert (found.applied.value, found.applied.applied_by) == (41.2, "mes")
    assert found.applied.apply_time.ToNanoseconds() == T0 + 5
    assert (found.effect.measured.value, found.effect.verdict) == (20.0, "back")
    assert [(t.step, t.state, t.by) for t in found.history] == [
        ("approve", State.STATE_APPROVED, "operator"),
        ("report_applied", State.STATE_APPLIED, "operator"),
        ("found_effective", State.STATE_EFFECTIVE, "operator"),
    ]
    assert found.iso23247.entity
    assert found.etag


async def test_what_is_not_known_yet_is_left_out(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(replace(recommendation(), lot_from_m=None))
    found = (await gateway.stub.GetRecommendation(getting("r1"))).recommendation
    for field in ("lot_from_m", "decide_time", "applied", "effect"):
        assert not found.HasField(field)
    assert found.update_time == found.create_time


async def test_the_etag_changes_with_every_step(gateway: Gateway, desk: Desk) -> None:
    etags = []
    for one in (recommendation(), moved(recommendation(), Step.APPROVE)):
        await desk.propose(one)
        etags.append((await gateway.stub.GetRecommendation(getting("r1"))).recommendation.etag)
    assert len(set(etags)) == 2


@pytest.mark.parametrize(
    ("name", "code", "fields"),
    [
        (named("none"), Code.NOT_FOUND, []),
        ("plants/other/recommendations/r1", Code.NOT_FOUND, []),
        ("plants/demo/assets/r1", Code.INVALID_ARGUMENT, ["name"]),
        ("r1", Code.INVALID_ARGUMENT, ["name"]),
        ("", Code.INVALID_ARGUMENT, ["name"]),
    ],
)
async def test_a_name_that_names_nothing_is_refused(
    gateway: Gateway, desk: Desk, name: str, code: Code, fields: list[str]
) -> None:
    await desk.propose(recommendation())
    request = pb.GetRecommendationRequest(name=name)
    refused = await refusal(gateway.stub.GetRecommendation(request))
    assert (refused.code, list(refused.violations)) == (code, fields)
    assert refused.reason == {"NOT_FOUND": "NOT_FOUND"}.get(code.name, "INVALID_REQUEST")


async def test_pages_hold_every_recommendation_once_newest_first(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(*(recommendation(f"line1/x:{n}", created_ns=T0 + n // 2) for n in range(7)))
    found: list[str] = []
    token, size = "", 2
    while True:
        request = listing(page_size=size, page_token=token)
        answer = await gateway.stub.ListRecommendations(request)
        found += [r.name.removeprefix(named("")) for r in answer.recommendations]
        token, size = answer.next_page_token, size + 1
        if not token:
            break
    assert found == [f"line1/x:{n}" for n in reversed(range(7))]


async def test_a_page_that_ends_with_the_last_one_has_no_next(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(recommendation("r1"), recommendation("r2"))
    answer = await gateway.stub.ListRecommendations(listing(page_size=2))
    assert (len(answer.recommendations), answer.next_page_token) == (2, "")


async def test_without_a_size_a_page_has_a_hundred(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(*(recommendation(f"r{n}") for n in range(101)))
    assert len(await ids(gateway)) == 100
    assert len(await ids(gateway, page_size=5_000)) == 101


async def test_lists_are_filtered_by_state_and_asset(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(
        recommendation("a1"),
        moved(recommendation("a2"), Step.APPROVE),
        moved(recommendation("a3"), Step.REJECT),
        recommendation("b1", asset="line2/coater"),
    )
    assert await ids(gateway, states=[State.STATE_PROPOSED]) == ["b1", "a1"]
    both = [State.STATE_APPROVED, State.STATE_REJECTED]
    assert await ids(gateway, states=both) == ["a3", "a2"]
    asset = f"{PLANT}/assets/line1/coater"
    assert await ids(gateway, asset=asset) == ["a3", "a2", "a1"]
    assert await ids(gateway, asset=asset, states=[State.STATE_EXPIRED]) == []


async def test_a_token_serves_only_the_arguments_it_was_made_for(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(*(recommendation(f"r{n}") for n in range(3)))
    states = [State.STATE_PROPOSED, State.STATE_APPROVED]
    first = await gateway.stub.ListRecommendations(listing(page_size=1, states=states))
    token = first.next_page_token
    assert await ids(gateway, page_token=token, states=reversed(states)) == ["r1", "r0"]
    for other in ({}, {"states": states, "asset": f"{PLANT}/assets/line1/coater"}):
        request = listing(page_token=token, **other)
        refused = await refusal(gateway.stub.ListRecommendations(request))
        assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["page_token"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"page_size": -1}, "page_size"),
        ({"page_token": "made-up"}, "page_token"),
        ({"asset": "line1/coater"}, "asset"),
        ({"parent": "demo"}, "parent"),
        ({"states": [State.STATE_PROPOSED, State.STATE_UNSPECIFIED]}, "states[1]"),
        ({"states": [99]}, "states[0]"),
    ],
)
async def test_a_bad_list_request_names_the_field(
    gateway: Gateway, desk: Desk, fields: dict[str, Any], field: str
) -> None:
    await desk.propose(recommendation())
    refused = await refusal(gateway.stub.ListRecommendations(listing(**fields)))
    assert (refused.code, refused.reason) == (Code.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert list(refused.violations) == [field]


async def test_another_plant_is_not_found(gateway: Gateway) -> None:
    refused = await refusal(gateway.stub.ListRecommendations(listing(parent="plants/other")))
    assert refused.code is Code.NOT_FOUND
