"""What is counted: cells flagged in time, false flags, diagnoses, hours saved."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from cluster.bench.formation.play import EARLY_H, PROTOCOL_H, Flag, Played

Array = npt.NDArray[np.float64]

LATE: Final = "lithium_plating"
FOUR: Final = (LATE, "low_lithium_inventory", "high_polarisation", "micro_short")
_SOON_H: Final = 0.5


def due_h(played: Played) -> Array:
    """(cells,): the hour by which a faulty cell must have been flagged; NaN for good ones.
    Plating is due 30 min after its onset, all else by 3 h."""
    truth = played.truth
    late = np.array([fault == LATE for fault in truth.fault])
    return np.where(played.good, np.nan, np.where(late, truth.onset_h + _SOON_H, EARLY_H))


def hours(played: Played) -> Array:
    """(cells,): when the twin flagged each; infinite where it never did."""
    found = np.full(len(played.room.serials), np.inf)
    for cell, flag in played.flags.items():
        found[cell] = flag.hours
    return found


def in_time(flagged_h: Array, due: Array) -> float:
    """Share [%] of the faulty cells that were flagged when due."""
    faulty = ~np.isnan(due)
    return 100.0 * float((flagged_h[faulty] <= due[faulty] + 1e-3).mean())


def false_flags(flagged_h: Array, good: npt.NDArray[np.bool_]) -> float:
    """Share [%] of the good cells that were ever flagged."""
    return 100.0 * float(np.isfinite(flagged_h[good]).mean())


def right(played: Played) -> float | None:
    """Share [%] of the flagged faulty cells whose first diagnosis is right."""
    fault = played.truth.fault
    found = [flag.diagnosis == fault[c] for c, flag in played.flags.items() if fault[c]]
    return 100.0 * float(np.mean(found)) if found else None


def saved_h(flagged_h: Array, good: npt.NDArray[np.bool_]) -> float | None:
    """Median hours of the protocol that a flagged faulty cell has still ahead."""
    seen = flagged_h[~good & np.isfinite(flagged_h)]
    return float(np.median(PROTOCOL_H - seen)) if len(seen) else None


def table(played: Played) -> dict[str, dict[str, int]]:
    """By what each cell truly is: how many, and how many of them got each first diagnosis."""
    fault = played.truth.fault
    found: dict[str, dict[str, int]] = {}
    for kind in ("", *FOUR):
        cells = [i for i, known in enumerate(fault) if known == kind]
        row: dict[str, int] = {"cells": len(cells)}
        for name in _names([played.flags[i] for i in cells if i in played.flags]):
            row[name or "none"] = sum(
                1 for i in cells if i in played.flags and played.flags[i].diagnosis == name
            )
        found[kind or "good"] = row
    return found


def by_kind(played: Played, flagged_h: Array) -> dict[str, float]:
    """Share [%] flagged when due, of each kind."""
    due, fault = due_h(played), np.array(played.truth.fault)
    return {
        kind: in_time(flagged_h[fault == kind], due[fault == kind])
        for kind in FOUR
        if (fault == kind).any()
    }


def _names(flags: Sequence[Flag]) -> list[str]:
    return sorted({flag.diagnosis for flag in flags})
