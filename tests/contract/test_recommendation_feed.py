"""The feed of changed recommendations, on real servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from stores.live.connection import connect
from stores.live.feed import RecommendationFeed
from stores.live.keys import Keys
from tests.recommendation_samples import moved, recommendation
from tests.servers import REDIS_SERVERS, RedisServer, start_redis
from twin.errors import TooOld, Unavailable
from twin.plant.recommendation import Step
from twin.ports import START

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", params=REDIS_SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with start_redis(request.param) as running:
        yield running


@pytest.fixture
def plant() -> str:
    return uuid4().hex


@pytest.fixture
async def feed(server: RedisServer, plant: str) -> AsyncIterator[RecommendationFeed]:
    made = RecommendationFeed(server.url, plant)
    yield made
    await made.close()


async def test_changes_come_whole_and_in_order(feed: RecommendationFeed) -> None:
    proposed = recommendation()
    lives = [proposed, moved(proposed, Step.APPROVE, reason="so — µ"), recommendation("r2")]
    for one in lives:
        await feed.publish(one)
    changes = await feed.after(START, 10)
    assert [changed for _, changed in changes] == lives


async def test_only_what_comes_after_a_position_is_told(feed: RecommendationFeed) -> None:
    assert await feed.newest() == START
    await feed.publish(recommendation("r1"))
    await feed.publish(recommendation("r2"))
    newest = await feed.newest()
    (first, _), (second, _) = await feed.after(START, 10)
    assert second == newest
    assert [r.id for _, r in await feed.after(first, 10)] == ["r2"]
    assert list(await feed.after(newest, 1)) == []


async def test_a_watcher_is_woken_by_a_change(
    feed: RecommendationFeed, server: RedisServer
) -> None:
    waiting = asyncio.create_task(feed.after(START, 60_000))
    await server.until_waiting()
    await feed.publish(recommendation())
    async with asyncio.timeout(4):
        ((_, changed),) = await waiting
    assert changed.id == "r1"


async def test_any_position_is_good_while_nothing_was_forgotten(feed: RecommendationFeed) -> None:
    await feed.check(await feed.newest())
    await feed.publish(recommendation())
    await feed.check(START)
    await feed.check(await feed.newest())


async def test_a_position_from_which_something_was_forgotten_is_too_old(
    feed: RecommendationFeed, server: RedisServer, plant: str
) -> None:
    before = await feed.newest()
    for n in range(3):
        await feed.publish(recommendation(f"r{n}"))
    second = (await feed.after(START, 10))[1][0]
    client = connect(server.url)
    await client.xtrim(Keys(plant).recommendations(), maxlen=2, approximate=False)
    await client.aclose()

    with pytest.raises(TooOld, match="watch again"):
        await feed.check(before)
    await feed.check(second)
    assert [r.id for _, r in await feed.after(second, 10)] == ["r2"]


async def test_a_position_of_a_store_that_was_replaced_is_too_old(
    feed: RecommendationFeed, server: RedisServer, plant: str
) -> None:
    await feed.publish(recommendation())
    position = await feed.newest()
    client = connect(server.url)
    await client.delete(Keys(plant).recommendations())
    await client.aclose()
    with pytest.raises(TooOld):
        await feed.check(position)


async def test_the_feed_is_bounded(
    feed: RecommendationFeed, server: RedisServer, plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.live.feed._KEPT", 100)
    first = await feed.newest()
    for n in range(400):
        await feed.publish(recommendation(f"r{n}"))
    client = connect(server.url)
    assert 100 <= await client.xlen(Keys(plant).recommendations()) < 300
    await client.aclose()
    with pytest.raises(TooOld):
        await feed.check(first)


async def test_plants_do_not_mix(feed: RecommendationFeed, server: RedisServer) -> None:
    other = RecommendationFeed(server.url, uuid4().hex)
    await feed.publish(recommendation())
    assert list(await other.after(START, 1)) == []
    await other.close()


async def test_a_store_that_is_away_is_unavailable_and_comes_back_with_everything(
    feed: RecommendationFeed, server: RedisServer
) -> None:
    await feed.publish(recommendation())
    position = await feed.newest()
    server.stop()
    try:
        for call in (
            lambda: feed.publish(recommendation()),
            lambda: feed.newest(),
            lambda: feed.check(position),
            lambda: feed.after(START, 10),
        ):
            with pytest.raises(Unavailable, match="away"):
                await call()
    finally:
        server.start()
    assert await feed.newest() == position
