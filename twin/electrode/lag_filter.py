"""A temperature that follows its drive with a first-order lag, as a Kalman filter."""

import math

import numpy as np

from twin.estimation import saved
from twin.estimation.kalman import Array, LevelFilter
from twin.snapshot import Snapshot


class LagFilter(LevelFilter):
    """dT/dt = (drive - T) / tau + white noise, the state being T - drive.

    Over ``dt`` the distance shrinks by a = exp(-dt/tau) and gains the variance
    q tau (1 - a²) / 2 (Ornstein-Uhlenbeck), with q the ``wander`` [unit²/s]: with no
    readings the temperature is expected at its drive, more and more widely. While no
    drive is known the level just wanders.
    """

    def __init__(self, noise: float, wander: float, tau: float) -> None:
        super().__init__(noise, wander)
        self._tau = tau
        self._q = wander
        self._drive: float | None = None

    @property
    def drive(self) -> float | None:
        return self._drive

    @property
    def level(self) -> float:
        return float(self.state[0]) + (self._drive or 0.0)

    def drive_at(self, time_ns: int, drive: float) -> None:
        """From this time on the temperature is driven to ``drive``."""
        if drive == self._drive:
            return
        if self.known:
            self.advance(time_ns)
            self._filter.x = self._filter.x + ((self._drive or 0.0) - drive)
        self._drive = drive

    def take(self, time_ns: int, value: float, widened: float = 1.0) -> bool:
        return super().take(time_ns, value - (self._drive or 0.0), widened)

    def transition(self, dt: float) -> tuple[Array | None, Array]:
        if self._drive is None:
            return super().transition(dt)
        a = math.exp(-dt / self._tau)
        return np.array([[a]]), np.array([[self._q * self._tau * (1 - a * a) / 2]])

    def snapshot(self) -> Snapshot:
        return {**super().snapshot(), "drive": self._drive}

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self._drive = saved.number_or_none(snapshot["drive"])
