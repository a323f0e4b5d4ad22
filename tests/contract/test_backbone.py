"""The promise of a backbone, kept by the fake in memory and by real servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import pytest

from stores.live.backbone import RedisBackbone
from stores.live.connection import connect
from stores.live.memory import MemoryBackbone
from tests.servers import REDIS_SERVERS, RedisServer, start_redis
from twin.errors import InvalidConfiguration, Unavailable
from twin.ports import START, order

pytestmark = pytest.mark.integration

AnyBackbone = MemoryBackbone | RedisBackbone


@pytest.fixture(scope="module", params=[pytest.param("memory", id="memory"), *REDIS_SERVERS])
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer | None]:
    if request.param == "memory":
        yield None
        return
    with start_redis(request.param) as running:
        yield running


@pytest.fixture
async def backbone(server: RedisServer | None) -> AsyncIterator[AnyBackbone]:
    made: AnyBackbone = MemoryBackbone() if server is None else RedisBackbone(server.url)
    yield made
    await made.close()


@pytest.fixture
def stream() -> str:
    return f"gt:{{test}}:frames:{uuid4().hex}"


async def fill(backbone: AnyBackbone, stream: str, count: int) -> list[str]:
    return [await backbone.append(stream, str(n).encode()) for n in range(count)]


async def data(backbone: AnyBackbone, stream: str, after: str = START) -> list[bytes]:
    """All of it, page by page."""
    found: list[bytes] = []
    while page := await backbone.read({stream: after}):
        found += [entry.data for entry in page]
        after = page[-1].id
    return found


async def test_entries_come_in_the_order_in_which_they_were_appended(
    backbone: AnyBackbone, stream: str
) -> None:
    ids = await fill(backbone, stream, 150)
    entries = await backbone.read({stream: START}, count=1_000)
    assert [entry.data for entry in entries] == [str(n).encode() for n in range(150)]
    assert [entry.id for entry in entries] == ids
    assert [entry.stream for entry in entries] == [stream] * 150
    assert sorted(ids, key=order) == ids
    assert len(set(ids)) == 150


async def test_bytes_come_back_as_they_were(backbone: AnyBackbone, stream: str) -> None:
    sent = bytes(range(256)) + b"\r\n\0" * 3
    await backbone.append(stream, sent)
    (entry,) = await backbone.read({stream: START})
    assert entry.data == sent


async def test_only_what_comes_after_a_position_is_read(backbone: AnyBackbone, stream: str) -> None:
    ids = await fill(backbone, stream, 5)
    assert await data(backbone, stream, ids[1]) == [b"2", b"3", b"4"]
    assert await data(backbone, stream, ids[4]) == []


async def test_a_page_has_at_most_so_many_of_each_stream(
    backbone: AnyBackbone, stream: str
) -> None:
    other = f"{stream}:other"
    await fill(backbone, stream, 3)
    await fill(backbone, other, 1)
    entries = await backbone.read({stream: START, other: START}, count=2)
    assert [e.data for e in entries if e.stream == stream] == [b"0", b"1"]
    assert [e.data for e in entries if e.stream == other] == [b"0"]


async def test_nothing_to_read_is_nothing(backbone: AnyBackbone, stream: str) -> None:
    assert list(await backbone.read({stream: START})) == []
    assert list(await backbone.read({stream: START}, block_ms=0)) == []
    assert list(await backbone.read({stream: START}, block_ms=5)) == []
    assert list(await backbone.read({}, block_ms=5)) == []


async def test_a_waiting_read_wakes_when_an_entry_comes(
    backbone: AnyBackbone, server: RedisServer | None, stream: str
) -> None:
    other = f"{stream}:other"
    waiting = asyncio.create_task(backbone.read({stream: START, other: START}, block_ms=60_000))
    await _until_waiting(server)
    await backbone.append(other, b"here")
    async with asyncio.timeout(4):
        (entry,) = await waiting
    assert (entry.stream, entry.data) == (other, b"here")


async def test_all_who_wait_are_woken(
    backbone: AnyBackbone, server: RedisServer | None, stream: str
) -> None:
    waiting = [
        asyncio.create_task(backbone.read({stream: START}, block_ms=60_000)) for _ in range(3)
    ]
    await _until_waiting(server, 3)
    await backbone.append(stream, b"here")
    async with asyncio.timeout(4):
        pages = await asyncio.gather(*waiting)
    assert [[entry.data for entry in page] for page in pages] == [[b"here"]] * 3


async def test_many_producers_lose_nothing(backbone: AnyBackbone, stream: str) -> None:
    async def produce(name: int) -> None:
        for n in range(20):
            await backbone.append(stream, f"{name}:{n}".encode())

    await asyncio.gather(*(produce(name) for name in range(5)))
    found = await data(backbone, stream)
    for name in range(5):
        mine = [d for d in found if d.startswith(f"{name}:".encode())]
        assert mine == [f"{name}:{n}".encode() for n in range(20)]


async def test_the_last_id_is_that_of_the_newest_entry_ever(
    backbone: AnyBackbone, stream: str
) -> None:
    assert await backbone.last_id(stream) == START
    ids = await fill(backbone, stream, 3)
    assert await backbone.last_id(stream) == ids[-1]
    await backbone.trim(stream, _next(ids[-1]))
    assert await backbone.last_id(stream) == ids[-1]


async def test_trimming_forgets_what_is_old_and_nothing_else(
    backbone: AnyBackbone, stream: str
) -> None:
    ids = await fill(backbone, stream, 1_000)
    await backbone.trim(stream, ids[700])
    left = await data(backbone, stream)
    assert left[-300:] == [str(n).encode() for n in range(700, 1_000)]
    assert len(left) <= 300 + 200
    assert left == [str(n).encode() for n in range(1_000 - len(left), 1_000)]


async def test_trimming_what_is_not_there_does_nothing(backbone: AnyBackbone, stream: str) -> None:
    await backbone.trim(stream, "5-0")
    assert await data(backbone, stream) == []


async def test_a_stream_that_is_made_again_goes_on_ascending(
    backbone: AnyBackbone, stream: str
) -> None:
    before = await fill(backbone, stream, 3)
    await backbone.delete(stream)
    assert await backbone.last_id(stream) == START
    assert await data(backbone, stream) == []
    after = await backbone.append(stream, b"again")
    # By the clock: within one millisecond a server counts from 0 again.
    assert order(after)[0] >= order(before[-1])[0]


async def test_streams_do_not_mix(backbone: AnyBackbone, stream: str) -> None:
    await fill(backbone, stream, 2)
    await backbone.append(f"{stream}:other", b"other")
    assert await data(backbone, stream) == [b"0", b"1"]


async def test_a_store_that_is_away_is_unavailable_and_comes_back_with_everything(
    backbone: AnyBackbone, server: RedisServer | None, stream: str
) -> None:
    ids = await fill(backbone, stream, 3)
    waiting = asyncio.create_task(backbone.read({stream: ids[-1]}, block_ms=60_000))
    await _until_waiting(server)
    _away(backbone, server, True)
    try:
        with pytest.raises(Unavailable, match="away"):
            await waiting
        for call in (
            lambda: backbone.append(stream, b"lost"),
            lambda: backbone.read({stream: START}),
            lambda: backbone.last_id(stream),
            lambda: backbone.trim(stream, ids[0]),
        ):
            with pytest.raises(Unavailable, match="away"):
                await call()
    finally:
        _away(backbone, server, False)
    assert await data(backbone, stream) == [b"0", b"1", b"2"]
    assert order(await backbone.append(stream, b"3")) > order(ids[-1])


@pytest.mark.parametrize("server", REDIS_SERVERS, indirect=True)
async def test_what_was_appended_survives_the_server_s_sigkill(
    backbone: AnyBackbone, server: RedisServer | None, stream: str
) -> None:
    assert server is not None
    await fill(backbone, stream, 200)
    server.kill()
    server.start()
    assert await data(backbone, stream) == [str(n).encode() for n in range(200)]


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(InvalidConfiguration, match="redis://"):
        connect("localhost:6379")


async def _until_waiting(server: RedisServer | None, readers: int = 1) -> None:
    if server is None:
        await asyncio.sleep(0)  # in memory, whatever was begun has come to its waiting
    else:
        await server.until_waiting(readers)


def _away(backbone: AnyBackbone, server: RedisServer | None, away: bool) -> None:
    if isinstance(backbone, MemoryBackbone):
        backbone.away = away
        return
    assert server is not None
    if away:
        server.stop()
    else:
        server.start()


def _next(id: str) -> str:
    milliseconds, count = order(id)
    return f"{milliseconds}-{count + 1}"
