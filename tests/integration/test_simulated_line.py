"""The simulated plant as others meet it: a process with an OPC UA server, and a broker."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from statistics import fmean

import numpy as np
import paho.mqtt.client as mqtt
import pytest
from asyncua import Client, Node, ua
from paho.mqtt.enums import CallbackAPIVersion

from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord, MqttSource, OpcUaSource
from simulation.opcua_nodes import free_port
from simulation.readings import Sample
from simulation.stations import Laboratory, Publisher, run, stations

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
SCAN = timedelta(milliseconds=100)
LOADING = "line1.coater.gauge-top.areal_loading"
HEAD = "line1.coater.gauge-top.head_position"
SPEED = "line1.coater.line_speed"
SPEED_SETPOINT = "line1.coater.line_speed_setpoint"
FLOW = "line1.coater.pump_flow"
START_FAULT = "simulation.start_fault"
DRIFT = ("--scenario", "viscosity-drift", "--seed", "3")


def start_plant(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "simulation.plant", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def endpoint_of(plant: "subprocess.Popen[str]") -> str:
    assert plant.stdout is not None
    ready = json.loads(plant.stdout.readline())
    assert ready["ready"] is True
    return str(ready["opcua"])


@contextmanager
def ended(process: "subprocess.Popen[str]") -> Iterator["subprocess.Popen[str]"]:
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with ended(start_plant(*DRIFT)) as plant:
        yield endpoint_of(plant)


class Changes:
    """What a subscription was told, in its order."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, ua.DataValue]] = asyncio.Queue()

    def datachange_notification(self, node: Node, val: object, data: object) -> None:
        value = data.monitored_item.Value  # type: ignore[attr-defined]
        self.queue.put_nowait((str(node.nodeid.Identifier), value))

    async def next(self) -> tuple[str, float, datetime]:
        name, value = await self.queue.get()
        assert value.Value is not None
        assert value.StatusCode is not None
        assert value.StatusCode.is_good()
        assert value.SourceTimestamp is not None
        return name, float(value.Value.Value), value.SourceTimestamp

    async def collect(self, name: str, count: int) -> list[tuple[float, datetime]]:
        found: list[tuple[float, datetime]] = []
        while len(found) < count:
            said, value, time = await self.next()
            if said == name:
                found.append((value, time))
        return found


def node(client: Client, name: str) -> Node:
    return client.get_node(f"ns=2;s={name}")


@asynccontextmanager
async def subscribed(endpoint: str, *names: str) -> AsyncIterator[tuple[Client, Changes]]:
    async with Client(endpoint) as client:
        changes = Changes()
        subscription = await client.create_subscription(50, changes)
        nodes = [node(client, name) for name in names]
        await subscription.subscribe_data_change(nodes, queuesize=100)
        yield client, changes


async def test_the_gauge_is_sampled_every_100_ms_and_none_is_missing(endpoint: str) -> None:
    async with asyncio.timeout(20), subscribed(endpoint, LOADING) as (_, changes):
        samples = await changes.collect(LOADING, 30)
    steps = [b[1] - a[1] for a, b in pairwise(samples)]
    assert all(abs(step - SCAN) < 0.6 * SCAN for step in steps), steps
    assert abs(sum(steps, timedelta()) / len(steps) - SCAN) < 0.05 * SCAN


async def test_all_values_of_a_scan_carry_the_same_source_time(endpoint: str) -> None:
    async with asyncio.timeout(20), subscribed(endpoint, LOADING, HEAD) as (_, changes):
        times: dict[str, list[datetime]] = {LOADING: [], HEAD: []}
        while min(map(len, times.values())) < 20:
            name, _, time = await changes.next()
            times[name].append(time)
    assert times[LOADING][1:19] == times[HEAD][1:19]


async def test_a_written_speed_reaches_the_web_at_once_and_the_gauge_after_its_way(
    endpoint: str,
) -> None:
    async with asyncio.timeout(40), subscribed(endpoint, LOADING, SPEED) as (client, changes):
        before = fmean(x for x, _ in await changes.collect(LOADING, 40))
        await node(client, SPEED_SETPOINT).write_value(42.0)
        written = (await node(client, SPEED_SETPOINT).read_data_value()).SourceTimestamp
        assert written is not None

        speed_at = loading_at = None
        latest: deque[float] = deque(maxlen=20)
        while loading_at is None:
            name, value, time = await changes.next()
            if name == SPEED and value > 41.5 and speed_at is None:
                speed_at = time
            if name == LOADING:
                latest.append(value)
                if len(latest) == 20 and fmean(latest) < 0.97 * before:
                    loading_at = time
        await node(client, SPEED_SETPOINT).write_value(40.0)
    assert speed_at is not None
    assert timedelta(0) < speed_at - written < timedelta(seconds=6)
    assert loading_at - speed_at > timedelta(seconds=6)


async def test_every_node_that_the_demonstration_plant_binds_gives_a_value(endpoint: str) -> None:
    sources = [b.source for a in demonstration_plant() for b in a.bindings]
    names = [s.node_id for s in sources if isinstance(s, OpcUaSource)]
    assert len(names) > 10
    async with Client(endpoint) as client:
        values = await client.read_values([client.get_node(name) for name in names])
    assert all(isinstance(value, float | str) for value in values)


