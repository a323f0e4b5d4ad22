"""A real gRPC server on loopback, over the fake store and over a real one."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import pytest
from redis.asyncio import Redis

from asset_registry.memory_store import MemoryAssetStore
from asset_registry.redis_store import RedisAssetStore
from asset_registry.store import AssetStore
from tests.contract.asset_registry_service.harness import serving
from tests.servers import RedisServer, start_redis


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with start_redis() as running:
        yield running


@pytest.fixture(params=["memory", "redis"])
async def store(
    request: pytest.FixtureRequest, redis_server: RedisServer
) -> AsyncIterator[AssetStore]:
    if request.param == "memory":
        yield MemoryAssetStore(feed_length=1_000)
        return
    client = Redis.from_url(redis_server.url)
    yield RedisAssetStore(client, uuid4().hex, feed_length=1_000)
    await client.aclose()


@pytest.fixture
async def stub(store: AssetStore) -> AsyncIterator[Any]:
    async with serving(store) as made:
        yield made
