"""One plant for all tests that need a whole one: it takes many seconds to start."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from cluster.plant import Plant
from tests.plants import Client, client_of, started


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last of all, so that the plant does not stand idle beside the other tests."""
    items.sort(key=lambda item: "plant_up" in getattr(item, "fixturenames", ()))


@pytest.fixture(scope="session")
def plant_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    folder = tmp_path_factory.mktemp("plant")
    with started(folder, per_actor={"cycler_channel": 100}) as plant:
        yield plant


@pytest_asyncio.fixture
async def client(plant_up: Plant) -> AsyncIterator[Client]:
    async with client_of(plant_up) as client:
        yield client
