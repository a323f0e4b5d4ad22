"""Which earlier features explain a feature, and with which weights."""

from typing import Final

import numpy as np

from twin.cell.formation.grid import Floats, Ints
from twin.cell.formation.normal import PREDICTORS

_RIDGE: Final = 1e-7
_COLLINEAR: Final = 1e-6
"""A feature that the chosen ones explain to that part of its variance adds nothing."""
_TELLING: Final = 12.0
"""Square of the partial correlation's t value, from which a feature explains another."""


def chosen(covariance: Floats, j: int, candidates: Ints, cells: int) -> Ints:
    """Forward selection by partial correlation (a pivoted Cholesky decomposition)."""
    at = np.append(candidates, j)
    variance = covariance[at, at].copy()
    joint = covariance[at, j].copy()
    directions: list[Floats] = []
    found: list[int] = []
    for _ in range(min(PREDICTORS, len(candidates))):
        free = variance[:-1] > _COLLINEAR
        with np.errstate(divide="ignore", invalid="ignore"):
            partial = np.where(free, joint[:-1] ** 2 / (variance[:-1] * variance[-1]), 0.0)
        best = int(np.argmax(partial))
        if partial[best] < _TELLING / cells:
            break
        found.append(int(candidates[best]))
        column = covariance[at, candidates[best]].copy()
        for direction in directions:
            column -= direction * direction[best]
        direction = column / np.sqrt(variance[best])
        directions.append(direction)
        joint -= direction * direction[-1]
        variance = np.maximum(variance - direction**2, 0.0)
        variance[best] = 0.0
    return np.array(found, dtype=np.int64)


def weights(covariance: Floats, chosen: Ints, j: int) -> Floats:
    inner = covariance[np.ix_(chosen, chosen)] + _RIDGE * np.eye(len(chosen))
    solved: Floats = np.linalg.solve(inner, covariance[chosen, j])
    return solved
