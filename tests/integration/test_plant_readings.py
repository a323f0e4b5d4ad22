"""From the PLC and from pushes to the twin, the archive and the recommendation, also while
the PLC or the live store is away."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from actors.edge_actor import EdgeView
from actors.naming import edge_name
from asset_registry.record import AssetState, OpcUaSource
from cluster.embedded import EmbeddedRedis
from cluster.plant import Plant
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from stores.records.store import SqlRecords
from tests.edge_plants import OpcUaPlant
from tests.plant_samples import bound_to, coated_too_thick, coater, filler, gauge, weighings
from tests.plants import NAME, Client, actors, back, client_of, kill, live, until
from twin.errors import Unavailable

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


@pytest_asyncio.fixture
async def plc(tmp_path: Path) -> AsyncIterator[OpcUaPlant]:
    """A PLC that is not up yet."""
    plc = OpcUaPlant(tmp_path)
    yield plc
    await plc.stop()


def source(plc: OpcUaPlant, signal: str) -> OpcUaSource:
    found = plc.source(signal)
    assert isinstance(found, OpcUaSource)
    return found


async def write(plc: OpcUaPlant, *values: float) -> None:
    for value in values:
        await plc.write("speed", value, time.time_ns())


async def test_pushed_readings_reach_the_twin_and_bad_ones_the_records_with_a_reason(
    client: Client, plant_up: Plant
) -> None:
    name = "push/filler"
    await client.registry.create(filler(name))

    async def taken() -> bool:
        answer = await client.push("push", 1, weighings(name, 12.0, -1.0, 12.2, from_ns=10**18))
        return answer.accepted == 3

    await until(taken, "the actor's stream takes the batch")

    async def counted() -> bool:
        return await client.accepted(name, "dry_cell_mass") == 2

    await until(counted, "the two good weighings reach the twin")
    records = SqlRecords(plant_up.settings.records_url, NAME)

    async def noted() -> bool:
        return any(event.asset == name for event in records.refused())

    await until(noted, "the bad one is in the records")
    (refused,) = [event for event in records.refused() if event.asset == name]
    records.close()
    assert refused.data["signal"] == "dry_cell_mass"
    assert refused.data["value"] == -1.0
    assert refused.data["reason"]


async def test_readings_are_found_before_and_after_they_are_archived(
    client: Client, plant_up: Plant
) -> None:
    name = "archive/filler"
    await client.registry.create(filler(name))

    async def taken() -> bool:
        return (await client.push("archive", 1, weighings(name, 12.0, 12.1))).accepted == 2

    await until(taken, "the actor's stream takes the batch")
    assert await client.values(name, "dry_cell_mass") == [12.0, 12.1]
    archiver = plant_up.handle("archiver")

    async def archived() -> bool:
        reached = await archiver.positions.remote()
        return bool(reached.get(f"gt:{{{NAME}}}:frames:{name}", "0-0") != "0-0")

    await until(archived, "the readings are in the archive")
    assert await client.values(name, "dry_cell_mass") == [12.0, 12.1]


async def test_an_unreachable_plc_is_told_in_words_connected_to_when_it_comes_up_and_let_go_at_last(
    client: Client, plant_up: Plant, plc: OpcUaPlant
) -> None:
    name, other = "dark/coater", "dark/coater/gauge"
    await client.registry.create(coater(name, source(plc, "speed")))

    async def says_why() -> bool:
        record = await client.registry.get(name)
        return record.state is AssetState.NO_DATA and str(plc.port) in record.state_reason

    await until(says_why, "its state says why it has no data")

    await plc.start()
    await live(client, name)
    await write(plc, 41.0)

    async def arrived() -> bool:
        return 41.0 in await client.values(name, "line_speed")

    await until(arrived, "the PLC's value is there")

    loading = source(plc, "loading")
    await client.registry.create(bound_to(gauge(other, name), "areal_loading", loading))
    await live(client, other)
    assert await bound(plant_up, plc) == {(name, "line_speed"), (other, "areal_loading")}

    await client.registry.delete(other)

    async def let_go() -> bool:
        return await bound(plant_up, plc) == {(name, "line_speed")}

    await until(let_go, "the edge reads the deleted asset's node no more")
    assert plc.monitored() == {"gauge.speed"}

    await client.registry.delete(name)

    async def ended() -> bool:
        return edge_name(plc.endpoint) not in {
            actor.name for actor in await asyncio.to_thread(actors, state="ALIVE")
        }

    await until(ended, "an edge that reads nothing has ended")
    assert plc.monitored() == set()


async def bound(plant: Plant, plc: OpcUaPlant) -> set[tuple[str, str]]:
    """What the PLC's edge is bound to: assets and their signals."""
    view: EdgeView = await plant.handle(edge_name(plc.endpoint)).view.remote()
    return {(binding.asset, binding.signal) for binding in view.session.bindings}


