"""A watch: what is open, then every change."""

import asyncio
from typing import Any

import pytest

from protocols.grpc.v1 import recommendation_service_pb2 as pb
from stores.live.connection import connect
from tests.contract.recommendation_service.harness import (
    PLANT,
    Code,
    Desk,
    Gateway,
    State,
    approval,
    named,
)
from tests.recommendation_samples import T0, moved, recommendation
from tests.refusals import refusal
from tests.servers import RedisServer
from twin.plant.recommendation import Step

pytestmark = pytest.mark.integration


def watching(token: str = "", parent: str = PLANT) -> pb.WatchRecommendationsRequest:
    return pb.WatchRecommendationsRequest(parent=parent, resume_token=token)


async def take(watch: Any, count: int) -> list[Any]:
    async with asyncio.timeout(10):
        return [await watch.read() for _ in range(count)]


def told(message: Any) -> tuple[str, int]:
    r = message.recommendation
    return r.name.removeprefix(named("")), r.state


async def test_a_watch_shows_what_is_open_then_every_change(gateway: Gateway, desk: Desk) -> None:
    closed = moved(recommendation("r0"), Step.REJECT)
    applied = moved(recommendation("r2", created_ns=T0 + 2), Step.APPROVE, Step.REPORT_APPLIED)
    await desk.propose(closed, applied, recommendation("r1", created_ns=T0 + 1))

    watch = gateway.stub.WatchRecommendations(watching(), timeout=30)
    first, second, synced = await take(watch, 3)
    await gateway.stub.ApproveRecommendation(approval("r1"))
    await desk.propose(recommendation("r3"))
    changes = await take(watch, 2)
    watch.cancel()

    assert [told(m) for m in (first, second)] == [
        ("r1", State.STATE_PROPOSED),
        ("r2", State.STATE_APPLIED),
    ]
    assert [m.synced for m in (first, second, synced)] == [False, False, True]
    assert not synced.HasField("recommendation")
    assert synced.resume_token
    assert [told(m) for m in changes] == [
        ("r1", State.STATE_APPROVED),
        ("r3", State.STATE_PROPOSED),
    ]


async def test_nobody_can_resume_amid_what_is_open_and_miss_the_rest(
    gateway: Gateway, desk: Desk
) -> None:
    await desk.propose(recommendation("r1"), recommendation("r2"))
    watch = gateway.stub.WatchRecommendations(watching(), timeout=30)
    present = await take(watch, 2)
    watch.cancel()
    assert [m.resume_token for m in present] == ["", ""]


async def test_a_watch_of_a_new_plant_begins_at_once(gateway: Gateway, desk: Desk) -> None:
    watch = gateway.stub.WatchRecommendations(watching(), timeout=30)
    (synced,) = await take(watch, 1)
    await desk.propose(recommendation())
    (change,) = await take(watch, 1)
    watch.cancel()
    assert synced.synced
    assert told(change) == ("r1", State.STATE_PROPOSED)


async def test_a_watch_resumes_where_it_was(gateway: Gateway, desk: Desk) -> None:
    watch = gateway.stub.WatchRecommendations(watching(), timeout=30)
    (synced,) = await take(watch, 1)
    watch.cancel()
    await desk.propose(recommendation("r1"), recommendation("r2"))
    await gateway.restart()
    token = synced.resume_token
    for expected in ("r1", "r2"):
        resumed = gateway.stub.WatchRecommendations(watching(token), timeout=30)
        (seen,) = await take(resumed, 1)
        resumed.cancel()
        assert told(seen)[0] == expected
        token = seen.resume_token


async def test_every_watcher_is_told(gateway: Gateway, desk: Desk) -> None:
    watches = [gateway.stub.WatchRecommendations(watching(), timeout=30) for _ in range(3)]
    for watch in watches:
        await take(watch, 1)
    await desk.propose(recommendation())
    for watch in watches:
        assert told((await take(watch, 1))[0])[0] == "r1"
        watch.cancel()


async def test_a_token_from_which_something_was_forgotten_is_out_of_range(
    gateway: Gateway, desk: Desk, live_store: RedisServer
) -> None:
    old = await desk.feed.newest()
    await desk.propose(recommendation("r1"), recommendation("r2"))
    client = connect(live_store.url)
    await client.xtrim(desk.feed._stream, maxlen=1, approximate=False)
    await client.aclose()
    watch = gateway.stub.WatchRecommendations(watching(old), timeout=30)
    refused = await refusal(anext(aiter(watch)))
    assert (refused.code, refused.reason) == (Code.OUT_OF_RANGE, "TOO_OLD")


async def test_a_token_of_a_store_that_was_replaced_is_out_of_range(gateway: Gateway) -> None:
    watch = gateway.stub.WatchRecommendations(watching("1700000000000-0"), timeout=30)
    refused = await refusal(anext(aiter(watch)))
    assert (refused.code, refused.reason) == (Code.OUT_OF_RANGE, "TOO_OLD")


@pytest.mark.parametrize("token", ["x", "1", "-1-0", "1-0-0", "9" * 30 + "-0", "$"])
async def test_a_token_that_was_never_given_is_refused(gateway: Gateway, token: str) -> None:
    watch = gateway.stub.WatchRecommendations(watching(token), timeout=30)
    refused = await refusal(anext(aiter(watch)))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["resume_token"])


@pytest.mark.parametrize(
    ("parent", "code"), [("plants/other", Code.NOT_FOUND), ("demo", Code.INVALID_ARGUMENT)]
)
async def test_only_this_plant_can_be_watched(gateway: Gateway, parent: str, code: Code) -> None:
    watch = gateway.stub.WatchRecommendations(watching(parent=parent), timeout=30)
    assert (await refusal(anext(aiter(watch)))).code is code


async def test_a_live_store_that_goes_away_ends_the_watch_as_unavailable(
    gateway: Gateway, desk: Desk, live_store: RedisServer
) -> None:
    watch = gateway.stub.WatchRecommendations(watching(), timeout=30)
    (synced,) = await take(watch, 1)
    live_store.stop()
    try:
        refused = await refusal(watch.read())
        assert (refused.code, refused.reason) == (Code.UNAVAILABLE, "UNAVAILABLE")
    finally:
        live_store.start()
    await desk.propose(recommendation())
    resumed = gateway.stub.WatchRecommendations(watching(synced.resume_token), timeout=30)
    assert told((await take(resumed, 1))[0])[0] == "r1"
    resumed.cancel()
