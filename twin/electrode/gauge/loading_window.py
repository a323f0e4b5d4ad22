"""Readings of some seconds, summed up for the supervisor."""

import math
from typing import Final, NamedTuple

import numpy as np

from twin.electrode.gauge.web_profile import WebFilter
from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
# Interpolated between two lanes, a reading has at least half its weight in its own.
_SEEN: Final = 0.5 - 1e-9


class Summary(NamedTuple):
    """``mean`` of ``n`` readings and its standard deviation ``sd`` [%]; ``direction`` 1 or
    -1, the one in which most were taken (0: unknown); ``lanes_seen``, share of the lanes."""

    n: int
    from_ns: int
    to_ns: int
    mean: float
    sd: float
    direction: int
    lanes_seen: float


class LoadingWindow:
    """Readings rid of what their lanes and directions add [% of the target], for about
    ``seconds``.

    Windows do not overlap, so means of several may be combined as independent.
    """

    def __init__(self, lanes: int, seconds: float) -> None:
        self._lanes = lanes
        self._length_ns = round(seconds * _SECOND_NS)
        # Sum of the rows: how many readings, weight of each lane, balance of directions.
        self._rows = np.zeros(lanes + 2 if lanes > 1 else 1)
        self._clear()

    def is_over(self, time_ns: int, turned: bool) -> bool:
        """At its length; where the head has ``turned``, already at half of it."""
        if self._n == 0:
            return False
        passed = time_ns - self._from_ns
        return passed >= self._length_ns or (turned and 2 * passed >= self._length_ns)

    def add(self, time_ns: int, value: float, row: Array) -> None:
        if self._n == 0:
            self._from_ns = self._to_ns = time_ns
        elif time_ns < self._from_ns:
            self._from_ns = time_ns
        elif time_ns > self._to_ns:
            self._to_ns = time_ns
        self._n += 1
        self._sum += value
        self._squares += value * value
        self._rows += row

    def close(self, noise_variance: float, web: WebFilter) -> Summary:
        """The window begins anew.

        The scatter within the window counts where it is more than the gauge's noise, and
        so does what is not known of the offsets of the lanes that were seen.
        """
        n, rows = self._n, self._rows
        mean = self._sum / n
        scatter = 0.0
        if n > 2:
            scatter = max(0.0, self._squares - n * mean * mean) / (n - 1)
        variance = max(noise_variance, scatter) / n + web.offset_variance(rows / n)
        direction, lanes_seen = 0, 1.0
        if self._lanes > 1:
            direction = int(np.sign(rows[-1]))
            lanes_seen = np.count_nonzero(rows[1:-1] >= _SEEN) / self._lanes
        found = Summary(
            n, self._from_ns, self._to_ns, mean, math.sqrt(variance), direction, lanes_seen
        )
        self._clear()
        return found

    def snapshot(self) -> Snapshot:
        return {
            "rows": self._rows.copy(),
            "n": self._n,
            "sum": self._sum,
            "squares": self._squares,
            "from_ns": self._from_ns,
            "to_ns": self._to_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._rows = saved.array(snapshot["rows"])
        self._n = saved.whole(snapshot["n"])
        self._sum = saved.number(snapshot["sum"])
        self._squares = saved.number(snapshot["squares"])
        self._from_ns = saved.whole(snapshot["from_ns"])
        self._to_ns = saved.whole(snapshot["to_ns"])

    def _clear(self) -> None:
        self._rows[:] = 0.0
        self._n = 0
        self._sum = self._squares = 0.0
        self._from_ns = self._to_ns = 0
