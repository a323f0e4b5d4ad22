"""The feed of changed recommendations: what watchers read, and resume from."""

import json
from collections.abc import Sequence
from typing import Final

from redis.asyncio import Redis

from stores.live.backbone import RedisBackbone
from stores.live.connection import connect, text, unavailable_when_away
from stores.live.keys import Keys
from twin.errors import TooOld
from twin.plant.recommendation import Recommendation
from twin.plant.recommendation_codec import decode, encode
from twin.ports import order

_KEPT: Final = 10_000


class RecommendationFeed:
    """A Redis stream with an entry for each change of a recommendation."""

    def __init__(self, url: str, plant: str, client: "Redis | None" = None) -> None:
        self._redis = client if client is not None else connect(url)
        self._stream = Keys(plant).recommendations()
        self._reader = RedisBackbone(url, self._redis)

    async def publish(self, recommendation: Recommendation) -> None:
        record = json.dumps(encode(recommendation)).encode()
        async with unavailable_when_away("publishing a recommendation"):
            await self._redis.xadd(self._stream, {b"f": record}, maxlen=_KEPT, approximate=True)

    async def newest(self) -> str:
        """Position after which only changes yet to come are found."""
        return await self._reader.last_id(self._stream)

    async def check(self, position: str) -> None:
        """Raises TooOld where changes after ``position`` may have been forgotten."""
        async with unavailable_when_away("resuming a watch"):
            newest = await self._reader.last_id(self._stream)
            # Beyond the newest: the store that gave this position has been replaced.
            forgotten = order(position) > order(newest)
            oldest = await self._redis.xrange(self._stream, count=1)
            if oldest:
                info = await self._redis.xinfo_stream(self._stream)
                trimmed = int(info["entries-added"]) > int(info["length"])
                forgotten |= trimmed and order(position) < order(text(oldest[0][0]))
        if forgotten:
            raise TooOld(
                f"what changed after {position!r} is no longer kept; watch again without a token"
            )

    async def after(self, position: str, block_ms: int) -> Sequence[tuple[str, Recommendation]]:
        """Changes after ``position``, oldest first; waits up to ``block_ms`` for one."""
        entries = await self._reader.read({self._stream: position}, block_ms=block_ms)
        return [(entry.id, decode(json.loads(entry.data))) for entry in entries]

    async def close(self) -> None:
        await self._redis.aclose()
