"""The formation room of the demonstration: its records, and its tester as a process."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord
from cluster.demo.cast import ROOT
from cluster.processes import Process
from twin.errors import Unavailable

_FOLDER: Final = ROOT / "examples" / "demo-line"
_PARAMETER: Final = "reference"
_READY_S: Final = 60.0
SPEED: Final = 240.0
"""How much faster than it was written the tester forwards its log: 3 h in 45 s."""


def formation_records(broker: str) -> tuple[AssetRecord, ...]:
    """The 64 channels, with the address of the broker and the reference's own path."""
    records = load_plant(_FOLDER / "formation.yaml", endpoints={"broker": broker})
    return tuple(
        replace(
            record,
            parameters={
                **record.parameters,
                _PARAMETER: str(_FOLDER / str(record.parameters[_PARAMETER])),
            },
        )
        for record in records
    )


class SimulatedTester:
    """To be started when the channels are placed: it forwards its log to who listens then.
    The twin is told nothing of ``hidden``."""

    def __init__(
        self, folder: Path, mqtt_port: int, scenario: str, seed: int, speed: float = SPEED
    ) -> None:
        self._ready = folder / "formation-ready.json"
        self._ready.unlink(missing_ok=True)
        self.process = Process(
            "the simulated formation tester",
            [
                *(sys.executable, "-m", "simulation.formation.channels"),
                *("--mqtt-port", str(mqtt_port), "--scenario", scenario),
                *("--seed", str(seed), "--speed", str(speed)),
                *("--ready-file", str(self._ready)),
            ],
            folder / "logs" / "formation.log",
        )

    def wait(self) -> Mapping[str, str]:
        """The fault of each faulty cell, by serial number, once the log is being forwarded.
        Raises Unavailable where that does not come about."""
        deadline = time.monotonic() + _READY_S
        while not self._ready.exists():
            self.process.check()
            if time.monotonic() > deadline:
                raise Unavailable(f"the formation tester is not up; see {self.process.log}")
            time.sleep(0.05)
        hidden: Mapping[str, str] = json.loads(self._ready.read_text())["hidden"]
        return hidden

    def stop(self) -> None:
        self.process.stop()
