"""The peers: plain rules of a few standard deviations on single figures, as a plant has them.

Each figure's mean and standard deviation are those of the training room's good cells. A
rule flags a cell when one figure that is known by then lies beyond its limit: at 3
standard deviations as in the textbook, and, so that the comparison is fair, at the limit
where with hindsight on the very cells that count it flags no more good cells than the
twin does. That favours the peers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TEXTBOOK: Final = 3.0
_PULSE_H: Final = 2.5
_SECONDS: Final = 1.0 / 3600.0
_AT: Final[Mapping[str, float]] = {
    "voltage before the charge": 0.16,
    "voltage at 1 h": 1.0,
    "voltage at 2 h": 2.0,
    "voltage at 3 h": 2.999,
    "voltage at 9 h": 9.0,
    "voltage after the first charge": 12.25,
    "voltage at 20.5 h": 20.5,
    "voltage after the second charge": 23.25,
}


@dataclass(slots=True)
class Gauge:
    """Takes each block of a room, and keeps the single figures: ``figures`` by name, each
    with the hour from which it is known."""

    figures: dict[str, tuple[float, Array]] = field(default_factory=dict)
    _charge: Array = field(default_factory=lambda: np.zeros(0))
    _last: tuple[float, Array, Array] | None = None

    def take(self, hours: float, voltage: Array, current: Array) -> None:
        if self._last is None:
            self._last = (hours, voltage, current)
            self._charge = np.zeros_like(voltage)
            return
        before_h, before_v, before_a = self._last
        self._charge += (hours - before_h) * (current + before_a) / 2
        for name, at in _AT.items():
            if before_h < at <= hours:
                self.figures[name] = (hours, voltage)
        for name, at in {"charge taken by 11 h": 11.0, "charge left at 18 h": 18.0}.items():
            if before_h < at <= hours:
                self.figures[name] = (hours, self._charge.copy())
        if "resistance at 2.5 h" not in self.figures and hours > _PULSE_H:
            step = current - before_a
            if np.median(np.abs(step)) > 0.1:
                self.figures["resistance at 2.5 h"] = (hours, (voltage - before_v) / step)
        self._last = (hours, voltage, current)


def flagged_h(
    gauge: Gauge, limits: Mapping[str, tuple[float, float]], times: float, only: str | None = None
) -> Array:
    """(cells,): the hour at which each is flagged at ``times`` standard deviations, infinite
    where it never is. ``limits``: mean and standard deviation by figure."""
    found = np.full(len(next(iter(gauge.figures.values()))[1]), np.inf)
    for name, (hours, values) in gauge.figures.items():
        if only is None or name == only:
            mean, sd = limits[name]
            beyond = np.abs(values - mean) > times * sd
            found = np.where(beyond, np.minimum(found, hours), found)
    return found


def learned(gauge: Gauge, good: npt.NDArray[np.bool_]) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of each figure over the good cells."""
    return {
        name: (float(values[good].mean()), float(values[good].std()))
        for name, (_, values) in gauge.figures.items()
    }


def matched(
    gauge: Gauge,
    limits: Mapping[str, tuple[float, float]],
    good: npt.NDArray[np.bool_],
    rate: float,
    only: str | None = None,
) -> float:
    """The least number of standard deviations at which no more than ``rate`` of the good
    cells are flagged."""
    highest = np.zeros(int(good.sum()))
    for name, (_, values) in gauge.figures.items():
        if only is None or name == only:
            mean, sd = limits[name]
            highest = np.maximum(highest, np.abs(values[good] - mean) / sd)
    allowed = int(rate * len(highest))
    return float(np.sort(highest)[::-1][min(allowed, len(highest) - 1)])
