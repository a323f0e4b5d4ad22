"""Readings of about a second, summed up for the supervisor."""

import math
from typing import Final

import numpy as np

from twin.electrode.web_profile import WebFilter
from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000


class LoadingWindow:
    """Readings rid of their lanes' offsets [% of the target].

    Windows do not overlap, so means of several may be combined as independent.
    """

    def __init__(self, lanes: int) -> None:
        self._visits = np.zeros(lanes)
        self._clear()

    @property
    def n(self) -> int:
        return self._n

    @property
    def from_ns(self) -> int:
        return self._from_ns

    @property
    def to_ns(self) -> int:
        return self._to_ns

    def is_over(self, time_ns: int) -> bool:
        return self._n > 0 and time_ns - self._from_ns >= _SECOND_NS

    def add(self, time_ns: int, value: float, weights: Array | None) -> None:
        if self._n == 0:
            self._from_ns = self._to_ns = time_ns
        self._from_ns = min(self._from_ns, time_ns)
        self._to_ns = max(self._to_ns, time_ns)
        self._n += 1
        self._sum += value
        self._squares += value * value
        if weights is not None:
            self._visits += weights

    def close(self, noise_variance: float, web: WebFilter) -> tuple[float, float]:
        """Mean and its standard deviation; the window begins anew.

        The scatter within the window counts where it is more than the gauge's noise, and
        so does what is not known of the offsets of the lanes that were seen.
        """
        mean = self._sum / self._n
        scatter = 0.0
        if self._n > 2:
            scatter = max(0.0, self._squares - self._n * mean * mean) / (self._n - 1)
        variance = max(noise_variance, scatter) / self._n
        variance += web.offset_variance(self._visits / self._n)
        self._clear()
        return mean, math.sqrt(variance)

    def snapshot(self) -> Snapshot:
        return {
            "visits": self._visits.copy(),
            "n": self._n,
            "sum": self._sum,
            "squares": self._squares,
            "from_ns": self._from_ns,
            "to_ns": self._to_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._visits = saved.array(snapshot["visits"])
        self._n = saved.whole(snapshot["n"])
        self._sum = saved.number(snapshot["sum"])
        self._squares = saved.number(snapshot["squares"])
        self._from_ns = saved.whole(snapshot["from_ns"])
        self._to_ns = saved.whole(snapshot["to_ns"])

    def _clear(self) -> None:
        self._visits[:] = 0.0
        self._n = 0
        self._sum = self._squares = 0.0
        self._from_ns = self._to_ns = 0
