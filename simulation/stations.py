"""Stations that tell of pieces: what they measure, and the MQTT client that publishes it.

A stacking station weighs electrodes until a stack is full; the filler weighs each
stacked cell before and after it fills it. Scales also report what cannot be: zero when
nothing lay on them, less than zero when they had lost their tare. The laboratory tells the
porosity of a sample of each electrode lot, some time after the lot was calendered.
"""

import asyncio
import json
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import paho.mqtt.client as mqtt
from numpy.random import Generator
from paho.mqtt.enums import CallbackAPIVersion

from simulation.opcua_nodes import utc
from simulation.readings import Sample

GOOD = 192
"""The quality code of OPC DA for good, as many MQTT gateways send it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One JSON document on one topic."""

    topic: str
    payload: Mapping[str, float | str]


class Station(Protocol):
    period_s: float

    def work(self, time_ns: int) -> list[Message]:
        """What the station says at the end of its next piece of work."""


class Scale:
    """A scale with noise [g] that now and then reports an impossible mass."""

    def __init__(self, rng: Generator, noise_g: float, impossible: float) -> None:
        self._rng = rng
        self._noise_g = noise_g
        self._impossible = impossible

    def weigh(self, mass_g: float) -> float:
        if self._rng.random() < self._impossible:
            return 0.0 if self._rng.random() < 0.5 else -round(0.1 + self._rng.random(), 3)
        return round(mass_g + self._noise_g * self._rng.standard_normal(), 3)


class StackingStation:
    """Weighs one electrode after another; each ``sheets`` of them make a stack."""

    period_s = 0.8

    def __init__(
        self, rng: Generator, finished: deque[str], place: str = "line1", sheets: int = 8
    ) -> None:
        self._rng = rng
        self._scale = Scale(rng, noise_g=0.002, impossible=0.01)
        self._finished = finished
        self._place = place
        self._sheets = sheets
        self._on_stack = 0
        self._stacks = 0

    def work(self, time_ns: int) -> list[Message]:
        serial = f"C2026-{self._stacks + 1:06d}"
        self._on_stack += 1
        mass = self._scale.weigh(1.85 + 0.01 * self._rng.standard_normal())
        stacking = f"{self._place}/stacking"
        electrode = f"{serial}-{self._on_stack:02d}"
        weighed = _document(time_ns, {"item": electrode, "predrying_mass": mass})
        said = [Message(f"{stacking}/weighing", weighed)]
        if self._on_stack == self._sheets:
            self._on_stack = 0
            self._stacks += 1
            self._finished.append(serial)
            said.append(Message(f"{stacking}/stack", _document(time_ns, {"stacked_cell": serial})))
        return said


class ElectrolyteFiller:
    """Fills the cells that were stacked, in their order; idle where there are none."""

    period_s = 3.0
    ELECTROLYTE_G_ML = 1.2

    def __init__(self, rng: Generator, stacked: deque[str], place: str = "line1") -> None:
        self._rng = rng
        self._scale = Scale(rng, noise_g=0.003, impossible=0.02)
        self._stacked = stacked
        self._place = place

    def work(self, time_ns: int) -> list[Message]:
        if not self._stacked:
            return []
        serial = self._stacked.popleft()
        dry_g = 38.2 + 0.12 * self._rng.standard_normal()
        volume_ml = 4.90 + 0.01 * self._rng.standard_normal()
        wet_g = dry_g + volume_ml * self.ELECTROLYTE_G_ML
        weighed: dict[str, float | str] = {
            "cell": serial,
            "dry_cell_mass": self._scale.weigh(dry_g),
            "wet_cell_mass": self._scale.weigh(wet_g),
            "electrolyte_volume": round(volume_ml, 3),
        }
        return [Message(f"{self._place}/filler/weighing", _document(time_ns, weighed))]


class Laboratory:
    """Tells what the line's samples gave, when they are ready."""

    period_s = 1.0

    def __init__(self, ready: deque[Sample], place: str = "line1") -> None:
        self._ready = ready
        self._place = place

    def work(self, time_ns: int) -> list[Message]:
        said = []
        while self._ready:
            sample = self._ready.popleft()
            measured = round(sample.porosity, 2)
            fields: dict[str, float | str] = {"item": sample.lot, "sample_porosity": measured}
            said.append(Message(f"{self._place}/lab/porosity", _document(time_ns, fields)))
        return said


def _document(time_ns: int, fields: Mapping[str, float | str]) -> dict[str, float | str]:
    stamp = utc(time_ns).isoformat(timespec="milliseconds")
    return {"time": stamp, **fields, "quality": GOOD}


def stations(rng: Generator, place: str = "line1") -> list[Station]:
    """The stations of one line, joined by the cells that pass from one to the next."""
    stacked = deque(f"C2025-{number:06d}" for number in range(998, 1001))
    return [StackingStation(rng, stacked, place), ElectrolyteFiller(rng, stacked, place)]


class Publisher:
    """Publishes with QoS 1 and reconnects for ever; what is said meanwhile is kept, to a limit."""

    def __init__(self, host: str, port: int, client_id: str = "gigatwin-stations") -> None:
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id)
        self._client.reconnect_delay_set(min_delay=1, max_delay=10)
        self._client.max_queued_messages_set(1000)
        self._client.connect_async(host, port, keepalive=30)
        self._client.loop_start()

    def publish(self, message: Message) -> None:
        self._client.publish(message.topic, json.dumps(message.payload), qos=1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


async def run(station: Station, publisher: Publisher) -> None:
    """Lets the station work in real time until it is cancelled."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due = max(due + station.period_s, loop.time() - station.period_s)
        await asyncio.sleep(due - loop.time())
        for message in station.work(time.time_ns()):
            publisher.publish(message)
