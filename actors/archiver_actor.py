"""The actor that archives every reading on the backbone, and trims what all have taken.

It also cuts the traces of cells that have left their channel out of the archive.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import structlog
from redis.asyncio import Redis

from actors import naming
from actors.loop import keep_trying, start
from actors.settings import PlantSettings
from stores.live.backbone import RedisBackbone
from stores.live.checkpoints import RedisCheckpoints
from stores.live.connection import connect, text, unavailable_when_away
from stores.live.keys import Keys
from twin.ports import order

log = structlog.get_logger()

_TRIM_S: Final = 10.0
_MAX_ROWS: Final = 200_000
_TRACES_S: Final = 300.0


class ArchiverActor:
    def __init__(self, settings: PlantSettings) -> None:
        # Late: whoever starts this actor imports this file, and does without pyarrow.
        from historian.archiver import Archiver
        from historian.writer import SliceWriter

        self._settings = settings
        self._keys = Keys(settings.plant)
        self._redis: Redis = connect(settings.redis_url)
        self._backbone = RedisBackbone(settings.redis_url)
        self._checkpoints = RedisCheckpoints(settings.redis_url, settings.plant)
        self._archiver = Archiver(
            RedisBackbone(settings.redis_url),
            SliceWriter(Path(settings.archive_folder)),
            flush_s=settings.archive_flush_s,
            max_rows=_MAX_ROWS,
        )
        self._wanted: frozenset[str] = frozenset()
        self._ready = asyncio.Event()
        self._loop = start(naming.ARCHIVER, self._run)
        self._trimmer = start("trimmer", self._keep_trimming)
        self._tracer = start("trace keeper", self._keep_traces)

    def __repr__(self) -> str:
        return f"Archiver {self._settings.plant}"

    async def follow(self, streams: Sequence[str]) -> None:
        """Archive these streams; one that is left out is archived to its end first.

        Raises Unavailable where they can't be noted for the next start.
        """
        await self._ready.wait()
        if streams:
            async with unavailable_when_away("noting what to archive"):
                await self._redis.sadd(self._keys.archived(), *streams)
        self._wanted = frozenset(streams)
        self._archiver.follow(self._wanted | frozenset(self._archiver.positions()))

    async def positions(self) -> dict[str, str]:
        """How far each stream is in the archive, on disk."""
        return dict(self._archiver.positions())

    async def _run(self) -> None:
        await keep_trying("finding what to archive", self._resume)
        self._ready.set()
        await self._archiver.run()

    async def _resume(self) -> None:
        """Nobody tells an archiver that was restarted what to follow."""
        async with unavailable_when_away("finding what to archive"):
            known = await self._redis.smembers(self._keys.archived())
        self._wanted = frozenset(text(stream) for stream in known)
        self._archiver.follow(self._wanted)

    async def _keep_trimming(self) -> None:
        await self._ready.wait()
        while True:
            await asyncio.sleep(_TRIM_S)
            await keep_trying("trimming the backbone", self._trim)

    async def _keep_traces(self) -> None:
        from historian.query import Archive
        from historian.trace_keeper import TraceKeeper, traces_folder
        from historian.traces import TraceStore

        await self._ready.wait()
        folder = Path(self._settings.archive_folder)
        keeper = TraceKeeper(Archive(folder), TraceStore(traces_folder(folder)))

        async def round_() -> None:
            written = await asyncio.to_thread(keeper.keep)
            if written:
                log.info("traces of cells written", cells=written)

        while True:
            await asyncio.sleep(_TRACES_S)
            await keep_trying("cutting the traces of cells", round_)

    async def _trim(self) -> None:
        """A frame may go once it is archived and below its host's checkpoint."""
        for stream, archived in self._archiver.positions().items():
            checkpoint = await self._checkpoints.load(
                stream.removeprefix(self._keys.frames_prefix())
            )
            if checkpoint is not None:
                await self._backbone.trim(stream, min(archived, checkpoint.position, key=order))
        await self._leave()

    async def _leave(self) -> None:
        """Stop following what nobody wants any more and is archived to its end."""
        positions = self._archiver.positions()
        unfinished = [
            stream
            for stream in positions
            if stream not in self._wanted
            and order(positions[stream]) < order(await self._backbone.last_id(stream))
        ]
        done = set(positions) - self._wanted - set(unfinished)
        if done:
            async with unavailable_when_away("noting what to archive"):
                await self._redis.srem(self._keys.archived(), *done)
            self._archiver.follow(self._wanted | frozenset(unfinished))
