"""Level along the web and profile across it, told apart by one Kalman filter.

A scanning gauge sees one place at a time, so what it reads is

    reading = level(t) + profile(place) + noise

The filter estimates the level and the offsets of all lanes together; between the middles
of two lanes the profile is a straight line. The offsets sum to zero, in the prior and in
their process noise, so a shift of the whole web can only be a shift of the level; they
change slowly, and not at all while ``frozen``. Until the profile has been learned, the
level's variance holds what an unknown offset may add to it.

Separation of machine and cross direction from scanned data is treated by
S. R. Duncan and P. Wellstead, Automatica 40 (2004) 1243 (unread; the equations here
are the plain linear model above).
"""

import math
from typing import Final

import numpy as np

from twin.estimation import saved
from twin.estimation.kalman import Array, GuardedFilter, Measured
from twin.snapshot import Snapshot

_UNKNOWN: Final = 100.0**2


class WebFilter(GuardedFilter):
    """All in per cent of the target loading.

    ``lanes`` that are measured; with one there is no profile. ``wander`` is the variance
    that the level gains in a second, ``profile_sd`` how far lanes may lie from the
    level, ``profile_wander`` the variance that an offset gains in a second.
    """

    def __init__(self, lanes: int, wander: float, profile_sd: float, profile_wander: float) -> None:
        self._lanes = lanes
        self._wander = wander
        self._profile_wander = profile_wander
        self.frozen = False
        n = 1 + lanes if lanes > 1 else 1
        self._level = np.eye(n)[0]
        self._sums_to_zero = np.zeros((n, n))
        if lanes > 1:
            self._sums_to_zero[1:, 1:] = np.eye(lanes) - 1.0 / lanes
        self._spread = profile_sd**2 if lanes > 1 else 0.0
        prior = _UNKNOWN * np.outer(self._level, self._level) + self._spread * self._sums_to_zero
        super().__init__(np.zeros(n), prior, self._level)

    @property
    def level(self) -> float:
        return float(self.state[0])

    @property
    def level_sd(self) -> float:
        return math.sqrt(float(self.covariance[0, 0]))

    def level_sd_at(self, time_ns: int) -> float:
        return math.sqrt(self.variance_at(self._level, time_ns))

    @property
    def profile(self) -> tuple[float, ...]:
        """Offset of each lane [%]; empty for one lane."""
        return tuple(self.state[1:].tolist())

    def offset(self, weights: Array | None) -> float:
        """Of the profile at those weights, shape (lanes,); of an unknown place nothing
        better can be said than zero."""
        return 0.0 if weights is None or self._lanes == 1 else float(weights @ self.state[1:])

    def offset_variance(self, weights: Array) -> float:
        """Variance of the weighted mean of offsets; ``weights`` has shape (lanes,)."""
        if self._lanes == 1:
            return 0.0
        return max(0.0, float(weights @ self.covariance[1:, 1:] @ weights))

    def take(
        self, time_ns: int, value: float, weights: Array | None, variance: float
    ) -> tuple[Measured, ...]:
        """One reading [%] at a place across the web, or at an unknown one (None). See
        ``GuardedFilter.measure``."""
        row = self._level
        if self._lanes > 1:
            if weights is None:
                variance += self._spread
            else:
                row = np.concatenate(([1.0], weights))
        return self.measure(Measured(time_ns, value, row, variance))

    def place_of(self, measured: Measured) -> Array | None:
        """The weights that it was taken with; None for an unknown place."""
        weights = measured.row[1:]
        return weights if weights.any() else None

    def transition(self, dt: float) -> tuple[Array | None, Array]:
        noise = np.zeros_like(self._sums_to_zero)
        if not self.frozen:
            noise += self._profile_wander * dt * self._sums_to_zero
        noise[0, 0] = self._wander * dt
        return None, noise

    def snapshot(self) -> Snapshot:
        return {**super().snapshot(), "frozen": self.frozen}

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self.frozen = bool(snapshot["frozen"])


class NoiseEstimate:
    """Standard deviation of a reading, learned from differences of neighbours.

    Differences of successive readings do not see the level (von Neumann 1941); each is
    cut at three of its standard deviations, so that a spike or a step counts for little.
    ``prior`` weighs as much as ``prior_weight`` readings, the past as ``memory``.
    """

    _CUT: Final = 3.0
    # E[min(z², 9)] of a standard normal z: what cutting leaves of its variance.
    _LEFT: Final = 0.995009

    def __init__(
        self, prior: float, floor: float, prior_weight: float = 30.0, memory: float = 3000.0
    ) -> None:
        self._variance = prior * prior
        self._floor = floor * floor
        self._weight = prior_weight
        self._memory = memory

    @property
    def variance(self) -> float:
        return self._variance

    @property
    def sd(self) -> float:
        return math.sqrt(self._variance)

    @property
    def sd_of_sd(self) -> float:
        """Neighbouring differences share a reading: 1.5 times that of independent ones."""
        return self.sd * math.sqrt(1.5 / (2 * self._weight))

    def learn(self, difference: float) -> None:
        """``difference`` of two readings with the same expectation."""
        cut = min(difference * difference / 2, self._CUT**2 * self._variance) / self._LEFT
        self._weight = min(self._weight + 1, self._memory)
        self._variance += (cut - self._variance) / self._weight
        self._variance = max(self._variance, self._floor)

    def snapshot(self) -> Snapshot:
        return {"variance": self._variance, "weight": self._weight}

    def restore(self, snapshot: Snapshot) -> None:
        self._variance = saved.number(snapshot["variance"])
        self._weight = saved.number(snapshot["weight"])
