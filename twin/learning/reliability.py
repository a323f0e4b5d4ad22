"""How often what was called likely came true."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.learning.columns import Array

_BINS: Final = 10
_LEAST_ROWS: Final = 10
_Z: Final = 1.6449
"""Standard normal quantile of a two-sided 90 % interval."""


@dataclass(frozen=True, slots=True)
class Bin:
    """One point of the reliability curve: rows predicted alike (deciles of probability).
    ``happened`` is the share of yes among them, with a 90 % Wilson interval."""

    predicted: float
    happened: float
    lower: float
    upper: float
    rows: int


def reliability(chance: Array, y: Array) -> tuple[Bin, ...]:
    """The curve of ``chance`` (rows,) against what happened, 0 or 1 (rows,)."""
    order = np.argsort(chance, kind="stable")
    parts = np.array_split(order, min(_BINS, max(1, len(y) // _LEAST_ROWS)))
    found = []
    for rows in parts:
        lower, upper = _wilson(float(y[rows].sum()), len(rows))
        found.append(
            Bin(float(chance[rows].mean()), float(y[rows].mean()), lower, upper, len(rows))
        )
    return tuple(found)


def _wilson(yes: float, rows: int) -> tuple[float, float]:
    """Interval of a share (Wilson 1927)."""
    share, z2 = yes / rows, _Z**2 / rows
    middle = (share + z2 / 2.0) / (1.0 + z2)
    half = _Z * float(np.sqrt(share * (1.0 - share) / rows + z2 / (4.0 * rows))) / (1.0 + z2)
    return max(0.0, middle - half), min(1.0, middle + half)
