"""Plots of the formation room and of its channels' twins: python -m tools.formation_plots.

A training room of 800 cells and a room of 800 cells of other lots, as the quick bench has.
"""

from pathlib import Path
from typing import Final

import click
import numpy as np
from matplotlib.figure import Figure

from cluster.bench.formation import capacity, scores
from cluster.bench.formation.play import EARLY_H, NOMINAL_AH, Played, play
from simulation.formation.room import FormationRoom
from tools.plotting import ALARM, DONE, OTHER, READ, TRUTH, TWIN, Array, panels, save
from twin.cell.formation.reference import learn
from twin.learning.columns import Column
from twin.learning.prediction import predict

_CELLS: Final = 800
_LOTS: Final = 16
_TRAINING_SEED: Final = 20_261
_SEED: Final = 20_263
_COLOURS: Final = dict(zip(scores.FOUR, (ALARM, OTHER, TWIN, DONE), strict=True))


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def room_figure(hours: Array, volts: Array, fault: tuple[str, ...]) -> Figure:
    """Voltage of each kind of cell over the good cells' mean, early and after the first charge."""
    figure, axes = panels(1, 2, 9.0, 3.6)
    kinds = np.array(fault)
    for one, (low, high) in zip(axes, ((0.3, 3.0), (8.5, 12.5)), strict=True):
        seen = (hours > low) & (hours < high)
        good = volts[np.ix_(seen, kinds == "")]
        mean, sd = good.mean(axis=1), good.std(axis=1)
        at = hours[seen]
        band = 3000.0 * sd
        one.fill_between(at, -band, band, color=READ, alpha=0.35, lw=0, label="good, ±3 sd")
        for kind, colour in _COLOURS.items():
            cells = np.flatnonzero(kinds == kind)[:4]
            for n, cell in enumerate(cells):
                off = 1000.0 * (volts[seen, cell] - mean)
                one.plot(at, off, color=colour, lw=0.9, label=_words(kind) if n == 0 else None)
        one.set(xlabel="hours of the protocol", ylabel="voltage over good cells' mean [mV]")
    axes[0].set_ylim(-45, 30)
    axes[1].set_ylim(-60, 60)
    axes[0].legend(fontsize=7)
    return figure


def flags_figure(test: Played) -> Figure:
    """When each faulty cell was flagged, beside when it was due."""
    figure, (one,) = panels(1, 1, 7.0, 3.2)
    due, flagged = scores.due_h(test), scores.hours(test)
    for row, kind in enumerate(scores.FOUR):
        cells = np.array([fault == kind for fault in test.truth.fault])
        at = np.where(np.isfinite(flagged[cells]), flagged[cells], 50.0)
        spread = row + np.linspace(-0.3, 0.3, len(at))
        late = at > due[cells] + 1e-3
        one.plot(due[cells], spread, "|", color=READ, ms=5, label="due" if row == 0 else None)
        one.plot(at[~late], spread[~late], "o", color=_COLOURS[kind], ms=3)
        one.plot(at[late], spread[late], "x", color=TRUTH, ms=4)
    one.set(
        yticks=range(4),
        yticklabels=[_words(kind) for kind in scores.FOUR],
        xlabel="hours of the protocol when flagged (crosses: late; at 50: never)",
        xlim=(0, 51),
    )
    one.legend(fontsize=8)
    return figure


def capacity_figure(training: Played, early: Played, test: Played) -> Figure:
    """Capacity predicted at 3 h over what was graded two days later."""
    figure, (one,) = panels(1, 1, 4.6, 4.2)
    model = capacity.learned(training, early)
    told = predict(model, [Column(name, test.inputs[:, j]) for j, name in enumerate(test.names)])
    left = np.flatnonzero(capacity.undiverted(test))[::2]
    for cell in left:
        said = told[cell]
        if said.prediction is None or said.lower is None or said.upper is None:
            continue
        fault = test.truth.fault[cell]
        truth = 100.0 * test.truth.capacity[cell] / NOMINAL_AH
        low, mid, high = (
            100.0 * of / NOMINAL_AH for of in (said.lower, said.prediction, said.upper)
        )
        colour = _COLOURS.get(fault, TWIN)
        one.plot([truth, truth], [low, high], color=colour, alpha=0.15, lw=0.8)
        one.plot(truth, mid, ".", color=colour, ms=3)
    one.axline((100, 100), slope=1.0, color=TRUTH, lw=0.7)
    one.set(
        xlabel="graded capacity [% of nominal]",
        ylabel=f"predicted at {EARLY_H:g} h, with 90 %",
        xlim=(92, 105),
        ylim=(96, 105),
    )
    return figure


@click.command()
@click.argument("out", type=click.Path(file_okay=False, path_type=Path))
def main(out: Path) -> None:
    """Draw the plots into the folder OUT."""
    training = play(FormationRoom(_TRAINING_SEED, _CELLS, lots=_LOTS), None)
    reference = learn(
        training.cohort.trace(), training.good, training.room.lot, "plots", training.truth.fault
    )
    early = play(FormationRoom(_TRAINING_SEED, _CELLS, lots=_LOTS), reference, until_h=EARLY_H)
    test = play(FormationRoom(_SEED, _CELLS, lots=_LOTS), reference)
    room = FormationRoom(_SEED, _CELLS, lots=_LOTS)
    hours, volts = [], []
    for block in room.play():
        hours.append((block.time_ns - room.start_ns) / 3.6e12)
        volts.append(block.voltage)
        if hours[-1] > 12.6:
            break
    drawn = room_figure(np.array(hours), np.array(volts), room.truth.fault)
    says = "Voltage of faulty cells over the good cells' mean, with the good cells' spread"
    save(drawn, out / "formation-room.svg", says)
    says = "The hour at which each faulty cell was flagged, by kind of fault"
    save(flags_figure(test), out / "formation-flags.svg", says)
    says = "Capacity predicted at 3 h with its interval, over the graded capacity"
    save(capacity_figure(training, early, test), out / "formation-capacity.svg", says)


if __name__ == "__main__":
    main()
