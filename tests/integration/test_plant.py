"""An asset's life in a whole plant: created, changed, deleted, and brought back."""

import asyncio
from dataclasses import replace

import pytest

from actors.naming import find
from asset_registry.record import AssetState, Quantity
from cluster.plant import Plant
from tests.plant_samples import channel, cycle_record, filler, weighings
from tests.plants import Client, actors, hosted, live, until
from twin.errors import NotFound

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


async def test_creating_an_asset_starts_an_actor_that_bears_its_name(client: Client) -> None:
    await client.registry.create(filler("line9/filler"))
    await hosted(client, "line9/filler")
    (actor,) = await asyncio.to_thread(actors, state="ALIVE", name="line9/filler")
    assert actor.class_name == "ElectrolyteFiller"
    assert actor.repr_name == "ElectrolyteFiller line9/filler"


async def test_an_asset_without_readings_says_so_and_with_the_first_one_it_is_live(
    client: Client,
) -> None:
    created = await client.registry.create(filler("life/filler"))
    assert created.state is AssetState.PENDING
    await hosted(client, "life/filler")
    await client.pushed("life", 1, weighings("life/filler", 12.0))
    await live(client, "life/filler")


async def test_updating_a_parameter_reaches_the_twin_which_keeps_what_it_knows(
    client: Client,
) -> None:
    asset = channel("update/channel", "update")
    await client.registry.create(asset)
    await hosted(client, asset.name)
    await client.pushed("update", 1, cycle_record(asset.name, "C-1", 0.51, 0.45))

    async def knows() -> bool:
        return "discharge_capacity" in await client.figures(asset.name)

    await until(knows, "the twin knows the cell")
    assert (await client.figures(asset.name))["discharge_capacity"] == pytest.approx((0.45, 4.5e-4))

    changed = replace(asset, parameters={"capacity_accuracy": Quantity(1.0, "%")})
    await client.registry.update(changed, ["parameters"])

    async def is_less_sure() -> bool:
        return (await client.figures(asset.name))["discharge_capacity"][1] > 1e-3

    await until(is_less_sure, "the twin has the new parameter")
    assert (await client.figures(asset.name))["discharge_capacity"] == pytest.approx((0.45, 4.5e-3))
    assert await client.accepted(asset.name, "discharge_capacity") == 1


async def test_deleting_stops_the_actor_and_keeps_the_history_and_undeleting_brings_it_back(
    client: Client, plant_up: Plant
) -> None:
    name = "past/filler"
    await client.registry.create(filler(name))
    await hosted(client, name)
    masses = [12.0, 12.1, 12.2]
    await client.pushed("past", 1, weighings(name, *masses))

    async def knows() -> bool:
        return await client.accepted(name, "dry_cell_mass") == len(masses)

    await until(knows, "the weighings are taken")
    before = await client.state(name)

    await client.registry.delete(name)

    async def stopped() -> bool:
        try:
            find(plant_up.settings, name)
        except NotFound:
            return True
        return False

    await until(stopped, "the actor has ended")
    refused = await client.push("past", 2, weighings(name, 13.0))
    assert refused.accepted == 0

    async def remembered() -> bool:
        return await client.values(name, "dry_cell_mass") == masses

    await until(remembered, "the readings of the deleted asset are in the archive")

    await client.registry.undelete(name)
    await hosted(client, name)

    async def remembers() -> bool:
        after = await client.state(name)
        return (list(after.figures), list(after.signals)) == (
            list(before.figures),
            list(before.signals),
        )

    await until(remembers, "the twin is as it was")
    assert (await client.state(name)).incarnation > before.incarnation
    await client.pushed("past", 3, weighings(name, 12.3))

    async def goes_on() -> bool:
        return await client.accepted(name, "dry_cell_mass") == len(masses) + 1

    await until(goes_on, "the twin takes readings again")


async def test_the_gateway_says_when_an_asset_is_nowhere(client: Client) -> None:
    with pytest.raises(NotFound):
        await client.registry.get("nowhere")
    refused = await client.push("nowhere", 1, weighings("nowhere", 12.0))
    assert refused.accepted == 0
    assert "nowhere" in refused.errors[0]
