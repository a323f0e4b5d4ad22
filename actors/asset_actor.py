"""The actor of 1..N assets of one kind: a shell around ``twin.host.TwinHost``.

backbone ─▶ TwinHost ─▶ outbox ─▶ supervisor
               └─▶ checkpoint: state and stream position, in one write
"""

import asyncio
import os
import time
from dataclasses import dataclass
from typing import Final

import structlog
from redis.asyncio import Redis

from actors import naming
from actors.calls import call
from actors.loop import keep_trying, start
from actors.settings import PlantSettings
from asset_registry.config import config_of
from asset_registry.record import AssetRecord, AssetState
from asset_registry.redis_store import RedisAssetStore
from stores.live.backbone import RedisBackbone
from stores.live.checkpoints import RedisCheckpoints
from stores.live.connection import connect, text, unavailable_when_away
from stores.live.keys import Keys
from twin.asset import Figure
from twin.errors import InvalidFrame
from twin.estimation.gate import SignalHealth
from twin.frame import Frame
from twin.host import HostCounts, TwinHost
from twin.kinds import kind
from twin.ports import START, Checkpoint, Entry

log = structlog.get_logger()

_EVENTS_A_CALL: Final = 512
_READ_BLOCK_MS: Final = 500


@dataclass(frozen=True, slots=True)
class AssetView:
    """What an asset actor answers when it is asked for one of its assets."""

    asset: str
    time_ns: int
    figures: tuple[Figure, ...]
    signals: tuple[SignalHealth, ...]
    incarnation: int
    position: str


@dataclass(frozen=True, slots=True)
class HostView:
    """How far a host has come. ``behind``: frames wait on its stream. ``settled``: all
    are taken, and all events acknowledged."""

    position: str
    incarnation: int
    counts: HostCounts
    behind: bool
    settled: bool
    pid: int


