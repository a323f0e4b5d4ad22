"""Draws the pictures of docs/cell.md: python -m tools.cell_pictures [--out FOLDER].

Half a minute on one core. The half-cell fit and the predictor are of the example data, the
formation room is simulated and judged by the demonstration's reference, and the jellyrolls
are made: no table of real ones is at hand.
"""

import argparse
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np

from cluster.commands.cell_plot import figure as diagnosis
from protocols.files.cell_sweeps import one_sweep
from protocols.files.cell_trace import read_cell_trace
from tools import cell_plots, formation_evidence
from tools.plotting import save
from twin.cell.electrodes.diagnosis import Diagnosis, diagnose

ROOT: Final = Path(__file__).parents[1]
_EXAMPLES: Final = ROOT / "examples"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    out = options.parse_args().out
    mpl.rcParams["font.size"] = 9
    out.mkdir(parents=True, exist_ok=True)
    save(
        diagnosis(_umbl(), "UMBL pouch cell, C/20"),
        out / "cell-diagnose.svg",
        "Measured and fitted voltage of a slow charge, their dV/dQ and difference; no anode "
        "potential, since the references do not match",
    )
    save(
        cell_plots.anode(),
        out / "cell-anode.svg",
        "Anode potential of a made cell with its 90 % interval, beside the truth",
    )
    save(
        cell_plots.outcome(_EXAMPLES / "kiprobatt" / "formation.csv"),
        out / "cell-outcome.svg",
        "First discharge of the pilot line's cells, predicted by models of the other runs, "
        "with intervals and flags, over the measured one",
    )
    save(
        cell_plots.shorts(),
        out / "cell-shorts.svg",
        "How often jellyrolls shorted over the probability that was said, by deciles",
    )
    save(
        cell_plots.soak(),
        out / "cell-soak.svg",
        "Speed of wetting and soak time over the porosity, with intervals, before and after "
        "own cells were measured",
    )
    save(
        formation_evidence.figure(
            formation_evidence.seen(_EXAMPLES / "demo-line" / "formation-reference.json")
        ),
        out / "cell-formation.svg",
        "Cells of each fault beside the good ones: voltage in the first charge, departures of a "
        "plating cell, evidence over time with its limit, and the hour of each flag",
    )


def _umbl() -> Diagnosis:
    trace = read_cell_trace(_EXAMPLES / "umbl-c20" / "charge.csv", "charge_Ah", "voltage_V")
    picked = one_sweep(trace)
    return diagnose(np.asarray(picked.charge), picked.voltage, direction=picked.direction)


if __name__ == "__main__":
    main()
