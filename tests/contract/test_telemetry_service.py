"""The promise of TelemetryService, over real gRPC, on every backbone."""

import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from google.protobuf.timestamp_pb2 import Timestamp

from historian.query import Archive
from historian.writer import SliceWriter
from protocols.grpc.errors import error_of
from protocols.grpc.push_intake import LARGEST_BATCH
from protocols.grpc.telemetry_service import Addressee, TelemetryService
from protocols.grpc.v1 import telemetry_service_pb2 as pb
from protocols.grpc.v1 import telemetry_service_pb2_grpc as pb_grpc
from stores.live.backbone import RedisBackbone
from stores.live.memory import MemoryBackbone
from tests.servers import start_redis
from twin.asset import AssetConfig, SignalSpec, Twin
from twin.errors import InvalidInput, NotFound, Unavailable
from twin.frame import Frame, Reading
from twin.kinds import Kind, Layer
from twin.ports import START

pytestmark = pytest.mark.integration

NOW_NS = 1_790_000_000_123_456_789
PLANT = "demo"
GAUGE = "line1/coater/gauge-top"
OVEN = "line1/oven/zone1"
DELETED = "line1/old"


def no_twin(config: AssetConfig) -> Twin:
    raise NotImplementedError


KIND = Kind(
    "gauge",
    "Gauge",
    Layer.ELECTRODE,
    "",
    tuple(SignalSpec(n, u, "") for n, u in (("loading", "mg/cm2"), ("lot", None), ("speed", "m"))),
    (),
    no_twin,
)
Back = MemoryBackbone | RedisBackbone


class Assets:
    """Two live assets, each with a stream of its own, and a deleted one."""

    def __init__(self) -> None:
        self.streams = {asset: f"host:{uuid4().hex}" for asset in (GAUGE, OVEN)}

    async def resolve(self, asset: str) -> Addressee:
        if asset == DELETED:
            return Addressee(KIND, "")
        if asset not in self.streams:
            raise NotFound(f"there is no asset {asset!r}")
        return Addressee(KIND, self.streams[asset], frozenset({"speed"}))


@dataclass
class World:
    """A gateway's telemetry service and all that is behind it."""

    backbone: Back
    assets: Assets
    writer: SliceWriter
    stub: "pb_grpc.TelemetryServiceAsyncStub"

    async def push(self, *batches: pb.PushReadingsRequest) -> list[pb.PushReadingsResponse]:
        return [answer async for answer in self.stub.PushReadings(iter(batches))]

    async def query(self, asset: str = GAUGE, **question: object) -> list[pb.Reading]:
        request = pb.QueryReadingsRequest(asset=name(asset), **question)  # type: ignore[arg-type]
        return [r async for answer in self.stub.QueryReadings(request) for r in answer.readings]

    async def frames(self, asset: str = GAUGE) -> list[Frame]:
        entries = await self.backbone.read({self.assets.streams[asset]: START})
        return [Frame.from_bytes(entry.data) for entry in entries]

    async def archives(self) -> None:
        for stream in self.assets.streams.values():
            for entry in await self.backbone.read({stream: self.writer.reached(stream)}):
                self.writer.add(entry, Frame.from_bytes(entry.data))
        self.writer.flush()


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(None, id="memory"),
        pytest.param("valkey", id="valkey"),
        pytest.param("redis-server", id="redis", marks=pytest.mark.needs_redis_server),
    ],
)
def url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    if request.param is None:
        yield None
        return
    with start_redis(request.param) as server:
        yield server.url


@asynccontextmanager
async def serving(backbone: Back, folder: Path) -> AsyncIterator[World]:
    assets, writer, archive = Assets(), SliceWriter(folder), Archive(folder)
    server = grpc.aio.server()
    service = TelemetryService(PLANT, backbone, archive, assets, clock=lambda: NOW_NS)
    pb_grpc.add_TelemetryServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield World(backbone, assets, writer, pb_grpc.TelemetryServiceStub(channel))
    await server.stop(None)
    writer.close()
    archive.close()


@pytest_asyncio.fixture
async def world(url: str | None, tmp_path: Path) -> AsyncIterator[World]:
    backbone = MemoryBackbone() if url is None else RedisBackbone(url)
    async with serving(backbone, tmp_path) as world:
        yield world
    await backbone.close()


def name(asset: str) -> str:
    return f"plants/{PLANT}/assets/{asset}"


