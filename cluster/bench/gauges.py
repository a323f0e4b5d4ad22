"""A plant of coaters and gauges that a benchmark drives value by value."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np

from asset_registry.record import AssetRecord, Binding, OpcUaSource, Quantity
from cluster.client import registry_at
from cluster.config import load
from cluster.plant import Plant, Progress, forget
from simulation.bench_plc import BenchPlc

_NOISE: Final = 0.003
_TARGET: Final = 20.0


def records(plc: BenchPlc, gauges: int) -> list[AssetRecord]:
    """A coater and a fixed-point gauge for each of the PLC's gauges."""
    made = []
    for number in range(gauges):
        nodes = plc.node_ids(number)
        coater = f"bench/coater{number}"
        made.append(
            AssetRecord(
                name=coater,
                kind="coater",
                parent="bench",
                bindings=tuple(
                    _binding(plc, nodes, signal, unit)
                    for signal, unit in (
                        ("line_speed", "m/min"),
                        ("slot_die_gap", "um"),
                        ("pump_flow", "mL/min"),
                        ("web_length", "m"),
                        ("lot", ""),
                    )
                ),
                parameters={
                    "coating_width": Quantity(600, "mm"),
                    "line_speed_min": Quantity(20, "m/min"),
                    "line_speed_max": Quantity(60, "m/min"),
                    "slot_die_gap_min": Quantity(200, "um"),
                    "slot_die_gap_max": Quantity(600, "um"),
                    "feed": "pressure",
                    "slurry_density": Quantity(2200, "kg/m3"),
                    "slurry_solids": Quantity(67, "%"),
                },
            )
        )
        made.append(
            AssetRecord(
                name=f"{coater}/gauge",
                kind="coating_gauge",
                parent=coater,
                bindings=(_binding(plc, nodes, "areal_loading", "mg/cm2"),),
                parameters={
                    "target_loading": Quantity(_TARGET, "mg/cm2"),
                    "distance_from_die": Quantity(6, "m"),
                    "web_width": Quantity(600, "mm"),
                    "coater": coater,
                },
            )
        )
    return made


def _binding(plc: BenchPlc, nodes: dict[str, str], signal: str, unit: str) -> Binding:
    return Binding(signal, OpcUaSource(plc.endpoint, nodes[signal]), unit)


@dataclass(frozen=True, slots=True)
class Written:
    """One value that the PLC was given: its source time and the clock just before."""

    source_ns: int
    monotonic: float


class GaugePlant:
    """The plant up and bound; ``write`` moves every gauge by one noisy sample."""

    def __init__(self, gauges: int, folder: Path, progress: Progress) -> None:
        self.gauges = gauges
        self.plc = BenchPlc(gauges)
        self._progress = progress
        config = load(plant="bench", data_dir=folder, gateway_port=0)
        forget(config)
        self.plant = Plant(config, progress)
        self._rng = np.random.default_rng(20261122)
        self.deviation = [0.0] * gauges
        self.length_m = 0.0
        self.written = 0

    async def __aenter__(self) -> "GaugePlant":
        await asyncio.to_thread(self.plant.__enter__)
        self._progress("starting the bench PLC")
        await self.plc.start()
        wanted = records(self.plc, self.gauges)
        self._progress(f"registering {len(wanted)} assets")
        async with registry_at(self.plant.gateway, "bench") as client:
            await client.batch_create(wanted)
        await asyncio.to_thread(self.plant.wait_until_placed)
        await asyncio.to_thread(self.plant.wait_until_live)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.plant.stop)
        await self.plc.stop()

    def gauge(self, number: int) -> str:
        return f"bench/coater{number}/gauge"

    async def write(self, gauges: Sequence[int] | None = None) -> Written:
        """One scan of 100 ms: a sample of every gauge, and the web moves on."""
        numbers = range(self.gauges) if gauges is None else gauges
        self.length_m += 40.0 / 600.0
        values: dict[str, float | str] = {}
        for number in numbers:
            nodes = self.plc.node_ids(number)
            level = _TARGET * (1.0 + self.deviation[number])
            values[nodes["areal_loading"]] = float(level * (1 + _NOISE * self._rng.normal()))
            values[nodes["web_length"]] = self.length_m
            values[nodes["line_speed"]] = float(40.0 + 0.02 * self._rng.normal())
        source_ns = time.time_ns()
        written = Written(source_ns, time.monotonic())
        await self.plc.write_scan(values, source_ns)
        self.written += 1
        return written
