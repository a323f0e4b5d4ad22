"""Filters of one signal that is read directly: its level, and what moves it."""

import math

import numpy as np

from twin.estimation.kalman import GATE, Array, GuardedFilter, Measured
from twin.snapshot import Snapshot


class ScalarFilter(GuardedFilter):
    """A filter whose first state is read directly, with one ``noise`` (standard deviation).

    Nothing is known before the first reading; it begins the level. The states behind the
    level begin at zero with the standard deviations ``behind``.
    """

    def __init__(self, noise: float, behind: tuple[float, ...] = (), gate: float = GATE) -> None:
        n = 1 + len(behind)
        self._noise2 = noise * noise
        self._level = np.eye(n)[0]
        self._known = False
        super().__init__(np.zeros(n), np.diag([0.0, *np.square(behind)]), self._level, gate)

    @property
    def known(self) -> bool:
        """Whether there has been a reading."""
        return self._known

    @property
    def level(self) -> float:
        return float(self.state[0])

    @property
    def variance(self) -> float:
        return float(self.covariance[0, 0])

    @property
    def sd(self) -> float:
        return math.sqrt(self.variance)

    def sd_at(self, time_ns: int) -> float:
        """Width at a later time if nothing more is heard until then."""
        return math.sqrt(self.variance_at(self._level, time_ns))

    def take(self, time_ns: int, value: float, widened: float = 1.0) -> bool:
        """Take a reading, its noise ``widened`` times as large as usual. Returns False
        where it is held back as a possible spike."""
        variance = self._noise2 * widened * widened
        if self._known:
            return bool(self.measure(Measured(time_ns, value, self._level, variance)))
        self.advance(time_ns)
        self._filter.x[0, 0] = value
        self._filter.P[0, 0] = variance
        self._known = True
        return True

    def snapshot(self) -> Snapshot:
        return {**super().snapshot(), "known": self._known}

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self._known = bool(snapshot["known"])


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
        behind = (3 * (slope_wander * noise) ** (1 / 3),) if slope_wander > 0 else ()
        super().__init__(noise, behind, gate)

    @property
    def slope(self) -> float:
        """Per second; 0 for a filter without one."""
        return float(self.state[1]) if self._slope_wander > 0 else 0.0

    def transition(self, dt: float) -> tuple[Array | None, Array]:
        if self._slope_wander == 0:
            return None, np.array([[self._wander * dt]])
        q = self._slope_wander
        return (
            np.array([[1.0, dt], [0.0, 1.0]]),
            np.array(
                [
                    [q * dt**3 / 3 + self._wander * dt, q * dt**2 / 2],
                    [q * dt**2 / 2, q * dt],
                ]
            ),
        )
