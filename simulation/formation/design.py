"""What the cells of a room are made of: design figures scattered by electrode lot and cell.

Every figure here is chosen, so that a good cell's capacity scatters by about 1 % and its
resistance by about 4 %, as plants publish. Scatter is cut off at 2.8 standard deviations:
what lies beyond is refused upstream.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.random import Generator

from simulation.formation.half_cells import Array

CUT: Final = 2.8
CATHODE_AH: Final = 8.03
"""All that the cathode's sites could hold; about 70 % of it is cycled."""
ANODE_AH: Final = 5.87
SEI_AH: Final = 0.40
"""Lithium that a good anode's film takes in the first charge, 7 % of it."""
FILLED: Final = 0.992
"""Share of the cathode's sites that hold lithium in a fresh cell."""
ANODE_LOADING: Final = 9.8
CATHODE_LOADING: Final = 17.6
POROSITY: Final = 30.0
ELECTROLYTE_G: Final = 15.0
CYCLED: Final = 0.70
"""Of the cathode's sites, from 3.0 V to 4.2 V."""
LEFT_AH: Final = 0.157
"""Not discharged at C/3 to 3.0 V, and what the film goes on taking."""
LEAST_AH: Final = 4.88
"""A cell that its coatings' scatter would leave with less is refused upstream."""
LATE_WET: Final = 0.015
"""Share of the cells that start with a large dry part, and heal."""
RACK: Final = 64
"""Channels that share a rack, and its air."""


@dataclass(slots=True)
class Design:
    """One figure for each cell. Capacities in Ah, resistances in Ohm at 25 degC, times in s
    (``*_h`` in h), exchange currents in A, ``leak`` in S."""

    cathode: Array
    anode: Array
    filled: Array
    sei: Array
    sei_share: Array
    ohmic: Array
    film: Array
    anode_exchange: Array
    cathode_exchange: Array
    anode_fast: Array
    cathode_fast: Array
    slow: Array
    jam: Array
    jammed: Array
    dry_start: Array
    dry_end: Array
    wetting_s: Array
    leak: Array
    leak_late: Array
    leak_onset_s: Array
    leak_growth_s: Array

    def part(self, cells: slice) -> "Design":
        """Copies of these cells' figures."""
        return Design(**{f.name: getattr(self, f.name)[cells].copy() for f in fields(self)})


@dataclass(frozen=True, slots=True)
class Drawn:
    """Cells as they were built before anything went wrong. ``upstream``: what the plant
    measured of each, with that measurement's noise."""

    design: Design
    lot: Array
    upstream: Mapping[str, Array]


def expected_ah(design: Design) -> Array:
    """The graded capacity of each cell, to about 1 %, from its coatings and its film."""
    return CYCLED * design.cathode - design.sei - LEFT_AH


def scatter(rng: Generator, count: int) -> Array:
    """Standard normal, drawn again where beyond ``CUT``."""
    found = rng.standard_normal(count)
    while (beyond := np.abs(found) > CUT).any():
        found[beyond] = rng.standard_normal(int(beyond.sum()))
    return found


def draw(rng: Generator, cells: int, lots: int) -> Drawn:
    """Cells of so many electrode lots, in the order in which the lots were used up."""
    lot = np.arange(cells) * lots // cells

    def both(of_lot: float, of_cell: float) -> Array:
        shared: Array = of_lot * scatter(rng, lots)[lot]
        return shared + of_cell * scatter(rng, cells)

    cathode = 1.0 + both(0.007, 0.0055)
    anode = 1.0 + both(0.007, 0.005)
    active = 1.0 + both(0.0035, 0.0)
    porosity = POROSITY + both(0.8, 0.5)
    electrolyte = ELECTROLYTE_G + both(0.0, 0.08)
    # Ions go through what is open: Bruggeman's exponent.
    paths = (POROSITY / porosity) ** 1.5 * ELECTROLYTE_G / electrolyte
    weld = 0.0012 * np.exp(0.4 * scatter(rng, cells))
    kinetics = np.exp(both(0.05, 0.03))
    wet = np.clip(0.07 * np.exp(0.7 * scatter(rng, cells)) * paths**2, 0.0, 0.35)
    # Some take long to wet, and make grade: what shows early need not last.
    late = rng.uniform(size=cells) < LATE_WET
    wet = np.where(late, np.maximum(wet, rng.uniform(0.15, 0.30, cells)), wet)
    none = np.zeros(cells)
    design = Design(
        cathode=CATHODE_AH * cathode * active,
        anode=ANODE_AH * anode,
        filled=FILLED + both(0.0002, 0.0006),
        sei=SEI_AH * anode * (1.0 + both(0.045, 0.03)),
        sei_share=0.62 * (1.0 + both(0.03, 0.02)),
        ohmic=0.0085 * paths + weld,
        film=0.003 * (1.0 + both(0.03, 0.03)),
        anode_exchange=4.6 * kinetics * anode,
        cathode_exchange=3.8 * np.exp(both(0.03, 0.025)) * cathode,
        anode_fast=0.0035 * paths * np.exp(both(0.02, 0.03)),
        cathode_fast=0.0040 * paths * np.exp(both(0.02, 0.03)),
        slow=0.012 * paths * np.exp(both(0.04, 0.05)),
        jam=none.copy(),
        jammed=np.ones(cells),
        dry_start=wet,
        dry_end=none.copy(),
        wetting_s=3600.0 * 1.6 * np.exp(0.4 * scatter(rng, cells)),
        leak=5e-5 * np.exp(0.4 * scatter(rng, cells)),
        leak_late=none.copy(),
        leak_onset_s=none.copy(),
        leak_growth_s=np.full(cells, 60.0),
    )
    design.cathode += np.maximum(LEAST_AH - expected_ah(design), 0.0) / CYCLED
    upstream = {
        "anode_loading": ANODE_LOADING * (anode + 0.0035 * scatter(rng, cells)),
        "cathode_loading": CATHODE_LOADING * (cathode + 0.0035 * scatter(rng, cells)),
        "porosity": porosity + 0.5 * scatter(rng, cells),
        "electrolyte_mass": electrolyte + 0.02 * scatter(rng, cells),
    }
    return Drawn(design, lot.astype(np.float64), upstream)
