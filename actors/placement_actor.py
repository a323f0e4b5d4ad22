"""The actor that makes the plant of actors match the registry.

    registry ─▶ plan ─▶ asset actors made, reassigned, stopped
                    └─▶ edges told what to subscribe

It works on levels, not on edges: whatever it missed while it was away, the next look at
the registry puts right.
"""

import asyncio
from collections.abc import Collection, Mapping
from typing import Final

import ray
import structlog
from redis.asyncio import Redis

from actors import naming
from actors.asset_actor import AssetActor
from actors.calls import call
from actors.edges import Edges, bound_signals
from actors.loop import keep_trying, start
from actors.placement import HostPlan, place
from actors.registry import live_records
from actors.settings import PlantSettings
from actors.starter import Starter
from actors.supervisor_actor import PLANT, RULES
from asset_registry.record import AssetRecord, AssetState
from asset_registry.redis_store import RedisAssetStore
from asset_registry.store import ChangeKind
from protocols.edge.bound_signal import BoundSignal
from stores.live.connection import connect, text, unavailable_when_away
from stores.live.keys import Keys
from twin.errors import NotFound, TooOld
from twin.kinds import kind

log = structlog.get_logger()

_LOOK_AGAIN_MS: Final = 2_000
_STARTED_AT_ONCE: Final = 4
"""Workers that Ray is asked to start at a time; more would only queue, and wait longer."""
_PATIENCE_S: Final = 30.0
_NO_READING: Final = "no reading has come yet"
_DOES_NOT_START: Final = "its actor does not start"
_EDGE_DOES_NOT_START: Final = "the edge of its source does not start"


