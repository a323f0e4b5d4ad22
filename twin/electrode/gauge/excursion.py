"""When a deviation is an excursion: a decision with hysteresis and without haste.

inside ──P(beyond the limit) ≥ p_in, three readings agree──▶ excursion on that side
excursion ──P(within the limit) ≥ p_out, three times──▶ inside
excursion ──the same on the other side──▶ excursion on the other side
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from twin.estimation import saved
from twin.snapshot import Snapshot

_AGREEING: Final = 3
_OUT_PROBABILITY: Final = 0.95
# A reading agrees that is within three sigma of the level and beyond half the limit.
_SIGMAS: Final = 3.0
# Longer than a gauge is off the web to set itself to zero; chosen.
_FRESH_NS: Final = 30_000_000_000


def beyond(deviation: float, sd: float, limit: float) -> float:
    """P(|x| > limit) for x normal with that mean and standard deviation."""
    return _upper((limit - deviation) / sd) + _upper((limit + deviation) / sd)


class Crossing(Enum):
    NONE = "none"
    EXCURSION = "excursion"
    RECOVERED = "recovered"


@dataclass(slots=True)
class _Run:
    """Readings in a row that agree: how many, on which side, since when."""

    side: int = 0
    count: int = 0
    from_ns: int = 0

    def go_on(self, side: int, time_ns: int) -> None:
        if side == 0 or side != self.side:
            self.side, self.count, self.from_ns = side, 0, time_ns
        if side != 0:
            self.count += 1


class ExcursionWatch:
    """Deviations in per cent of the target; ``probability`` must be reached to decide."""

    def __init__(self, limit: float, probability: float) -> None:
        self._limit = limit
        self._probability = probability
        self._run = _Run()
        self._inside = 0
        self._seen_ns = 0
        self.side = 0

    @property
    def active(self) -> bool:
        return self.side != 0

    @property
    def agreeing(self) -> int:
        """How many readings in a row agree with the level, outside."""
        return self._run.count

    @property
    def from_ns(self) -> int:
        """Source time of the first of them."""
        return self._run.from_ns

    def see(self, time_ns: int, value: float, noise: float, level: float) -> None:
        """One reading that the filter has learned from, rid of its lane's offset.

        After a gap the filter is open, and one reading moves it: what agreed with the
        level before the gap says nothing of it now.
        """
        outside = abs(value) > self._limit / 2 and value * level > 0
        agrees = outside and abs(value - level) <= _SIGMAS * noise
        if time_ns - self._seen_ns > _FRESH_NS:
            self._run = _Run()
        self._seen_ns = time_ns
        self._run.go_on((1 if value > 0 else -1) if agrees else 0, time_ns)

    def decide(self, level: float, sd: float) -> Crossing:
        """After the readings of one moment have been seen."""
        agreed = self._run.count >= _AGREEING
        if not agreed and not self.active:
            return Crossing.NONE
        outside = beyond(level, sd, self._limit)
        side = 1 if level > 0 else -1
        if agreed and side != self.side and outside >= self._probability:
            self.side, self._inside = side, 0
            return Crossing.EXCURSION
        if not self.active:
            return Crossing.NONE
        self._inside = self._inside + 1 if 1 - outside >= _OUT_PROBABILITY else 0
        if self._inside < _AGREEING:
            return Crossing.NONE
        self.side = self._inside = 0
        return Crossing.RECOVERED

    def snapshot(self) -> Snapshot:
        return {
            "side": self.side,
            "inside": self._inside,
            "run": [self._run.side, self._run.count, self._run.from_ns],
            "seen_ns": self._seen_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.side = saved.whole(snapshot["side"])
        self._inside = saved.whole(snapshot["inside"])
        self._run = _Run(*map(saved.whole, saved.items(snapshot["run"])))
        self._seen_ns = saved.whole(snapshot["seen_ns"])


def _upper(z: float) -> float:
    return 0.5 * math.erfc(z / math.sqrt(2))
