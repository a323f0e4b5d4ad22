"""Verified fakes of the live store: the contract suite runs on them and on the real one."""

import asyncio
from collections.abc import Mapping, Sequence

from twin.errors import Fenced, Unavailable
from twin.ports import START, Checkpoint, Entry


def position(id_: str) -> tuple[int, int]:
    """A stream id as something that compares."""
    milliseconds, _, count = id_.partition("-")
    return int(milliseconds), int(count or 0)


class MemoryBackbone:
    """Implements ``twin.ports.Backbone`` within one event loop.

    ``away`` makes every call raise Unavailable, as a stopped server does.
    """

    def __init__(self) -> None:
        self.away = False
        self._streams: dict[str, list[Entry]] = {}
        self._last: dict[str, int] = {}
        self._arrived = asyncio.Condition()

    async def append(self, stream: str, data: bytes) -> str:
        self._check()
        number = self._last.get(stream, 0) + 1
        self._last[stream] = number
        entry = Entry(stream, f"{number}-0", data)
        self._streams.setdefault(stream, []).append(entry)
        async with self._arrived:
            self._arrived.notify_all()
        return entry.id

    async def read(
        self, after: Mapping[str, str], *, block_ms: int | None = None, count: int = 64
    ) -> Sequence[Entry]:
        self._check()
        found = self._after(after, count)
        if found or block_ms is None or not after:
            return found
        async with self._arrived:
            try:
                async with asyncio.timeout(block_ms / 1000):
                    await self._arrived.wait_for(lambda: bool(self._after(after, count)))
            except TimeoutError:
                return ()
        self._check()
        return self._after(after, count)

    async def last_id(self, stream: str) -> str:
        self._check()
        return f"{self._last[stream]}-0" if stream in self._last else START

    async def trim(self, stream: str, before: str) -> None:
        self._check()
        kept = [e for e in self._streams.get(stream, ()) if position(e.id) >= position(before)]
        self._streams[stream] = kept

    async def delete(self, stream: str) -> None:
        self._check()
        self._streams.pop(stream, None)
        self._last.pop(stream, None)

    async def close(self) -> None:
        """Nothing to close."""

    def _after(self, after: Mapping[str, str], count: int) -> list[Entry]:
        return [
            entry
            for stream, id_ in after.items()
            for entry in [
                e for e in self._streams.get(stream, ()) if position(e.id) > position(id_)
            ][:count]
        ]

    def _check(self) -> None:
        if self.away:
            raise Unavailable("the live store is away (made so by the test)")


class MemoryCheckpoints:
    """Implements ``twin.ports.Checkpoints``."""

    def __init__(self) -> None:
        self._saved: dict[str, Checkpoint] = {}
        self._incarnations: dict[str, int] = {}

    async def next_incarnation(self, host: str) -> int:
        self._incarnations[host] = self._incarnations.get(host, 0) + 1
        return self._incarnations[host]

    async def load(self, host: str) -> Checkpoint | None:
        return self._saved.get(host)

    async def save(self, host: str, checkpoint: Checkpoint) -> None:
        newest = self._incarnations.get(host, 0)
        if newest > checkpoint.incarnation:
            raise Fenced(
                f"{host}: incarnation {newest} has taken over from {checkpoint.incarnation}; "
                "this one must stop"
            )
        self._saved[host] = checkpoint

    async def delete(self, host: str) -> None:
        self._saved.pop(host, None)

    async def close(self) -> None:
        """Nothing to close."""
