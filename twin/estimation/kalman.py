"""Kalman filters of the single twins: filterpy's, guarded against spikes and steps.

A reading that lies more than ``gate`` standard deviations from what was expected is held
back: nothing is learned from it, and the variance grows as if it had not come. If the
next readings return, it was a spike. If three in a row agree with each other, it was a
step: the variance is opened by its square, and all three are taken.

Source of the filter's equations: R. E. Kalman, J. Basic Eng. 82 (1960) 35. filterpy's
``log_likelihood`` and ``mahalanobis`` cost four times the update; y²/S is all we need.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from twin.estimation import saved
from twin.snapshot import Snapshot

Array = npt.NDArray[np.float64]

_SECOND_NS: Final = 1_000_000_000
_CONFIRMED_BY: Final = 3
# Of 1 Hz white noise one reading in 16,000 is held back; a step of 6 sigma nearly always is.
GATE: Final = 4.0


class Measured(NamedTuple):
    """One scalar measurement: ``value = row @ state + noise``, noise of that variance."""

    time_ns: int
    value: float
    row: Array
    variance: float


class GuardedFilter:
    """A linear Kalman filter with scalar measurements, irregular in time.

    ``state`` and ``covariance`` are the prior, shapes (n,) and (n, n); ``step`` is the
    direction, shape (n,), in which the state may jump. Subclasses say how the state moves.
    """

    def __init__(self, state: Array, covariance: Array, step: Array, gate: float = GATE) -> None:
        # Late: it loads scipy.stats and matplotlib, 0.9 s that only a host of twins needs.
        from filterpy.kalman import KalmanFilter

        n = len(state)
        self._filter = KalmanFilter(dim_x=n, dim_z=1)
        self._filter.x = np.array(state, dtype=np.float64).reshape(n, 1)
        self._filter.P = np.array(covariance, dtype=np.float64)
        self._filter.F = np.eye(n)
        # The innovation's variance is one by one.
        self._filter.inv = np.reciprocal  # type: ignore[assignment]
        self._jump = step.reshape(n, 1) @ step.reshape(1, n)
        self._gate2 = gate * gate
        self._time_ns: int | None = None
        self._held: list[tuple[float, Measured]] = []

    @property
    def state(self) -> Array:
        found: Array = self._filter.x[:, 0]
        return found

    @property
    def covariance(self) -> Array:
        found: Array = self._filter.P
        return found

    @property
    def time_ns(self) -> int | None:
        """Source time of the latest measurement, taken or held back."""
        return self._time_ns

    @property
    def holding(self) -> int:
        """How many measurements in a row are held back just now."""
        return len(self._held)

    def transition(self, dt: float) -> tuple[Array | None, Array]:
        """How the state moves in ``dt`` seconds: F (None: it stays) and Q."""
        raise NotImplementedError

    def advance(self, time_ns: int) -> None:
        """Predict to that time; a time that is not later changes nothing."""
        if self._time_ns is not None and time_ns > self._time_ns:
            motion, noise = self.transition((time_ns - self._time_ns) / _SECOND_NS)
            if motion is None:
                self._filter.P = self._filter.P + noise
            else:
                self._filter.predict(F=motion, Q=noise)
        if self._time_ns is None or time_ns > self._time_ns:
            self._time_ns = time_ns

    def measure(self, measured: Measured) -> tuple[Measured, ...]:
        """Take a measurement. Returns those that the state has learned from now: this
        one; none where it is held back; with the third of a step, all three."""
        self.advance(measured.time_ns)
        innovation, variance = self._expected(measured)
        if innovation * innovation <= self._gate2 * variance:
            self._held.clear()
            self._update(measured)
            return (measured,)
        if self._held and not self._agrees(innovation, measured.variance):
            self._held.clear()
        self._held.append((innovation, measured))
        if len(self._held) < _CONFIRMED_BY:
            return ()
        taken = tuple(held for _, held in self._held)
        size = sum(innovation for innovation, _ in self._held) / len(self._held)
        self._held.clear()
        self._filter.P = self._filter.P + size * size * self._jump
        for one in taken:
            self._update(one)
        return taken

    def variance_of(self, row: Array) -> float:
        """Variance of ``row @ state``."""
        return float(row @ self._filter.P @ row)

    def variance_at(self, row: Array, time_ns: int) -> float:
        """Variance of ``row @ state`` at a later time if nothing more is heard until then."""
        if self._time_ns is None or time_ns <= self._time_ns:
            return self.variance_of(row)
        motion, noise = self.transition((time_ns - self._time_ns) / _SECOND_NS)
        moved = row if motion is None else row @ motion
        return float(moved @ self._filter.P @ moved + row @ noise @ row)

    def snapshot(self) -> Snapshot:
        return {
            "x": self.state.copy(),
            "P": self.covariance.copy(),
            "time_ns": self._time_ns,
            "held": [
                {
                    "innovation": innovation,
                    "time_ns": held.time_ns,
                    "value": held.value,
                    "row": held.row.copy(),
                    "variance": held.variance,
                }
                for innovation, held in self._held
            ],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._filter.x = saved.array(snapshot["x"]).reshape(-1, 1)
        self._filter.P = saved.array(snapshot["P"])
        self._time_ns = saved.whole_or_none(snapshot["time_ns"])
        self._held = []
        for entry in map(saved.fields, saved.items(snapshot["held"])):
            measured = Measured(
                saved.whole(entry["time_ns"]),
                saved.number(entry["value"]),
                saved.array(entry["row"]),
                saved.number(entry["variance"]),
            )
            self._held.append((saved.number(entry["innovation"]), measured))

    def _expected(self, measured: Measured) -> tuple[float, float]:
        """Innovation and its variance S."""
        return (
            measured.value - float(measured.row @ self.state),
            self.variance_of(measured.row) + measured.variance,
        )

    def _agrees(self, innovation: float, variance: float) -> bool:
        """Whether it lies where those held back lie, as far as noise allows."""
        mean = sum(held for held, _ in self._held) / len(self._held)
        difference = innovation - mean
        return difference * difference <= self._gate2 * variance * (1 + 1 / len(self._held))

    def _update(self, measured: Measured) -> None:
        self._filter.H = measured.row.reshape(1, -1)
        self._filter.R = np.array([[measured.variance]])
        self._filter.update(measured.value)