def at(offset_ns: int) -> Timestamp:
    time_ns = NOW_NS + offset_ns
    return Timestamp(seconds=time_ns // 10**9, nanos=time_ns % 10**9)


def loading(offset_ns: int, value: float, asset: str = GAUGE, text: str = "") -> pb.Reading:
    return pb.Reading(
        asset=name(asset), signal="loading", time=at(offset_ns), value=value, text=text
    )


def batch(sequence: int, *readings: pb.Reading, producer: str = "lab") -> pb.PushReadingsRequest:
    return pb.PushReadingsRequest(producer=producer, sequence=sequence, readings=readings)


async def test_a_batch_is_acknowledged_when_its_readings_are_on_their_hosts_streams(
    world: World,
) -> None:
    lot = pb.Reading(asset=name(GAUGE), signal="lot", time=at(1), text="L1", quality=0x40000000)

    [answer] = await world.push(batch(7, loading(0, 20.1, text="p1"), lot, loading(2, 9.0, OVEN)))

    assert answer == pb.PushReadingsResponse(sequence=7, accepted=3)
    [gauge], [oven] = await world.frames(GAUGE), await world.frames(OVEN)
    assert (gauge.producer, gauge.sequence, gauge.received_ns) == ("push:lab", 7, NOW_NS)
    first, second = gauge.readings()
    assert first == Reading(GAUGE, "loading", NOW_NS, 20.1, 0, "p1")
    assert second[:3] == (GAUGE, "lot", NOW_NS + 1)
    assert second[4:] == (0x40000000, "L1")
    assert math.isnan(second.value)
    assert list(oven.readings()) == [Reading(OVEN, "loading", NOW_NS + 2, 9.0)]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (loading(0, 1.0, "line1/nothing"), "readings[1].asset: there is no asset"),
        (loading(0, 1.0, DELETED), "readings[1].asset: 'line1/old' has no actor"),
        (
            pb.Reading(asset=GAUGE, signal="loading", time=at(0)),
            "readings[1].asset: asset: 'line1/coater/gauge-top' is not of the form",
        ),
        (
            pb.Reading(asset=name(GAUGE), signal="weight", time=at(0)),
            "readings[1].signal: a gauge has no signal 'weight'; it has loading, lot, speed",
        ),
        (
            pb.Reading(asset=name(GAUGE), signal="speed", time=at(0)),
            "readings[1].signal: 'speed' of 'line1/coater/gauge-top' is bound to another source",
        ),
        (pb.Reading(asset=name(GAUGE), signal="loading"), "readings[1].time: is missing"),
        (loading(-NOW_NS - 1, 1.0), "readings[1].time: is not between 1970 and 2262"),
        (loading(0, math.nan), "readings[1].value: nan is no measurement"),
        (loading(0, -math.inf), "readings[1].value: -inf is no measurement"),
        (
            pb.Reading(asset=name(GAUGE), signal="lot", time=at(0)),
            "readings[1].text: is missing; 'lot' is a text signal",
        ),
    ],
)
async def test_one_bad_reading_refuses_its_batch_and_the_stream_goes_on(
    world: World, wrong: pb.Reading, why: str
) -> None:
    refused, taken = await world.push(batch(1, loading(0, 1.0), wrong), batch(2, loading(1, 2.0)))

    assert (refused.sequence, refused.accepted) == (1, 0)
    [error] = refused.errors
    assert error.startswith(why)
    assert taken == pb.PushReadingsResponse(sequence=2, accepted=1)
    assert [frame.sequence for frame in await world.frames()] == [2]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (batch(0, loading(0, 1.0)), "sequence: counts up from 1; 0 is none"),
        (batch(1, loading(0, 1.0), producer=""), "producer: a name of 1 to"),
        (batch(1, *[loading(0, 1.0)] * (LARGEST_BATCH + 1)), "readings: 10001 in one batch"),
    ],
    ids=["sequence", "producer", "size"],
)
async def test_a_batch_without_a_good_head_is_refused(
    world: World, wrong: pb.PushReadingsRequest, why: str
) -> None:
    [refused] = await world.push(wrong)

    assert refused.accepted == 0
    assert refused.errors[0].startswith(why)
    assert await world.frames() == []


async def test_a_batch_sent_again_is_acknowledged_again_and_stored_once(world: World) -> None:
    first = batch(1, loading(0, 1.0))
    second = batch(2, loading(1, 2.0), loading(2, 3.0))

    answers = await world.push(first, second, first)
    answers += await world.push(second)

    assert [(a.sequence, a.accepted) for a in answers] == [(1, 1), (2, 2), (1, 1), (2, 2)]
    assert [frame.sequence for frame in await world.frames()] == [1, 2]