class AssetActor:
    """Hosts the assets that the registry's placement gives to ``host``.

    With a ``stream`` of another host it only looks on: the same readings and the same
    state, but nothing is reported.
    """

    def __init__(
        self,
        settings: PlantSettings,
        host: str,
        kind_name: str,
        assets: tuple[str, ...],
        stream: str = "",
    ) -> None:
        self._settings = settings
        self._host = host
        self._kind = kind(kind_name)
        self._assets = assets
        self._looks_on = bool(stream)
        self._ticks_when_idle = settings.idle_tick_s > 0 and not self._looks_on
        self._backbone = RedisBackbone(settings.redis_url)
        self._checkpoints = RedisCheckpoints(settings.redis_url, settings.plant)
        self._redis: Redis = connect(settings.redis_url)
        self._store = RedisAssetStore(self._redis, settings.plant)
        self._keys = Keys(settings.plant)
        self._stream = stream or self._keys.frames(host)
        self._silent: set[str] = set()
        self._incarnation = 0
        self._position = START
        self._saved_position = START
        self._saved_at = time.monotonic()
        self._ticks = 0
        self._twins: TwinHost | None = None
        self._turn = asyncio.Lock()
        self._ready = asyncio.Event()
        self._outgoing = asyncio.Event()
        self._loop = start(host, self._run)
        self._sender = start(f"{host} outbox", self._send)

    def __repr__(self) -> str:
        return f"{self._kind.title} {self._host}"

    async def ready(self) -> int:
        """Returns the incarnation once the state is restored and readings are taken."""
        await self._ready.wait()
        return self._incarnation

    async def view(self, asset: str) -> AssetView:
        """Raises NotFound where the asset is not hosted here."""
        await self._ready.wait()
        twins = self._hosted()
        return AssetView(
            asset=asset,
            time_ns=twins.clock_ns,
            figures=twins.figures(asset),
            signals=twins.health(asset),
            incarnation=self._incarnation,
            position=self._position,
        )

    async def progress(self) -> HostView:
        await self._ready.wait()
        twins = self._hosted()
        last = await self._backbone.last_id(self._stream)
        return HostView(
            position=self._position,
            incarnation=self._incarnation,
            counts=twins.counts,
            behind=last != self._position,
            settled=last == self._position and not twins.outbox,
            pid=os.getpid(),
        )

    async def state(self) -> bytes:
        """The twins' whole state, without events on their way."""
        await self._ready.wait()
        return self._hosted().state()

    async def assign(self) -> None:
        """Look which assets the placement gives to this host, and how their records are
        now. Twins that were hosted before keep their state."""
        await self._ready.wait()
        async with self._turn:
            twins = await self._made()
            # Now and not before: what was acknowledged meanwhile must not come back.
            twins.restore(self._hosted().snapshot())
            self._twins = twins
            await self._checkpoint()

    async def _run(self) -> None:
        await keep_trying(f"starting {self._host}", self._restore)
        self._ready.set()
        log.info("asset actor runs", actor=repr(self), incarnation=self._incarnation)
        while True:
            await keep_trying(f"reading {self._stream}", self._take_and_save)

    async def _restore(self) -> None:
        self._incarnation = await self._checkpoints.next_incarnation(self._host)
        twins = await self._made()
        saved = await self._checkpoints.load(self._host)
        if saved is not None:
            twins.restore(saved.state)
            self._position = self._saved_position = saved.position
        self._twins = twins
        self._outgoing.set()

    async def _made(self) -> TwinHost:
        """The twins anew, of the assets that the host has now: those it was made with may
        be others."""
        assets = self._assets if self._looks_on else await self._placed()
        found = await self._store.get(assets)
        records = [r for r in found if r is not None and not r.is_deleted]
        if not self._looks_on:
            self._silent = {r.name for r in records if _is_only_pushed(r)}
        return TwinHost(self._kind, [config_of(r) for r in records])

    async def _placed(self) -> tuple[str, ...]:
        async with unavailable_when_away(f"looking what {self._host} hosts"):
            members = await self._redis.smembers(self._keys.hosted(self._host))
        return tuple(sorted(text(asset) for asset in members))

    async def _take_and_save(self) -> None:
        entries = await self._backbone.read({self._stream: self._position}, block_ms=_READ_BLOCK_MS)
        for entry in entries:
            async with self._turn:
                self._take(entry)
            # A long backlog must not keep those waiting who ask.
            await asyncio.sleep(0)
        twins = self._hosted()
        if twins.outbox:
            self._outgoing.set()
        now = time.monotonic()
        if self._position != self._saved_position:
            if now - self._saved_at >= self._settings.checkpoint_s:
                await self._checkpoint()
        elif self._ticks_when_idle and now - self._saved_at >= self._settings.idle_tick_s:
            await self._tick()

    def _take(self, entry: Entry) -> None:
        try:
            self._hosted().handle(Frame.from_bytes(entry.data))
        except InvalidFrame as error:
            log.error("frame refused", actor=repr(self), entry=entry.id, why=str(error))
        self._position = entry.id

    async def _checkpoint(self) -> None:
        position = self._position
        state = self._hosted().snapshot()
        await self._checkpoints.save(self._host, Checkpoint(position, self._incarnation, state))
        self._saved_position = position
        self._saved_at = time.monotonic()
        await self._say_live()

    async def _say_live(self) -> None:
        """No edge speaks for an asset whose readings are pushed: its host does."""
        twins = self._hosted()
        live = {a for a in self._silent if any(s.accepted for s in twins.health(a))}
        if live:
            await self._store.set_statuses(dict.fromkeys(live, (AssetState.LIVE, "")))
            self._silent -= live

    async def _tick(self) -> None:
        """Time is a message too: an idle stream gets a frame without rows, so that a
        replay sees time pass as the twin saw it."""
        self._ticks += 1
        producer = f"clock:{self._host}:{self._incarnation}"
        await self._backbone.append(
            self._stream, Frame.of(producer, self._ticks, time.time_ns(), ()).to_bytes()
        )
        self._saved_at = time.monotonic()

    async def _send(self) -> None:
        """Events go out in order and stay in the outbox until they are acknowledged."""
        await self._ready.wait()
        while True:
            await self._outgoing.wait()
            self._outgoing.clear()
            while self._hosted().outbox:
                await keep_trying(f"reporting for {self._host}", self._send_some)

    async def _send_some(self) -> None:
        twins = self._hosted()
        events = tuple(twins.outbox)[:_EVENTS_A_CALL]
        if not self._looks_on:
            name = naming.supervisor_name(self._kind.layer)
            await call(self._settings, name, "report", self._host, self._incarnation, events)
        # The host may have been made anew meanwhile; it holds the same outbox.
        self._hosted().acknowledge(len(events))

    def _hosted(self) -> TwinHost:
        assert self._twins is not None, "asked before the state was restored"
        return self._twins


def _is_only_pushed(record: AssetRecord) -> bool:
    """And not known to be live."""
    return record.state is not AssetState.LIVE and not any(
        binding.source.address for binding in record.bindings
    )
