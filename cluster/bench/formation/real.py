"""Real cells: the pilot line's formation runs, and a slow charge fitted by its electrodes."""

from pathlib import Path
from typing import Final

from cluster.bench.formation import kiprobatt
from cluster.bench.report import Row
from protocols.files.cell_trace import read_cell_trace
from twin.cell.electrodes.diagnosis import Diagnosis, diagnose

SLOW_CHARGE: Final = Path(__file__).parents[3] / "examples" / "umbl-c20" / "charge.csv"
_MOST_MV: Final = 6


def measure(quick: bool) -> tuple[list[Row], dict[str, object]]:
    """The rows of the real data, and what is told beside them. Raises InvalidFile or
    Unavailable where examples/ is missing: the bench runs from a checkout."""
    pilot, of_pilot = kiprobatt.measure(quick)
    trace = read_cell_trace(SLOW_CHARGE, "charge_Ah", "voltage_V")
    found = diagnose(trace.charge, trace.voltage)
    return [*pilot, *_of_slow_charge(found)], {**of_pilot, "umbl_c20": _told(found)}


def _of_slow_charge(found: Diagnosis) -> list[Row]:
    rows = [Row("umbl_c20: fitted voltage, RMS", 1000.0 * found.fit.rms, "mV", f"<= {_MOST_MV}")]
    for name, of in {**found.parameters, "lithium inventory": found.lithium_ah}.items():
        if of.identified:
            half = (of.upper - of.lower) / 2.0
            rows.append(Row(f"umbl_c20: {name} (90 %: ±{half:.3g})", of.value, of.unit))
    return rows


def _told(found: Diagnosis) -> dict[str, object]:
    return {
        "curves": [found.fit.positive.name, found.fit.negative.name],
        "matches": found.verdict.matches,
        "anode_potential_told": found.anode_potential is not None,
        "parameters": {
            name: {"value": of.value, "lower": of.lower, "upper": of.upper, "unit": of.unit}
            for name, of in found.parameters.items()
        },
    }
