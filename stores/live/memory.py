"""Verified fakes of the live store: the contract suite runs on them and on the real one."""

import asyncio
from collections.abc import Mapping, Sequence

from twin.errors import Fenced, Unavailable
from twin.ports import START, Checkpoint, Entry, order


class MemoryBackbone:
    """Implements ``twin.ports.Backbone`` within one event loop.

    ``away`` makes every call raise Unavailable, also those that wait, as a stopped server
    does.
    """

    def __init__(self) -> None:
        self._away = False
        self._streams: dict[str, list[Entry]] = {}
        self._last: dict[str, str] = {}
        # Over all streams: a stream that is deleted and made again goes on ascending.
        self._appended = 0
        self._news = asyncio.Event()

    @property
    def away(self) -> bool:
        return self._away

    @away.setter
    def away(self, away: bool) -> None:
        self._away = away
        self._tell()

    async def append(self, stream: str, data: bytes) -> str:
        self._check()
        self._appended += 1
        entry = Entry(stream, f"{self._appended}-0", data)
        self._last[stream] = entry.id
        self._streams.setdefault(stream, []).append(entry)
        self._tell()
        return entry.id

    async def read(
        self, after: Mapping[str, str], *, block_ms: int | None = None, count: int = 64
    ) -> Sequence[Entry]:
        self._check()
        found = self._after(after, count)
        if found or block_ms is None or not after:
            return found
        try:
            async with asyncio.timeout(block_ms / 1000):
                while not found:
                    await self._news.wait()
                    self._check()
                    found = self._after(after, count)
        except TimeoutError:
            return ()
        return found

    async def last_id(self, stream: str) -> str:
        self._check()
        return self._last.get(stream, START)

    async def trim(self, stream: str, before: str) -> None:
        self._check()
        kept = [e for e in self._streams.get(stream, ()) if order(e.id) >= order(before)]
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
            for entry in [e for e in self._streams.get(stream, ()) if order(e.id) > order(id_)][
                :count
            ]
        ]

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def _check(self) -> None:
        if self._away:
            raise Unavailable("the live store is away (made so by the test)")


class MemoryCheckpoints:
    """Implements ``twin.ports.Checkpoints``; ``away`` as for the backbone."""

    def __init__(self) -> None:
        self.away = False
        self._saved: dict[str, Checkpoint] = {}
        self._incarnations: dict[str, int] = {}

    async def next_incarnation(self, host: str) -> int:
        self._check()
        self._incarnations[host] = self._incarnations.get(host, 0) + 1
        return self._incarnations[host]

    async def load(self, host: str) -> Checkpoint | None:
        self._check()
        return self._saved.get(host)

    async def save(self, host: str, checkpoint: Checkpoint) -> None:
        self._check()
        newest = self._incarnations.get(host, 0)
        if newest > checkpoint.incarnation:
            raise Fenced(
                f"{host}: incarnation {newest} has taken over from {checkpoint.incarnation}; "
                "this one must stop"
            )
        self._saved[host] = checkpoint

    async def delete(self, host: str) -> None:
        self._check()
        self._saved.pop(host, None)

    async def close(self) -> None:
        """Nothing to close."""

    def _check(self) -> None:
        if self.away:
            raise Unavailable("the live store is away (made so by the test)")
