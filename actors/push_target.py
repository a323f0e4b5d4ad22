"""Where pushed readings go: which host has an asset, and what its signals expect."""

from redis.asyncio import Redis

from actors.settings import PlantSettings
from asset_registry.store import AssetStore
from protocols.grpc.push_intake import Addressee
from stores.live.connection import connect, text, unavailable_when_away
from stores.live.keys import Keys
from twin.errors import NotFound
from twin.kinds import kind


class HostedAssets:
    """Implements the telemetry service's PushTarget on the registry and the placement."""

    def __init__(self, settings: PlantSettings, store: AssetStore) -> None:
        self._keys = Keys(settings.plant)
        self._redis: Redis = connect(settings.redis_url)
        self._store = store
        self._plant = settings.plant

    async def host(self, asset: str) -> str:
        """Raises NotFound where no actor hosts the asset: unknown, deleted, not placed yet."""
        host = await self._placed(asset)
        if not host:
            raise NotFound(f"no actor hosts an asset {asset!r} in plant {self._plant!r}")
        return host

    async def resolve(self, asset: str) -> Addressee:
        (record,) = await self._store.get([asset])
        if record is None:
            raise NotFound(f"there is no asset {asset!r} in plant {self._plant!r}")
        host = await self._placed(asset)
        return Addressee(
            kind=kind(record.kind),
            stream=self._keys.frames(host) if host else "",
            bound=frozenset(b.signal for b in record.bindings if b.source.address),
        )

    async def _placed(self, asset: str) -> str:
        async with unavailable_when_away(f"finding the host of {asset}"):
            host = await self._redis.hget(self._keys.hosts(), asset)
        return text(host)
