"""A temperature that follows its drive with a first-order lag, as a Kalman filter."""

import math

from twin.estimation import saved
from twin.estimation.level_filter import Motion, ScalarFilter
from twin.snapshot import Snapshot


class LagFilter(ScalarFilter):
    """dT/dt = (drive + offset - T) / tau + white noise.

    The states are T - drive and the offset at which it settles: a zone under a
    proportional controller, or a web that evaporation keeps colder than its air. Over
    ``dt`` the distance to the offset shrinks by a = exp(-dt/tau) and gains the variance
    q tau (1 - a²) / 2 (Ornstein-Uhlenbeck), q being the ``wander`` [unit²/s]; the offset
    gains ``offset_wander`` [unit²/s] and is at first within ``offset_sd`` of zero.
    With no readings the temperature is expected at drive and offset, more and more
    widely; while no drive is known the level just wanders.
    """

    def __init__(
        self, noise: float, wander: float, tau: float, offset_sd: float, offset_wander: float
    ) -> None:
        super().__init__(noise, offset_sd)
        self._wander = wander
        self._tau = tau
        self._offset_wander = offset_wander
        self._drive: float | None = None

    @property
    def level(self) -> float:
        return self._x0 + (self._drive or 0.0)

    @property
    def offset(self) -> float:
        """How far from its drive it settles."""
        return self._x1

    def drive_at(self, time_ns: int, drive: float) -> None:
        """From this time on the temperature is driven to ``drive``."""
        if drive == self._drive:
            return
        if self.known:
            self.advance(time_ns)
            self._x0 += (self._drive or 0.0) - drive
        self._drive = drive

    def take(self, time_ns: int, value: float, widened: float = 1.0) -> bool:
        return super().take(time_ns, value - (self._drive or 0.0), widened)

    def motion(self, dt: float) -> Motion:
        if self._drive is None:
            return Motion(1.0, 0.0, self._wander * dt, 0.0, 0.0)
        a = math.exp(-dt / self._tau)
        gained = self._wander * self._tau * (1 - a * a) / 2
        return Motion(a, 1 - a, gained, 0.0, self._offset_wander * dt)

    def snapshot(self) -> Snapshot:
        return {**super().snapshot(), "drive": self._drive}

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        self._drive = saved.number_or_none(snapshot["drive"])
