"""An edge's readings through the death of a real live store: none lost, order kept."""

import asyncio
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from protocols.edge.forwarder import FrameForwarder
from protocols.edge.outbox import BackboneState
from stores.live.backbone import RedisBackbone
from stores.spool import Spool
from tests.edge_probe import NOW_NS, clock
from tests.servers import REDIS_SERVERS, RedisServer, start_redis
from twin.frame import Frame, Reading
from twin.ports import START

pytestmark = pytest.mark.integration


@pytest.fixture(params=REDIS_SERVERS)
def redis(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    with start_redis(request.param) as server:
        yield server


@pytest_asyncio.fixture
async def backbone(redis: RedisServer) -> AsyncIterator[RedisBackbone]:
    backbone = RedisBackbone(redis.url)
    yield backbone
    await backbone.close()


def edge(backbone: RedisBackbone, folder: Path, boot: int) -> FrameForwarder:
    return FrameForwarder(
        backbone,
        Spool(folder / "spool.db"),
        f"edge:{boot}",
        clock,
        flush_s=0.001,
        append_timeout_s=0.5,
        longest_retry_s=0.2,
    )


def reading(value: int) -> Reading:
    return Reading("gauge", "loading", NOW_NS + value, float(value))


async def values(backbone: RedisBackbone, stream: str) -> list[float]:
    """What a host reads that drops repeated frames."""
    latest: dict[str, int] = defaultdict(int)
    seen: list[float] = []
    after = START
    while entries := await backbone.read({stream: after}, count=500):
        for entry in entries:
            frame = Frame.from_bytes(entry.data)
            if frame.sequence > latest[frame.producer]:
                assert frame.sequence == latest[frame.producer] + 1
                latest[frame.producer] = frame.sequence
                seen += [r.value for r in frame.readings()]
        after = entries[-1].id
    return seen


async def caught_up(forwarder: FrameForwarder, backbone: RedisBackbone, last: float) -> None:
    """Returns when ``last`` has come to stream a."""
    after = START
    async with asyncio.timeout(20):
        while True:
            for entry in await backbone.read({"a": after}, block_ms=1000):
                after = entry.id
                if any(r.value == last for r in Frame.from_bytes(entry.data).readings()):
                    return


async def test_readings_survive_the_live_stores_death_in_order(
    redis: RedisServer, backbone: RedisBackbone, tmp_path: Path
) -> None:
    forwarder = edge(backbone, tmp_path, boot=1)
    await forwarder.start()
    acknowledged: list[int] = []
    away_seen = False

    for value in range(600):
        if value == 200:
            await asyncio.to_thread(redis.kill)
        if value == 400:
            away_seen = forwarder.status().backbone is BackboneState.AWAY
            await asyncio.to_thread(redis.start)
        forwarder.put("a", reading(value), lambda value=value: acknowledged.append(value))
        if value % 3 == 0:
            await forwarder.stored()
    await caught_up(forwarder, backbone, 599.0)
    await forwarder.stop()

    assert away_seen
    assert acknowledged == list(range(600))
    assert await values(backbone, "a") == [float(value) for value in range(600)]
    assert forwarder.status().dropped == 0


_DYING_EDGE = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.integration.test_store_and_forward import RedisBackbone, edge, reading

async def main():
    forwarder = edge(RedisBackbone(sys.argv[1]), Path(sys.argv[2]), boot=1)
    await forwarder.start()
    for value in range(50):
        forwarder.put("a", reading(value))
        await forwarder.stored()
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_what_a_killed_edge_had_acknowledged_while_the_store_was_away_arrives_first(
    redis: RedisServer, backbone: RedisBackbone, tmp_path: Path
) -> None:
    await asyncio.to_thread(redis.stop)
    command = [sys.executable, "-c", _DYING_EDGE, redis.url, str(tmp_path)]
    root = Path(__file__).parents[2]
    ended = await asyncio.to_thread(
        subprocess.run, command, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, timeout=60
    )
    assert ended.returncode == -9
    await asyncio.to_thread(redis.start)

    forwarder = edge(backbone, tmp_path, boot=2)
    await forwarder.start()
    for value in range(50, 60):
        forwarder.put("a", reading(value))
    await caught_up(forwarder, backbone, 59.0)
    await forwarder.stop()

    assert await values(backbone, "a") == [float(value) for value in range(60)]
