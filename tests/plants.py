"""A whole plant for tests: embedded stores, a Ray cluster of its own, every system actor."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import grpc
import ray
from google.protobuf.timestamp_pb2 import Timestamp
from ray.exceptions import RayError
from ray.util.state import list_actors
from ray.util.state.common import ActorState

from asset_registry.record import AssetState
from cluster.config import load
from cluster.plant import Plant
from protocols.grpc.names import asset_name
from protocols.grpc.registry_client import RegistryClient
from protocols.grpc.v1 import recommendation_service_pb2_grpc as recommendations
from protocols.grpc.v1 import telemetry_service_pb2 as telemetry
from protocols.grpc.v1 import telemetry_service_pb2_grpc as telemetry_grpc
from protocols.grpc.v1 import twin_service_pb2 as twins
from protocols.grpc.v1 import twin_service_pb2_grpc as twins_grpc
from twin.errors import GigatwinError
from twin.frame import Reading

NAME = "demo"
PATIENCE_S = 60.0


@contextmanager
def started(folder: Path, per_actor: Mapping[str, int]) -> Iterator[Plant]:
    """The plant up, its gateway serving; stopped, with all its processes, at the end."""
    config = load(
        plant=NAME,
        data_dir=folder,
        gateway_port=0,
        ray_auth=False,
        per_actor=dict(per_actor),
        archive_flush_s=1.0,
    )
    with Plant(config) as plant:
        yield plant


async def until(
    reached: Callable[[], Awaitable[bool]], what: str, within_s: float = PATIENCE_S
) -> None:
    """Returns when ``reached`` does; what is away for the moment has not reached it."""
    deadline = time.monotonic() + within_s
    last: Exception | None = None
    while time.monotonic() < deadline:
        try:
            if await reached():
                return
        except (GigatwinError, RayError, grpc.aio.AioRpcError) as error:
            last = error
        await asyncio.sleep(0.05)
    raise AssertionError(f"not within {within_s:g} s: {what}" + (f" ({last})" if last else ""))


def actors(**wanted: str) -> list[ActorState]:
    """Those of this cluster whose fields have these values, with all that Ray knows."""
    filters: list[tuple[str, str, str | bool | int | float]] = [
        (field, "=", value) for field, value in wanted.items()
    ]
    address = ray.get_runtime_context().gcs_address
    return list(list_actors(address, filters=filters, detail=True))


def pid_of(actor: str) -> int:
    """The process of the living actor of that name; 0 while there is none."""
    alive = [a for a in actors(state="ALIVE") if a.name == actor]
    return alive[0].pid or 0 if alive else 0


def kill(actor: str) -> int:
    """SIGKILL to that actor's own process; returns which it was."""
    pid = pid_of(actor)
    assert pid, f"no actor {actor!r} lives"
    os.kill(pid, signal.SIGKILL)
    return pid


async def back(actor: str, killed: int) -> None:
    """Returns when Ray has restarted the actor in another process."""

    async def restarted() -> bool:
        return await asyncio.to_thread(pid_of, actor) not in {0, killed}

    await until(restarted, f"{actor} restarted")


class Client:
    """What an integrator's program is: nothing but gRPC."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.registry = RegistryClient(channel, NAME)
        self.recommendations: recommendations.RecommendationServiceAsyncStub = (
            recommendations.RecommendationServiceStub(channel)
        )
        self._telemetry: telemetry_grpc.TelemetryServiceAsyncStub = (
            telemetry_grpc.TelemetryServiceStub(channel)
        )
        self._twins: twins_grpc.TwinServiceAsyncStub = twins_grpc.TwinServiceStub(channel)

    async def state(self, asset: str) -> twins.TwinState:
        request = twins.GetTwinStateRequest(name=asset_name(NAME, asset))
        return (await self._twins.GetTwinState(request, timeout=PATIENCE_S)).state

    async def figures(self, asset: str) -> dict[str, tuple[float, float]]:
        return {f.name: (f.value, f.sd) for f in (await self.state(asset)).figures}

    async def accepted(self, asset: str, signal: str) -> int:
        state = await self.state(asset)
        return next(s.accepted for s in state.signals if s.signal == signal)

    async def push(
        self, producer: str, sequence: int, readings: Sequence[Reading]
    ) -> telemetry.PushReadingsResponse:
        request = telemetry.PushReadingsRequest(
            producer=producer,
            sequence=sequence,
            readings=[
                telemetry.Reading(
                    asset=asset_name(NAME, r.asset),
                    signal=r.signal,
                    time=Timestamp(seconds=r.time_ns // 10**9, nanos=r.time_ns % 10**9),
                    value=0.0 if r.value != r.value else r.value,
                    text=r.text or "",
                )
                for r in readings
            ],
        )
        async for answer in self._telemetry.PushReadings(iter([request]), timeout=PATIENCE_S):
            return answer
        raise AssertionError("the batch was not answered")

    async def pushed(self, producer: str, sequence: int, readings: Sequence[Reading]) -> None:
        """Push what must be taken."""
        answer = await self.push(producer, sequence, readings)
        assert (answer.accepted, list(answer.errors)) == (len(readings), [])

    async def readings(self, asset: str, signal: str) -> list[telemetry.Reading]:
        request = telemetry.QueryReadingsRequest(asset=asset_name(NAME, asset), signals=[signal])
        found: list[telemetry.Reading] = []
        async for answer in self._telemetry.QueryReadings(request, timeout=PATIENCE_S):
            found += answer.readings
        return found

    async def values(self, asset: str, signal: str) -> list[float]:
        return [reading.value for reading in await self.readings(asset, signal)]


async def hosted(client: Client, asset: str) -> None:
    """Returns when the asset's actor answers."""

    async def answers() -> bool:
        return (await client.state(asset)).incarnation > 0

    await until(answers, f"{asset} has its actor")


async def live(client: Client, asset: str) -> None:
    """Returns when readings come from the asset's source."""

    async def is_live() -> bool:
        return (await client.registry.get(asset)).state is AssetState.LIVE

    await until(is_live, f"{asset} is live")


@asynccontextmanager
async def client_of(plant: Plant) -> AsyncIterator[Client]:
    async with grpc.aio.insecure_channel(plant.gateway) as channel:
        yield Client(channel)
