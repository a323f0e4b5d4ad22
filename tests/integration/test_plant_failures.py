"""Every actor of a plant killed with SIGKILL, one after the other: it comes back, the
plant goes on, and no reading is lost. And what else may go wrong with an actor."""

import asyncio
import pickle
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import ray

from actors.naming import edge_name, find
from asset_registry.record import AssetState, OpcUaSource
from asset_registry.watching import WatchedChange
from cluster.plant import Plant
from stores.live.checkpoints import RedisCheckpoints
from tests.commands import ROOT
from tests.edge_plants import OpcUaPlant
from tests.plant_samples import channel, coater, cycle_record, filler, weighings
from tests.plants import NAME, Client, actors, back, client_of, hosted, kill, live, until
from twin.errors import Fenced
from twin.ports import Checkpoint

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest.mark.parametrize(
    ("victim", "place"),
    [
        ("gateway", "kill-gateway"),
        ("placement", "kill-placement"),
        ("archiver", "kill-archiver"),
        ("cell supervisor", "kill-layer"),
        ("plant supervisor", "kill-plant"),
        ("kill-host/filler", "kill-host"),
    ],
)
async def test_a_killed_actor_comes_back_and_no_reading_is_lost(
    plant_up: Plant, victim: str, place: str
) -> None:
    name = f"{place}/filler"
    async with client_of(plant_up) as client:
        await client.registry.create(filler(name))
        await hosted(client, name)
        await client.pushed(place, 1, weighings(name, 12.0, 12.1))

    killed = kill(victim)
    await sent(plant_up, place, 2, name, 12.2, -1.0, 12.3)
    await back(victim, killed)
    await sent(plant_up, place, 3, name, 12.4)
    await sent(plant_up, place, 4, f"{name}-2", 13.0, new=True)

    async with client_of(plant_up) as client:

        async def complete() -> bool:
            return (
                await client.accepted(name, "dry_cell_mass") == 5
                and await client.values(name, "dry_cell_mass")
                == [12.0, 12.1, 12.2, -1.0, 12.3, 12.4]
                and await client.accepted(f"{name}-2", "dry_cell_mass") == 1
            )

        await until(complete, "every reading is with the twin and in the archive")


async def sent(
    plant: Plant, producer: str, sequence: int, asset: str, *masses: float, new: bool = False
) -> None:
    """Push as a client does whose gateway may be away: again, until it is acknowledged."""
    readings = weighings(asset, *masses)

    async def taken() -> bool:
        async with client_of(plant) as client:
            if new and not any(r.name == asset for r in await client.registry.list()):
                await client.registry.create(filler(asset))
            return (await client.push(producer, sequence, readings)).accepted == len(masses)

    await until(taken, f"batch {sequence} is acknowledged")


async def test_a_killed_edge_connects_again_and_what_it_had_accepted_is_not_lost(
    client: Client, plant_up: Plant, tmp_path: Path
) -> None:
    name = "edge/coater"
    plc = OpcUaPlant(tmp_path)
    await plc.start()
    source = plc.source("speed")
    assert isinstance(source, OpcUaSource)
    await client.registry.create(coater(name, source))
    await live(client, name)
    written = [40.0 + n / 100 for n in range(1, 21)]
    for value in written[:10]:
        await plc.write("speed", value, time.time_ns())

    async def arrived(value: float) -> bool:
        return value in await client.values(name, "line_speed")

    await until(lambda: arrived(written[9]), "the first ten are there")
    edge = edge_name(plc.endpoint)
    await back(edge, kill(edge))

    async def connected() -> bool:
        view = await plant_up.handle(edge).view.remote()
        return all(binding.connected for binding in view.session.bindings)

    await until(connected, "the edge has subscribed again")
    for value in written[10:]:
        await plc.write("speed", value, time.time_ns())
    await until(lambda: arrived(written[-1]), "the last is there")
    values = await client.values(name, "line_speed")
    assert [v for v in dict.fromkeys(values) if v] == written
    await plc.stop()


