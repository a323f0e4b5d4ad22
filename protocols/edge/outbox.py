"""Frames on their way to the backbone, by way of the disk where it is away."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stores.spool import Spool
from twin.errors import Unavailable
from twin.ports import Backbone

_log = logging.getLogger(__name__)

Done = Callable[[], None]


class BackboneState(StrEnum):
    UP = "UP"
    AWAY = "AWAY"
    CATCHING_UP = "CATCHING_UP"
    REFUSING = "REFUSING"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One frame's bytes, and who waits to hear that it is stored."""

    stream: str
    data: bytes
    done: Sequence[Done]


class Outbox:
    """Stores frames, each stream in order: on the backbone, or on disk while that is away.

    Once a frame had to go to the spool, all later ones follow it there until the spool
    is empty. A frame that may or may not have arrived is sent again as the same bytes.
    ``name`` is for the log.
    """

    def __init__(
        self,
        backbone: Backbone,
        spool: Spool,
        name: str,
        *,
        append_timeout_s: float,
        retry_s: float,
        longest_retry_s: float,
    ) -> None:
        self._backbone = backbone
        self._spool = spool
        self._name = name
        self._append_timeout_s = append_timeout_s
        self._retry_s = retry_s
        self._longest_retry_s = longest_retry_s
        self._spooling = asyncio.Event()
        # Held while it is decided, and done, whether frames go directly or to the spool.
        self._order = asyncio.Lock()
        # Held from sending spooled frames until they are dropped from the spool.
        self._draining = asyncio.Lock()
        self.state = BackboneState.UP
        self.reason = ""
        self.frames_out = 0
        if len(spool):
            self._enter(BackboneState.CATCHING_UP, "frames of an earlier run are on the disk")
            self._spooling.set()

    async def settle(self, within_s: float) -> None:
        """Returns when no sent frame waits to be dropped from the spool, so that none is
        sent again at the next start."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s), self._draining:
                return

    async def store(self, frames: list[Outgoing]) -> None:
        """Returns when every frame is on the backbone or on disk, however long it takes."""
        while frames:
            async with self._order:
                if not self._spooling.is_set():
                    frames = await self._send(frames)
                    if frames:
                        self._spooling.set()
                if frames:
                    frames = await self._set_aside(frames)
            if frames:
                await asyncio.sleep(self._retry_s)

    async def _send(self, frames: Sequence[Outgoing]) -> list[Outgoing]:
        """Frames that the backbone did not (surely) take."""
        answers = await asyncio.gather(*(self._append(f.stream, f.data) for f in frames))
        unsent = []
        for frame, why in zip(frames, answers, strict=True):
            if why:
                self._enter(BackboneState.AWAY, why)
                unsent.append(frame)
            else:
                _call(frame.done)
        return unsent

    async def _set_aside(self, frames: list[Outgoing]) -> list[Outgoing]:
        """Frames that the spool did not take: all or none."""
        rows = [(f.stream, f.data) for f in frames]
        try:
            await asyncio.to_thread(self._spool.append, rows)
        except Unavailable as error:
            self._enter(BackboneState.REFUSING, f"{self.reason}; {error}")
            return frames
        if self.state is BackboneState.REFUSING:
            self._enter(BackboneState.AWAY, "the spool takes frames again")
        for frame in frames:
            _call(frame.done)
        return []

    async def _append(self, stream: str, data: bytes) -> str:
        """Empty, or why the frame may not be on the backbone."""
        try:
            async with asyncio.timeout(self._append_timeout_s):
                await self._backbone.append(stream, data)
        except Unavailable as error:
            return str(error)
        except TimeoutError:
            return f"the live store did not answer within {self._append_timeout_s:g} s"
        self.frames_out += 1
        return ""

    async def drain(self) -> None:
        """Brings spooled frames to the backbone; runs for ever, as a task."""
        pause_s = self._retry_s
        while True:
            await self._spooling.wait()
            try:
                async with self._draining:
                    why = await self._drain_some()
            except Unavailable as error:
                why = str(error)
            if why:
                if self.state is BackboneState.CATCHING_UP:
                    self._enter(BackboneState.AWAY, why)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, self._longest_retry_s)
            else:
                pause_s = self._retry_s

    async def _drain_some(self) -> str:
        """Send some of the oldest spooled frames; empty, or why it stopped."""
        frames = await asyncio.to_thread(self._spool.peek, 64)
        if not frames:
            async with self._order:
                if not len(self._spool):
                    self._spooling.clear()
                    self._enter(BackboneState.UP, "")
            return ""
        sent = 0
        why = ""
        for frame in frames:
            why = await self._append(frame.stream, frame.data)
            if why:
                break
            sent += 1
        if sent:
            if self.state is BackboneState.AWAY:
                self._enter(BackboneState.CATCHING_UP, f"{len(self._spool)} frames are on the disk")
            await asyncio.to_thread(self._spool.drop, frames[:sent])
        return why

    def _enter(self, state: BackboneState, reason: str) -> None:
        if state is self.state:
            return
        self.state, self.reason = state, reason
        level = {
            BackboneState.UP: logging.INFO,
            BackboneState.CATCHING_UP: logging.INFO,
            BackboneState.AWAY: logging.WARNING,
            BackboneState.REFUSING: logging.ERROR,
        }[state]
        _log.log(level, "edge %s: backbone %s %s", self._name, state, reason)


def _call(done: Sequence[Done]) -> None:
    for each in done:
        each()
