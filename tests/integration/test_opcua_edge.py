"""The OPC UA session on a real server: what goes wrong in a plant, and what comes of it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from asset_registry.record import OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from protocols.opcua.session import OpcUaSession
from protocols.opcua.subscription import Pace
from tests.edge_plants import OpcUaPlant
from tests.edge_probe import NOW_NS, Probe, clock
from tests.servers import free_port
from twin.frame import Reading

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

GAUGE = "line1/coater/gauge-top"
QUICK = Pace(publishing_ms=20.0, keep_alive_ms=100.0, silence_s=0.6)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plant(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[OpcUaPlant]:
    plant = OpcUaPlant(tmp_path_factory.mktemp("plant"))
    await plant.start()
    yield plant
    await plant.stop()


class Proxy:
    """A cable to the server that can be cut."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)

    async def cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()

    async def _carry(self, near: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        far, onward = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {answer, onward}
        await asyncio.gather(_pump(near, onward), _pump(far, answer))


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(65536):
            sink.write(data)
    except ConnectionError:
        pass
    sink.close()


def session(endpoint: str, probe: Probe, pace: Pace = QUICK) -> OpcUaSession:
    return OpcUaSession(
        endpoint,
        probe.put,
        probe.status_changed,
        clock=clock,
        pace=pace,
        retry_s=0.2,
        node_retry_s=0.2,
    )


def bind(plant: OpcUaPlant, signal: str, asset: str = GAUGE) -> BoundSignal:
    return BoundSignal(asset, signal, "host:gauge", plant.source(signal))


def numbers(probe: Probe, signal: str, above: float) -> list[float]:
    return [r.value for r in probe.of(GAUGE, signal) if r.value > above]


async def test_a_node_that_is_not_there_is_named_and_found_when_it_comes(
    plant: OpcUaPlant,
) -> None:
    probe = Probe()
    edge = session(plant.endpoint, probe)
    await edge.configure([bind(plant, "loading"), bind(plant, "humidity")])
    await edge.start()

    missing = (
        f"humidity: BadNodeIdUnknown: ns=2;s=gauge.humidity does not exist on {plant.endpoint}"
    )
    await probe.until(lambda: probe.said[GAUGE] == (True, missing))
    assert edge.status().connected
    await plant.add("humidity", 0.5)

    await probe.until(lambda: [r.value for r in probe.of(GAUGE, "humidity")] == [0.5])
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))
    await edge.stop()


async def test_a_node_id_that_can_not_be_read_is_named_while_others_work(
    plant: OpcUaPlant,
) -> None:
    probe = Probe()
    edge = session(plant.endpoint, probe)
    odd = BoundSignal(
        "line1/odd", "x", "host:odd", OpcUaSource(plant.endpoint, "the weight, please")
    )
    await edge.configure([bind(plant, "loading"), odd])
    await edge.start()

    await probe.until(lambda: probe.said[GAUGE] == (True, ""))
    await probe.until(lambda: "BadNodeIdInvalid" in probe.said["line1/odd"][1])
    await edge.stop()


async def test_a_sample_that_equals_the_one_before_is_a_reading_too(plant: OpcUaPlant) -> None:
    probe = Probe()
    edge = session(plant.endpoint, probe)
    await edge.configure([bind(plant, "loading")])
    await edge.start()
    await plant.ready(edge, probe)

    for sample in range(1, 4):
        await plant.write("loading", 20.0, NOW_NS + sample * 100_000_000)

    await probe.until(lambda: len(numbers(probe, "loading", 19.0)) == 3)
    await edge.stop()


async def test_what_belongs_to_one_scan_stays_together(plant: OpcUaPlant) -> None:
    probe = Probe()
    edge = session(plant.endpoint, probe, Pace(publishing_ms=300.0, keep_alive_ms=600.0))
    await edge.configure([bind(plant, "loading"), bind(plant, "speed")])
    await edge.start()
    await plant.ready(edge, probe)
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))
    before = len(probe.puts)

    for scan in range(1, 5):
        time_ns = NOW_NS + 1_000_000_000 + scan * 100_000_000
        await plant.write("loading", 100.0 + scan, time_ns)
        await plant.write("speed", 200.0 + scan, time_ns)
    await probe.until(lambda: len(probe.puts) == before + 8)

    times = [reading.time_ns for _, reading in probe.puts[before:]]
    assert times == sorted(times)
    await edge.stop()


