"""Where each feature of a reference stands: on its phase, on board charge, in time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.cell.formation import grid
from twin.cell.formation.grid import CHARGE, DISCHARGE, HOLD, REST, Floats, Ints
from twin.cell.formation.normal import Reference

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Of each feature: its phase, current [1/h] with sign, place on its phase's axis, charge
    on board over nominal, slope of the voltage along charge [V], hours since the cell was
    full, empty or new."""

    slot: Ints
    kind: Ints
    phase: Ints
    current: Floats
    at: Floats
    soc: Floats
    slope: Floats
    hours: Floats

    @property
    def is_level(self) -> Mask:
        found: Mask = self.kind < grid.SLOPE
        return found


def course_of(reference: Reference) -> Course:
    slot, kind = reference.slot(), reference.kind()
    phase = reference.phase[slot]
    sign = np.choose(reference.phase, [0.0, 1.0, -1.0, 1.0])
    at, slope = np.full(len(slot), np.nan), np.full(len(slot), np.nan)
    for j in range(len(slot)):
        if kind[j] < grid.SLOPE:
            at[j] = grid.middle(int(kind[j]), int(phase[j]))
    moved = _moved(reference)
    begins = np.concatenate([[0.0], np.cumsum(moved)[:-1]])
    soc = begins[slot].copy()
    along = np.isin(phase, (CHARGE, DISCHARGE)) & (kind < grid.SLOPE)
    soc[along] += np.sign(sign[slot][along]) * at[along]
    slopes = _slopes(reference)
    last = np.nan
    for s in range(len(reference.phase)):
        inside = np.flatnonzero((slot == s) & (kind < grid.SLOPE))
        for j in inside.tolist():
            if reference.phase[s] in (CHARGE, DISCHARGE):
                found = slopes.get((s, int(kind[j])), np.nan)
                last = abs(found) if np.isfinite(found) else last
            slope[j] = last
    return Course(
        slot, kind, phase, (sign * reference.rate)[slot], at, soc, np.nan_to_num(slope),
        _since_reset(reference, slot),
    )  # fmt: skip


def _moved(reference: Reference) -> Floats:
    """Charge that each phase moves, over nominal, with its sign."""
    moved = np.zeros(len(reference.phase))
    sign = np.choose(reference.phase, [0.0, 1.0, -1.0, 1.0])
    slot, kind = reference.slot(), reference.kind()
    for j in np.flatnonzero(kind == grid.PHASE_CHARGE):
        moved[slot[j]] = sign[slot[j]] * reference.mean[j]
    return moved


def _slopes(reference: Reference) -> dict[tuple[int, int], float]:
    """Slope of the level around each node; neighbours' difference where none is known."""
    slot, kind = reference.slot(), reference.kind()
    level = {
        (int(s), int(k)): float(m)
        for s, k, m in zip(slot, kind, reference.mean, strict=True)
        if k < grid.SLOPE
    }
    found = {}
    for s, k in level:
        near = [(s, n) for n in (k - 1, k, k + 1) if (s, n) in level]
        first, last = near[0], near[-1]
        phase = int(reference.phase[s])
        if phase in (CHARGE, DISCHARGE) and first != last:
            step = grid.middle(last[1], phase) - grid.middle(first[1], phase)
            found[s, k] = (level[last] - level[first]) / step
    return found


def _since_reset(reference: Reference, slot: Ints) -> Floats:
    """Hours since a charge, a hold or a discharge ended at a voltage: what leaked before does
    not show any more."""
    start = np.zeros(len(reference.phase))
    zero = 0.0
    charged = False
    for s in range(len(reference.phase)):
        mine = reference.hour[slot == s]
        begins = float(mine.min()) if len(mine) else zero
        phase = reference.phase[s]
        before = reference.phase[s - 1] if s else REST
        if before == HOLD or (before == DISCHARGE and charged):
            zero = begins
        charged = charged or phase in (HOLD, DISCHARGE)
        start[s] = zero
    return reference.hour - start[slot]
