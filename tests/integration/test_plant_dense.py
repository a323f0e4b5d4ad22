"""Dense assets, many in one actor: each is reached by its own name, and may come and go."""

import asyncio

import pytest

from actors.asset_actor import HostView
from actors.naming import find
from asset_registry.record import AssetRecord
from cluster.plant import Plant
from stores.live.backbone import RedisBackbone
from stores.live.keys import Keys
from tests.plant_samples import channel, cycle_record
from tests.plants import NAME, Client, actors, hosted, until
from twin.errors import NotFound
from twin.frame import Frame, Reading

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

KEYS = Keys(NAME)


async def test_dense_assets_share_actors_and_each_is_reached_by_its_name(
    client: Client, plant_up: Plant
) -> None:
    def channels(first: int, last: int) -> list[AssetRecord]:
        return [channel(f"rack7/channel-{n:03}", "rack7") for n in range(first, last)]

    await client.registry.batch_create(channels(0, 60))
    await hosted(client, "rack7/channel-059")
    await client.registry.batch_create(channels(60, 150))
    await hosted(client, "rack7/channel-149")

    found = await asyncio.to_thread(actors, state="ALIVE", class_name="CyclerChannel")
    assert sorted(str(a.name) for a in found if str(a.name).startswith("rack7/")) == [
        "rack7/cycler_channel#0",
        "rack7/cycler_channel#1",
    ]
    states = await asyncio.gather(*(client.state(c.name) for c in channels(0, 150)))
    assert [s.asset for s in states] == [f"plants/demo/assets/{c.name}" for c in channels(0, 150)]


async def test_readings_of_an_asset_that_its_host_has_given_up_are_counted_as_strays(
    client: Client, plant_up: Plant
) -> None:
    gone, stays = channel("rack8/gone", "rack8"), channel("rack8/stays", "rack8")
    await client.registry.batch_create([gone, stays])
    await hosted(client, gone.name)
    await hosted(client, stays.name)
    host = find(plant_up.settings, "rack8/cycler_channel#0")
    incarnation = await host.ready.remote()
    await client.registry.delete(gone.name)

    async def given_up() -> bool:
        try:
            await host.view.remote(gone.name)
        except NotFound:
            return True
        return False

    await until(given_up, "the host has given the channel up")
    late = [Reading(gone.name, "cycle", 1, 1.0, text="C-1")]
    backbone = RedisBackbone(plant_up.settings.redis_url)
    stream = KEYS.frames("rack8/cycler_channel#0")
    await backbone.append(stream, Frame.of("edge in flight", 1, 1, late).to_bytes())
    await backbone.close()

    async def counted() -> bool:
        view: HostView = await host.progress.remote()
        return view.counts.strays == 1

    await until(counted, "the stray is counted")
    assert await host.ready.remote() == incarnation


async def test_a_dense_asset_that_is_undeleted_has_its_state_back(
    client: Client, plant_up: Plant
) -> None:
    gone, stays = channel("rack10/gone", "rack10"), channel("rack10/stays", "rack10")
    await client.registry.batch_create([gone, stays])
    await hosted(client, gone.name)
    await client.pushed("rack10", 1, cycle_record(gone.name, "C-1", 0.51, 0.45))

    async def knows() -> bool:
        return "discharge_capacity" in await client.figures(gone.name)

    await until(knows, "the twin knows the cell")
    before = await client.state(gone.name)
    await client.registry.delete(gone.name)
    host = find(plant_up.settings, "rack10/cycler_channel#0")

    async def given_up() -> bool:
        try:
            await host.view.remote(gone.name)
        except NotFound:
            return True
        return False

    await until(given_up, "the host has given the channel up")
    await client.registry.undelete(gone.name)
    await hosted(client, gone.name)
    after = await client.state(gone.name)
    assert list(after.figures) == list(before.figures)
    assert list(after.signals) == list(before.signals)
