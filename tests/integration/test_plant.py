"""An asset's life in a whole plant: created, changed, deleted, and brought back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from actors.asset_actor import HostView
from actors.naming import find
from asset_registry.record import (
    AssetRecord,
    AssetState,
    Binding,
    OpcUaSource,
    PushSource,
    Quantity,
)
from cluster.plant import Plant
from stores.live.backbone import RedisBackbone
from stores.live.checkpoints import RedisCheckpoints
from stores.live.keys import Keys
from tests.plant_samples import bound_to, channel, coater, cycle_record, filler, weighings
from tests.plants import NAME, Client, actors, pid_of, until
from twin.errors import InvalidAsset, NotFound
from twin.frame import Frame, Reading
from twin.ports import Checkpoint

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

SECONDS = 30.0
KEYS = Keys(NAME)


async def hosted(client: Client, asset: str) -> None:
    async def answers() -> bool:
        return (await client.state(asset)).incarnation > 0

    await until(answers, f"{asset} has its actor", SECONDS)


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

    async def live() -> bool:
        return (await client.registry.get("life/filler")).state is AssetState.LIVE

    await until(live, "the asset is live")


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


GOOD = filler("bad/good")
SPEED = OpcUaSource("opc.tcp://127.0.0.1:1", "ns=2;s=bad.speed")


def _renamed(record: AssetRecord, **fields: object) -> AssetRecord:
    return replace(record, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (_renamed(filler("bad/Filler !")), "asset_id"),
        (_renamed(filler("bad/kind"), kind="teleporter"), "kind"),
        (
            _renamed(filler("bad/unit"), bindings=(Binding("dry_cell_mass", PushSource(), "mm"),)),
            "bindings[0].unit",
        ),
        (
            _renamed(filler("bad/signal"), bindings=(Binding("colour", PushSource(), "g"),)),
            "bindings[0].signal",
        ),
        (bound_to(coater("bad/second"), "line_speed", SPEED), "bindings[0]"),
        (_renamed(filler("bad/own"), parent="bad/own"), "parent"),
    ],
    ids=["malformed name", "kind", "unit", "signal", "second binding of a node", "own parent"],
)
async def test_a_bad_asset_is_refused_by_field_and_nothing_is_half_registered(
    client: Client, bad: AssetRecord, field: str
) -> None:
    first = bound_to(coater("bad/first"), "line_speed", SPEED)
    if not await _exists(client, first.name):
        await client.registry.create(first)

    with pytest.raises(InvalidAsset) as alone:
        await client.registry.create(bad)
    assert any(v.field.endswith(field) or field in v.field for v in alone.value.violations)
    with pytest.raises(InvalidAsset):
        await client.registry.batch_create([GOOD, bad])

    assert not await _exists(client, bad.name)
    assert not await _exists(client, GOOD.name)
    assert pid_of(GOOD.name) == 0


async def test_a_cycle_of_parents_is_refused(client: Client) -> None:
    line, machine = filler("cycle"), replace(filler("cycle/machine"), parent="cycle")
    await client.registry.batch_create([replace(line, parent=""), machine])
    with pytest.raises(InvalidAsset) as refused:
        await client.registry.update(replace(line, parent="cycle/machine"), ["parent"])
    assert [v.field for v in refused.value.violations] == ["asset.parent"]
    assert (await client.registry.get("cycle")).parent == ""


async def _exists(client: Client, name: str) -> bool:
    return any(record.name == name for record in await client.registry.list(show_deleted=True))


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


async def test_an_actor_that_can_not_start_says_why_and_keeps_no_other_from_starting(
    client: Client, plant_up: Plant
) -> None:
    checkpoints = RedisCheckpoints(plant_up.settings.redis_url, NAME)
    await checkpoints.save("sick/filler", Checkpoint("0-0", 0, b"not a snapshot"))
    await client.registry.batch_create([filler("sick/filler"), filler("well/filler")])
    await hosted(client, "well/filler")

    def says(state: AssetState, reason: str) -> Callable[[], Awaitable[bool]]:
        async def said() -> bool:
            record = await client.registry.get("sick/filler")
            return record.state is state and reason in record.state_reason

        return said

    await until(says(AssetState.NO_DATA, "its actor does not start"), "it says why")
    assert set(await asyncio.to_thread(plant_up.wait_until_placed)) == {"sick/filler"}

    await checkpoints.delete("sick/filler")
    await checkpoints.close()
    await until(says(AssetState.PENDING, "no reading"), "it is well")
    await client.pushed("sick", 1, weighings("sick/filler", 12.0))
    await until(says(AssetState.LIVE, ""), "it is live")


async def test_the_gateway_says_when_an_asset_is_nowhere(client: Client) -> None:
    with pytest.raises(NotFound):
        await client.registry.get("nowhere")
    refused = await client.push("nowhere", 1, weighings("nowhere", 12.0))
    assert refused.accepted == 0
    assert "nowhere" in refused.errors[0]
