"""The demonstration's formation tester as a process, over a real broker."""

import json
import queue
import time
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from cluster.demo.formation import SimulatedTester
from cluster.embedded import EmbeddedBroker

pytestmark = pytest.mark.integration

CHANNELS = 64
INSTANTS = 20


def test_the_log_of_a_room_that_began_hours_ago_comes_in_order_channel_by_channel(
    tmp_path: Path,
) -> None:
    broker = EmbeddedBroker(tmp_path)
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
        tester = SimulatedTester(tmp_path, broker.port, "formation-short", seed=1, speed=2400.0)
        hidden = tester.wait()
        got = [heard.get(timeout=60.0) for _ in range(INSTANTS * CHANNELS)]
    finally:
        if tester is not None:
            tester.stop()
        client.loop_stop()
        client.disconnect()
        broker.stop()
    assert list(hidden.values()) == ["micro_short"]
    assert len({topic for topic, _ in got}) == CHANNELS
    first = datetime.fromisoformat(str(got[0][1]["time"]))
    assert 3.2 < (datetime.now(UTC) - first).total_seconds() / 3600.0 < 3.5
    one = [str(of["time"]) for topic, of in got if topic.endswith("channel-17")]
    assert one == sorted(one)
    assert len(set(one)) == len(one) == INSTANTS
    assert time.time() > datetime.fromisoformat(one[-1]).timestamp()
