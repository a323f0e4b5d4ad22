"""Readings of some seconds as one thickness, whatever passes by with them.

A splice, a bubble or a spike is a minority of a window: readings further than four
standard deviations from the median are left out. Their spread is 1.4826 times the median
absolute deviation, and never less than the gauge's noise (P. J. Rousseeuw, C. Croux,
J. Am. Stat. Assoc. 88, 1993, 1273).
"""

import math
from statistics import median
from typing import Final, NamedTuple

from twin.estimation import saved
from twin.snapshot import Snapshot

_MAD_TO_SD: Final = 1.4826
_BEYOND: Final = 4.0
# A median of two is no guard against one.
_FEWEST: Final = 3
# At 10 Hz a window of 10 s has 100; a faster gauge loses its oldest.
_MOST: Final = 1000


class Summary(NamedTuple):
    """``sd`` is the standard deviation of the mean from noise and scatter alone."""

    from_ns: int
    to_ns: int
    n: int
    left_out: int
    mean: float
    sd: float


class ThicknessWindow:
    def __init__(self, length_ns: int, noise: float) -> None:
        self._length_ns = length_ns
        self._noise = noise
        self._readings: list[tuple[int, float, float]] = []
        # Of the first reading, which may be among those lost.
        self._opened_ns = 0

    def add(self, time_ns: int, value: float, widened: float) -> None:
        """A reading of ``widened`` times the usual noise."""
        if not self._readings:
            self._opened_ns = time_ns
        self._readings.append((time_ns, value, widened))
        if len(self._readings) > _MOST:
            del self._readings[0]

    def close_at(self, time_ns: int) -> Summary | None:
        """What has been read, once ``time_ns`` lies beyond the window; it begins anew then.

        Readings too few for a figure wait for others, but not beyond a gap as long as the
        window.
        """
        if not self._readings or time_ns - self._opened_ns < self._length_ns:
            return None
        if len(self._readings) >= _FEWEST:
            found = self._summary()
            self._readings.clear()
            return found
        if time_ns - self._readings[-1][0] >= self._length_ns:
            self._readings.clear()
        return None

    def clear(self) -> None:
        self._readings.clear()

    def _summary(self) -> Summary:
        values = [value for _, value, _ in self._readings]
        middle = median(values)
        spread = _MAD_TO_SD * median(abs(value - middle) for value in values)
        within = _BEYOND * max(spread, self._noise)
        kept = [
            (value, widened)
            for _, value, widened in self._readings
            if abs(value - middle) <= within * widened
        ]
        n = len(kept)
        mean = math.fsum(value for value, _ in kept) / n
        scatter = math.fsum((value - mean) ** 2 for value, _ in kept) / max(n - 1, 1)
        noise = self._noise**2 * math.fsum(widened**2 for _, widened in kept) / n
        return Summary(
            self._readings[0][0],
            self._readings[-1][0],
            n,
            len(values) - n,
            mean,
            math.sqrt(max(scatter, noise) / n),
        )

    def snapshot(self) -> Snapshot:
        return {
            "readings": [list(reading) for reading in self._readings],
            "opened_ns": self._opened_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._opened_ns = saved.whole(snapshot["opened_ns"])
        self._readings = [
            (saved.whole(time_ns), saved.number(value), saved.number(widened))
            for time_ns, value, widened in map(saved.items, saved.items(snapshot["readings"]))
        ]