async def test_a_killed_host_of_many_still_holds_those_that_came_to_it_later(
    client: Client, plant_up: Plant
) -> None:
    first, later = channel("rack9/first", "rack9"), channel("rack9/later", "rack9")
    await client.registry.create(first)
    await hosted(client, first.name)
    await client.registry.create(later)
    await hosted(client, later.name)
    host = "rack9/cycler_channel#0"
    await back(host, kill(host))
    await client.pushed("rack9", 1, cycle_record(later.name, "C-1", 0.51, 0.45))

    async def knows() -> bool:
        return "discharge_capacity" in await client.figures(later.name)

    await until(knows, "the channel that came later takes readings")


async def test_a_watch_of_the_registry_goes_on_from_its_token_after_the_gateway_was_killed(
    plant_up: Plant,
) -> None:
    async with client_of(plant_up) as client:
        token = ""
        async for change in client.registry.watch():
            if change.change is WatchedChange.SYNCED:
                token = change.token
                break
        address = plant_up.gateway
        await back("gateway", kill("gateway"))
    assert await plant_up.handle("gateway").address.remote() == address

    async with client_of(plant_up) as client:

        async def created() -> bool:
            await client.registry.create(filler("token/filler"), request_id="token-1")
            return True

        await until(created, "the gateway serves again where it did before")
        async with asyncio.timeout(60):
            async for change in client.registry.watch(token):
                assert change.change is not WatchedChange.CURRENT
                if change.asset is not None and change.asset.name == "token/filler":
                    assert change.change is WatchedChange.CREATED
                    break


async def test_an_incarnation_that_was_replaced_is_fenced_off(
    client: Client, plant_up: Plant
) -> None:
    name = "fence/filler"
    await client.registry.create(filler(name))
    await hosted(client, name)
    await back(name, kill(name))
    await hosted(client, name)
    newest = (await client.state(name)).incarnation
    await client.pushed("fence", 1, weighings(name, -1.0))
    supervisor: Any = plant_up.handle("cell supervisor")

    async def fenced() -> bool:
        try:
            await supervisor.report.remote(name, newest - 1, ())
        except ray.exceptions.RayTaskError as error:
            return isinstance(error.cause, Fenced)
        return False

    await until(fenced, "the supervisor refuses what the old incarnation reports")
    checkpoints = RedisCheckpoints(plant_up.settings.redis_url, NAME)
    with pytest.raises(Fenced):
        await checkpoints.save(name, Checkpoint("0-0", newest - 1, b""))
    await checkpoints.close()


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
    unwell = await asyncio.to_thread(plant_up.wait_until_placed)
    assert "sick/filler" in unwell
    assert "well/filler" not in unwell

    await checkpoints.delete("sick/filler")
    await checkpoints.close()
    await until(says(AssetState.PENDING, "no reading"), "it is well")
    await client.pushed("sick", 1, weighings("sick/filler", 12.0))
    await until(says(AssetState.LIVE, ""), "it is live")


ANOTHER_DRIVER = """
import pickle, sys
import ray
from actors.naming import make

class Made:
    def answer(self):
        return 42

settings = pickle.load(sys.stdin.buffer)
ray.init(address=sys.argv[1], namespace=settings.namespace, log_to_driver=False)
made = make(settings, "made by another", Made, "Made")
mortal = ray.remote(Made).options(name="mortal", num_cpus=0).remote()
print(ray.get([made.answer.remote(), mortal.answer.remote()]))
"""


async def test_an_actor_outlives_the_program_that_made_it(plant_up: Plant) -> None:
    said = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", ANOTHER_DRIVER, ray.get_runtime_context().gcs_address],
        input=pickle.dumps(plant_up.settings),
        stdout=subprocess.PIPE,
        cwd=ROOT,
        check=True,
        timeout=60,
    )
    assert said.stdout == b"[42, 42]\n"

    async def mortal_is_dead() -> bool:
        (found,) = await asyncio.to_thread(actors, name="mortal")
        return found.state == "DEAD"

    await until(mortal_is_dead, "Ray has ended what was that program's alone")
    made = find(plant_up.settings, "made by another")
    assert await made.answer.remote() == 42
    ray.kill(made, no_restart=True)
