"""One room of formation as its twins saw it: voltages, departures, how the evidence grew."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cluster.bench.formation import scores
from cluster.bench.formation.play import PROTOCOL_H, Played, play, settings
from simulation.formation.room import FormationRoom
from tools.plotting import ALARM, DONE, OTHER, READ, TRUTH, TWIN, Array, panels
from twin.cell.formation import grid
from twin.cell.formation.decision import Decision
from twin.cell.formation.normal import Reference
from twin.cell.formation.reference import load

_SEED: Final = 20_264
_CELLS: Final = 400
_LOTS: Final = 8
_EVERY_S: Final = 60.0
"""As the demonstration's channels are sampled, and its reference with them."""
COLOURS: Final = dict(zip(scores.FOUR, (ALARM, OTHER, TWIN, DONE), strict=True))
_SHOWN_H: Final = 16.0
_HIGHEST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """``value`` (cells, features) as each cell showed them. At ``hours`` (steps,), by steps
    and cells: ``departure`` from what is expected of that cell, over the error of that, and
    ``log_evidence``, of which ``limit`` flags. ``level``: which steps are of a voltage."""

    played: Played
    reference: Reference
    value: Array
    hours: Array
    level: npt.NDArray[np.bool_]
    departure: Array
    log_evidence: Array
    limit: Array


def seen(reference_file: Path) -> Seen:
    """A room of lots that the reference has not seen."""
    reference = load(reference_file)
    room = FormationRoom(_SEED, _CELLS, lots=_LOTS, every_s=_EVERY_S)
    played = play(room, reference)
    _, value = played.cohort.features(PROTOCOL_H)
    decision = Decision(reference, _CELLS)
    rows = np.arange(_CELLS)
    told, departed, steps = [], [], []
    for j in range(value.shape[1]):
        known = rows[np.isfinite(value[:, j])]
        off = np.full(_CELLS, np.nan)
        off[known] = decision.take(known, np.full(len(known), j), value[known, j])
        if reference.judged[j] and reference.hour[j] < _SHOWN_H:
            told.append(decision.evidence(rows))
            departed.append(off)
            steps.append(j)
    at = reference.hour[steps]
    level = reference.kind()[steps] < grid.SLOPE
    share = -np.log(settings().flag_threshold / 100.0 / 4.0)
    first_ends = float(reference.hour[reference.slot() <= reference.first_slot].max())
    tail = np.where(at > first_ends, reference.tail[1, 0], reference.tail[0, 0])
    limit = np.maximum(share, tail)
    return Seen(played, reference, value, at, level, np.array(departed), np.array(told), limit)


def figure(of: Seen) -> Figure:
    """A cell of each fault beside the good ones: voltage, departures, evidence; all flags."""
    drawn, (levels, departures, evidence, flags) = panels(2, 2, 9.0, 6.4)
    cells = {kind: _example(of, kind) for kind in scores.FOUR}
    _draw_levels(levels, of, cells)
    _draw_departures(departures, of, "lithium_plating", cells["lithium_plating"])
    _draw_evidence(evidence, of, cells)
    _draw_flags(flags, of.played)
    for one in (levels, departures, evidence):
        one.legend(fontsize=7)
    return drawn


def _example(of: Seen, kind: str) -> int:
    """The first of its kind that was diagnosed rightly."""
    fault = of.played.truth.fault
    flags = of.played.flags
    return next(c for c in sorted(flags) if fault[c] == kind == flags[c].diagnosis)


def _words(kind: str) -> str:
    return kind.replace("_", " ")


def _draw_levels(axes: Axes, of: Seen, cells: dict[str, int]) -> None:
    """Voltage in the protocol's first charge, on the envelope."""
    reference = of.reference
    slot = int(np.flatnonzero(reference.phase == grid.CHARGE)[0])
    j = np.flatnonzero((reference.kind() < grid.SLOPE) & (reference.slot() == slot))
    at = 100 * np.array([grid.middle(int(n), grid.CHARGE) for n in reference.kind()[j]])
    mean = reference.mean[j]
    low, high = (1e3 * (edge[j] - mean) for edge in (reference.lower, reference.upper))
    axes.fill_between(at, low, high, color=READ, alpha=0.35, lw=0, label="99 % of good cells")
    for kind, cell in cells.items():
        off = 1e3 * (of.value[cell, j] - mean)
        axes.plot(at, off, color=COLOURS[kind], lw=1.2, label=_words(kind))
    axes.set(xlabel="first charge [% of nominal]", ylabel="voltage over good cells' mean [mV]")


def _draw_departures(axes: Axes, of: Seen, kind: str, cell: int) -> None:
    """One cell's voltages against what is expected of it by its own earlier ones."""
    good = np.nan_to_num(of.departure[:, of.played.good])
    low, high = np.quantile(good, (0.005, 0.995), axis=1)
    at = of.hours[of.level]
    axes.fill_between(
        at, low[of.level], high[of.level], color=READ, alpha=0.35, lw=0, label="99 % of good cells"
    )
    axes.plot(
        at, of.departure[of.level, cell], ".-", color=COLOURS[kind], lw=0.8, ms=4,
        label=_words(kind),
    )  # fmt: skip
    axes.axvline(of.played.flags[cell].hours, color=TRUTH, lw=0.8, ls=":", label="flagged")
    axes.set(xlabel="hours of the protocol", xlim=(0, 10), ylim=(-12, 12))
    axes.set(ylabel="voltage over expected [standard deviations]")


def _draw_evidence(axes: Axes, of: Seen, cells: dict[str, int]) -> None:
    good = of.log_evidence[:, of.played.good]
    highest = np.quantile(good, 0.99, axis=1)
    lowest = np.quantile(good, 0.01, axis=1)
    axes.fill_between(
        of.hours, lowest, highest, color=READ, alpha=0.35, lw=0, label="98 % of good cells"
    )
    for kind, cell in cells.items():
        course = np.minimum(of.log_evidence[:, cell], 1.2 * _HIGHEST)
        axes.plot(of.hours, course, color=COLOURS[kind], lw=1.2, label=_words(kind))
    axes.plot(of.hours, of.limit, color=TRUTH, lw=1, ls="--", label="limit")
    axes.axvline(2.9, color=TRUTH, lw=0.6, ls=":")
    axes.set(xlabel="hours of the protocol", ylabel="log of the likelihood ratio")
    axes.set(ylim=(-15, _HIGHEST), xlim=(0, _SHOWN_H))


def _draw_flags(axes: Axes, played: Played) -> None:
    due, flagged = scores.due_h(played), scores.hours(played)
    for row, kind in enumerate(scores.FOUR):
        cells = np.array([fault == kind for fault in played.truth.fault])
        at = np.where(np.isfinite(flagged[cells]), flagged[cells], PROTOCOL_H)
        spread = row + np.linspace(-0.3, 0.3, len(at))
        axes.plot(due[cells], spread, "|", color=TRUTH, ms=6, label="due" if row == 0 else None)
        axes.plot(at, spread, "o", color=COLOURS[kind], ms=3)
    wrong = flagged[played.good]
    wrong = wrong[np.isfinite(wrong)]
    axes.plot(wrong, np.full(len(wrong), 4.0), "x", color=TRUTH, ms=4)
    axes.set(yticks=range(5), yticklabels=[*map(_words, scores.FOUR), "good, falsely"])
    axes.set(xlabel="flagged at hour (48: never)", xlim=(0, PROTOCOL_H + 1), ylim=(-0.6, 4.6))
    axes.legend(fontsize=7)
