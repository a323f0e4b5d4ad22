"""Checkpoints in Redis: state and stream position in one write, fenced by incarnation."""

from redis.asyncio import Redis

from stores.live.connection import connect, raw, text, unavailable_when_away
from stores.live.keys import Keys
from twin.errors import Fenced
from twin.ports import Checkpoint

_SAVE = """
local current = tonumber(redis.call('GET', KEYS[2]) or '0')
if current > tonumber(ARGV[2]) then return current end
redis.call('HSET', KEYS[1], 'position', ARGV[1], 'incarnation', ARGV[2], 'state', ARGV[3])
return 0
"""


class RedisCheckpoints:
    """Implements ``twin.ports.Checkpoints``."""

    def __init__(self, url: str, plant: str, client: "Redis | None" = None) -> None:
        self._redis = client if client is not None else connect(url)
        self._keys = Keys(plant)
        self._save = self._redis.register_script(_SAVE)

    async def next_incarnation(self, host: str) -> int:
        async with unavailable_when_away(f"starting {host}"):
            return int(await self._redis.incr(self._keys.incarnation(host)))

    async def load(self, host: str) -> Checkpoint | None:
        async with unavailable_when_away(f"restoring {host}"):
            stored = await self._redis.hgetall(self._keys.checkpoint(host))
        if not stored:
            return None
        return Checkpoint(
            position=text(stored[b"position"]),
            incarnation=int(stored[b"incarnation"]),
            state=raw(stored[b"state"]),
        )

    async def save(self, host: str, checkpoint: Checkpoint) -> None:
        async with unavailable_when_away(f"saving {host}"):
            newer = await self._save(
                keys=[self._keys.checkpoint(host), self._keys.incarnation(host)],
                args=[checkpoint.position, checkpoint.incarnation, checkpoint.state],
            )
        if newer:
            raise Fenced(
                f"{host}: incarnation {newer} has taken over from {checkpoint.incarnation}; "
                "this one must stop"
            )

    async def delete(self, host: str) -> None:
        async with unavailable_when_away(f"forgetting {host}"):
            await self._redis.delete(self._keys.checkpoint(host))

    async def close(self) -> None:
        await self._redis.aclose()
