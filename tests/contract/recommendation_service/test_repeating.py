"""A command that comes twice is carried out once."""

import asyncio
from collections.abc import Callable
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
    rejection,
)
from tests.contract.recommendation_service.test_deciding import call
from tests.recommendation_samples import moved, recommendation
from tests.refusals import refusal
from twin.plant.recommendation import Step

pytestmark = pytest.mark.integration

Make = Callable[..., Any]
COMMANDS = pytest.mark.parametrize(
    ("steps", "make"), [([], approval), ([], rejection), ([Step.APPROVE], application)]
)


@COMMANDS
async def test_a_request_id_gets_the_same_answer_again(
    gateway: Gateway, desk: Desk, steps: list[Step], make: Make
) -> None:
    await desk.propose(moved(recommendation(), *steps, by="another"))
    first = await call(gateway, make(request_id="a"))
    assert await call(gateway, make(request_id="a")) == first
    assert len(desk.commands) == 1


async def test_a_request_id_with_another_content_is_refused(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(recommendation())
    await call(gateway, approval(request_id="a"))
    for other in (approval(by="another", request_id="a"), approval("r2", request_id="a")):
        refused = await refusal(call(gateway, other))
        assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["request_id"])


async def test_a_rejection_is_not_answered_with_an_approval_of_the_same_words(
    gateway: Gateway, desk: Desk
) -> None:
    """Both messages have the same fields under the same numbers."""
    await desk.propose(recommendation())
    await call(gateway, approval(reason="so", request_id="a"))
    refused = await refusal(call(gateway, rejection(reason="so", request_id="a")))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["request_id"])


async def test_an_answer_that_was_a_refusal_is_not_kept(gateway: Gateway, desk: Desk) -> None:
    await refusal(call(gateway, approval(request_id="a")))
    await desk.propose(recommendation())
    answer = await call(gateway, approval(request_id="a"))
    assert answer.recommendation.state == State.STATE_APPROVED


@COMMANDS
@pytest.mark.parametrize("request_id", ["a", ""])
async def test_a_retry_is_harmless_after_the_gateway_was_restarted(
    gateway: Gateway, desk: Desk, steps: list[Step], make: Make, request_id: str
) -> None:
    """The first answer may have been lost with the gateway: the retry must not fail."""
    await desk.propose(moved(recommendation(), *steps, by="another"))
    first = await call(gateway, make(request_id=request_id))
    await gateway.restart()
    assert await call(gateway, make(request_id=request_id)) == first
    assert len(desk.commands) == 1


async def test_a_retry_after_a_restart_may_carry_the_etag_of_before(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(recommendation())
    first = await call(gateway, approval(etag="1", request_id="a"))
    await gateway.restart()
    assert await call(gateway, approval(etag="1", request_id="a")) == first


async def test_a_late_retry_is_answered_with_what_has_become_of_it(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(recommendation())
    await call(gateway, approval())
    await call(gateway, application())
    answer = await call(gateway, approval())
    assert answer.recommendation.state == State.STATE_APPLIED
    assert len(desk.commands) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (approval(), approval(by="another")),
        (approval(reason="so"), approval(reason="otherwise")),
        (rejection(), rejection(by="another")),
        (rejection(), rejection(reason="otherwise")),
        (approval(), rejection()),
        (rejection(), approval()),
        (rejection(), approval(reason="end of the lot")),
    ],
)
async def test_another_decision_is_no_retry(
    gateway: Gateway, desk: Desk, first: Any, second: Any
) -> None:
    await desk.propose(recommendation())
    await call(gateway, first)
    decided = desk.records.recommendation("r1")
    assert (await refusal(call(gateway, second))).code is Code.FAILED_PRECONDITION
    assert desk.records.recommendation("r1") == decided


@pytest.mark.parametrize(
    "second",
    [
        application(value=41.3),
        application(by="another"),
        application(apply_time=Timestamp(seconds=1_600_000_000)),
    ],
)
async def test_another_report_is_no_retry(gateway: Gateway, desk: Desk, second: Any) -> None:
    await desk.propose(moved(recommendation(), Step.APPROVE))
    await call(gateway, application())
    assert (await refusal(call(gateway, second))).code is Code.FAILED_PRECONDITION


async def test_the_same_report_with_the_same_time_is_a_retry(gateway: Gateway, desk: Desk) -> None:
    await desk.propose(moved(recommendation(), Step.APPROVE))
    time = Timestamp(seconds=1_600_000_000, nanos=7)
    first = await call(gateway, application(apply_time=time))
    assert await call(gateway, application(apply_time=time)) == first
    assert await call(gateway, application()) == first


async def test_the_same_command_sent_twice_at_once_succeeds_twice(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(recommendation())
    answers = await asyncio.gather(*(call(gateway, approval(request_id="a")) for _ in range(5)))
    assert {answer.recommendation.state for answer in answers} == {State.STATE_APPROVED}
    assert desk.records.recommendation("r1").revision == 2


async def test_a_command_that_another_overtakes_is_judged_by_what_is_there_then(
    gateway: Gateway, desk: Desk
) -> None:
    """It was PROPOSED when we looked, and no longer when the supervisor did."""
    await desk.propose(recommendation())
    same = moved(recommendation(), Step.APPROVE, by="operator")
    desk.before = lambda: desk.records.save_recommendations([same])
    answer = await call(gateway, approval())
    assert answer.recommendation.state == State.STATE_APPROVED

    await desk.propose(recommendation("r2"))
    other = moved(recommendation("r2"), Step.APPROVE, by="another")
    desk.before = lambda: desk.records.save_recommendations([other])
    assert (await refusal(call(gateway, approval("r2")))).code is Code.FAILED_PRECONDITION
