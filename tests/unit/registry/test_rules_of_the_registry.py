"""Rules of the registry that only show when others change things at the same time."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from asset_registry.memory_store import MemoryAssetStore
from asset_registry.record import AssetRecord
from asset_registry.registry import AssetRegistry
from asset_registry.store import Commit
from tests.registry_samples import kind_of, numbered, oven, scale, ticking
from twin.errors import AlreadyExists, InvalidAsset, InvalidRequest, StaleEtag, Unavailable

Interference = Callable[[], Awaitable[object]]


class Interrupted(MemoryAssetStore):
    """Lets somebody else act between decision and commit."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Interference] = []
        self.commits = 0

    async def commit(self, commit: Commit) -> str | None:
        self.commits += 1
        if self.meanwhile:
            act = self.meanwhile.pop(0)
            await act()
        return await super().commit(commit)


@pytest.fixture
def store() -> Interrupted:
    return Interrupted()


@pytest.fixture
def registry(store: Interrupted) -> AssetRegistry:
    return AssetRegistry(store, "demo", ticking(), kind_of=kind_of, new_uid=numbered())


async def zone(registry: AssetRegistry, record: AssetRecord, zone: str) -> AssetRecord:
    return await registry.update(replace(record, zone=zone), {"zone"})


async def test_an_update_is_decided_anew_on_what_came_in_between(
    registry: AssetRegistry, store: Interrupted
) -> None:
    made = await registry.create(scale("a"))
    store.meanwhile.append(lambda: zone(registry, made, "theirs"))
    await registry.update(replace(made, display_name="mine"), {"display_name"})
    found = await registry.get("a")
    assert (found.zone, found.display_name) == ("theirs", "mine")


async def test_an_update_with_etag_is_refused_if_something_came_in_between(
    registry: AssetRegistry, store: Interrupted
) -> None:
    made = await registry.create(scale("a"))
    store.meanwhile.append(lambda: zone(registry, made, "theirs"))
    with pytest.raises(StaleEtag):
        await registry.update(replace(made, zone="mine"), {"zone"}, etag=made.etag)


async def test_a_name_taken_in_between_is_told_as_such(
    registry: AssetRegistry, store: Interrupted
) -> None:
    store.meanwhile.append(lambda: registry.create(oven("a")))
    with pytest.raises(AlreadyExists):
        await registry.create(oven("a"))


async def test_a_node_bound_in_between_is_told_with_its_holder(
    registry: AssetRegistry, store: Interrupted
) -> None:
    store.meanwhile.append(lambda: registry.create(scale("b", node="n")))
    with pytest.raises(InvalidAsset, match="'b'"):
        await registry.create(scale("a", node="n"))


async def test_a_circle_closed_in_between_is_seen(
    registry: AssetRegistry, store: Interrupted
) -> None:
    for name in ("a", "b"):
        await registry.create(oven(name))
    store.meanwhile.append(lambda: registry.update(oven("b", parent="a"), {"parent"}))
    with pytest.raises(InvalidAsset, match="a → b → a"):
        await registry.update(oven("a", parent="b"), {"parent"})


async def test_a_circle_through_a_place_that_becomes_an_asset_is_seen(
    registry: AssetRegistry, store: Interrupted
) -> None:
    await registry.create(oven("a"))
    store.meanwhile.append(lambda: registry.create(oven("b", parent="a")))
    with pytest.raises(InvalidAsset, match="a → b → a"):
        await registry.update(oven("a", parent="b"), {"parent"})


async def test_a_parent_deleted_in_between_is_seen(
    registry: AssetRegistry, store: Interrupted
) -> None:
    await registry.create(oven("a"))
    store.meanwhile.append(lambda: registry.delete("a"))
    with pytest.raises(InvalidAsset, match="is deleted"):
        await registry.create(oven("b", parent="a"))


async def test_a_retry_that_overtakes_its_first_try_gets_the_same_answer(
    registry: AssetRegistry, store: Interrupted
) -> None:
    answers: list[AssetRecord] = []

    async def overtake() -> None:
        answers.append(await registry.create(scale("a"), request_id="r"))

    store.meanwhile.append(overtake)
    assert await registry.create(scale("a"), request_id="r") == answers[0]


async def test_endless_interference_ends_with_unavailable(
    registry: AssetRegistry, store: Interrupted
) -> None:
    made = await registry.create(scale("a"))
    store.commits = 0

    async def interfere() -> None:
        before, after = await registry.get("a"), f"z{store.commits}"
        store.meanwhile.insert(0, _nothing)
        await zone(registry, before, after)

    store.meanwhile += [interfere] * 50
    with pytest.raises(Unavailable):
        await zone(registry, made, "mine")
    assert store.commits < 50


async def _nothing() -> None:
    pass


async def test_a_request_id_is_forgotten_after_a_day() -> None:
    now = [0]
    store = MemoryAssetStore(clock=lambda: now[0])
    registry = AssetRegistry(store, "demo", ticking(), kind_of=kind_of, new_uid=numbered())
    await registry.create(oven("a"), request_id="r")
    with pytest.raises(InvalidRequest):
        await registry.create(oven("b"), request_id="r")
    now[0] = 24 * 3600 * 1_000_000_000
    await registry.create(oven("b"), request_id="r")


async def test_checking_only_finds_what_storing_would(registry: AssetRegistry) -> None:
    await registry.create(scale("a", node="n"))
    with pytest.raises(AlreadyExists):
        await registry.create(oven("a"), validate_only=True)
    with pytest.raises(InvalidAsset):
        await registry.create(scale("b", node="n"), validate_only=True)
