"""Whether the estimator's widths are as wide as the laboratory finds them to be.

The widths that an integrator has set may be too wide or too narrow. Each sample says so: it
should lie about its expectation by the estimate's variance times k^2, plus its own. Which k
from a grid, Bayes' rule says; before any sample k is 1.
"""

import math
from typing import Final

import numpy as np

from twin.electrode.calendering.model import Array
from twin.estimation import saved
from twin.snapshot import Snapshot

_GRID: Final = np.exp(np.linspace(math.log(0.4), math.log(2.5), 15))
_PRIOR_SD: Final = 0.25
"""Of ln k: widths are believed to within a quarter or so. Chosen."""
_REMEMBERED: Final = 0.98
"""Of each sample's weight, when the next one comes: what was learned 50 samples ago fades."""


class Spread:
    def __init__(self) -> None:
        self._learned: Array = np.zeros(len(_GRID))

    @property
    def factor(self) -> float:
        """k: by how much widths are to be multiplied."""
        weight = self._learned - 0.5 * (np.log(_GRID) / _PRIOR_SD) ** 2
        weight = np.exp(weight - weight.max())
        return math.exp(float(weight @ np.log(_GRID)) / float(weight.sum()))

    def take(self, innovation: float, variance: float, noise: float) -> None:
        """A sample lay ``innovation`` off; ``variance``: of the estimate, ``noise``: of the
        sample."""
        total = np.square(_GRID) * variance + noise
        self._learned = _REMEMBERED * self._learned - 0.5 * (
            np.log(total / noise) + innovation * innovation / total
        )

    def forget(self) -> None:
        self._learned = np.zeros(len(_GRID))

    def snapshot(self) -> Snapshot:
        return {"learned": self._learned.copy()}

    def restore(self, snapshot: Snapshot) -> None:
        self._learned = saved.array(snapshot["learned"])
