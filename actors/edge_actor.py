"""The actor of one endpoint: a session with the source, and the forwarder behind it."""

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from redis.asyncio import Redis

from actors.loop import keep_trying, start
from actors.naming import edge_name
from actors.settings import PlantSettings
from asset_registry.record import AssetState
from asset_registry.redis_store import RedisAssetStore
from protocols.edge.bound_signal import BoundSignal
from protocols.edge.forwarder import ForwarderStatus, FrameForwarder
from protocols.edge.opening import open_session
from protocols.edge.session import EdgeSession, SessionStatus
from protocols.edge.status_board import NOTHING_YET
from stores.live.backbone import RedisBackbone
from stores.live.checkpoints import RedisCheckpoints
from stores.live.connection import connect, unavailable_when_away
from stores.live.keys import Keys
from stores.spool import Spool

log = structlog.get_logger()

_STATUS_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class EdgeView:
    session: SessionStatus
    forwarder: ForwarderStatus


class EdgeActor:
    """Reads what the live store says it is bound to, at its start and when told to."""

    def __init__(self, settings: PlantSettings, address: str) -> None:
        self._settings = settings
        self._address = address
        self._keys = Keys(settings.plant)
        self._redis: Redis = connect(settings.redis_url)
        self._checkpoints = RedisCheckpoints(settings.redis_url, settings.plant)
        self._store = RedisAssetStore(connect(settings.redis_url), settings.plant)
        self._statuses: dict[str, tuple[AssetState, str]] = {}
        self._statuses_known: dict[str, tuple[AssetState, str]] = {}
        self._ready = asyncio.Event()
        self._loop = start(edge_name(address), self._run)

    def __repr__(self) -> str:
        return f"Edge {self._address}"

    async def configure(self) -> None:
        """What it is bound to has changed, or how its assets do must be said anew."""
        await self._ready.wait()
        await self._configure()
        self._statuses_known.clear()

    async def stop(self) -> None:
        await self._ready.wait()
        await self._session.stop()
        await self._forwarder.stop()

    async def view(self) -> EdgeView:
        await self._ready.wait()
        return EdgeView(self._session.status(), self._forwarder.status())

    async def _run(self) -> None:
        await keep_trying(f"starting {self!r}", self._open)
        await self._forwarder.start()
        await keep_trying(f"binding {self!r}", self._configure)
        await self._session.start()
        self._ready.set()
        statuses = start(f"{self!r} status", self._write_statuses)
        try:
            await self._forwarder.failure()
        finally:
            statuses.cancel()

    async def _open(self) -> None:
        boot = await self._checkpoints.next_incarnation(edge_name(self._address))
        self._forwarder = FrameForwarder(
            RedisBackbone(self._settings.redis_url),
            Spool(_spool_path(self._settings.spool_folder, self._address)),
            # The time too: a live store that was lost or put back counts boots anew.
            producer=f"{edge_name(self._address)}:{boot}:{time.time_ns():x}",
            clock=time.time_ns,
        )
        self._session: EdgeSession = open_session(
            self._address,
            self._forwarder.put,
            self._status_changed,
            client_id=f"gigatwin-{self._settings.plant}",
            clock=time.time_ns,
        )

    async def _configure(self) -> None:
        async with unavailable_when_away(f"reading what {self!r} is bound to"):
            content = await self._redis.hget(self._keys.edges(), self._address)
        bound = [BoundSignal.from_json(item) for item in json.loads(content or "[]")]
        await self._session.configure(bound)

    def _status_changed(self, asset: str, has_data: bool, reason: str) -> None:
        state = AssetState.LIVE if has_data else AssetState.NO_DATA
        self._statuses[asset] = (state, reason)

    async def _write_statuses(self) -> None:
        """Statuses are gathered and written together: an endpoint may serve thousands."""
        while True:
            await asyncio.sleep(_STATUS_S)
            await keep_trying("writing the assets' states", self._write)

    async def _write(self) -> None:
        news = {
            asset: status
            for asset, status in self._statuses.items()
            if self._statuses_known.get(asset) != status
        }
        live = await self._live_by_another(news)
        to_write = {asset: status for asset, status in news.items() if asset not in live}
        if to_write:
            await self._store.set_statuses(to_write)
        self._statuses_known.update(news)

    async def _live_by_another(self, news: Mapping[str, tuple[AssetState, str]]) -> set[str]:
        """Assets that another endpoint has readings of: that nothing has come from here yet
        (a laboratory that tells of a sample an hour) does not make them silent."""
        waiting = [name for name, (_, reason) in news.items() if reason == NOTHING_YET]
        records = await self._store.get(waiting) if waiting else ()
        return {r.name for r in records if r is not None and r.state is AssetState.LIVE}


def _spool_path(folder: str, address: str) -> Path:
    """A file of its own for each endpoint, the same after a restart."""
    return Path(folder) / (re.sub(r"[^A-Za-z0-9.-]+", "_", address).strip("_") + ".sqlite")
