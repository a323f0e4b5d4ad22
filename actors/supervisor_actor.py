"""The actors of the layers' supervisors and of the plant's: shells around SupervisorCore.

report(events) ─▶ core ─▶ checkpoint ─▶ records ─▶ feed ─▶ plant supervisor ─▶ acknowledged
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import structlog

from actors import naming
from actors.calls import call
from actors.loop import keep_trying, start
from actors.registry import live_records
from actors.settings import PlantSettings
from asset_registry.config import config_of
from asset_registry.redis_store import RedisAssetStore
from stores.live.checkpoints import RedisCheckpoints
from stores.live.connection import connect
from stores.live.feed import RecommendationFeed
from stores.records.store import SqlRecords
from twin.asset import AssetConfig, Event, Json
from twin.kinds import Layer, kind
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Command, Decisions, LayerRules
from twin.plant.supervisor import SupervisorCore
from twin.ports import START, Checkpoint

log = structlog.get_logger()

_TICK_S: Final = 1.0
_DOWN_A_CALL: Final = 200


def _electrode() -> LayerRules:
    from twin.electrode.supervisor import ElectrodeRules

    return ElectrodeRules()


def _cell() -> LayerRules:
    from twin.cell.supervisor import CellRules

    return CellRules()


def _plant() -> LayerRules:
    from twin.plant.rules import PlantRules

    return PlantRules()


PLANT: Final = "plant"
RULES: Final[Mapping[str, Callable[[], LayerRules]]] = MappingProxyType(
    {Layer.ELECTRODE: _electrode, Layer.CELL: _cell, PLANT: _plant}
)


class LayerSupervisor:
    """Takes the events of a layer's assets, proposes, and follows what it proposed."""

    def __init__(self, settings: PlantSettings, layer: str) -> None:
        self._settings = settings
        self._layer = layer
        self._core = SupervisorCore(RULES[layer]())
        self._checkpoints = RedisCheckpoints(settings.redis_url, settings.plant)
        self._store = RedisAssetStore(connect(settings.redis_url), settings.plant)
        self._feed = RecommendationFeed(settings.redis_url, settings.plant)
        self._records = SqlRecords(settings.records_url, settings.plant)
        self._incarnation = 0
        self._turn = asyncio.Lock()
        self._ready = asyncio.Event()
        self._loop = start(self._name, self._run)

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self._layer}"

    @property
    def _name(self) -> str:
        return naming.supervisor_name(self._layer)

    async def ready(self) -> int:
        await self._ready.wait()
        return self._incarnation

    async def report(self, host: str, incarnation: int, events: Sequence[Event]) -> int:
        """Take a host's events, in order; returns once what follows from them is written.

        Raises Fenced for an incarnation that another has replaced, Unavailable where a
        store is away: the host keeps its events and reports again.
        """
        await self._ready.wait()
        async with self._turn:
            new = self._core.take(host, incarnation, events, time.time_ns())
            await self._write_down()
        return new

    async def command(self, command: Command) -> Recommendation:
        """Approve, reject or report as applied. Errors as in LayerRules.on_command."""
        await self._ready.wait()
        async with self._turn:
            moved = self._core.command(command, time.time_ns())
            await self._write_down()
        if moved is None:
            return await asyncio.to_thread(self._records.recommendation, command.id)
        return moved

    async def assets_changed(self) -> None:
        await self._ready.wait()
        async with self._turn:
            self._core.assets_changed(await self._configs())

    async def kpis(self) -> Mapping[str, Json]:
        await self._ready.wait()
        return self._core.kpis()

    async def _run(self) -> None:
        await keep_trying(f"starting the {self._name}", self._restore)
        self._ready.set()
        while True:
            await asyncio.sleep(_TICK_S)
            await keep_trying(f"writing for the {self._name}", self._tick)

    async def _restore(self) -> None:
        self._incarnation = await self._checkpoints.next_incarnation(self._name)
        saved = await self._checkpoints.load(self._name)
        self._core.assets_changed(await self._configs())
        if saved is not None:
            self._core.restore(saved.state)

    async def _tick(self) -> None:
        async with self._turn:
            self._core.at(time.time_ns())
            if self._core.pending != Decisions():
                await self._write_down()

    async def _write_down(self) -> None:
        """The checkpoint first, with the decisions in it; then they are carried out.

        Whatever fails after that, the same decisions are carried out again, here or after
        a restart: records and the plant's supervisor take each of them once, the feed may
        show one twice.
        """
        state = self._core.snapshot()
        await self._checkpoints.save(self._name, Checkpoint(START, self._incarnation, state))
        pending = self._core.pending
        if pending.recommendations:
            await asyncio.to_thread(self._records.save_recommendations, pending.recommendations)
            for recommendation in pending.recommendations:
                await self._feed.publish(recommendation)
        if pending.steps:
            await asyncio.to_thread(self._records.record_steps, pending.steps)
        if pending.refused:
            await asyncio.to_thread(self._records.record_refused, pending.refused)
        if pending.upward and self._layer != PLANT:
            await self._tell_plant(tuple(pending.upward))
        self._core.pending = Decisions()

    async def _tell_plant(self, events: Sequence[Event]) -> None:
        await call(
            self._settings, naming.PLANT_SUPERVISOR, "report", self._name, self._incarnation, events
        )

    async def _configs(self) -> dict[str, AssetConfig]:
        records = await live_records(self._store)
        return {
            record.name: config_of(record)
            for record in records
            if self._layer == PLANT or kind(record.kind).layer == self._layer
        }


class PlantSupervisor(LayerSupervisor):
    """Takes what the layers' supervisors say, knows the plant's KPIs, and hands on to a layer
    what it needs of another."""

    def __init__(self, settings: PlantSettings) -> None:
        super().__init__(settings, PLANT)

    async def _tick(self) -> None:
        await super()._tick()
        await self._hand_on()

    async def _hand_on(self) -> None:
        """At least once: what a layer has acknowledged is forgotten with the next checkpoint,
        and a repeat is dropped there by its number. Outside the turn, since that layer may be
        waiting for this one to take what it reports."""
        while (going := self._core.downward(_DOWN_A_CALL)) is not None:
            layer, events = going
            name = naming.supervisor_name(layer)
            await call(self._settings, name, "report", self._name, self._incarnation, events)
            self._core.went_down(events)

    @property
    def _name(self) -> str:
        return naming.PLANT_SUPERVISOR
