"""From an edge's readings to frames on the backbone, by way of the disk where it is away."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from protocols.edge.outbox import BackboneState, Done, Outbox, Outgoing
from stores.spool import Spool
from twin.frame import Frame, Reading
from twin.ports import Backbone

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ForwarderStatus:
    """``pending`` readings are in memory, not acknowledged; ``spooled`` frames are on disk
    now. ``refused`` offers were not taken for want of room: the source still
    has the reading, and offers it again. ``dropped`` readings are lost: taken, never
    acknowledged, and in memory when the edge had to stop. ``reason`` says why ``backbone`` is
    not UP."""

    readings_in: int
    frames_out: int
    pending: int
    spooled: int
    spooled_bytes: int
    refused: int
    dropped: int
    backbone: BackboneState
    reason: str


class FrameForwarder:
    """Batches readings into frames and sends them, each stream in order, none lost.

    ``producer`` must name this start of this edge (put a boot id into it): frames count
    up from 1 for each stream, and a frame that may or may not have arrived is sent again
    as the very same bytes, for the host to recognise. Once a frame had to go to the
    spool, all later ones follow it there until the spool is empty. ``done`` is called
    when a reading is on the backbone or committed in the spool.
    """

    def __init__(
        self,
        backbone: Backbone,
        spool: Spool,
        producer: str,
        clock: Callable[[], int],
        flush_s: float = 0.01,
        *,
        max_rows: int = 4096,
        max_pending: int = 100_000,
        append_timeout_s: float = 3.0,
        retry_s: float = 0.1,
        longest_retry_s: float = 2.0,
    ) -> None:
        self._spool = spool
        self._outbox = Outbox(
            backbone,
            spool,
            producer,
            append_timeout_s=append_timeout_s,
            retry_s=retry_s,
            longest_retry_s=longest_retry_s,
        )
        self._producer = producer
        self._clock = clock
        self._flush_s = flush_s
        self._max_rows = max_rows
        self._max_pending = max_pending
        self._pending: list[tuple[str, Reading, Done | None]] = []
        self._in_hand = 0
        self._sequences: dict[str, int] = {}
        self._arrived = asyncio.Event()
        self._full = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._readings_in = 0
        self._refused = 0
        self._dropped = 0

    async def start(self) -> None:
        self._tasks = [asyncio.create_task(self._work()), asyncio.create_task(self._outbox.drain())]

    async def stop(self, within_s: float = 5.0) -> None:
        """Store what was put, then end. What neither store took is counted as dropped."""
        self._flush_s = 0.0
        self._full.set()
        try:
            async with asyncio.timeout(within_s):
                await self._idle.wait()
        except TimeoutError:
            self._dropped += len(self._pending) + self._in_hand
            _log.error("edge %s stops with %d readings unstored", self._producer, self._dropped)
        await self._outbox.settle(within_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def failure(self) -> None:
        """Raises what ended the forwarder's own tasks, if anything ever does: start anew."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            await task

    def put(self, stream: str, reading: Reading, done: Done | None = None) -> bool:
        """Take one reading for a stream. False where there is no room for it."""
        if len(self._pending) + self._in_hand >= self._max_pending:
            self._refused += 1
            return False
        self._readings_in += 1
        self._pending.append((stream, reading, done))
        self._arrived.set()
        self._idle.clear()
        if len(self._pending) >= self._max_rows:
            self._full.set()
        return True

    async def stored(self) -> None:
        """Returns when everything that was put is on the backbone or in the spool."""
        await self._idle.wait()

    def status(self) -> ForwarderStatus:
        return ForwarderStatus(
            readings_in=self._readings_in,
            frames_out=self._outbox.frames_out,
            pending=len(self._pending) + self._in_hand,
            spooled=len(self._spool),
            spooled_bytes=self._spool.size_bytes,
            refused=self._refused,
            dropped=self._dropped,
            backbone=self._outbox.state,
            reason=self._outbox.reason,
        )

    async def _work(self) -> None:
        while True:
            await self._arrived.wait()
            if len(self._pending) < self._max_rows and self._flush_s:
                self._full.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._flush_s):
                        await self._full.wait()
            batch = self._pending[: self._max_rows]
            del self._pending[: self._max_rows]
            self._in_hand = len(batch)
            await self._outbox.store(self._frames(batch))
            self._in_hand = 0
            if not self._pending:
                self._arrived.clear()
                self._idle.set()

    def _frames(self, batch: Sequence[tuple[str, Reading, Done | None]]) -> list[Outgoing]:
        streams: dict[str, tuple[list[Reading], list[Done]]] = {}
        for stream, reading, done in batch:
            readings, dones = streams.setdefault(stream, ([], []))
            readings.append(reading)
            if done is not None:
                dones.append(done)
        frames = []
        for stream, (readings, dones) in streams.items():
            sequence = self._sequences.get(stream, 0) + 1
            self._sequences[stream] = sequence
            frame = Frame.of(self._producer, sequence, self._clock(), readings)
            frames.append(Outgoing(stream, frame.to_bytes(), dones))
        return frames
