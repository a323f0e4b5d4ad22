"""The backbone on Redis streams."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from redis.asyncio import Redis

from stores.live.connection import LONGEST_BLOCK_MS, connect, text, unavailable_when_away
from twin.ports import START, Entry

_FIELD = b"f"

_RawEntry: TypeAlias = tuple[bytes, dict[bytes, bytes]]


class RedisBackbone:
    """Implements ``twin.ports.Backbone``; every entry holds one frame's bytes."""

    def __init__(self, url: str, client: "Redis | None" = None) -> None:
        self._redis = client if client is not None else connect(url)

    async def append(self, stream: str, data: bytes) -> str:
        async with unavailable_when_away(f"appending to {stream}"):
            return text(await self._redis.xadd(stream, {_FIELD: data}))

    async def read(
        self, after: Mapping[str, str], *, block_ms: int | None = None, count: int = 64
    ) -> Sequence[Entry]:
        if not after:
            return ()
        block = None if block_ms is None else max(1, min(block_ms, LONGEST_BLOCK_MS))
        async with unavailable_when_away("reading the backbone"):
            positions: dict[bytes | str | memoryview, int | bytes | str | memoryview] = {}
            positions.update(after)
            answer = await self._redis.xread(positions, count=count, block=block)
        streams = cast("list[tuple[bytes, list[_RawEntry]]]", answer or [])
        return [
            Entry(text(stream), text(id_), fields[_FIELD])
            for stream, entries in streams
            for id_, fields in entries
        ]

    async def last_id(self, stream: str) -> str:
        async with unavailable_when_away(f"looking at {stream}"):
            newest = await self._redis.xrevrange(stream, count=1)
            if newest:
                return text(newest[0][0])
            if not await self._redis.exists(stream):
                return START
            info = await self._redis.xinfo_stream(stream)
        return text(info["last-generated-id"])

    async def trim(self, stream: str, before: str) -> None:
        async with unavailable_when_away(f"trimming {stream}"):
            await self._redis.xtrim(stream, minid=before, approximate=True)

    async def delete(self, stream: str) -> None:
        async with unavailable_when_away(f"deleting {stream}"):
            await self._redis.delete(stream)

    async def close(self) -> None:
        await self._redis.aclose()
