"""Median and robust spread of the last measurements of one thing after another.

Exact over a bounded window, so that one impossible piece moves nothing and the state
stays small. Location: the median. Its width is half the distance between the order
statistics at ranks n/2 ∓ √n/2, one standard deviation of a binomial count, which holds
for any distribution (David & Nagaraja, *Order Statistics*, 3rd ed., 7.1). Spread:
1.4826 times the median absolute deviation, of asymptotic relative standard error
1.167/√n for normal values (Rousseeuw & Croux, JASA 88, 1993).
"""

import math
from collections import deque
from collections.abc import Iterable
from typing import Final

_WINDOW: Final = 64
_FEWEST: Final = 5
_MAD_TO_SD: Final = 1.4826
_SD_ERROR: Final = 1.167


class RobustWindow:
    """``resolution`` is the step of the instrument, in the unit of the values: no width
    is ever given as less than what rounding to that step alone makes."""

    def __init__(self, resolution: float) -> None:
        self._rounding = resolution / math.sqrt(12.0)
        self._values: deque[float] = deque(maxlen=_WINDOW)

    def add(self, value: float) -> None:
        self._values.append(value)

    def location(self) -> tuple[float, float] | None:
        """``(median, width)``; None while fewer than five values are known."""
        n = len(self._values)
        if n < _FEWEST:
            return None
        ordered = sorted(self._values)
        half = math.sqrt(n) / 2
        lower = ordered[max(0, math.floor(n / 2 - half))]
        upper = ordered[min(n - 1, math.ceil(n / 2 + half) - 1)]
        return _median(ordered), math.hypot((upper - lower) / 2, self._rounding)

    def spread(self) -> tuple[float, float] | None:
        """``(standard deviation, width)`` of the single values; None while unknown."""
        n = len(self._values)
        if n < _FEWEST:
            return None
        centre = _median(sorted(self._values))
        deviations = sorted(abs(value - centre) for value in self._values)
        sd = math.hypot(_MAD_TO_SD * _median(deviations), self._rounding)
        return sd, _SD_ERROR * sd / math.sqrt(n)

    def values(self) -> list[float]:
        return list(self._values)

    def replace(self, values: Iterable[float]) -> None:
        """Take over the values of a snapshot, oldest first."""
        self._values = deque(values, maxlen=_WINDOW)


def _median(ordered: list[float]) -> float:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