async def test_a_subscription_that_falls_silent_is_created_anew_and_that_is_said(
    plant: OpcUaPlant,
) -> None:
    probe = Probe()
    edge = session(plant.endpoint, probe)
    await edge.configure([bind(plant, "loading")])
    await edge.start()
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))

    plant.silence_subscriptions()
    await probe.until(lambda: "the subscription has died (no sign of life" in probe.said[GAUGE][1])
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))
    await plant.write("loading", 301.0, NOW_NS + 2_000_000_000)

    await probe.until(lambda: numbers(probe, "loading", 300.0) == [301.0])
    assert edge.status().counts["recreated"] == 1
    assert edge.status().counts["repeated"] == 1  # the value that the server had told already
    await edge.stop()


async def test_what_the_plc_measured_while_the_cable_was_cut_arrives_afterwards(
    plant: OpcUaPlant,
) -> None:
    probe = Probe()
    cable = Proxy(plant.port)
    await cable.mend()
    edge = session(plant.endpoint.replace(str(plant.port), str(cable.port)), probe)
    await edge.configure([bind(plant, "loading")])
    await edge.start()
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))

    sent = []
    for sample in range(1, 31):
        if sample == 10:
            await cable.cut()
            await probe.until(lambda: "lost opc.tcp" in probe.said[GAUGE][1])
        if sample == 20:
            await cable.mend()
        sent.append(400.0 + sample)
        await plant.write("loading", sent[-1], NOW_NS + 3_000_000_000 + sample * 100_000_000)

    await probe.until(lambda: len(numbers(probe, "loading", 400.0)) >= 30)
    assert numbers(probe, "loading", 400.0) == sent
    assert edge.status().counts["resumed"] == 1
    await edge.stop()
    await cable.cut()


async def test_without_room_at_the_edge_values_wait_at_the_server(plant: OpcUaPlant) -> None:
    probe = Probe()
    edge = session(plant.endpoint, probe)
    await edge.configure([bind(plant, "loading")])
    await edge.start()
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))

    probe.store_at_once = False
    await plant.write("loading", 501.0, NOW_NS + 7_000_000_000)
    await probe.until(lambda: numbers(probe, "loading", 500.0) == [501.0])
    probe.has_room = False
    for sample in range(2, 6):
        await plant.write("loading", 500.0 + sample, NOW_NS + (7 + sample) * 1_000_000_000)
    probe.store_at_once = probe.has_room = True
    probe.store()

    await probe.until(lambda: len(numbers(probe, "loading", 500.0)) == 5)
    assert numbers(probe, "loading", 500.0) == [501.0, 502.0, 503.0, 504.0, 505.0]
    await edge.stop()


async def test_an_overflow_of_the_servers_queue_is_counted(plant: OpcUaPlant) -> None:
    probe = Probe()
    edge = session(plant.endpoint, probe)
    await edge.configure([bind(plant, "loading")])
    await edge.start()
    await plant.ready(edge, probe)

    await plant.write("loading", 601.0, NOW_NS + 20_000_000_000, quality=0x0000_0480)
    await probe.until(lambda: numbers(probe, "loading", 600.0) == [601.0])

    assert edge.status().counts["overflows"] == 1
    await edge.stop()


async def test_values_that_could_not_be_handled_are_asked_for_again(plant: OpcUaPlant) -> None:
    probe = Probe()
    failures = [RuntimeError("a fault of our own")]

    def put(stream: str, reading: Reading, done: Callable[[], None] | None) -> bool:
        if reading.value == 701.0 and failures:
            raise failures.pop()
        return probe.put(stream, reading, done)

    edge = OpcUaSession(plant.endpoint, put, probe.status_changed, clock=clock, pace=QUICK)
    await edge.configure([bind(plant, "loading")])
    await edge.start()
    await probe.until(lambda: probe.said[GAUGE] == (True, ""))

    await plant.write("loading", 701.0, NOW_NS + 30_000_000_000)

    await probe.until(lambda: numbers(probe, "loading", 700.0) == [701.0])
    assert edge.status().counts["recreated"] == 1
    await edge.stop()


async def test_a_server_that_talks_nonsense_is_said_to_and_tried_again() -> None:
    tries = asyncio.Semaphore(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tries.release()
        await reader.read(8)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    endpoint = f"opc.tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    probe = Probe()
    edge = session(endpoint, probe)
    await edge.configure([BoundSignal(GAUGE, "x", "host", OpcUaSource(endpoint, "ns=2;s=x"))])
    await edge.start()

    await probe.until(lambda: f"cannot reach {endpoint}" in probe.said[GAUGE][1])
    async with asyncio.timeout(10):
        for _ in range(3):
            await tries.acquire()
    assert not edge.status().connected
    await edge.stop()
    server.close()
