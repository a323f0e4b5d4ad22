"""What goes wrong with some cells, and when a cell fails grade.

A cell is faulty where it fails grade, and a fault is drawn so that it does:

- capacity of the graded discharge below 97 % of nominal (``low_lithium_inventory``: a cathode
  coated too thin in a streak that the gauge saw only in part, or too much lithium lost to SEI),
- resistance more than 25 % above the design's (``high_polarisation``: part of the electrode
  never wetted, or a poor weld),
- self-discharge above 3 mA at 30 % (``micro_short``: a leak that opens in the first hour of
  swelling, all at once or growing),
- more than 0.5 % of nominal of lithium plated (``lithium_plating``: a jammed anode, slow to
  take lithium at its surface, or too thin an anode, and mostly some of both).

Severity is log-uniform from just beyond those limits to a few times as much. Figures chosen.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from simulation.formation.design import CATHODE_LOADING, CYCLED, Drawn, expected_ah
from simulation.formation.half_cells import Array

Index = npt.NDArray[np.intp]

GOOD: Final = ""
PLATING: Final = "lithium_plating"
LOW_LITHIUM: Final = "low_lithium_inventory"
POLARISATION: Final = "high_polarisation"
SHORT: Final = "micro_short"
FAULTS: Final = (PLATING, LOW_LITHIUM, POLARISATION, SHORT)

LEAST_CAPACITY: Final = 0.97
MOST_RESISTANCE: Final = 1.25
MOST_SELF_DISCHARGE_MA: Final = 3.0
MOST_PLATED: Final = 0.005

DESIGN_RESISTANCE_MOHM: Final = 29.0
"""Of the graded pulse, 10 s at 30 %, at 25 degC: the median of the room's good cells."""


def assign(rng: Generator, cells: int, share: float) -> tuple[str, ...]:
    """Which cells will be faulty, and how: the four kinds evenly, anywhere in the room."""
    faulty = rng.permutation(cells)[: round(share * cells)]
    kinds = [GOOD] * cells
    for number, cell in enumerate(faulty):
        kinds[cell] = FAULTS[number % len(FAULTS)]
    return tuple(kinds)


def inflict(rng: Generator, drawn: Drawn, kinds: tuple[str, ...]) -> Array:
    """Changes the cells' design by their fault. Returns since when [h] it is there; NaN for
    good cells, and for plating, whose onset only the run will tell."""
    onset_h = np.full(len(kinds), np.nan)
    which = np.array(kinds)
    for kind, change in (
        (PLATING, _plating),
        (LOW_LITHIUM, _low_lithium),
        (POLARISATION, _polarisation),
        (SHORT, _short),
    ):
        cells = np.flatnonzero(which == kind)
        onset_h[cells] = change(rng, drawn, cells)
    return onset_h


def _severity(rng: Generator, count: int, least: float, most: float) -> Array:
    return np.exp(rng.uniform(np.log(least), np.log(most), count))


def _plating(rng: Generator, drawn: Drawn, cells: Index) -> Array:
    design, count = drawn.design, len(cells)
    thin = rng.uniform(0.0, 1.0, count)
    design.jam[cells] = (1.0 - 0.45 * thin) * _severity(rng, count, 0.088, 0.15)
    design.jammed[cells] = rng.uniform(0.3, 0.9, count)
    less = thin * rng.uniform(0.03, 0.08, count)
    design.anode[cells] *= 1.0 - less
    drawn.upstream["anode_loading"][cells] *= 1.0 - less * rng.uniform(0.0, 0.5, count)
    return np.full(count, np.nan)


def _low_lithium(rng: Generator, drawn: Drawn, cells: Index) -> Array:
    design, count = drawn.design, len(cells)
    # What must be missing of the graded capacity, beside what this cell has by its scatter.
    wanted = 5.0 * (LEAST_CAPACITY - _severity(rng, count, 0.006, 0.075))
    has = expected_ah(design)[cells]
    missing = np.maximum(has - wanted, 0.0)
    film = rng.uniform(size=count) < 0.5
    grown = np.where(film, missing, 0.0)
    # A film that wants more grows faster from the start, too.
    design.sei_share[cells] *= 1.0 + 0.25 * grown / design.sei[cells]
    design.film[cells] *= 1.0 + 0.5 * grown / design.sei[cells]
    design.sei[cells] += grown
    streak = np.where(film, 0.0, missing) / (CYCLED * design.cathode[cells])
    design.cathode[cells] *= 1.0 - streak
    design.cathode_exchange[cells] *= 1.0 - streak
    seen = streak * rng.uniform(0.0, 0.5, count)
    drawn.upstream["cathode_loading"][cells] -= CATHODE_LOADING * seen
    return np.zeros(count)


def _polarisation(rng: Generator, drawn: Drawn, cells: Index) -> Array:
    design, count = drawn.design, len(cells)
    more = _severity(rng, count, 0.36, 0.90)
    weld = rng.uniform(size=count) < 0.3
    poor = np.where(weld, more * DESIGN_RESISTANCE_MOHM / 1000.0, 0.0)
    design.ohmic[cells] += poor
    dry = np.where(weld, 0.0, more / (1.0 + more))
    design.dry_end[cells] = dry
    design.dry_start[cells] = np.clip(dry + design.dry_start[cells], 0.0, 0.7)
    design.wetting_s[cells] *= rng.uniform(1.0, 4.0, count)
    return np.zeros(count)


def _short(rng: Generator, drawn: Drawn, cells: Index) -> Array:
    design, count = drawn.design, len(cells)
    onset_h = rng.uniform(0.02, 0.9, count)
    grows = rng.uniform(size=count) < 0.5
    design.leak_late[cells] = _severity(rng, count, 0.011, 0.055) / 3.4
    design.leak_onset_s[cells] = 3600.0 * onset_h
    design.leak_growth_s[cells] = np.where(grows, rng.uniform(900.0, 2700.0, count), 60.0)
    return onset_h
