"""Draws the pictures of docs/electrode.md from shifts of the bench.

Usage: python -m tools.electrode_pictures [--results FILE] [--shifts N] [--out FOLDER]

Three shifts are played for the plots of single models: one minute. The comparison with the
control charts needs many: they are read from ``--results``, or played (13 s each on a core)
and written there.
"""

import argparse
import os
import pickle
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import matplotlib as mpl
import numpy as np

from cluster.bench.electrode import peers
from cluster.bench.electrode.play import PASS_S, Played, play
from cluster.bench.electrode.shifts import Plan, plans
from tools import coating_plots, section_plots
from tools.electrode_runs import Run, run
from tools.plotting import ALARM, DONE, OTHER, means, save

ROOT: Final = Path(__file__).parents[1]
_ONE_CAUSE, _TWO_CAUSES, _IN_THE_TANK = 82, 185, 65
"""Numbers of the bench's shifts: the pump, pump and lips at once, a thinner slurry."""
_SCALES: Final = np.geomspace(0.7, 60.0, 30)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--results", type=Path, default=ROOT / "var" / "electrode-shifts.pickle")
    options.add_argument("--shifts", type=int, default=210)
    options.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures")
    given = options.parse_args()
    mpl.rcParams["font.size"] = 9
    given.out.mkdir(parents=True, exist_ok=True)
    played = _results(given.results, given.shifts)
    calm = [p for p in played if not p.plan.causes]
    single = [p for p in played if len(p.plan.causes) == 1]
    sd, rate = peers.pooled_sd(calm), sum(len(p.alarms) for p in calm) / len(calm)
    _draw_trade_off(given.out, calm, single, sd, rate)
    _draw_runs(given.out, calm, sd, rate)


def _draw_trade_off(
    out: Path, calm: Sequence[Played], single: Sequence[Played], sd: float, rate: float
) -> None:
    charts = {}
    for peer in peers.PEERS:
        false, metres = [], []
        for scale in map(float, _SCALES):
            false.append(peers.per_shift(peer, scale, calm, sd))
            away = [peers.metres_to_alarm(peer, scale, p, sd) for p in single]
            metres.append(float(np.median(away)))
        charts[peer.name] = np.array(false), np.array(metres)
    metres_of_twin = float(np.median([_metres(p) for p in single]))
    figure = coating_plots.trade_off((rate, metres_of_twin), charts, (OTHER, ALARM, DONE))
    said = (
        "Median metres from the onset of a 2 % drift to the alarm, against false alarms in a "
        f"shift: the twin at {metres_of_twin:.0f} m and {rate:.2f}; curves of the three charts"
    )
    save(figure, out / "electrode-alarms.svg", said)


def _draw_runs(out: Path, calm: Sequence[Played], sd: float, rate: float) -> None:
    of = plans(quick=False)
    one = of[_ONE_CAUSE]
    drifting, alone = run(one), run(one, correct=False)
    told = [*_charts_tell(one, alone, calm, sd, rate)]
    figure = coating_plots.drift(drifting, alone, one.onset_s, told)
    save(
        figure,
        out / "electrode-drift.svg",
        "A drift of 2 %: true loading with and without corrections, the gauge's passes, the "
        "twin's estimate, its alarm, the corrections, and when the charts would have told",
    )
    save(
        coating_plots.window(drifting),
        out / "electrode-window.svg",
        "Wet film against line speed: low-flow limit for two viscosities, and where the line "
        "was before and after each correction",
    )
    save(
        section_plots.gauge(drifting),
        out / "electrode-gauge.svg",
        "Two minutes of a scanning gauge with the level along the web, and the profile across "
        "it with its widths",
    )
    save(
        section_plots.thickness(drifting),
        out / "electrode-thickness.svg",
        "Thickness of the wet film, the dry and the calendered coating over a shift, and the "
        "densities that follow",
    )
    save(
        section_plots.oven(drifting),
        out / "electrode-oven.svg",
        "Film temperature and solvent left along the oven with their intervals, and the "
        "migration index, beside the simulated truth",
    )
    save(
        section_plots.porosity(drifting),
        out / "electrode-porosity.svg",
        "Porosity of each lot of a shift with its 90 % interval, the truth, and the sample",
    )
    two = of[_TWO_CAUSES]
    save(
        coating_plots.causes(run(two), two.onset_s, two.kinds),
        out / "electrode-causes.svg",
        "Probability of each cause over time while two act at once",
    )
    tank = of[_IN_THE_TANK]
    save(
        section_plots.mixing(run(tank), tank.onset_s),
        out / "electrode-mixing.svg",
        "Viscosity as read, filtered, and reduced to 25 degC, and the slurry's temperature",
    )


def _charts_tell(
    plan: Plan, alone: Run, calm: Sequence[Played], sd: float, rate: float
) -> list[tuple[str, float]]:
    """When each chart tells [s], at the limit where it alarms as rarely as the twin."""
    at, read = alone.signals["coater.gauge-top.areal_loading"]
    good = abs(read / np.median(read) - 1) < 0.05
    middles, passes = means(at[good], read[good], PASS_S)
    shift = Played(plan, passes=passes, pass_seconds=middles + PASS_S / 2, pass_metres=middles)
    found = []
    for peer in peers.PEERS:
        scale = peers.matched(peer, calm, sd, rate)
        told = peers.alarms(peer, scale, shift, sd, 7200.0)
        after = [float(shift.pass_seconds[i]) for i in told if shift.pass_seconds[i] > plan.onset_s]
        if after:
            found.append((peer.name, after[0]))
    return found


def _metres(played: Played) -> float:
    seen = [a.metre for a in played.alarms if a.seconds > played.plan.onset_s]
    return seen[0] - played.onset_metre if seen else float("inf")


def _results(file: Path, shifts: int) -> list[Played]:
    if file.exists():
        with file.open("rb") as kept:
            found: list[Played] = pickle.load(kept)  # noqa: S301  # our own file
        return found
    every = [*plans(quick=False)]
    todo = every[:: max(len(every) // shifts, 1)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        found = [*pool.map(play, todo)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(pickle.dumps(found))
    return found


if __name__ == "__main__":
    main()
