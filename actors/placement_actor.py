"""The actor that makes the plant of actors match the registry.

    registry ─▶ plan ─▶ asset actors made, reassigned, stopped
                    └─▶ edges told what to subscribe

It works on levels, not on edges: whatever it missed while it was away, the next look at
the registry puts right.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Final

import ray
import structlog
from ray.exceptions import RayError
from redis.asyncio import Redis

from actors import naming
from actors.asset_actor import AssetActor
from actors.calls import call
from actors.edge_actor import EdgeActor
from actors.loop import keep_trying, start
from actors.placement import HostPlan, place
from actors.registry import live_records
from actors.settings import PlantSettings
from actors.supervisor_actor import PLANT, RULES
from asset_registry.record import AssetRecord, AssetState, MqttSource, OpcUaSource
from asset_registry.redis_store import RedisAssetStore
from asset_registry.store import ChangeKind
from protocols.edge.bound_signal import BoundSignal
from stores.live.backbone import RedisBackbone
from stores.live.connection import connect, text, unavailable_when_away
from stores.live.keys import Keys
from twin.errors import NotFound, TooOld
from twin.kinds import kind
from twin.units import affine

log = structlog.get_logger()

_LOOK_AGAIN_MS: Final = 2_000
_STARTED_AT_ONCE: Final = 4
"""Workers that Ray is asked to start at a time; more would only queue, and wait longer."""


class PlacementActor:
    def __init__(self, settings: PlantSettings) -> None:
        self._settings = settings
        self._keys = Keys(settings.plant)
        self._redis: Redis = connect(settings.redis_url)
        self._backbone = RedisBackbone(settings.redis_url)
        self._store = RedisAssetStore(connect(settings.redis_url), settings.plant)
        self._position = ""
        self._known: dict[str, HostPlan] = {}
        self._etags: dict[str, str] = {}
        self._edges: dict[str, list[BoundSignal]] = {}
        self._starting = asyncio.Semaphore(_STARTED_AT_ONCE)
        self._loop = start(naming.PLACEMENT, self._run)

    def __repr__(self) -> str:
        return f"Placement {self._settings.plant}"

    async def placed(self) -> str:
        """The position in the registry's feed up to which every asset has its actor."""
        return self._position

    async def hosts(self) -> tuple[HostPlan, ...]:
        return tuple(self._known.values())

    async def edges(self) -> tuple[str, ...]:
        return tuple(self._edges)

    async def _run(self) -> None:
        await keep_trying("placing the plant's assets", self._look)
        while True:
            await keep_trying("watching the registry", self._wait_and_look)

    async def _wait_and_look(self) -> None:
        try:
            changes = await self._store.changes(self._position, block_ms=_LOOK_AGAIN_MS)
        except TooOld:
            await self._look()
            return
        if not changes:
            return
        if all(change.kind is ChangeKind.STATUS for change in changes):
            self._position = changes[-1].id
        else:
            await self._look()

    async def _look(self) -> None:
        """One pass from what the registry says to what lives."""
        position = await self._store.position()
        records = {record.name: record for record in await live_records(self._store)}
        placed = await self._placed()
        plans = {p.host: p for p in place(records.values(), self._settings.per_actor, placed)}
        for host in set(placed.values()) - set(plans):
            self._stop(host)
        await self._remember(plans, placed)
        await self._host(plans, records)
        await self._tell_supervisors(records)
        await self._bind(plans, records)
        self._etags = {name: record.etag for name, record in records.items()}
        self._position = position

    async def _placed(self) -> dict[str, str]:
        async with unavailable_when_away("reading the placement"):
            stored = await self._redis.hgetall(self._keys.hosts())
        return {text(asset): text(host) for asset, host in stored.items()}

    async def _remember(self, plans: Mapping[str, HostPlan], before: Mapping[str, str]) -> None:
        placed = {asset: plan.host for plan in plans.values() for asset in plan.assets}
        gone = set(before) - set(placed)
        async with (
            unavailable_when_away("writing the placement"),
            self._redis.pipeline(transaction=True) as together,
        ):
            if gone:
                together.hdel(self._keys.hosts(), *gone)
            for asset, host in placed.items():
                together.hset(self._keys.hosts(), asset, host)
            await together.execute()

    async def _host(
        self, plans: Mapping[str, HostPlan], records: Mapping[str, AssetRecord]
    ) -> None:
        changed = [
            plan
            for host, plan in plans.items()
            if host not in self._known or self._differs(plan, records)
        ]
        started = await asyncio.gather(*(self._start(plan) for plan in changed))
        statuses: dict[str, tuple[AssetState, str]] = {}
        for plan, failure in zip(changed, started, strict=True):
            for asset in plan.assets:
                if failure:
                    statuses[asset] = (AssetState.NO_DATA, f"its actor does not start: {failure}")
                elif records[asset].state is AssetState.PENDING:
                    statuses[asset] = (
                        AssetState.PENDING,
                        "its actor runs; no reading has come yet",
                    )
        if statuses:
            await self._store.set_statuses(statuses)
        failed = {plan.host for plan, why in zip(changed, started, strict=True) if why}
        self._known = {host: plan for host, plan in plans.items() if host not in failed}

    async def _start(self, plan: HostPlan) -> str:
        """Makes the actor where it does not live; returns why it could not, or nothing."""
        async with self._starting:
            try:
                await self._make(plan).assign.remote(plan.assets)
            except RayError as error:
                log.error("an asset's actor does not start", host=plan.host, why=str(error))
                return str(error).strip().splitlines()[-1]
        return ""

    def _make(self, plan: HostPlan) -> naming.Handle:
        log.info("placing", host=plan.host, kind=plan.kind, assets=len(plan.assets))
        return naming.make(
            self._settings,
            plan.host,
            AssetActor,
            plan.title,
            self._settings,
            plan.host,
            plan.kind,
            plan.assets,
        )

    def _differs(self, plan: HostPlan, records: Mapping[str, AssetRecord]) -> bool:
        return self._known[plan.host] != plan or any(
            self._etags.get(asset) != records[asset].etag for asset in plan.assets
        )

    def _stop(self, host: str) -> None:
        """The actor ends; its checkpoint and its stream stay, as the asset's history does."""
        try:
            ray.kill(naming.find(self._settings, host), no_restart=True)
        except NotFound:
            log.info("had ended already", host=host)

    async def _tell_supervisors(self, records: Mapping[str, AssetRecord]) -> None:
        changed = {
            name: record.kind
            for name, record in records.items()
            if self._etags.get(name) != record.etag
        }
        gone = set(self._etags) - set(records)
        layers = set(RULES) if gone else {PLANT, *(kind(k).layer.value for k in changed.values())}
        if not changed and not gone:
            return
        for layer in layers:
            name = naming.PLANT_SUPERVISOR if layer == PLANT else naming.supervisor_name(layer)
            await call(self._settings, name, "assets_changed")

    async def _bind(
        self, plans: Mapping[str, HostPlan], records: Mapping[str, AssetRecord]
    ) -> None:
        stream_of = {
            asset: self._keys.frames(plan.host) for plan in plans.values() for asset in plan.assets
        }
        wanted: dict[str, list[BoundSignal]] = {}
        for record in records.values():
            for bound in bound_signals(record, stream_of[record.name]):
                wanted.setdefault(bound.source.address, []).append(bound)
        for address in set(self._edges) - set(wanted):
            await self._unbind(address)
        for address, signals in wanted.items():
            if self._edges.get(address) != signals:
                await self._configure(address, signals)
        self._edges = wanted
        archiver_streams = tuple(sorted(set(stream_of.values())))
        await call(self._settings, naming.ARCHIVER, "follow", archiver_streams)

    async def _configure(self, address: str, bound: list[BoundSignal]) -> None:
        """The edge finds what it is bound to in the live store, also when it restarts."""
        content = json.dumps([b.to_json() for b in bound])
        async with unavailable_when_away(f"binding {address}"):
            await self._redis.hset(self._keys.edges(), address, content)
        naming.make(
            self._settings,
            naming.edge_name(address),
            EdgeActor,
            "Edge",
            self._settings,
            address,
        )
        await call(self._settings, naming.edge_name(address), "configure")

    async def _unbind(self, address: str) -> None:
        async with unavailable_when_away(f"unbinding {address}"):
            await self._redis.hdel(self._keys.edges(), address)
        await call(self._settings, naming.edge_name(address), "stop")
        ray.kill(naming.find(self._settings, naming.edge_name(address)), no_restart=True)


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
