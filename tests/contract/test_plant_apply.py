"""A plant file applied over gRPC: what is done, what a second time does, what is refused."""

from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import pytest

from asset_registry.memory_store import MemoryAssetStore
from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord, AssetState
from asset_registry.registry import AssetRegistry
from asset_registry.watching import WatchedChange
from protocols.grpc.apply import apply_plan, plan_for
from protocols.grpc.asset_registry_service import AssetRegistryService
from protocols.grpc.registry_client import RegistryClient
from protocols.grpc.v1 import asset_registry_service_pb2_grpc as pb_grpc
from tests.registry_samples import kind_names, kind_of, numbered, oven, scale, ticking
from twin.errors import (
    AlreadyExists,
    IllegalTransition,
    InvalidAsset,
    InvalidRequest,
    NotFound,
    StaleEtag,
    TooOld,
    Unavailable,
)

pytestmark = pytest.mark.integration

PLANT = """
plant: demo
endpoints: {{plc: "opc.tcp://plc:4840"}}
assets:
  - name: line1/scale
    kind: scale
    parent: line1
    parameters: {{width: {width}}}
    bindings:
      mass: {{opcua: [plc, "ns=2;s={node}"], unit: g}}
  - name: line1/oven
    kind: oven
    parent: line1/scale
"""


