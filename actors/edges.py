"""The edges of a plant: one actor an endpoint, told what to subscribe."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import ray
import structlog
from ray.exceptions import RayError
from redis.asyncio import Redis

from actors import naming
from actors.edge_actor import EdgeActor
from actors.settings import PlantSettings
from actors.starter import Starter
from asset_registry.record import AssetRecord, MqttSource, OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from stores.live.connection import text, unavailable_when_away
from stores.live.keys import Keys
from twin.errors import NotFound
from twin.kinds import kind
from twin.units import affine

log = structlog.get_logger()

_STOP_S: Final = 10.0


class Edges:
    """Makes the edges match what the assets are bound to."""

    def __init__(self, settings: PlantSettings, redis: Redis, starter: Starter) -> None:
        self._settings = settings
        self._redis = redis
        self._key = Keys(settings.plant).edges()
        self._starter = starter
        self._bound: dict[str, list[BoundSignal]] = {}

    def addresses(self) -> tuple[str, ...]:
        return tuple(self._bound)

    async def bind(
        self, wanted: Mapping[str, list[BoundSignal]], anew: Collection[str]
    ) -> Mapping[str, str]:
        """Returns the addresses whose edge does not start, each with the reason.

        The edges of ``anew`` are told in any case, and say anew how their assets do.
        """
        async with unavailable_when_away("reading the edges"):
            known = {text(address) for address in await self._redis.hkeys(self._key)}
        for address in known - set(wanted):
            await self._unbind(address)
        changed = [
            address
            for address, signals in wanted.items()
            if address in anew or self._bound.get(address) != signals
        ]
        started = await asyncio.gather(*(self._configure(a, wanted[a]) for a in changed))
        failed = {address: why for address, why in zip(changed, started, strict=True) if why}
        self._bound = {a: signals for a, signals in wanted.items() if a not in failed}
        return failed

    async def _configure(self, address: str, bound: Sequence[BoundSignal]) -> str:
        """The edge finds what it is bound to in the live store, also when it restarts."""
        content = json.dumps([b.to_json() for b in bound])
        async with unavailable_when_away(f"binding {address}"):
            await self._redis.hset(self._key, address, content)
        name = naming.edge_name(address)

        async def begin() -> None:
            edge = naming.make(self._settings, name, EdgeActor, "Edge", self._settings, address)
            await edge.configure.remote()

        return await self._starter.start(name, begin)

    async def _unbind(self, address: str) -> None:
        name = naming.edge_name(address)
        self._starter.forget(name)
        try:
            edge = naming.find(self._settings, name)
        except NotFound:
            log.info("had ended already", edge=address)
        else:
            try:
                async with asyncio.timeout(_STOP_S):
                    await edge.stop.remote()
            except (RayError, TimeoutError) as error:
                log.warning("an edge does not stop in order", edge=address, why=str(error))
            ray.kill(edge, no_restart=True)
        async with unavailable_when_away(f"unbinding {address}"):
            await self._redis.hdel(self._key, address)


def bound_signals(record: AssetRecord, stream: str) -> list[BoundSignal]:
    """What an edge must know of an asset's bindings: where to, and in which unit."""
    kind_ = kind(record.kind)
    found = []
    for binding in record.bindings:
        if not isinstance(binding.source, OpcUaSource | MqttSource):
            continue
        spec = kind_.signal(binding.signal)
        if spec is None:
            continue
        scale, offset = (1.0, 0.0) if spec.unit is None else affine(binding.unit, spec.unit)
        found.append(
            BoundSignal(
                asset=record.name,
                signal=binding.signal,
                stream=stream,
                source=binding.source,
                scale=scale * binding.scale,
                offset=offset,
                is_text=spec.is_text,
            )
        )
    return found
