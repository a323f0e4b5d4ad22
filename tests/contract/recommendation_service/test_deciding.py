"""What people decide, and what the MES reports."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from tests.contract.recommendation_service.harness import (
    Code,
    Desk,
    Gateway,
    State,
    application,
    approval,
    getting,
    named,
    rejection,
)
from tests.recommendation_samples import T0, moved, recommendation
from tests.refusals import refusal
from twin.errors import Unavailable
from twin.plant.recommendation import Step
from twin.plant.supervision import Approve, Reject, ReportApplied

pytestmark = pytest.mark.integration


async def call(gateway: Gateway, request: Any) -> Any:
    method = type(request).__name__.removesuffix("Request")
    return await getattr(gateway.stub, method)(request)


async def test_an_approval_is_passed_to_the_layer_that_proposed(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(recommendation())
    answer = await call(gateway, approval(reason="looks right"))
    assert desk.commands == [("electrode", Approve("r1", "operator", "looks right"))]
    found = answer.recommendation
    assert (found.state, found.decided_by, found.decision_reason) == (
        State.STATE_APPROVED,
        "operator",
        "looks right",
    )
    assert (await gateway.stub.GetRecommendation(getting("r1"))).recommendation == found


async def test_a_rejection_is_passed_on_with_its_reason(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(recommendation())
    found = (await call(gateway, rejection(reason="end of the lot"))).recommendation
    assert desk.commands == [("electrode", Reject("r1", "operator", "end of the lot"))]
    assert (found.state, found.decision_reason) == (State.STATE_REJECTED, "end of the lot")


async def test_what_was_applied_is_passed_on_with_its_time(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(moved(recommendation(), Step.APPROVE))
    time = Timestamp(seconds=T0 // 10**9, nanos=5)
    found = (await call(gateway, application(value=41.0, apply_time=time))).recommendation
    assert desk.commands == [("electrode", ReportApplied("r1", "mes", 41.0, T0 + 5))]
    assert found.state == State.STATE_APPLIED
    assert (found.applied.value, found.applied.apply_time) == (41.0, time)


async def test_without_a_time_it_was_applied_now(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(moved(recommendation(), Step.APPROVE))
    found = (await call(gateway, application())).recommendation
    assert found.applied.apply_time.ToNanoseconds() > T0


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (approval(by=""), ["decided_by"]),
        (approval(by="  "), ["decided_by"]),
        (rejection(reason=""), ["reason"]),
        (rejection(by="", reason=" \n"), ["decided_by", "reason"]),
        (application(by=""), ["applied_by"]),
        (application(apply_time=Timestamp(seconds=1, nanos=-1)), ["apply_time"]),
        (application(apply_time=Timestamp(seconds=-1)), ["apply_time"]),
        (application(apply_time=Timestamp(seconds=10**12)), ["apply_time"]),
    ],
)
async def test_what_is_missing_or_can_t_be_is_named(
    gateway: Gateway, desk: Desk, request_: Any, fields: list[str]
) -> None:
    await desk.propose(moved(recommendation(), Step.APPROVE))
    refused = await refusal(call(gateway, request_))
    assert (refused.code, refused.reason) == (Code.INVALID_ARGUMENT, "INVALID_REQUEST")
    assert list(refused.violations) == fields
    assert desk.commands == []


@pytest.mark.parametrize("request_", [approval("none"), rejection("none"), application("none")])
async def test_what_is_not_there_can_t_be_decided(gateway: Gateway, request_: Any) -> None:
    refused = await refusal(call(gateway, request_))
    assert (refused.code, refused.reason) == (Code.NOT_FOUND, "NOT_FOUND")


@pytest.mark.parametrize("make", [approval, rejection, application])
async def test_a_name_of_another_form_is_refused(gateway: Gateway, make: Any) -> None:
    request = make()
    request.name = "r1"
    refused = await refusal(call(gateway, request))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["name"])


@pytest.mark.parametrize(
    ("steps", "request_"),
    [
        ([Step.REJECT], approval()),
        ([Step.EXPIRE], approval()),
        ([Step.APPROVE], rejection()),
        ([], application()),
        ([Step.REJECT], application()),
    ],
)
async def test_a_step_that_the_state_does_not_allow_is_refused(
    gateway: Gateway, desk: Desk, steps: list[Step], request_: Any
) -> None:
    before = moved(recommendation(), *steps)
    await desk.propose(before)
    refused = await refusal(call(gateway, request_))
    assert (refused.code, refused.reason) == (Code.FAILED_PRECONDITION, "ILLEGAL_TRANSITION")
    assert before.state.value in refused.message
    assert desk.records.recommendation("r1") == before


async def test_a_value_outside_the_limits_is_an_invalid_argument(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(moved(recommendation(), Step.APPROVE))
    refused = await refusal(call(gateway, application(value=61.0)))
    assert (refused.code, refused.reason) == (Code.INVALID_ARGUMENT, "INVALID_INPUT")
    assert list(refused.violations.values()) == [refused.message]


@pytest.mark.parametrize("make", [approval, rejection])
async def test_a_decision_on_what_has_changed_since_it_was_read_is_aborted(
    gateway: Gateway, desk: Desk, make: Any
) -> None:
    await desk.propose(recommendation())
    read = (await gateway.stub.GetRecommendation(getting("r1"))).recommendation.etag
    await desk.propose(moved(recommendation(), Step.SUPERSEDE, by="gigatwin"))
    refused = await refusal(call(gateway, make(etag=read)))
    assert (refused.code, refused.reason) == (Code.ABORTED, "STALE_ETAG")
    assert desk.commands == []


async def test_a_decision_on_what_was_read_is_carried_out(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(recommendation())
    read = (await gateway.stub.GetRecommendation(getting("r1"))).recommendation.etag
    answer = await call(gateway, approval(etag=read))
    assert answer.recommendation.state == State.STATE_APPROVED
    assert answer.recommendation.etag != read


async def test_a_supervisor_that_is_away_is_unavailable(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(recommendation())
    desk.fails = Unavailable("the electrode supervisor is being restarted")
    refused = await refusal(call(gateway, approval(request_id="a")))
    assert (refused.code, refused.reason) == (Code.UNAVAILABLE, "UNAVAILABLE")
    desk.fails = None
    answer = await call(gateway, approval(request_id="a"))
    assert answer.recommendation.name == named("r1")
    assert answer.recommendation.state == State.STATE_APPROVED
