"""The formation room of the demonstration: 64 channels whose tester forwards its log."""

import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord
from cluster.demo.cast import ROOT
from cluster.processes import Process
from twin.asset import Json

HELD: Final = "withheld"
RECOVERED: Final = "recovered"
PER_ACTOR: Final = {"cycler_channel": 64}
_FILES: Final = ROOT / "examples" / "demo-line"


class FormationTester:
    """The simulated tester, as a process of its own; the twin is told nothing of its faults."""

    def __init__(self, folder: Path, mqtt_port: int, scenario: str, seed: int) -> None:
        self.process = Process(
            "the simulated formation tester",
            [
                *(sys.executable, "-m", "simulation.formation.channels"),
                *("--mqtt-port", str(mqtt_port), "--scenario", scenario, "--seed", str(seed)),
            ],
            folder / "logs" / "formation.log",
        )

    def stop(self) -> None:
        self.process.stop()


def channels(broker: str) -> tuple[AssetRecord, ...]:
    """Their records, with the reference found from wherever the command was started."""
    records = load_plant(_FILES / "formation.yaml", endpoints={"broker": broker})
    return tuple(_found(record) for record in records)


def _found(record: AssetRecord) -> AssetRecord:
    reference = record.parameters.get("reference")
    if reference is None:
        return record
    path = str(_FILES / str(reference))
    return replace(record, parameters={**record.parameters, "reference": path})


def of_kpis(kpis: Mapping[str, Json]) -> dict[str, str]:
    """What the cell layer's KPIs tell beside its recommendations, by key."""
    found: dict[str, str] = {}
    diverted, hours = kpis.get("diverted"), kpis.get("hours_recovered")
    if isinstance(diverted, int) and isinstance(hours, int | float) and diverted:
        cells = f"{diverted} cell{'s' if diverted > 1 else ''}"
        words = f"{cells} diverted early: {hours:.1f} h of channels recovered"
        found[f"{RECOVERED}:{diverted}"] = words
    withheld = kpis.get("verdicts_withheld")
    for reason, count in withheld.items() if isinstance(withheld, Mapping) else ():
        words = f"a cell's verdict is withheld, not invented: {str(reason).replace('_', ' ')}"
        found[f"{HELD}:{reason}:{count}"] = words
    return found