async def test_a_batch_sent_again_to_another_gateway_is_archived_and_answered_once(
    world: World, tmp_path: Path
) -> None:
    again = batch(1, loading(0, 1.0))
    await world.push(again)
    async with serving(world.backbone, tmp_path / "other") as other:
        other.assets.streams = world.assets.streams
        [answer] = await other.push(again)

    assert answer.accepted == 1
    assert [r.value for r in await world.query()] == [1.0]
    await world.archives()
    assert [r.value for r in await world.query()] == [1.0]


async def test_a_sequence_used_for_other_readings_is_refused_and_not_lost_in_silence(
    world: World,
) -> None:
    answers = await world.push(
        batch(1, loading(0, 1.0)),
        batch(1, loading(5, 9.0)),
        batch(4, loading(6, 2.0)),
        batch(3, loading(7, 3.0)),
    )

    assert [a.accepted for a in answers] == [1, 0, 1, 0]
    assert "1 stands for other readings" in answers[1].errors[0]
    assert "3 was not among them" in answers[3].errors[0]


async def test_a_refused_batch_may_be_sent_again_corrected(world: World) -> None:
    answers = await world.push(batch(1, loading(0, math.nan)), batch(1, loading(0, 1.0)))

    assert [a.accepted for a in answers] == [0, 1]


async def test_the_archive_and_what_is_not_yet_archived_answer_as_one(world: World) -> None:
    await world.push(batch(1, loading(0, 1.0), loading(30, 4.0)))
    await world.archives()
    lot = pb.Reading(asset=name(GAUGE), signal="lot", time=at(5), text="L1")
    await world.push(batch(2, loading(20, 3.0), lot, loading(10, 2.0), loading(0, 9.0, OVEN)))

    everything = await world.query()

    assert [r.value for r in everything[:-1]] == [1.0, 2.0, 3.0, 4.0]
    assert everything[0] == loading(0, 1.0)
    assert (everything[-1].signal, everything[-1].text) == ("lot", "L1")
    some = await world.query(signals=["loading"], start_time=at(10), end_time=at(30))
    assert [r.value for r in some] == [2.0, 3.0]
    assert [r.value for r in await world.query(limit=3)] == [1.0, 2.0, 3.0]


async def test_trimming_what_is_archived_changes_no_answer(world: World) -> None:
    await world.push(*[batch(n, loading(n, float(n))) for n in range(1, 5)])
    await world.archives()
    stream = world.assets.streams[GAUGE]
    await world.push(batch(5, loading(5, 5.0)))
    await world.backbone.trim(stream, world.writer.positions()[stream])

    assert [r.value for r in await world.query()] == [1.0, 2.0, 3.0, 4.0, 5.0]


async def test_many_readings_come_in_several_messages_and_none_twice(world: World) -> None:
    rows = [loading(n, float(n)) for n in range(2_500)]
    await world.push(batch(1, *rows))
    await world.archives()

    request = pb.QueryReadingsRequest(asset=name(GAUGE))
    answers = [answer async for answer in world.stub.QueryReadings(request)]

    assert len(answers) > 1
    assert [r for answer in answers for r in answer.readings] == rows


async def test_a_deleted_assets_history_can_still_be_asked_for(world: World) -> None:
    assert await world.query(DELETED) == []


async def test_an_unknown_asset_is_not_found(world: World) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.query("line1/nothing")

    assert refused.value.code() is grpc.StatusCode.NOT_FOUND
    assert isinstance(error_of(refused.value), NotFound)


async def test_a_question_that_makes_no_sense_is_refused_field_by_field(world: World) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await world.query(signals=["loading", "weight"], start_time=at(5), end_time=at(5), limit=-1)

    error = error_of(refused.value)
    assert isinstance(error, InvalidInput)
    assert [v.field for v in error.violations] == ["signals[1]", "end_time", "limit"]


async def test_while_the_backbone_is_away_pushes_end_unavailable_and_may_be_sent_again(
    tmp_path: Path,
) -> None:
    backbone = MemoryBackbone()
    async with serving(backbone, tmp_path) as world:
        await world.push(batch(1, loading(0, 1.0)))
        backbone.away = True
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await world.push(batch(2, loading(1, 2.0)))
        assert isinstance(error_of(refused.value), Unavailable)
        backbone.away = False

        [answer] = await world.push(batch(2, loading(1, 2.0)))

        assert answer.accepted == 1
        assert [r.value for r in await world.query()] == [1.0, 2.0]
