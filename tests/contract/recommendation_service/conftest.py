"""A real gRPC server on loopback, over real records and a real feed."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from stores.live.feed import RecommendationFeed
from stores.records.store import SqlRecords
from tests.contract.recommendation_service.harness import Desk, Gateway
from tests.servers import RedisServer, start_redis


@pytest.fixture(scope="module")
def live_store() -> Iterator[RedisServer]:
    with start_redis() as running:
        yield running


@pytest.fixture
async def feed(live_store: RedisServer) -> AsyncIterator[RecommendationFeed]:
    made = RecommendationFeed(live_store.url, uuid4().hex)
    yield made
    await made.close()


@pytest.fixture
def desk(feed: RecommendationFeed, tmp_path: Path) -> Iterator[Desk]:
    records = SqlRecords(f"sqlite:///{tmp_path}/records.sqlite", "demo")
    yield Desk(records, feed)
    records.close()


@pytest.fixture
async def gateway(desk: Desk) -> AsyncIterator[Gateway]:
    made = Gateway(desk)
    await made.start()
    yield made
    await made.stop()
