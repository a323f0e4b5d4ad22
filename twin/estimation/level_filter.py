"""Filters of one signal that is read directly: its level, and what moves it.

One or two states, in plain floats: a reading costs some two microseconds.
"""

import math
from abc import abstractmethod
from typing import Final, NamedTuple

import numpy as np

from twin.estimation.kalman import GATE, Array, GuardedFilter, Measured
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_LEVEL: Final = np.array([1.0])
_LEVEL_OF_TWO: Final = np.array([1.0, 0.0])


class Motion(NamedTuple):
    """What some seconds do to the level and to the state behind it:

    level  ← stays * level + follows * behind,   behind ← behind

    with white noise of the variances ``level`` and ``behind`` and their ``covariance``.
    """

    stays: float
    follows: float
    level: float
    covariance: float
    behind: float


class ScalarFilter(GuardedFilter):
    """A level that is read directly, with one ``noise`` (standard deviation) a reading.

    Nothing is known before the first reading; it begins the level. A second state
    ``behind`` it begins at zero, with that standard deviation; None: there is none.
    The update is the scalar one: K = p/S, and what is read keeps p R/S of its variance.
    """

    def __init__(self, noise: float, behind: float | None = None, gate: float = GATE) -> None:
        super().__init__(gate)
        self._noise2 = noise * noise
        self._two = behind is not None
        self._row = _LEVEL_OF_TWO if self._two else _LEVEL
        self._known = False
        self._x0 = self._x1 = self._p00 = self._p01 = 0.0
        self._p11 = 0.0 if behind is None else behind * behind

    @abstractmethod
    def motion(self, dt: float) -> Motion:
        """In ``dt`` seconds."""

    @property
    def known(self) -> bool:
        """Whether there has been a reading."""
        return self._known

    @property
    def level(self) -> float:
        return self._x0

    @property
    def variance(self) -> float:
        return self._p00

    @property
    def sd(self) -> float:
        return math.sqrt(self._p00)

    @property
    def state(self) -> Array:
        return np.array([self._x0, self._x1] if self._two else [self._x0])

    @property
    def covariance(self) -> Array:
        if not self._two:
            return np.array([[self._p00]])
        return np.array([[self._p00, self._p01], [self._p01, self._p11]])

    def sd_at(self, time_ns: int) -> float:
        """Width at a later time if nothing more is heard until then."""
        if self._time_ns is None or time_ns <= self._time_ns:
            return self.sd
        return math.sqrt(self._moved(self.motion((time_ns - self._time_ns) / _SECOND_NS)))

    def take(self, time_ns: int, value: float, widened: float = 1.0) -> bool:
        """Take a reading, its noise ``widened`` times as large as usual. Returns False
        where it is held back as a possible spike."""
        variance = self._noise2 * widened * widened
        self.advance(time_ns)
        if not self._known:
            self._known = True
            self._x0, self._p00 = value, variance
            return True
        innovation = value - self._x0
        if innovation * innovation > self._gate2 * (self._p00 + variance):
            return bool(self.measure(Measured(time_ns, value, self._row, variance)))
        if self._held:
            self._held.clear()
        self._correct(innovation, variance)
        return True

    def transition(self, dt: float) -> tuple[Array | None, Array]:
        stays, follows, level, covariance, behind = self.motion(dt)
        if not self._two:
            return (None if stays == 1.0 else np.array([[stays]])), np.array([[level]])
        noise = np.array([[level, covariance], [covariance, behind]])
        return np.array([[stays, follows], [0.0, 1.0]]), noise

    def snapshot(self) -> Snapshot:
        return {**super().snapshot(), "known": self._known}

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self._known = bool(snapshot["known"])

    def _moved(self, motion: Motion) -> float:
        """Variance of the level after that motion."""
        stays, follows, level, _, _ = motion
        return (
            stays * (stays * self._p00 + 2 * follows * self._p01)
            + follows * follows * self._p11
            + level
        )

    def _predict(self, dt: float) -> None:
        motion = self.motion(dt)
        stays, follows, _, covariance, behind = motion
        self._x0 = stays * self._x0 + follows * self._x1
        self._p00 = self._moved(motion)
        self._p01 = stays * self._p01 + follows * self._p11 + covariance
        self._p11 += behind

    def _learn(self, measured: Measured) -> None:
        self._correct(measured.value - self._x0, measured.variance)

    def _correct(self, innovation: float, variance: float) -> None:
        total = self._p00 + variance
        left = variance / total
        self._x0 += self._p00 / total * innovation
        self._p00 *= left
        if self._two:
            gain = self._p01 / total
            self._x1 += gain * innovation
            self._p11 -= gain * self._p01
            self._p01 *= left

    def _open(self, variance: float) -> None:
        self._p00 += variance

    def _set(self, state: Array, covariance: Array) -> None:
        self._x0, self._p00 = float(state[0]), float(covariance[0, 0])
        if self._two:
            self._x1 = float(state[1])
            self._p01, self._p11 = float(covariance[0, 1]), float(covariance[1, 1])


class LevelFilter(ScalarFilter):
    """A level that wanders, and with ``slope_wander`` a slope that does.

    ``wander`` is the variance that the level gains in a second [unit²/s],
    ``slope_wander`` that of the slope [unit²/s³] (white acceleration; Bar-Shalom, Li and
    Kirubarajan 2001, 6.2.2); ``noise`` the standard deviation of one reading [unit].
    """

    def __init__(
        self, noise: float, wander: float, slope_wander: float = 0.0, gate: float = GATE
    ) -> None:
        self._wander = wander
        self._slope_wander = slope_wander
        # Three times what the filter itself can be unsure of, by dimension.
        behind = 3 * (slope_wander * noise) ** (1 / 3) if slope_wander > 0 else None
        super().__init__(noise, behind, gate)

    @property
    def slope(self) -> float:
        """Per second; 0 for a filter without one."""
        return self._x1

    def motion(self, dt: float) -> Motion:
        q = self._slope_wander
        if q == 0:
            return Motion(1.0, 0.0, self._wander * dt, 0.0, 0.0)
        return Motion(1.0, dt, q * dt**3 / 3 + self._wander * dt, q * dt**2 / 2, q * dt)

    def _predict(self, dt: float) -> None:
        if self._two:
            super()._predict(dt)
        else:
            self._p00 += self._wander * dt
