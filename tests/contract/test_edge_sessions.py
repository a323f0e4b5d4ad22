"""One suite for every edge session: the fake, OPC UA on a real server, MQTT on a real broker."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from protocols.edge.bound_signal import BoundSignal
from tests.edge_plants import FakePlant, MqttPlant, OpcUaPlant, Plant
from tests.edge_probe import NOW_NS, Probe, clock
from twin.quality import BAD

pytestmark = pytest.mark.asyncio(loop_scope="module")

GAUGE = "line1/coater/gauge-top"


@pytest_asyncio.fixture(
    params=[
        pytest.param(FakePlant, id="fake"),
        pytest.param(OpcUaPlant, id="opcua", marks=pytest.mark.integration),
        pytest.param(
            MqttPlant, id="mqtt", marks=[pytest.mark.integration, pytest.mark.needs_mosquitto]
        ),
    ],
    scope="module",
    loop_scope="module",
)
async def plant(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Plant]:
    plant: Plant = request.param(tmp_path_factory.mktemp("plant"))
    await plant.start()
    yield plant
    await plant.stop()


def bind(plant: Plant, signal: str, **options: float | bool) -> BoundSignal:
    return BoundSignal(GAUGE, signal, "host:gauge", plant.source(signal), **options)  # type: ignore[arg-type]


async def test_values_arrive_converted_with_their_quality_and_the_sources_time(
    plant: Plant,
) -> None:
    probe = Probe()
    session = plant.session(probe, clock)
    await session.configure([bind(plant, "loading", scale=0.1, offset=5.0)])
    await session.start()
    await plant.ready(session, probe)

    await plant.write("loading", 200.0, NOW_NS + 1_000_000)
    await plant.write("loading", 201.0, NOW_NS + 2_000_000, quality=BAD)
    await probe.until(lambda: any(r.quality == BAD for r in probe.of(GAUGE, "loading")))

    good, bad = probe.of(GAUGE, "loading")[-2:]
    assert (good.value, good.time_ns, good.quality) == (25.0, NOW_NS + 1_000_000, 0)
    assert (bad.time_ns, bad.quality) == (NOW_NS + 2_000_000, BAD)
    assert probe.puts[-1][0] == "host:gauge"
    await session.stop()


async def test_text_signals_carry_their_text_and_no_value(plant: Plant) -> None:
    probe = Probe()
    session = plant.session(probe, clock)
    await session.configure([bind(plant, "lot", is_text=True)])
    await session.start()
    await plant.ready(session, probe)

    await plant.write("lot", "E-0042", NOW_NS + 1_000_000)
    await probe.until(lambda: any(r.text == "E-0042" for r in probe.of(GAUGE, "lot")))

    assert probe.of(GAUGE, "lot")[-1].value != probe.of(GAUGE, "lot")[-1].value
    await session.stop()


async def test_a_value_of_the_wrong_type_is_a_bad_reading_and_a_complaint(plant: Plant) -> None:
    probe = Probe()
    session = plant.session(probe, clock)
    await session.configure([bind(plant, "loading")])
    await session.start()
    await plant.ready(session, probe)

    await plant.write("loading", [1.0, 2.0], NOW_NS + 1_000_000)
    await probe.until(lambda: any(r.quality & BAD for r in probe.of(GAUGE, "loading")))
    await probe.until(lambda: "an array of 2; a number is expected" in probe.said[GAUGE][1])
    await plant.write("loading", 3.0, NOW_NS + 2_000_000)

    await probe.until(lambda: probe.of(GAUGE, "loading")[-1].value == 3.0)
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))
    assert session.status().bindings[0].refused == 1
    await session.stop()


async def test_signals_are_added_and_removed_while_others_go_on(plant: Plant) -> None:
    probe = Probe()
    session = plant.session(probe, clock)
    loading, speed = bind(plant, "loading"), bind(plant, "speed")
    await session.configure([loading])
    await session.start()
    await plant.ready(session, probe)
    await plant.write("loading", 1.0, NOW_NS + 1_000_000)
    await probe.until(lambda: probe.of(GAUGE, "loading")[-1:] != [])

    await session.configure([loading, speed])
    await plant.ready(session, probe)
    await plant.write("speed", 7.0, NOW_NS + 2_000_000)
    await probe.until(lambda: 7.0 in [r.value for r in probe.of(GAUGE, "speed")])
    await session.configure([speed])
    await plant.write("loading", 99.0, NOW_NS + 3_000_000)
    await plant.write("speed", 8.0, NOW_NS + 4_000_000)

    await probe.until(lambda: 8.0 in [r.value for r in probe.of(GAUGE, "speed")])
    assert 99.0 not in [r.value for r in probe.of(GAUGE, "loading")]
    assert [b.signal for b in session.status().bindings] == ["speed"]
    await session.stop()


async def test_a_source_that_is_away_at_first_is_reached_when_it_comes_up(plant: Plant) -> None:
    probe = Probe()
    await plant.go_away()
    session = plant.session(probe, clock)
    await session.configure([bind(plant, "loading")])
    await session.start()
    await probe.until(lambda: "cannot reach" in probe.said[GAUGE][1])
    assert not session.status().connected
    assert "cannot reach" in session.status().reason

    await plant.come_back()
    await plant.ready(session, probe)
    await plant.write("loading", 4.0, NOW_NS + 1_000_000)

    await probe.until(lambda: 4.0 in [r.value for r in probe.of(GAUGE, "loading")])
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))
    assert session.status().connected
    await session.stop()


async def test_a_source_that_goes_away_is_said_to_be_and_comes_back(plant: Plant) -> None:
    probe = Probe()
    session = plant.session(probe, clock)
    await session.configure([bind(plant, "loading")])
    await session.start()
    await plant.ready(session, probe)
    await plant.write("loading", 1.0, NOW_NS + 1_000_000)
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))

    await plant.go_away()
    await probe.until(lambda: not probe.said[GAUGE][0])
    await plant.come_back()
    await plant.ready(session, probe)
    await plant.write("loading", 2.0, NOW_NS + 2_000_000)

    await probe.until(lambda: 2.0 in [r.value for r in probe.of(GAUGE, "loading")])
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))
    await session.stop()


async def test_stopping_is_said_and_nothing_comes_afterwards(plant: Plant) -> None:
    probe = Probe()
    session = plant.session(probe, clock)
    await session.configure([bind(plant, "loading")])
    await session.start()
    await plant.ready(session, probe)

    await session.stop()
    count = len(probe.puts)
    await plant.write("loading", 5.0, NOW_NS + 1_000_000)

    assert not session.status().connected
    assert len(probe.puts) == count
