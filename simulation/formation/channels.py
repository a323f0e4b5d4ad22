"""The formation tester of the demonstration, over MQTT, as a process of its own.

    python -m simulation.formation.channels --mqtt-port 1883 --scenario formation-short

Its room began its protocol some hours ago, while nobody listened. The tester kept its log,
as testers do, and forwards it in order, ``--speed`` times as fast as it was written, each
reading with the time at which it was taken; when it has caught up it goes on live. A
message is one reading of one channel, on ``line1/formation/channel-01`` and so on:

    {"time": "2026-11-22T09:30:00.250+00:00", "cell": "F1-000017", "voltage": 3.4161,
     "current": 0.2501, "temperature": 24.9, "step": 1, "quality": 192}

When the broker is there it prints one line of JSON (and writes it to --ready-file). It ends
on SIGTERM, on SIGINT, when the process that started it ends, or with the protocol.
"""

import argparse
import contextlib
import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from simulation.formation.mishaps import Told, spoil
from simulation.formation.room import FormationRoom
from simulation.formation.scenarios import FORMATION_SCENARIOS, FormationScenario
from simulation.opcua_nodes import HOST, utc
from simulation.stations import GOOD, Message

CHANNELS: Final = 64
PLACE: Final = "line1/formation"
_HOUR_NS: Final = 3_600_000_000_000
_LATE_S: Final = 30.0
_TICK_S: Final = 0.2


class FormationTester:
    """A room whose protocol began before ``now_ns`` by the scenario's hours."""

    def __init__(
        self,
        scenario: FormationScenario,
        seed: int,
        now_ns: int,
        channels: int = CHANNELS,
        every_s: float = 60.0,
    ) -> None:
        self.kinds = scenario.kinds(channels)
        self.start_ns = now_ns - round(scenario.began_h * _HOUR_NS)
        self.room = FormationRoom(
            seed,
            channels,
            lots=4,
            every_s=every_s,
            start_ns=self.start_ns,
            kinds=self.kinds,
        )
        self._told = spoil(self.room.play(), self.room.serials, scenario.mishaps)

    def instants(self) -> Iterator[tuple[int, list[Message]]]:
        """Each instant of the protocol: its time [ns], and a message of each channel."""
        for told in self._told:
            found = [_message(told, channel) for channel in range(len(told.serials))]
            yield int(told.time_ns.max()), [message for message in found if message is not None]


def topic(channel: int) -> str:
    """Of the channel, counted from 0."""
    return f"{PLACE}/channel-{channel + 1:02d}"


def due_ns(time_ns: int, start_ns: int, opened_ns: int, speed: float) -> int:
    """When what was read at ``time_ns`` is told: the log from ``start_ns`` on is forwarded
    from ``opened_ns`` on at ``speed``, but nothing before it has happened."""
    return max(time_ns, opened_ns + round((time_ns - start_ns) / speed))


def _message(told: Told, channel: int) -> Message | None:
    fields: dict[str, float | str] = {
        "time": utc(int(told.time_ns[channel])).isoformat(timespec="milliseconds"),
        "cell": told.serials[channel],
    }
    read = {
        "voltage": round(float(told.voltage[channel]), 4),
        "current": round(float(told.current[channel]), 4),
        "temperature": round(float(told.temperature[channel]), 1),
    }
    fields |= {name: value for name, value in read.items() if not math.isnan(value)}
    if len(fields) == 2:
        return None
    return Message(topic(channel), {**fields, "step": int(told.step[channel]), "quality": GOOD})


class Forwarder:
    """Publishes with QoS 1, an instant after the other: the next one waits until the broker
    has this one, so that a log of any length fits through."""

    def __init__(self, host: str, port: int) -> None:
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="gigatwin-formation-tester"
        )
        self._client.reconnect_delay_set(min_delay=1, max_delay=10)
        self._client.max_inflight_messages_set(4 * CHANNELS)
        self._up = threading.Event()
        self._client.on_connect = lambda *_: self._up.set()
        self._client.connect_async(host, port, keepalive=30)
        self._client.loop_start()

    def wait(self, seconds: float) -> bool:
        """Whether the broker is there within so many seconds."""
        return self._up.wait(seconds)

    def publish(self, messages: list[Message]) -> None:
        told = [self._client.publish(m.topic, json.dumps(m.payload), qos=1) for m in messages]
        for info in told:
            # Without a broker they are kept, and go out when it is back.
            with contextlib.suppress(RuntimeError, ValueError):
                info.wait_for_publish(_LATE_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    listed = "\n".join(f"  {s.name:20} {s.description}" for s in FORMATION_SCENARIOS.values())
    parser = argparse.ArgumentParser(
        prog="python -m simulation.formation.channels",
        description="A formation tester that forwards its log over MQTT, then goes on live.",
        epilog=f"scenarios:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--mqtt-port", type=int, required=True, help="of a broker here")
    parser.add_argument("--scenario", choices=FORMATION_SCENARIOS, default="formation-short")
    parser.add_argument("--channels", type=int, default=CHANNELS)
    parser.add_argument("--speed", type=float, default=240.0, help="of the log. [240]")
    parser.add_argument(
        "--wait", type=float, default=3.0, metavar="SECONDS", help="for those who listen. [3]"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ready-file", type=Path, help="written when the broker is there")
    return parser.parse_args(argv)


def _announce(tester: FormationTester, file: Path | None) -> None:
    faults = zip(tester.room.serials, tester.kinds, strict=True)
    hidden = {serial: kind for serial, kind in faults if kind}
    text = json.dumps({"ready": True, "channels": len(tester.kinds), "hidden": hidden})
    if file is not None:
        partial = file.with_name(file.name + ".partial")
        partial.write_text(text + "\n")
        partial.replace(file)
    print(text, flush=True)


def main(argv: list[str] | None = None) -> int:
    arguments = _arguments(argv)
    parent, stopped = os.getppid(), threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopped.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    forwarder = Forwarder(HOST, arguments.mqtt_port)
    while not forwarder.wait(_TICK_S):
        if stopped.is_set() or os.getppid() != parent:
            return 0
    stopped.wait(arguments.wait)
    opened_ns = time.time_ns()
    scenario = FORMATION_SCENARIOS[arguments.scenario]
    tester = FormationTester(scenario, arguments.seed, opened_ns, arguments.channels)
    _announce(tester, arguments.ready_file)
    for time_ns, messages in tester.instants():
        at_ns = due_ns(time_ns, tester.start_ns, opened_ns, arguments.speed)
        while (left_s := (at_ns - time.time_ns()) * 1e-9) > 0.0:
            if stopped.wait(min(left_s, _TICK_S)) or os.getppid() != parent:
                break
        if stopped.is_set() or os.getppid() != parent:
            break
        forwarder.publish(messages)
    forwarder.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
