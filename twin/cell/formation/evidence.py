"""What speaks for a diagnosis: the features that departed most, beside the envelope."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from twin.asset import Json
from twin.cell.formation import grid
from twin.cell.formation.decision import Decision
from twin.cell.formation.grid import HOLD, REST
from twin.cell.formation.normal import Reference
from twin.cell.formation.signatures import DIAGNOSES
from twin.cell.formation.state import State

_SHOWN: Final = 5


def evidence_of(decision: Decision, row: int, answer: int) -> dict[str, Json]:
    """``{feature: {value, lower, upper, unit}}`` with the reference's envelope; ``answer`` is
    an index of ANSWERS."""
    reference = decision.reference
    departure = decision.value[:, row] / reference.sd
    weight = np.nan_to_num(np.abs(departure))
    if 1 <= answer <= len(DIAGNOSES):
        moved = decision.hypotheses.direction[decision.hypotheses.diagnosis == answer - 1]
        weight = weight * np.where((moved != 0).any(axis=0), 1.0, 0.3)
    shown = np.argsort(-weight, kind="stable")[:_SHOWN]
    return beside_envelope(decision, row, [int(j) for j in shown if weight[j] > 0])


def beside_envelope(decision: Decision, row: int, positions: Sequence[int]) -> dict[str, Json]:
    """These features of the cell on that row, beside the reference's envelope."""
    reference = decision.reference
    return {
        reference.name(j): {
            "value": float(decision.value[j, row] + reference.mean[j]),
            "lower": float(reference.lower[j]),
            "upper": float(reference.upper[j]),
            "unit": unit_of(reference, j),
        }
        for j in positions
    }


def unit_of(reference: Reference, position: int) -> str:
    """Charges are over the nominal capacity, currents over it too."""
    kind = int(reference.column[position]) % grid.PER_SLOT
    phase = int(reference.phase[int(reference.column[position]) // grid.PER_SLOT])
    if kind < grid.OHMIC:
        level = "1/h" if phase == HOLD else "V"
        if kind < grid.SLOPE:
            return level
        return f"{level}/h" if phase in (REST, HOLD) else level
    if kind < grid.TEMPERATURE:
        return "Ohm"
    if kind < grid.TOTAL:
        return "degC"
    return {grid.PHASE_CHARGE: "1", grid.PHASE_HOURS: "h"}.get(kind, "V")


def figures_at_end(state: State, row: int, nominal: float) -> dict[str, Json]:
    """Latest resistances [mOhm] and dV/dQ [V, per nominal capacity], where they are known."""
    found: dict[str, Json] = {}
    for name, key, factor in (
        ("last_ohmic", "ohmic_resistance_mOhm", 1e3),
        ("last_polarisation", "polarisation_resistance_mOhm", 1e3),
        ("last_slope", "dv_dq_V", 1.0),
        ("last_slope_at", "dv_dq_at_Ah", nominal),
    ):
        value = float(state.f(name)[row])
        if np.isfinite(value):
            found[key] = factor * value
    return found
