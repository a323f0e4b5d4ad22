"""Kalman filters of the single twins, guarded against spikes and steps.

A reading that lies more than ``gate`` standard deviations from what was expected is held
back: nothing is learned from it, and the variance grows as if it had not come. If the
next readings return, it was a spike. If three in a row agree with each other, it was a
step: the variance is opened by its square, and all three are taken.

Source of the filter's equations: R. E. Kalman, J. Basic Eng. 82 (1960) 35. A predict and
an update of filterpy cost some 30 to 60 us. Filters that see every reading of a line do
the same arithmetic by themselves in a tenth of that (``level_filter``: one or two states
in floats; ``web_profile``: many, one reading a time); tests hold them to filterpy's.
"""

from abc import ABC, abstractmethod
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


class GuardedFilter(ABC):
    """The guard before a linear Kalman filter with scalar measurements, irregular in time.

    Subclasses keep the state, say how it moves, and learn.
    """

    def __init__(self, gate: float = GATE) -> None:
        self._gate2 = gate * gate
        self._time_ns: int | None = None
        self._held: list[tuple[float, Measured]] = []

    @property
    @abstractmethod
    def state(self) -> Array:
        """Shape (n,)."""

    @property
    @abstractmethod
    def covariance(self) -> Array:
        """Shape (n, n)."""

    @abstractmethod
    def transition(self, dt: float) -> tuple[Array | None, Array]:
        """How the state moves in ``dt`` seconds: F (None: it stays) and Q."""

    @abstractmethod
    def _predict(self, dt: float) -> None:
        """The state ``dt`` seconds later."""

    @abstractmethod
    def _learn(self, measured: Measured) -> None:
        """The filter's update with a measurement of now."""

    @abstractmethod
    def _open(self, variance: float) -> None:
        """The state may have jumped, with that variance."""

    @abstractmethod
    def _set(self, state: Array, covariance: Array) -> None:
        """Both are the filter's own from now on."""

    @property
    def time_ns(self) -> int | None:
        """Source time of the latest measurement, taken or held back."""
        return self._time_ns

    @property
    def holding(self) -> int:
        """How many measurements in a row are held back just now."""
        return len(self._held)

    def advance(self, time_ns: int) -> None:
        """Predict to that time; a time that is not later changes nothing."""
        before = self._time_ns
        if before is None:
            self._time_ns = time_ns
        elif time_ns > before:
            self._time_ns = time_ns
            self._predict((time_ns - before) / _SECOND_NS)

    def measure(self, measured: Measured) -> tuple[Measured, ...]:
        """Take a measurement. Returns those that the state has learned from now: this
        one; none where it is held back; with the third of a step, all three."""
        self.advance(measured.time_ns)
        innovation = measured.value - float(measured.row @ self.state)
        variance = self.variance_of(measured.row) + measured.variance
        if innovation * innovation <= self._gate2 * variance:
            self._held.clear()
            self._learn(measured)
            return (measured,)
        if self._held and not self._agrees(innovation, measured.variance):
            self._held.clear()
        self._held.append((innovation, measured))
        if len(self._held) < _CONFIRMED_BY:
            return ()
        taken = tuple(held for _, held in self._held)
        size = sum(innovation for innovation, _ in self._held) / len(self._held)
        self._held.clear()
        self._open(size * size)
        for one in taken:
            self._learn(one)
        return taken

    def variance_of(self, row: Array) -> float:
        """Variance of ``row @ state``."""
        return float(row @ self.covariance @ row)

    def variance_at(self, row: Array, time_ns: int) -> float:
        """Variance of ``row @ state`` at a later time if nothing more is heard until then."""
        if self._time_ns is None or time_ns <= self._time_ns:
            return self.variance_of(row)
        motion, noise = self.transition((time_ns - self._time_ns) / _SECOND_NS)
        moved = row if motion is None else row @ motion
        return float(moved @ self.covariance @ moved + row @ noise @ row)

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
        self._set(saved.array(snapshot["x"]), saved.array(snapshot["P"]))
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

    def _agrees(self, innovation: float, variance: float) -> bool:
        """Whether it lies where those held back lie, as far as noise allows."""
        mean = sum(held for held, _ in self._held) / len(self._held)
        difference = innovation - mean
        return difference * difference <= self._gate2 * variance * (1 + 1 / len(self._held))
