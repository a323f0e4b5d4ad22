"""From the backbone into the archive, without end."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import Final

from historian.compaction import compact
from historian.slices import Slice
from historian.writer import SliceWriter
from twin.errors import InvalidFrame, Unavailable
from twin.frame import Frame
from twin.ports import START, Backbone, Entry

_log = logging.getLogger(__name__)
_BLOCK_MS: Final = 500
_COUNT: Final = 256
_BACKOFF_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
_COMPACT_EVERY: Final = 60
_COMPACT_AGE_NS: Final = 60_000_000_000


class Archiver:
    """Follows a changing set of streams and flushes their frames into slices.

    A slice is written ``flush_s`` after its first frame was read, or with ``max_rows``
    rows. While the backbone or the disk is away it tries again, and what waits stays on
    the backbone: never trim a stream above ``positions``.
    ``on_flush`` is told of each slice (for metrics and trimming). ``patience_ms`` is the
    longest wait for a first entry, and so for ``stop`` and ``follow`` to be heard.
    """

    def __init__(
        self,
        backbone: Backbone,
        writer: SliceWriter,
        flush_s: float = 5.0,
        max_rows: int = 100_000,
        on_flush: Callable[[Slice], None] = lambda _: None,
        patience_ms: int = _BLOCK_MS,
    ) -> None:
        self._backbone = backbone
        self._writer = writer
        self._flush_s = flush_s
        self._max_rows = max_rows
        self._on_flush = on_flush
        self._patience_ms = patience_ms
        self._streams: frozenset[str] = frozenset()
        self._changed = asyncio.Event()
        self._stopping = asyncio.Event()
        self._flushed = asyncio.Condition()
        self._due: float | None = None
        self._flushes = 0
        self.damaged = 0
        """Entries that were no frame, and were passed over."""

    def follow(self, streams: Collection[str]) -> None:
        """Follow exactly these streams from now on, each from where the archive has it.

        Leave a stream out only when nothing will be appended to it any more and
        ``reached`` says that all of it has been read.
        """
        self._streams = frozenset(streams)
        self._changed.set()

    def positions(self) -> Mapping[str, str]:
        """The newest entry of each followed stream that is safe in the archive."""
        archived = self._writer.positions()
        return {stream: archived.get(stream, START) for stream in self._streams}

    def reached(self) -> Mapping[str, str]:
        """The newest entry of each followed stream that has been read."""
        return {stream: self._writer.reached(stream) for stream in self._streams}

    async def flushed(self) -> None:
        """Wait for the next slice."""
        async with self._flushed:
            await self._flushed.wait()

    def stop(self) -> None:
        """Let ``run`` flush and return."""
        self._stopping.set()
        self._changed.set()

    async def run(self) -> None:
        """Archive until ``stop``. Raises InvalidFile where an own slice is damaged."""
        failures = 0
        while not self._stopping.is_set():
            self._changed.clear()
            try:
                await self._round()
                failures = 0
            except Unavailable as error:
                delay = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
                if failures == 0:
                    _log.warning("archiving waits: %s", error)
                failures += 1
                await self._pause(delay)
        await self._flush()

    async def _round(self) -> None:
        if self._due is not None and (self._is_due() or self._writer.rows >= self._max_rows):
            await self._flush()
        if not self._streams:
            await self._wait_for_change()
            return
        after = {stream: self._writer.reached(stream) for stream in self._streams}
        for entry in await self._backbone.read(after, block_ms=self._patience(), count=_COUNT):
            self._take(entry)
        if self._due is None and self._writer.rows:
            self._due = time.monotonic() + self._flush_s

    def _take(self, entry: Entry) -> None:
        try:
            self._writer.add(entry, Frame.from_bytes(entry.data))
        except InvalidFrame as error:
            self.damaged += 1
            self._writer.skip(entry)
            _log.error("entry %s of %s is not archived: %s", entry.id, entry.stream, error)

    def _is_due(self) -> bool:
        return self._due is not None and time.monotonic() >= self._due

    def _patience(self) -> int:
        if self._due is None:
            return self._patience_ms
        return max(1, min(self._patience_ms, int((self._due - time.monotonic()) * 1000)))

    async def _flush(self) -> None:
        written = await asyncio.to_thread(self._writer.flush)
        self._due = None
        if written is None:
            return
        self._on_flush(written)
        async with self._flushed:
            self._flushed.notify_all()
        self._flushes += 1
        if self._flushes % _COMPACT_EVERY == 0:
            before = written.received[0] - _COMPACT_AGE_NS
            await asyncio.to_thread(compact, self._writer.folder, before)

    async def _wait_for_change(self) -> None:
        waits = None if self._due is None else max(0.0, self._due - time.monotonic())
        try:
            await asyncio.wait_for(self._changed.wait(), waits)
        except TimeoutError:
            return

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
