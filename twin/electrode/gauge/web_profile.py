"""Level along the web and profile across it, told apart by one Kalman filter.

A scanning gauge sees one place at a time, so what it reads is

    reading = level(t) + profile(place) + direction * offset + noise

The filter estimates the level, the offsets of all lanes and that of the scan's direction
(1 or -1) together; between the middles of two lanes the profile is a straight line. The
lanes' offsets sum to zero, in the prior and in their process noise, and so do those of
the two directions, so a shift of the whole web can only be a shift of the level; they
change slowly, and not at all while ``frozen``. Until they have been learned, the level's
variance holds what an unknown offset may add to it.

Separation of machine and cross direction from scanned data is treated by
S. R. Duncan and P. Wellstead, Automatica 40 (2004) 1243 (unread; the equations here
are the plain linear model above).
"""

import math
from collections.abc import Callable
from typing import Final

import numpy as np

from twin.estimation import saved
from twin.estimation.kalman import Array, GuardedFilter, Measured
from twin.snapshot import Snapshot

_UNKNOWN: Final = 100.0**2
# Of the noise's variance: a reading that narrows more than that costs four digits of 16.
_WIDE: Final = 1e4


class WebFilter(GuardedFilter):
    """All in per cent of the target loading.

    ``lanes`` that are measured; with one there is neither profile nor direction.
    ``wander`` is the variance that the level gains in a second, ``profile_sd`` how far
    lanes may lie from the level, ``profile_wander`` the variance that an offset gains in
    a second, ``direction_sd`` how far the two directions may lie from their mean.

    An update subtracts a square from the covariance, t tᵀ with t = P h / sqrt(S). Where
    little would be left of the variance (the first reading, and those of a step), digits
    would get lost; there filterpy's update is taken, which adds squares (P. D. Joseph).
    """

    def __init__(
        self,
        lanes: int,
        wander: float,
        profile_sd: float,
        profile_wander: float,
        direction_sd: float = 0.0,
    ) -> None:
        super().__init__()
        self._lanes = lanes
        self._wander = wander
        self.frozen = False
        n = 2 + lanes if lanes > 1 else 1
        self._level = np.eye(n)[0]
        self._of_lanes = slice(1, 1 + lanes) if lanes > 1 else slice(1, 1)
        self._spread = profile_sd**2 if lanes > 1 else 0.0
        prior = _UNKNOWN * np.outer(self._level, self._level)
        self._noise = np.zeros((n, n))
        if lanes > 1:
            sums_to_zero = np.eye(lanes) - 1.0 / lanes
            prior[self._of_lanes, self._of_lanes] = self._spread * sums_to_zero
            prior[-1, -1] = direction_sd**2
            self._noise[self._of_lanes, self._of_lanes] = profile_wander * sums_to_zero
            self._noise[-1, -1] = profile_wander
        self._noise[0, 0] = wander
        self._x = np.zeros(n)
        self._p = prior
        self._room = np.empty((n, n))
        # Late: it loads scipy.stats and matplotlib, 0.9 s that only gauges need.
        from filterpy.kalman import update

        self._filterpy_update: Callable[..., tuple[Array, Array]] = update

    @property
    def state(self) -> Array:
        return self._x

    @property
    def covariance(self) -> Array:
        return self._p

    @property
    def level(self) -> float:
        return float(self._x.item(0))

    @property
    def level_sd(self) -> float:
        return math.sqrt(self._p.item(0))

    def level_sd_at(self, time_ns: int) -> float:
        return math.sqrt(self.variance_at(self._level, time_ns))

    @property
    def profile(self) -> tuple[float, ...]:
        """Offset of each lane [%]; empty for one lane."""
        return tuple(self._x[self._of_lanes].tolist())

    @property
    def profile_sd(self) -> tuple[float, ...]:
        """Standard deviation of each of them."""
        variances = np.diagonal(self._p)[self._of_lanes]
        return tuple(np.sqrt(np.maximum(variances, 0.0)).tolist())

    @property
    def direction_offset(self) -> tuple[float, float] | None:
        """What the direction of the scan adds (1) or takes (-1), and its standard
        deviation [%]; None for one lane."""
        if self._lanes == 1:
            return None
        return float(self._x[-1]), math.sqrt(max(0.0, float(self._p[-1, -1])))

    def reading(
        self, time_ns: int, value: float, weights: Array | None, direction: int, variance: float
    ) -> Measured:
        """One reading [%] at a place across the web, ``weights`` of the lanes, or at an
        unknown one (None); ``direction`` 0 where it is unknown."""
        if self._lanes == 1:
            return Measured(time_ns, value, self._level, variance)
        row = self._level.copy()
        if weights is None:
            return Measured(time_ns, value, row, variance + self._spread)
        row[self._of_lanes] = weights
        row[-1] = direction
        return Measured(time_ns, value, row, variance)

    def offset(self, row: Array) -> float:
        """What a reading of that row has beside the level; of an unknown place nothing
        better can be said than zero."""
        return 0.0 if self._lanes == 1 else float(row.dot(self._x)) - self.level

    def offset_variance(self, row: Array) -> float:
        """Variance of ``offset``; ``row`` may be the mean of several."""
        if self._lanes == 1:
            return 0.0
        offsets = row - self._level
        return max(0.0, float(offsets @ self._p @ offsets))

    def measure(self, measured: Measured) -> tuple[Measured, ...]:
        time_ns, value, row, variance = measured
        self.advance(time_ns)
        seen = self._p.dot(row)
        innovation, total = value - float(row.dot(self._x)), float(row.dot(seen)) + variance
        if innovation * innovation > self._gate2 * total or total > _WIDE * variance:
            return super().measure(measured)
        self._held.clear()
        self._x += seen * (innovation / total)
        root = seen * (1.0 / math.sqrt(total))
        np.multiply(root[:, None], root, out=self._room)
        np.subtract(self._p, self._room, out=self._p)
        return (measured,)

    def transition(self, dt: float) -> tuple[Array | None, Array]:
        if self.frozen:
            return None, np.diag(self._wander * dt * self._level)
        return None, dt * self._noise

    def snapshot(self) -> Snapshot:
        return {**super().snapshot(), "frozen": self.frozen}

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self.frozen = bool(snapshot["frozen"])

    def _predict(self, dt: float) -> None:
        if self.frozen:
            self._p[0, 0] += self._wander * dt
            return
        np.multiply(self._noise, dt, out=self._room)
        np.add(self._p, self._room, out=self._p)

    def _learn(self, measured: Measured) -> None:
        self._x, covariance = self._filterpy_update(
            self._x,
            self._p,
            measured.value,
            np.array([[measured.variance]]),
            measured.row.reshape(1, -1),
        )
        self._p = (covariance + covariance.T) / 2

    def _open(self, variance: float) -> None:
        self._p[0, 0] += variance

    def _set(self, state: Array, covariance: Array) -> None:
        self._x, self._p = state, covariance


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
