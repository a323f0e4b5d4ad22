"""Where the loading is going: a level with a slope, from the estimates of block after block."""

from typing import Final, NamedTuple

from twin.estimation import saved
from twin.estimation.level_filter import LevelFilter
from twin.snapshot import Snapshot

_NOISE: Final = 0.06
_WANDER: Final = 1e-4
"""Variance [%²/s] by which a line strays in the short run: 0.08 % in a minute (chosen)."""
_SLOPE_WANDER: Final = 3e-10
"""[%²/s³]: a slope changes by 0.025 % a minute within ten (chosen: drifts last longer)."""
DRIFTS: Final = 0.04 / 60
"""Slope [%/s] from which on it is a drift and not the ordinary coming and going (chosen)."""


class Level(NamedTuple):
    """Per cent of the loading, its standard deviation, and its slope [%/s]."""

    value: float
    sd: float
    slope: float


class Course:
    def __init__(self) -> None:
        self._filter = LevelFilter(_NOISE, _WANDER, _SLOPE_WANDER)

    def add(self, time_ns: int, level: float, sd: float) -> None:
        """An estimate of the level [%] and its standard deviation."""
        self._filter.take(time_ns, level, sd / _NOISE)

    @property
    def latest(self) -> float:
        """The level now [%]; 0 where there is none."""
        return self._filter.level if self._filter.known else 0.0

    @property
    def until_ns(self) -> int:
        """When the latest web that it knows of was at the die; 0 where it knows of none."""
        return self._filter.time_ns or 0

    def clear(self) -> None:
        self._filter = LevelFilter(_NOISE, _WANDER, _SLOPE_WANDER)

    def at(self, time_ns: int) -> Level | None:
        """Expected at that time; None where nothing is known."""
        found = self._filter
        if not found.known or found.time_ns is None:
            return None
        ahead = (time_ns - found.time_ns) * 1e-9
        return Level(found.level + found.slope * ahead, found.sd_at(time_ns), found.slope)

    def snapshot(self) -> Snapshot:
        return {"filter": self._filter.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        self.clear()
        self._filter.restore(saved.fields(snapshot["filter"]))
