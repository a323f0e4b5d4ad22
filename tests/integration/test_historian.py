"""The archiver on a real server, and killed while it works."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from historian.archiver import Archiver
from historian.query import Archive
from historian.writer import SliceWriter
from stores.live.backbone import RedisBackbone
from tests.servers import REDIS_SERVERS, RedisServer, start_redis
from twin.errors import Unavailable
from twin.frame import Frame, Reading

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
NOW_NS = 1_790_000_000_000_000_000
DEADLINE_S = 60.0
STREAMS = 3

ARCHIVER = """
import asyncio, sys
from pathlib import Path
from historian.archiver import Archiver
from historian.writer import SliceWriter
from stores.live.backbone import RedisBackbone

async def main(url, folder, *streams):
    archiver = Archiver(
        RedisBackbone(url), SliceWriter(Path(folder)), flush_s=0.02,
        on_flush=lambda written: print(written.last, flush=True),
    )
    archiver.follow(streams)
    await archiver.run()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module", params=REDIS_SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with start_redis(request.param) as running:
        yield running


@pytest_asyncio.fixture
async def backbone(server: RedisServer) -> AsyncIterator[RedisBackbone]:
    backbone = RedisBackbone(server.url)
    yield backbone
    await backbone.close()


@pytest.fixture
def streams() -> list[str]:
    return [f"host:{uuid4().hex}" for _ in range(STREAMS)]


def frame(sequence: int) -> Frame:
    time_ns = NOW_NS + sequence * 10_000_000
    rows = [Reading("line1/coater", "line_speed", time_ns + n, sequence + n / 10) for n in range(5)]
    return Frame.of("opcua:line1", sequence, time_ns, rows)


async def test_an_archiver_killed_again_and_again_loses_nothing_and_doubles_nothing(
    server: RedisServer, backbone: RedisBackbone, streams: list[str], tmp_path: Path
) -> None:
    sent = 0
    command = [sys.executable, "-c", ARCHIVER, server.url, str(tmp_path), *streams]
    for _ in range(4):
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        for _ in range(40):
            sent += 1
            for stream in streams:
                await backbone.append(stream, frame(sent).to_bytes())
            if sent % 8 == 0:
                assert await process.stdout.readline(), "the archiver ended by itself"
        process.kill()
        await process.wait()

    writer = SliceWriter(tmp_path)
    archiver = Archiver(backbone, writer, flush_s=0.02, patience_ms=20)
    archiver.follow(streams)
    last = {stream: await backbone.last_id(stream) for stream in streams}
    await archived(archiver, last)
    writer.close()

    expected = [frame(sequence).to_bytes() for sequence in range(1, sent + 1)]
    frames = list(Archive(tmp_path).frames())
    for stream in streams:
        assert [f.frame.to_bytes() for f in frames if f.stream == stream] == expected
    count = sum(map(len, Archive(tmp_path).readings("line1/coater")))
    assert count == 5 * sent * STREAMS


async def test_a_server_that_goes_away_and_comes_back_is_archived_from_where_it_was(
    server: RedisServer, backbone: RedisBackbone, streams: list[str], tmp_path: Path
) -> None:
    writer = SliceWriter(tmp_path)
    archiver = Archiver(backbone, writer, flush_s=0.02, patience_ms=20)
    archiver.follow(streams[:1])
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(archiver.run())
        await backbone.append(streams[0], frame(1).to_bytes())

        server.stop()
        with pytest.raises(Unavailable):
            await backbone.last_id(streams[0])
        await asyncio.to_thread(server.start)

        last = await backbone.append(streams[0], frame(2).to_bytes())
        await until_safe(archiver, {streams[0]: last})
        archiver.stop()
    writer.close()

    assert [f.frame.sequence for f in Archive(tmp_path).frames()] == [1, 2]


async def test_what_is_trimmed_below_the_archives_positions_is_not_missed(
    backbone: RedisBackbone, streams: list[str], tmp_path: Path
) -> None:
    for part in range(3):
        for sequence in range(part * 200 + 1, part * 200 + 201):
            await backbone.append(streams[0], frame(sequence).to_bytes())
        writer = SliceWriter(tmp_path)
        archiver = Archiver(backbone, writer, flush_s=0.02, patience_ms=20)
        archiver.follow(streams[:1])
        await archived(archiver, {streams[0]: await backbone.last_id(streams[0])})
        writer.close()
        await backbone.trim(streams[0], archiver.positions()[streams[0]])

    assert [f.frame.sequence for f in Archive(tmp_path).frames()] == list(range(1, 601))


async def archived(archiver: Archiver, last: dict[str, str]) -> None:
    """Runs the archiver until these entries are safe."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(archiver.run())
        await until_safe(archiver, last)
        archiver.stop()


async def until_safe(archiver: Archiver, last: dict[str, str]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while archiver.positions() != last:
            await archiver.flushed()
