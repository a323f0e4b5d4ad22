"""A cell beside the cells of its own lot, and the lot beside the reference.

Lots differ, and a cell that is odd among its like is found sooner by comparing it with
these. But a lot that is bad as a whole looks good from inside: so the lot's own departure
is always told beside its cells'.

    cell:  (x - median of the lot) / sqrt(within² + sd of that median²)
    lot:   (median of the lot - mean) / sqrt(sd² - within² + sd of that median²)

The sd of a median of n normal values is 1.2533 / √n of theirs (David & Nagaraja, *Order
Statistics*, 3rd ed., 2003).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.grid import Floats
from twin.cell.formation.normal import Reference
from twin.errors import InvalidInput

_MEDIAN: Final = 1.2533
_FEWEST: Final = 5
"""Cells of a lot with a feature, from which the lot has a median; chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class BesideLot:
    """``names`` of the features. ``cell`` (channels, features): departures from the lot's
    median, in standard deviations; NaN where the lot has too few cells. ``lot``: by name, the
    departures of its median from the reference."""

    names: tuple[str, ...]
    cell: Floats
    lot: dict[str, Floats]


def beside_lot(
    cohort: ChannelCohort, reference: Reference, lots: Sequence[str], hour: float
) -> BesideLot:
    """``lots``: of each channel. Raises InvalidInput where their number is another one."""
    names, value = cohort.features(hour)
    if len(lots) != len(value):
        raise InvalidInput(f"{len(lots)} lots for {len(value)} channels")
    known = np.flatnonzero(reference.hour <= hour)
    within, sd, mean = reference.within[known], reference.sd[known], reference.mean[known]
    between = np.sqrt(np.maximum(sd**2 - within**2, 0.0))
    cell = np.full(value.shape, np.nan)
    shifts: dict[str, Floats] = {}
    of = np.array(lots)
    for name in dict.fromkeys(lots):
        mine = value[of == name]
        count = np.isfinite(mine).sum(axis=0)
        enough = count >= _FEWEST
        median = np.full(len(names), np.nan)
        if enough.any():
            median[enough] = np.nanmedian(mine[:, enough], axis=0)
        doubt = _MEDIAN * within / np.sqrt(np.maximum(count, 1))
        cell[of == name] = (mine - median) / np.maximum(np.hypot(within, doubt), 1e-12)
        shifts[name] = (median - mean) / np.maximum(np.hypot(between, doubt), 1e-12)
    return BesideLot(names, cell, shifts)