async def test_while_the_live_store_is_away_edges_keep_the_readings_and_their_order(
    client: Client, plant_up: Plant, plc: OpcUaPlant, tmp_path: Path
) -> None:
    name = "away/coater"
    await plc.start()
    await client.registry.create(coater(name, source(plc, "speed")))
    await live(client, name)
    written = [40.0 + n / 100 for n in range(1, 46)]
    await write(plc, *written[:15])

    async def taken(count: int) -> bool:
        return (await client.values(name, "line_speed"))[-1:] == [written[count - 1]]

    await until(lambda: taken(15), "what was written before is there")

    store = plant_up.live_store
    assert store is not None
    await asyncio.to_thread(store.stop)
    with pytest.raises(Unavailable):
        await client.registry.get(name)
    await write(plc, *written[15:30])
    plant_up.live_store = EmbeddedRedis(plant_up.config.data_dir, store.port)

    await write(plc, *written[30:])
    await until(lambda: taken(45), "the newest value is there")
    values = await client.values(name, "line_speed")
    assert values[-45:] == written

    async def counted() -> bool:
        (handled,) = [s for s in (await client.state(name)).signals if s.signal == "line_speed"]
        return handled.accepted + handled.quarantined == len(values)

    await until(counted, "the twin has each of them once")
    speed, _ = (await client.figures(name))["line_speed"]
    assert 40.1 < speed < 40.6


async def test_all_who_watch_see_the_same_recommendation_and_go_on_after_a_loss(
    client: Client, plant_up: Plant
) -> None:
    name, gauge_name = "watch/coater", "watch/coater/gauge"
    await client.registry.batch_create([coater(name), gauge(gauge_name, name)])
    async with client_of(plant_up) as other:
        watches = [asyncio.create_task(proposed(c, name)) for c in (client, other)]
        for number, batch in enumerate(coated_too_thick(name, gauge_name), start=1):

            async def taken(number: int = number, batch: object = batch) -> bool:
                answer = await client.push("watch", number, batch)  # type: ignore[arg-type]
                return answer.accepted > 0

            await until(taken, f"batch {number} is taken")

            # As in life: the supervisor has heard of the coater before the gauge alarms.
            async def coater_follows(number: int = number) -> bool:
                return await client.accepted(name, "lot") == 10 * number

            await until(coater_follows, f"the coater's twin has taken batch {number}")
        (first, token), (second, _) = await asyncio.gather(*watches)
    assert first == second
    assert first.changes[0].signal == "line_speed"
    assert first.changes[0].to_value > first.changes[0].from_value
    assert first.lot == "E-0041"

    await back("gateway", kill("gateway"))
    async with client_of(plant_up) as later:

        async def rejected() -> bool:
            await later.recommendations.RejectRecommendation(
                pb.RejectRecommendationRequest(
                    name=first.name, decided_by="shift leader", reason="a test", request_id="r-1"
                )
            )
            return True

        await until(rejected, "the gateway carries the decision out")
        request = pb.WatchRecommendationsRequest(parent=f"plants/{NAME}", resume_token=token)
        async for change in later.recommendations.WatchRecommendations(request):
            if change.recommendation.name == first.name:
                assert change.recommendation.state == pb.Recommendation.STATE_REJECTED
                break


async def proposed(client: Client, asset: str) -> tuple[pb.Recommendation, str]:
    """The first recommendation for that asset, and the token to go on from there."""
    request = pb.WatchRecommendationsRequest(parent=f"plants/{NAME}")
    async with asyncio.timeout(90):
        async for change in client.recommendations.WatchRecommendations(request):
            if change.recommendation.asset == f"plants/{NAME}/assets/{asset}":
                return change.recommendation, change.resume_token
    raise AssertionError("the watch ended")
