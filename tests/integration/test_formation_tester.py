"""The demonstration's formation tester as a process, over a real broker."""

import json
import queue
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cluster.embedded import EmbeddedBroker
from cluster.processes import Process

pytestmark = pytest.mark.integration

CHANNELS = 64
INSTANTS = 20


def command(port: int, ready: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "simulation.formation.channels", "--mqtt-port", str(port)),
        *("--scenario", "formation-short", "--speed", "2400", "--ready-file", str(ready)),
    ]


def test_the_log_of_a_room_that_began_hours_ago_comes_in_order_channel_by_channel(
    tmp_path: Path,
) -> None:
    broker = EmbeddedBroker(tmp_path)
    ready = tmp_path / "ready.json"
    heard: queue.Queue[tuple[str, dict[str, object]]] = queue.Queue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = lambda _, __, message: heard.put(
        (message.topic, json.loads(message.payload))
    )
    tester = None
    try:
        client.connect("127.0.0.1", broker.port)
        client.subscribe("line1/formation/#", qos=1)
        client.loop_start()
        tester = Process("the formation tester", command(broker.port, ready), tmp_path / "log")
        got = [heard.get(timeout=60.0) for _ in range(INSTANTS * CHANNELS)]
    finally:
        if tester is not None:
            tester.stop()
        client.loop_stop()
        client.disconnect()
        broker.stop()
    assert list(json.loads(ready.read_text())["hidden"].values()) == ["micro_short"]
    assert len({topic for topic, _ in got}) == CHANNELS
    first = datetime.fromisoformat(str(got[0][1]["time"]))
    assert 3.2 < (datetime.now(UTC) - first).total_seconds() / 3600.0 < 3.5
    one = [str(of["time"]) for topic, of in got if topic.endswith("channel-17")]
    assert one == sorted(one)
    assert len(set(one)) == len(one) == INSTANTS
    assert time.time() > datetime.fromisoformat(one[-1]).timestamp()
