"""Lanes across the web, and the passes of a scanning head over it."""

from bisect import bisect_left
from typing import Final

import numpy as np

from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot, Value

# Of the web's width: less is jitter of the head, not its way back.
_TURNED: Final = 0.02


class Lanes:
    """``count`` lanes of equal width over the web [mm]; those whose middle lies within
    ``edge`` of a web edge are not measured."""

    def __init__(self, web_width: float, count: int, edge: float) -> None:
        self._from, self._to = edge, web_width - edge
        middles = [(i + 0.5) * web_width / count for i in range(count)]
        measured = [middle for middle in middles if edge <= middle <= web_width - edge]
        self._middles = measured or [web_width / 2]

    @property
    def measured(self) -> int:
        return len(self._middles)

    def on_web(self, position: float) -> bool:
        """Whether a reading there says anything of the coating."""
        return self._from <= position <= self._to

    def weights(self, position: float) -> Array:
        """How much of each measured lane there is in a reading there [mm]: shape
        (measured,), sum 1. Between the middles of two lanes the profile is a straight line."""
        middles = self._middles
        weights = np.zeros(len(middles))
        right = bisect_left(middles, position)
        if right == 0 or right == len(middles):
            weights[min(right, len(middles) - 1)] = 1.0
            return weights
        left = right - 1
        share = (position - middles[left]) / (middles[right] - middles[left])
        weights[left], weights[right] = 1.0 - share, share
        return weights


class Passes:
    """Sees where a scanning head turns round, and which way it goes."""

    def __init__(self, web_width: float) -> None:
        self._enough = _TURNED * web_width
        self._direction = 0
        self._furthest: float | None = None
        self._doubtful = True

    @property
    def direction(self) -> int:
        """1 away from the operator's side, -1 towards it; 0 while that is not sure."""
        return 0 if self._doubtful else self._direction

    def turned(self, position: float) -> bool:
        """Whether the head is known, from this position on [mm], to be on its way back."""
        if self._furthest is None:
            self._furthest = position
            return False
        moved = position - self._furthest
        if self._direction == 0:
            if abs(moved) >= self._enough:
                self._direction = 1 if moved > 0 else -1
                self._furthest = position
                self._doubtful = False
            return False
        self._doubtful = moved * self._direction < 0 and abs(moved) < self._enough
        if moved * self._direction >= 0:
            self._furthest = position
            return False
        if self._doubtful:
            return False
        self._direction = -self._direction
        self._furthest = position
        return True

    def snapshot(self) -> Snapshot:
        return {
            "direction": self._direction,
            "furthest": self._furthest,
            "doubtful": self._doubtful,
        }

    def restore(self, snapshot: Snapshot) -> None:
        direction: Value = snapshot["direction"]
        self._direction = saved.whole(direction)
        self._furthest = saved.number_or_none(snapshot["furthest"])
        self._doubtful = bool(snapshot["doubtful"])
