"""How well the oven's heat and mass transfer are known, learned from film temperatures.

State: ln of a correction of each zone's heat-transfer coefficient, and last, for the whole
oven, ln of one of the mass transfer beside it (Lewis analogy, vapour pressure). An extended
Kalman filter with the model's own slopes; where a film temperature says nothing of a
coefficient (a film at its quasi-steady temperature says nothing of h), it stays wide.

What the model gets wrong stays wrong for a while: a reading within ``_MODEL_ERROR_STAYS_S``
of the one before counts by its part of that time only.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot

PRIOR_H_SD: Final = 0.3
"""Of ln h before anything is known: nozzle correlations hold within some 30 %; chosen."""
PRIOR_MASS_SD: Final = 0.2
"""Of ln of the mass transfer beside h: analogy and vapour pressure; chosen."""
_WANDER_PER_S: Final = 0.02**2 / 3600.0
"""Variance of ln h gained in a second: 2 % in an hour (fans, filters, nozzles); chosen."""
_MODEL_ERROR_STAYS_S: Final = 1800.0
_LARGEST_STEP: Final = 0.1
_GATE: Final = 4.0


class FilmTemperature(NamedTuple):
    """The web's temperature at the end of a zone: read less predicted [K], and its sd."""

    zone: int
    innovation: float
    sd: float


@dataclass(slots=True)
class Belief:
    """``mean`` (zones + 1,), ``covariance`` (zones + 1, zones + 1)."""

    mean: Array
    covariance: Array

    @classmethod
    def prior(cls, zones: int) -> "Belief":
        widths = np.array([*[PRIOR_H_SD] * zones, PRIOR_MASS_SD])
        return cls(np.zeros(zones + 1), np.diag(widths**2))

    @property
    def zones(self) -> int:
        return len(self.mean) - 1

    @property
    def root(self) -> Array:
        """Lower triangular, ``root @ root.T`` the covariance."""
        return np.linalg.cholesky(self.covariance).astype(np.float64)

    def factor(self, zone: int) -> tuple[float, float]:
        """Correction of a zone's h and its standard deviation (of ln, times the factor)."""
        value = math.exp(self.mean[zone])
        return value, value * math.sqrt(self.covariance[zone, zone])

    def age(self, seconds: float) -> None:
        """Time has passed. Never wider than the prior."""
        widest = Belief.prior(self.zones).covariance
        self.covariance = self.covariance + np.eye(len(self.mean)) * _WANDER_PER_S * seconds
        ratio = np.sqrt(np.minimum(1.0, np.diag(widest) / np.diag(self.covariance)))
        self.covariance = self.covariance * np.outer(ratio, ratio)

    def learn(self, read: Sequence[FilmTemperature], slopes: Array, seconds: float) -> None:
        """``slopes`` (zones, zones + 1): of the film temperatures [K] by the columns of
        ``root``, at the present mean. ``seconds`` since the readings before."""
        root, before = self.root, self.mean
        weight = min(1.0, max(seconds, 0.0) / _MODEL_ERROR_STAYS_S)
        if weight == 0.0:
            return
        white: Array = np.zeros(len(before))
        spread: Array = np.eye(len(before))
        for zone, innovation, sd in read:
            row = slopes[zone]
            left = innovation - float(row @ white)
            seen = spread @ row
            noise = sd * sd / weight
            variance = float(row @ seen) + noise
            # A thermometer that is far out is wrong, or the model is: neither teaches.
            if left * left > _GATE * _GATE * (float(row @ seen) + sd * sd):
                continue
            gain = seen / variance
            white = white + gain * left
            spread = spread - np.outer(gain, seen)
        step = root @ white
        largest = max(float(np.max(np.abs(step))), 1e-12)
        self.mean = before + min(1.0, _LARGEST_STEP / largest) * step
        covariance = root @ spread @ root.T
        self.covariance = (covariance + covariance.T) / 2

    def snapshot(self) -> Snapshot:
        return {"mean": self.mean.copy(), "covariance": self.covariance.copy()}

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "Belief":
        return cls(saved.array(snapshot["mean"]), saved.array(snapshot["covariance"]))
