"""Where features are taken: phases of the protocol, and nodes along each of them.

A phase is a stretch at one current (rest, charge, discharge) or at one voltage (hold). Its
axis is the charge since its start, per Ah of nominal capacity; of a rest and of a hold it
is the time [h]. A phase takes one slot, and each slot has the same columns:

    level   value at the middle of a bin: V; of a hold: current over nominal [1/h]
    slope   of the level along the axis: dV/dQ [V], dV/dt [V/h]
    ohmic, polarisation, temperature   at the steps of the current, in their order
    charge, hours, end   of the whole phase
"""

from typing import Final

import numpy as np
import numpy.typing as npt

REST, CHARGE, DISCHARGE, HOLD = range(4)
PHASES: Final = ("rest", "charge", "discharge", "hold")
SLOTS: Final = 20
STEPS: Final = 10
"""Steps of the current that are kept of one phase; later ones are left out."""

CHARGE_EDGES: Final = np.concatenate([np.arange(21) * 0.01, 0.20 + 0.025 * np.arange(1, 41)])
"""Bins of 1 % of the nominal capacity up to 20 %, of 2.5 % up to 120 %; chosen."""
TIME_EDGES: Final = (
    np.array([1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 960, 1440])
    / 60.0
)
"""Bins of a rest and of a hold [h]; chosen: relaxation is about even in log time."""
BINS: Final = len(CHARGE_EDGES) - 1

LEVEL: Final = 0
SLOPE: Final = BINS
OHMIC: Final = 2 * BINS
POLARISATION: Final = OHMIC + STEPS
TEMPERATURE: Final = POLARISATION + STEPS
TOTAL: Final = TEMPERATURE + STEPS
PHASE_CHARGE, PHASE_HOURS, PHASE_END = TOTAL, TOTAL + 1, TOTAL + 2
PER_SLOT: Final = TOTAL + 3
COLUMNS: Final = SLOTS * PER_SLOT

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def bin_of(x: Floats, timed: npt.NDArray[np.bool_]) -> Ints:
    """Number of the bin that holds ``x``; -1 before the first, beyond the last: the last + 1."""
    by_charge = np.searchsorted(CHARGE_EDGES, x, side="right") - 1
    by_time = np.searchsorted(TIME_EDGES, x, side="right") - 1
    found: Ints = np.where(timed, by_time, by_charge).astype(np.int64)
    return found


_CHARGE_ENDS: Final = np.concatenate([CHARGE_EDGES, [np.inf, np.inf]])
_TIME_ENDS: Final = np.concatenate([TIME_EDGES, np.full(BINS + 3 - len(TIME_EDGES), np.inf)])


def lower_edge(number: Ints, timed: npt.NDArray[np.bool_]) -> Floats:
    """Of a bin; minus infinity before the first."""
    i = np.maximum(number, 0)
    edge = np.where(timed, _TIME_ENDS[i], _CHARGE_ENDS[i])
    return np.where(number < 0, -np.inf, edge)


def upper_edge(number: Ints, timed: npt.NDArray[np.bool_]) -> Floats:
    """Of a bin; infinity beyond the last."""
    return np.where(timed, _TIME_ENDS[number + 1], _CHARGE_ENDS[number + 1])


def name_of(column: int, phase: int) -> str:
    """A column in words: ``charge1.level@0.035``."""
    slot, kind = divmod(column, PER_SLOT)
    head = f"{PHASES[phase]}{slot}"
    if kind < OHMIC:
        what, number = ("level", kind) if kind < SLOPE else ("slope", kind - SLOPE)
        return f"{head}.{what}@{middle(number, phase):.4g}"
    if kind < TOTAL:
        step, within = divmod(kind - OHMIC, STEPS)
        return f"{head}.{('ohmic', 'polarisation', 'temperature')[step]}#{within}"
    return f"{head}.{('charge', 'hours', 'end')[kind - TOTAL]}"


def middle(number: int, phase: int) -> float:
    """Where a bin's level is given, on the axis of its phase."""
    edges = TIME_EDGES if phase in (REST, HOLD) else CHARGE_EDGES
    if number + 1 >= len(edges):
        return float("nan")
    return float(edges[number] + edges[number + 1]) / 2