@pytest.fixture
async def client() -> AsyncIterator[RegistryClient]:
    registry = AssetRegistry(
        MemoryAssetStore(feed_length=4), "demo", ticking(), kind_of=kind_of, new_uid=numbered()
    )
    server = grpc.aio.server()
    service = AssetRegistryService(registry, kind_names=kind_names, kind_of=kind_of)
    pb_grpc.add_AssetRegistryServiceServicer_to_server(service, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield RegistryClient(channel, "demo")
    await server.stop(None)


def plant(folder: Path, *, width: str = "12 cm", node: str = "scale") -> tuple[AssetRecord, ...]:
    file = folder / "plant.yaml"
    file.write_text(PLANT.format(width=width, node=node))
    return load_plant(file, kind_of=kind_of)


async def apply(client: RegistryClient, wanted: tuple[AssetRecord, ...]) -> tuple[str, ...]:
    """What the plan says in its last line, and does."""
    plan = await plan_for(client, wanted)
    done = await apply_plan(client, plan)
    assert set(done.created) == {record.name for record in plan.create}
    return plan.lines()


async def test_a_plant_is_registered_and_a_second_time_changes_nothing(
    client: RegistryClient, tmp_path: Path
) -> None:
    first = await apply(client, plant(tmp_path))
    assert first[-1] == "2 to create, 0 to update, 0 to undelete, 0 unchanged"
    before = await client.list()
    second = await apply(client, plant(tmp_path))
    assert second == ("0 to create, 0 to update, 0 to undelete, 2 unchanged",)
    assert await client.list() == before


async def test_what_differs_is_updated_and_told(client: RegistryClient, tmp_path: Path) -> None:
    await apply(client, plant(tmp_path))
    lines = await apply(client, plant(tmp_path, width="130 mm"))
    assert lines == (
        "update line1/scale",
        "    parameters.width: 12 cm → 130 mm",
        "0 to create, 1 to update, 0 to undelete, 1 unchanged",
    )
    assert (await plan_for(client, plant(tmp_path, width="130 mm"))).is_empty


async def test_a_deleted_asset_comes_back_with_its_changes(
    client: RegistryClient, tmp_path: Path
) -> None:
    await apply(client, plant(tmp_path))
    await client.delete("line1/oven")
    await client.delete("line1/scale")
    lines = await apply(client, plant(tmp_path, width="14 cm"))
    assert lines[-1] == "0 to create, 0 to update, 2 to undelete, 0 unchanged"
    found = await client.list()
    assert [record.name for record in found] == ["line1/oven", "line1/scale"]
    assert found[1].parameters["width"].value == 14  # type: ignore[union-attr]
    assert (await plan_for(client, plant(tmp_path, width="14 cm"))).is_empty


async def test_what_the_file_does_not_name_stays(client: RegistryClient, tmp_path: Path) -> None:
    await client.create(oven("other"))
    lines = await apply(client, plant(tmp_path))
    assert "leave other: it is registered but not in the file" in lines
    assert (await client.get("other")).state is AssetState.PENDING


async def test_a_node_moves_from_one_asset_to_another(client: RegistryClient) -> None:
    await apply(client, (scale("a", node="1"), scale("b", node="2")))
    moved = (scale("a", node="2"), scale("b", node="3"), scale("c", node="1"))
    await apply(client, moved)
    assert (await plan_for(client, moved)).is_empty


async def test_a_node_held_by_an_asset_outside_the_file_is_refused(
    client: RegistryClient,
) -> None:
    await client.create(scale("stranger", node="1"))
    await client.create(scale("a", node="2"))
    with pytest.raises(InvalidAsset, match="stranger"):
        await apply(client, (scale("a", node="1"),))


async def test_an_asset_changed_since_the_plan_was_made_is_left_alone(
    client: RegistryClient, tmp_path: Path
) -> None:
    await apply(client, plant(tmp_path))
    plan = await plan_for(client, plant(tmp_path, width="130 mm"))
    await client.update(scale("line1/scale"), {"display_name"})
    with pytest.raises(StaleEtag):
        await apply_plan(client, plan)


async def test_a_thousand_and_more_assets_are_applied(client: RegistryClient) -> None:
    wanted = tuple(oven(f"o{i:04}") for i in range(1_001))
    lines = await apply(client, wanted)
    assert lines[-1].startswith("1001 to create")
    assert len(await client.list()) == 1_001


async def test_the_client_raises_the_errors_of_the_server(client: RegistryClient) -> None:
    made = await client.create(scale("a"))
    await client.create(oven("b", parent="a"))
    with pytest.raises(AlreadyExists):
        await client.create(scale("a", node="x"))
    with pytest.raises(NotFound):
        await client.get("nowhere")
    with pytest.raises(StaleEtag):
        await client.delete("a", etag="old")
    with pytest.raises(IllegalTransition):
        await client.delete("a")
    with pytest.raises(InvalidAsset) as refused:
        await client.update(scale("a", parent="a"), {"parent"}, etag=made.etag)
    assert [v.field for v in refused.value.violations] == ["asset.parent"]
    assert refused.value.asset == "a"
    with pytest.raises(InvalidRequest) as bad:
        await client.list(place="NO")
    assert [v.field for v in bad.value.violations] == ["place"]
    with pytest.raises(InvalidAsset):
        await client.create(oven("Bad"))


async def test_the_client_watches(client: RegistryClient) -> None:
    await client.create(oven("a"))
    seen = []
    async for change in client.watch(timeout_s=20):
        seen.append(change)
        if change.change is WatchedChange.SYNCED:
            await client.create(oven("b"))
        if change.change is WatchedChange.CREATED:
            break
    assert [(c.change.value, c.asset and c.asset.name) for c in seen] == [
        ("current", "a"),
        ("synced", None),
        ("created", "b"),
    ]


async def test_a_watch_from_too_long_ago_says_so(client: RegistryClient) -> None:
    for i in range(10):
        await client.create(oven(f"o{i}"))
    with pytest.raises(TooOld):
        await anext(aiter(client.watch("0-1")))


async def test_a_watch_that_times_out_is_unavailable(client: RegistryClient) -> None:
    with pytest.raises(Unavailable):
        async for _ in client.watch(timeout_s=0.2):
            pass


async def test_the_client_lists_the_kinds(client: RegistryClient) -> None:
    assert [kind.name for kind in await client.kinds()] == ["oven", "scale"]


async def test_nobody_at_the_other_end_is_unavailable() -> None:
    async with grpc.aio.insecure_channel("127.0.0.1:1") as channel:
        with pytest.raises(Unavailable):
            await RegistryClient(channel, "demo").get("a")