def test_every_metric_that_the_demonstration_plant_binds_is_published() -> None:
    sources = [b.source for a in demonstration_plant() for b in a.bindings]
    bound = {(s.topic, s.metric) for s in sources if isinstance(s, MqttSource)}
    lab = Laboratory(deque([Sample(place=0, lot="L2026-0001", porosity=31.5)]))
    line = [*stations(np.random.default_rng(1)), lab]
    said = [message for _ in range(20) for station in line for message in station.work(0)]
    assert bound <= {(m.topic, metric) for m in said for metric in m.payload}
    assert len(bound) == 6


def demonstration_plant() -> tuple[AssetRecord, ...]:
    return load_plant(ROOT / "examples" / "demo-line" / "plant.yaml", kind_of=None)


async def test_a_setpoint_beyond_the_limits_reads_back_clamped(endpoint: str) -> None:
    async with Client(endpoint) as client:
        gap = node(client, "line1.coater.slot_die_gap_setpoint")
        await gap.write_value(9000.0)
        assert await gap.read_value() == 500.0
        await gap.write_value(400.0)
        assert await gap.read_value() == 400.0


@pytest.mark.parametrize(
    ("name", "value", "refusal"),
    [
        (SPEED, 41.0, ua.uaerrors.BadUserAccessDenied),
        (SPEED_SETPOINT, "fast", ua.uaerrors.BadTypeMismatch),
    ],
)
async def test_what_makes_no_sense_to_write_is_refused(
    endpoint: str, name: str, value: float | str, refusal: type[ua.UaError]
) -> None:
    async with Client(endpoint) as client:
        with pytest.raises(refusal):
            await node(client, name).write_value(value)


@pytest.fixture
def endpoint_of_its_own() -> Iterator[str]:
    """Of a plant that no other test meets: what is done to it can not be undone."""
    with ended(start_plant(*DRIFT)) as plant:
        yield endpoint_of(plant)


async def test_the_hidden_fault_starts_on_command_and_raises_the_flow(
    endpoint_of_its_own: str,
) -> None:
    async with asyncio.timeout(30), subscribed(endpoint_of_its_own, FLOW) as (client, changes):
        assert await node(client, START_FAULT).read_value() is False
        before = fmean(x for x, _ in await changes.collect(FLOW, 20))
        await node(client, START_FAULT).write_value(True)
        assert await node(client, START_FAULT).read_value() is True
        latest: deque[float] = deque([before], maxlen=20)
        while fmean(latest) < 1.02 * before:
            latest.append((await changes.next())[1])


def test_the_plant_is_ready_with_a_file_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    file = tmp_path / "ready.json"
    with ended(start_plant("--ready-file", str(file))) as plant:
        endpoint = endpoint_of(plant)
        assert json.loads(file.read_text()) == {"ready": True, "opcua": endpoint, "mqtt": None}
        plant.send_signal(signal.SIGTERM)
        _, errors = plant.communicate(timeout=20)
        assert (plant.returncode, errors) == (0, "")


def test_a_taken_port_is_one_clear_line_and_exit_code_2(endpoint: str) -> None:
    port = endpoint.rsplit(":", 1)[1].split("/")[0]
    with ended(start_plant("--opcua-port", port)) as plant:
        _, errors = plant.communicate(timeout=20)
    assert plant.returncode == 2
    assert errors.count("\n") == 1
    assert port in errors


def test_the_plant_does_not_outlive_who_started_it() -> None:
    program = (
        "import subprocess, sys; "
        "p = subprocess.Popen([sys.executable, '-m', 'simulation.plant'], stdout=subprocess.PIPE);"
        "p.stdout.readline(); print(p.pid, flush=True)"
    )
    read, write = os.pipe()
    # The plant inherits the pipe's end: it reads as closed once the last holder is gone.
    starter = subprocess.run(
        [sys.executable, "-c", program.replace("PIPE)", f"PIPE, pass_fds=({write},))")],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=30, pass_fds=(write,),
    )  # fmt: skip
    os.close(write)
    try:
        assert os.read(read, 1) == b""
    except BaseException:
        os.kill(int(starter.stdout), signal.SIGKILL)
        raise
    finally:
        os.close(read)


@contextmanager
def mosquitto(port: int) -> Iterator[None]:
    program = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    assert program is not None
    with ended(
        subprocess.Popen(
            [program, "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    ):
        yield


class Heard:
    """A subscriber to everything that survives the broker's restart."""

    def __init__(self, port: int) -> None:
        self.queue: asyncio.Queue[tuple[str, dict[str, object]]] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        self._client.on_connect = lambda client, *_: client.subscribe("line1/#", qos=1)
        self._client.on_message = lambda _client, _data, message: loop.call_soon_threadsafe(
            self.queue.put_nowait, (message.topic, json.loads(message.payload))
        )
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.mark.needs_mosquitto
async def test_stations_publish_and_find_the_broker_again_after_its_restart() -> None:
    port = free_port()
    # The broker is away at first.
    publisher = Publisher("127.0.0.1", port)
    working = [asyncio.create_task(run(s, publisher)) for s in stations(np.random.default_rng(1))]
    heard = Heard(port)
    try:
        for _ in range(2):
            with mosquitto(port):
                async with asyncio.timeout(30):
                    topics: set[str] = set()
                    while not {"line1/filler/weighing", "line1/stacking/weighing"} <= topics:
                        topic, document = await heard.queue.get()
                        assert document["quality"] == 192
                        topics.add(topic)
            while not heard.queue.empty():
                heard.queue.get_nowait()
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        publisher.close()
        heard.close()
