"""Those who play: the simulated plant and the MES client, as processes of their own."""

import json
import sys
import time
from pathlib import Path
from typing import Final

from cluster.processes import Process
from twin.errors import NotFound, Unavailable

ROOT: Final = Path(__file__).parents[2]
_READY_S: Final = 60.0
SETPOINTS: Final = {
    "line1/coater.line_speed": "ns=2;s=line1.coater.line_speed_setpoint",
    "line1/coater.slot_die_gap": "ns=2;s=line1.coater.slot_die_gap_setpoint",
    "line1/oven/zone1.air_setpoint": "ns=2;s=line1.oven.zone1.air_setpoint",
    "line1/oven/zone2.air_setpoint": "ns=2;s=line1.oven.zone2.air_setpoint",
    "line1/oven/zone3.air_setpoint": "ns=2;s=line1.oven.zone3.air_setpoint",
    "line1/calender.line_load": "ns=2;s=line1.calender.line_load_setpoint",
}


class SimulatedPlant:
    """The coating line and the stations; the twin is told nothing of its hidden faults."""

    def __init__(self, folder: Path, mqtt_port: int, scenario: str, seed: int) -> None:
        self._ready = folder / "simulation-ready.json"
        self._ready.unlink(missing_ok=True)
        self.process = Process(
            "the simulated plant",
            [
                *(sys.executable, "-m", "simulation.plant", "--mqtt-port", str(mqtt_port)),
                *("--scenario", scenario, "--seed", str(seed)),
                *("--ready-file", str(self._ready)),
            ],
            folder / "logs" / "simulation.log",
        )

    def wait(self) -> str:
        """The PLC's endpoint once it is up. Raises Unavailable where it does not come up."""
        deadline = time.monotonic() + _READY_S
        while not self._ready.exists():
            self.process.check()
            if time.monotonic() > deadline:
                raise Unavailable(f"the simulated plant is not up; see {self.process.log}")
            time.sleep(0.05)
        return str(json.loads(self._ready.read_text())["opcua"])

    def stop(self) -> None:
        self.process.stop()


class Mes:
    """The reference MES client; in the demonstration it approves by itself."""

    def __init__(
        self, folder: Path, gateway: str, plant: str, opcua: str, *, carry_out: bool = False
    ) -> None:
        """``carry_out``: work at the plant itself is taken as done at once."""
        script = ROOT / "examples" / "mes_client.py"
        if not script.exists():
            raise NotFound(f"the demonstration runs from a checkout: {script} is missing")
        self.journal = folder / "mes.jsonl"
        self.journal.unlink(missing_ok=True)
        self.process = Process(
            "the MES client",
            [
                *(sys.executable, str(script), "--gateway", gateway, "--plant", plant),
                *("--opcua", opcua, "--setpoints", json.dumps(SETPOINTS)),
                *("--operator", "demo operator", "--approve", "auto"),
                *("--log", str(self.journal)),
                *(["--carry-out"] if carry_out else []),
            ],
            folder / "logs" / "mes.log",
        )

    def stop(self) -> None:
        self.process.stop()


async def start_fault(opcua: str) -> None:
    """Lets the scenario's hidden fault begin: a node that no twin is bound to."""
    from asyncua import Client

    async with Client(opcua) as client:
        await client.get_node("ns=2;s=simulation.start_fault").write_value(True)
