"""The MQTT session on a real broker: nothing accepted is lost, nothing odd stops it."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from asset_registry.record import MqttSource
from protocols.edge.bound_signal import BoundSignal
from protocols.mqtt.client import MqttClient
from protocols.mqtt.session import MqttSession
from tests.edge_plants import MqttPlant
from tests.edge_probe import NOW_NS, Probe, clock

pytestmark = [
    pytest.mark.integration,
    pytest.mark.needs_mosquitto,
    pytest.mark.asyncio(loop_scope="module"),
]

FILLER = "line1/assembly/filler-1"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MqttPlant]:
    plant = MqttPlant(tmp_path_factory.mktemp("plant"))
    await plant.start()
    yield plant
    await plant.stop()


@pytest.fixture
def topic(request: pytest.FixtureRequest) -> str:
    return f"plant/{request.node.name}"


def session(plant: MqttPlant, probe: Probe, client_id: str) -> MqttSession:
    return MqttSession(
        plant.broker, probe.put, probe.status_changed, client_id=client_id, clock=clock
    )


def bind(plant: MqttPlant, topic: str, signal: str) -> BoundSignal:
    return BoundSignal(FILLER, signal, "host:filler", MqttSource(plant.broker, topic, signal))


def weighing(cell: str, mass: float) -> str:
    return json.dumps({"time": NOW_NS // 1_000_000, "cell": cell, "dry_cell_mass": mass})


def cells(probe: Probe) -> list[str | None]:
    return [r.text for r in probe.of(FILLER, "dry_cell_mass")]


async def test_all_metrics_of_a_message_have_its_time_and_its_piece(
    plant: MqttPlant, topic: str
) -> None:
    probe = Probe()
    edge = session(plant, probe, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass"), bind(plant, topic, "wet.mass")])
    await edge.start()
    await plant.ready(edge, probe)

    time_ms = NOW_NS // 1_000_000 + 5
    payload = {"time": time_ms, "cell": "A17", "dry_cell_mass": 21.4, "wet": {"mass": 25.9}}
    await plant.publish(topic, json.dumps(payload))
    await probe.until(lambda: len(probe.puts) == 2)

    assert [(r.signal, r.time_ns, r.value, r.text) for _, r in probe.puts] == [
        ("dry_cell_mass", time_ms * 1_000_000, 21.4, "A17"),
        ("wet.mass", time_ms * 1_000_000, 25.9, "A17"),
    ]
    await edge.stop()


async def test_the_broker_keeps_messages_while_the_edge_is_absent(
    plant: MqttPlant, topic: str
) -> None:
    first = Probe()
    edge = session(plant, first, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, first)
    await edge.stop()

    for number in range(20):
        await plant.publish(topic, weighing(f"A{number}", 21.0))
    later = Probe()
    edge = session(plant, later, topic)
    await edge.start()
    await edge.configure([bind(plant, topic, "dry_cell_mass")])

    await later.until(lambda: cells(later) == [f"A{number}" for number in range(20)])
    await edge.stop()


async def test_a_message_is_acknowledged_only_when_it_is_stored(
    plant: MqttPlant, topic: str
) -> None:
    first = Probe()
    first.store_at_once = False
    edge = session(plant, first, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, first)
    await plant.publish(topic, weighing("A1", 21.0))
    await plant.publish(topic, weighing("A2", 21.0))
    await first.until(lambda: cells(first) == ["A1", "A2"])
    first.unstored.pop(0)()  # the first is stored; before the second is, the edge dies
    await edge.stop()

    later = Probe()
    edge = session(plant, later, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()

    await later.until(lambda: cells(later) == ["A2"])
    await edge.stop()


async def test_a_message_that_the_broker_repeats_after_a_break_is_counted_once(
    plant: MqttPlant, topic: str
) -> None:
    probe = Probe()
    probe.store_at_once = False
    edge = session(plant, probe, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, probe)
    await plant.publish(topic, weighing("A1", 21.0))
    await probe.until(lambda: cells(probe) == ["A1"])

    await plant.go_away()
    await probe.until(lambda: "cannot reach mqtt://" in probe.said[FILLER][1])
    probe.store()
    await plant.come_back()
    await plant.ready(edge, probe)
    probe.store_at_once = True
    await plant.publish(topic, weighing("A2", 21.0))

    await probe.until(lambda: cells(probe) == ["A1", "A2"])
    assert edge.status().counts["repeated"] == 1
    await edge.stop()


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"\xff\x00", "is no JSON"),
        (b"[]", "is no JSON object"),
        (b'{"time": "soon", "dry_cell_mass": 1}', "can't be used"),
    ],
    ids=["bytes", "list", "time"],
)
async def test_a_malformed_message_is_said_and_the_next_one_taken(
    plant: MqttPlant, topic: str, payload: bytes, why: str
) -> None:
    probe = Probe()
    edge = session(plant, probe, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, probe)

    await plant.publish(topic, payload)
    await probe.until(lambda: why in probe.said[FILLER][1])
    await plant.publish(topic, weighing("A1", 21.0))

    await probe.until(lambda: probe.said[FILLER] == (True, ""))
    assert edge.status().counts["malformed"] == 1
    assert cells(probe) == ["A1"]
    await edge.stop()


async def test_a_number_sent_as_text_is_no_number(plant: MqttPlant, topic: str) -> None:
    probe = Probe()
    edge = session(plant, probe, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, probe)

    await plant.publish(topic, json.dumps({"cell": "A1", "dry_cell_mass": "21.4"}))

    await probe.until(lambda: "the text '21.4'; a number is expected" in probe.said[FILLER][1])
    assert probe.of(FILLER, "dry_cell_mass")[0].quality == 0x8074_0000
    await edge.stop()


async def test_a_topic_with_a_wildcard_is_refused_while_others_work(
    plant: MqttPlant, topic: str
) -> None:
    probe = Probe()
    edge = session(plant, probe, topic)
    wild = BoundSignal("line1/wild", "x", "host", MqttSource(plant.broker, "plant/#", "x"))
    await edge.configure([bind(plant, topic, "dry_cell_mass"), wild])
    await edge.start()

    await probe.until(lambda: probe.said[FILLER] == (False, "waiting for the first value"))
    await plant.publish(topic, weighing("A1", 21.0))
    await probe.until(lambda: cells(probe) == ["A1"])

    assert "without + and #" in probe.said["line1/wild"][1]
    await edge.stop()


async def test_without_room_messages_wait_and_go_on_in_order(plant: MqttPlant, topic: str) -> None:
    probe = Probe()
    edge = session(plant, probe, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, probe)

    probe.has_room = False
    for number in range(30):  # more than the broker sends without acknowledgement
        await plant.publish(topic, weighing(f"A{number}", 21.0))
    probe.has_room = True

    await probe.until(lambda: cells(probe) == [f"A{number}" for number in range(30)])
    await edge.stop()


async def test_a_subscription_that_only_the_broker_remembers_is_ended(
    plant: MqttPlant, topic: str
) -> None:
    first = Probe()
    edge = session(plant, first, topic)
    await edge.configure([bind(plant, f"{topic}/old", "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, first)
    await edge.stop()

    later = Probe()
    edge = session(plant, later, topic)
    await edge.configure([bind(plant, f"{topic}/new", "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, later)
    await plant.publish(f"{topic}/old", weighing("A1", 21.0))
    await plant.publish(f"{topic}/new", weighing("A2", 21.0))
    await later.until(lambda: cells(later) == ["A2"])
    await plant.publish(f"{topic}/old", weighing("A3", 21.0))
    await plant.publish(f"{topic}/new", weighing("A4", 21.0))
    await later.until(lambda: cells(later) == ["A2", "A4"])

    assert edge.status().counts["unbound"] == 1
    await edge.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_client_thread_that_dies_is_started_again(
    plant: MqttPlant, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Probe()
    edge = session(plant, probe, topic)
    await edge.configure([bind(plant, topic, "dry_cell_mass")])
    await edge.start()
    await plant.ready(edge, probe)

    def fail(*_: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("an error in paho's thread")

    monkeypatch.setattr(MqttClient, "_arrived", fail)
    await plant.publish(topic, weighing("A1", 21.0))
    await plant.publish(topic, weighing("A2", 21.0))

    await probe.until(lambda: "A2" in cells(probe))
    await edge.stop()
