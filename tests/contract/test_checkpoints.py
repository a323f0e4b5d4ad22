"""The promise of checkpoints, kept by the fake in memory and by real servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from stores.live.checkpoints import RedisCheckpoints
from stores.live.memory import MemoryCheckpoints
from tests.servers import REDIS_SERVERS, RedisServer, start_redis
from twin.errors import Fenced, Unavailable
from twin.ports import START, Checkpoint

pytestmark = pytest.mark.integration

AnyCheckpoints = MemoryCheckpoints | RedisCheckpoints
HOST = "line1/coater/gauge-top"


@pytest.fixture(scope="module", params=[pytest.param("memory", id="memory"), *REDIS_SERVERS])
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer | None]:
    if request.param == "memory":
        yield None
        return
    with start_redis(request.param) as running:
        yield running


@pytest.fixture
async def checkpoints(server: RedisServer | None) -> AsyncIterator[AnyCheckpoints]:
    made: AnyCheckpoints
    made = MemoryCheckpoints() if server is None else RedisCheckpoints(server.url, uuid4().hex)
    yield made
    await made.close()


async def test_a_host_that_never_saved_has_nothing(checkpoints: AnyCheckpoints) -> None:
    assert await checkpoints.load(HOST) is None


async def test_state_and_position_come_back_together(checkpoints: AnyCheckpoints) -> None:
    saved = Checkpoint("1700000000000-3", 1, bytes(range(256)))
    await checkpoints.next_incarnation(HOST)
    await checkpoints.save(HOST, saved)
    assert await checkpoints.load(HOST) == saved
    later = Checkpoint("1700000000001-0", 1, b"")
    await checkpoints.save(HOST, later)
    assert await checkpoints.load(HOST) == later


async def test_incarnations_count_up_for_each_host(checkpoints: AnyCheckpoints) -> None:
    assert [await checkpoints.next_incarnation(HOST) for _ in range(3)] == [1, 2, 3]
    assert await checkpoints.next_incarnation("another") == 1


async def test_incarnations_that_start_together_are_different(checkpoints: AnyCheckpoints) -> None:
    numbers = await asyncio.gather(*(checkpoints.next_incarnation(HOST) for _ in range(20)))
    assert sorted(numbers) == list(range(1, 21))


async def test_an_older_incarnation_is_fenced_off_before_the_newer_has_saved(
    checkpoints: AnyCheckpoints,
) -> None:
    old = await checkpoints.next_incarnation(HOST)
    saved = Checkpoint("1-0", old, b"old")
    await checkpoints.save(HOST, saved)
    new = await checkpoints.next_incarnation(HOST)

    with pytest.raises(Fenced, match=f"incarnation {new} has taken over from {old}"):
        await checkpoints.save(HOST, Checkpoint("2-0", old, b"late"))

    assert await checkpoints.load(HOST) == saved
    await checkpoints.save(HOST, replace(saved, incarnation=new))


async def test_fencing_compares_numbers_not_words(checkpoints: AnyCheckpoints) -> None:
    for _ in range(10):
        newest = await checkpoints.next_incarnation(HOST)
    with pytest.raises(Fenced):
        await checkpoints.save(HOST, Checkpoint("1-0", 9, b""))
    await checkpoints.save(HOST, Checkpoint("1-0", newest, b""))


async def test_hosts_do_not_mix(checkpoints: AnyCheckpoints) -> None:
    await checkpoints.next_incarnation("a")
    await checkpoints.next_incarnation("a")
    await checkpoints.next_incarnation("b")
    await checkpoints.save("b", Checkpoint("1-0", 1, b"b"))
    assert await checkpoints.load("a") is None


async def test_a_deleted_checkpoint_is_gone_but_its_host_stays_fenced(
    checkpoints: AnyCheckpoints,
) -> None:
    await checkpoints.next_incarnation(HOST)
    await checkpoints.next_incarnation(HOST)
    await checkpoints.save(HOST, Checkpoint("1-0", 2, b""))
    await checkpoints.delete(HOST)
    await checkpoints.delete(HOST)
    assert await checkpoints.load(HOST) is None
    with pytest.raises(Fenced):
        await checkpoints.save(HOST, Checkpoint("1-0", 1, b""))


async def test_a_store_that_is_away_is_unavailable_and_comes_back_with_everything(
    checkpoints: AnyCheckpoints, server: RedisServer | None
) -> None:
    await checkpoints.next_incarnation(HOST)
    saved = Checkpoint("1-0", 1, b"state" * 1_000)
    await checkpoints.save(HOST, saved)
    _away(checkpoints, server, True)
    try:
        for call in (
            lambda: checkpoints.next_incarnation(HOST),
            lambda: checkpoints.load(HOST),
            lambda: checkpoints.save(HOST, Checkpoint(START, 1, b"")),
            lambda: checkpoints.delete(HOST),
        ):
            with pytest.raises(Unavailable, match="away"):
                await call()
    finally:
        _away(checkpoints, server, False)
    assert await checkpoints.load(HOST) == saved


@pytest.mark.parametrize("server", REDIS_SERVERS, indirect=True)
async def test_what_was_saved_survives_the_server_s_sigkill(
    checkpoints: AnyCheckpoints, server: RedisServer | None
) -> None:
    assert server is not None
    await checkpoints.next_incarnation(HOST)
    saved = Checkpoint("1-0", 1, b"state" * 1_000)
    await checkpoints.save(HOST, saved)
    server.kill()
    server.start()
    assert await checkpoints.load(HOST) == saved
    assert await checkpoints.next_incarnation(HOST) == 2


def _away(checkpoints: AnyCheckpoints, server: RedisServer | None, away: bool) -> None:
    if isinstance(checkpoints, MemoryCheckpoints):
        checkpoints.away = away
        return
    assert server is not None
    if away:
        server.stop()
    else:
        server.start()