class PlacementActor:
    def __init__(self, settings: PlantSettings) -> None:
        self._settings = settings
        self._keys = Keys(settings.plant)
        self._redis: Redis = connect(settings.redis_url)
        self._store = RedisAssetStore(connect(settings.redis_url), settings.plant)
        self._position = ""
        self._known: dict[str, HostPlan] = {}
        self._etags: dict[str, str] = {}
        self._starter = Starter(_STARTED_AT_ONCE, _PATIENCE_S)
        self._edges = Edges(settings, self._redis, self._starter)
        self._unwell: dict[str, str] = {}
        self._loop = start(naming.PLACEMENT, self._run)

    def __repr__(self) -> str:
        return f"Placement {self._settings.plant}"

    async def placed(self) -> str:
        """The position in the registry's feed up to which every asset has its actor, but
        for those that are ``unwell``."""
        return self._position

    async def hosts(self) -> tuple[HostPlan, ...]:
        return tuple(self._known.values())

    async def edges(self) -> tuple[str, ...]:
        return self._edges.addresses()

    async def unwell(self) -> Mapping[str, str]:
        """Assets whose actor or edge does not start, each with the reason."""
        return dict(self._unwell)

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
        news = any(change.kind is not ChangeKind.STATUS for change in changes)
        if news or self._starter.is_due:
            await self._look()
            return
        if changes:
            self._position = changes[-1].id
        await self._say_unwell()

    async def _look(self) -> None:
        """One pass from what the registry says to what lives."""
        position = await self._store.position()
        records = {record.name: record for record in await live_records(self._store)}
        placed = await self._placed()
        homes = {**await self._rested(), **placed}
        plans = {p.host: p for p in place(records.values(), self._settings.per_actor, homes)}
        for host in (set(placed.values()) | set(self._known)) - set(plans):
            self._stop(host)
        await self._remember(plans, placed)
        await self._tell_supervisors(records)
        changed = [plan for plan in plans.values() if self._differs(plan, records)]
        waiting = await self._say_waiting(changed, records)
        hosting = asyncio.ensure_future(self._host(plans, changed))
        try:
            self._unwell = await self._bind(plans, records, waiting)
        finally:
            hostless = await hosting
        self._unwell |= hostless
        await self._say_unwell()
        self._etags = {name: record.etag for name, record in records.items()}
        self._position = position

    async def _say_unwell(self) -> None:
        """Again and again: an edge that gets readings knows nothing of the actor."""
        if self._unwell:
            await self._store.set_statuses(
                {asset: (AssetState.NO_DATA, why) for asset, why in self._unwell.items()}
            )

    async def _placed(self) -> dict[str, str]:
        async with unavailable_when_away("reading the placement"):
            stored = await self._redis.hgetall(self._keys.hosts())
        return {text(asset): text(host) for asset, host in stored.items()}

    async def _rested(self) -> dict[str, str]:
        async with unavailable_when_away("reading where deleted assets were"):
            stored = await self._redis.hgetall(self._keys.rested())
        return {text(asset): text(host) for asset, host in stored.items()}

    async def _remember(self, plans: Mapping[str, HostPlan], before: Mapping[str, str]) -> None:
        """Which host each asset has, and which assets each host: a host that is restarted
        looks there."""
        placed = {asset: plan.host for plan in plans.values() for asset in plan.assets}
        gone = set(before) - set(placed)
        changed = {host for asset, host in before.items() if placed.get(asset) != host}
        changed |= {host for asset, host in placed.items() if before.get(asset) != host}
        if not changed:
            return
        async with (
            unavailable_when_away("writing the placement"),
            self._redis.pipeline(transaction=True) as together,
        ):
            if gone:
                together.hdel(self._keys.hosts(), *gone)
                # Undeleted, an asset finds its state where it was.
                together.hset(self._keys.rested(), mapping={name: before[name] for name in gone})
            for host in changed:
                together.delete(self._keys.hosted(host))
                if host in plans:
                    together.sadd(self._keys.hosted(host), *plans[host].assets)
                    together.hset(
                        self._keys.hosts(), mapping=dict.fromkeys(plans[host].assets, host)
                    )
            await together.execute()

    async def _say_waiting(
        self, changed: Collection[HostPlan], records: Mapping[str, AssetRecord]
    ) -> Collection[str]:
        """Before the start: what is known better afterwards must stand. Returns for whom it
        was said."""
        waiting = {
            asset: (AssetState.PENDING, _NO_READING)
            for plan in changed
            for asset in plan.assets
            if _waits(records[asset])
        }
        if waiting:
            await self._store.set_statuses(waiting)
        return set(waiting)

    async def _host(
        self, plans: Mapping[str, HostPlan], changed: Collection[HostPlan]
    ) -> dict[str, str]:
        """Returns the assets whose actor does not start, with the reason."""
        started = await asyncio.gather(*(self._start(plan) for plan in changed))
        failed = {plan.host: why for plan, why in zip(changed, started, strict=True) if why}
        self._known = {host: plan for host, plan in plans.items() if host not in failed}
        return {
            asset: f"{_DOES_NOT_START}: {why}"
            for host, why in failed.items()
            for asset in plans[host].assets
        }

    async def _start(self, plan: HostPlan) -> str:
        """Makes the actor where it does not live; returns why it could not, or nothing."""

        async def begin() -> None:
            await self._make(plan).assign.remote()

        return await self._starter.start(plan.host, begin)

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
        return self._known.get(plan.host) != plan or any(
            self._etags.get(asset) != records[asset].etag for asset in plan.assets
        )

    def _stop(self, host: str) -> None:
        """The actor ends; its checkpoint and its stream stay, as the asset's history does."""
        self._starter.forget(host)
        self._known.pop(host, None)
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
        self,
        plans: Mapping[str, HostPlan],
        records: Mapping[str, AssetRecord],
        waiting: Collection[str],
    ) -> dict[str, str]:
        """Returns the assets whose edge does not start, with the reason."""
        stream_of = {
            asset: self._keys.frames(plan.host) for plan in plans.values() for asset in plan.assets
        }
        wanted: dict[str, list[BoundSignal]] = {}
        for record in records.values():
            for bound in bound_signals(record, stream_of[record.name]):
                wanted.setdefault(bound.source.address, []).append(bound)
        # Before the edges: what they append is archived from its beginning.
        await call(
            self._settings, naming.ARCHIVER, "follow", tuple(sorted(set(stream_of.values())))
        )
        anew = {
            address for address, bound in wanted.items() if any(b.asset in waiting for b in bound)
        }
        failed = await self._edges.bind(wanted, anew)
        return {
            bound.asset: f"{_EDGE_DOES_NOT_START}: {why}"
            for address, why in failed.items()
            for bound in wanted[address]
        }


def _waits(record: AssetRecord) -> bool:
    """Nothing better is known of it than that its actor is being started."""
    return record.state is AssetState.PENDING or record.state_reason.startswith(
        (_DOES_NOT_START, _EDGE_DOES_NOT_START)
    )
