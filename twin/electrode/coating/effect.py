"""What a correction did, measured on the web that was coated after it."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from twin.estimation import saved
from twin.snapshot import Snapshot

_WINDOWS: Final = 3
_LEAST_READINGS: Final = 10
_Z95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Loading:
    """A ``gauge.loading`` event in numbers: deviation from the target [%] and its width."""

    from_ns: int
    to_ns: int
    readings: int
    deviation: float
    sd: float


class Judgement(Enum):
    NOT_YET = "not yet"
    EFFECTIVE = "effective"
    INEFFECTIVE = "ineffective"


@dataclass(frozen=True, slots=True)
class Measured:
    """Weighted mean deviation [%] over a time, and its standard deviation."""

    deviation: float
    sd: float
    readings: int
    from_ns: int
    to_ns: int

    @property
    def lower(self) -> float:
        return self.deviation - _Z95 * self.sd

    @property
    def upper(self) -> float:
        return self.deviation + _Z95 * self.sd


class EffectMeasurement:
    """Gathers loadings that lie wholly after the arrival of the change at the gauge.

    They are judged window by window of ``window_ns``, three at most, each by itself: an
    effect that takes time to settle is seen in a later one.
    EFFECTIVE: the 95 % interval of a window's mean lies within ±``within`` [%], or, in
    the last window, the mean does.
    INEFFECTIVE: the last window says otherwise.
    """

    def __init__(self, arrival_ns: int, window_ns: int, within: float) -> None:
        self.arrival_ns = arrival_ns
        self._window_ns = window_ns
        self._within = within
        self._windows = 0
        self._loadings: list[Loading] = []

    @property
    def overdue_ns(self) -> int:
        """By when all windows should long have been seen."""
        return self.arrival_ns + 2 * _WINDOWS * self._window_ns + 60_000_000_000

    def take(self, loading: Loading) -> tuple[Judgement, Measured | None]:
        if loading.from_ns < self.arrival_ns:
            return Judgement.NOT_YET, None
        self._loadings.append(loading)
        span = loading.to_ns - self._loadings[0].from_ns
        readings = sum(one.readings for one in self._loadings)
        # A window holds whole loadings of about a second, so it may end a little early.
        if span < 0.9 * self._window_ns or readings < _LEAST_READINGS:
            return Judgement.NOT_YET, None
        measured = self.measured()
        assert measured is not None
        self._windows += 1
        within = self._within
        if -within <= measured.lower and measured.upper <= within:
            return Judgement.EFFECTIVE, measured
        if self._windows == _WINDOWS:
            good = abs(measured.deviation) <= within
            return (Judgement.EFFECTIVE if good else Judgement.INEFFECTIVE), measured
        self._loadings.clear()
        return Judgement.NOT_YET, measured

    def measured(self) -> Measured | None:
        """Mean of the loadings of the present window, weighed by their widths. Where they
        scatter more than their widths say, the scatter is the mean's width (Birge 1932)."""
        if not self._loadings:
            return None
        weights = [1 / one.sd**2 for one in self._loadings]
        total = sum(weights)
        pairs = list(zip(weights, self._loadings, strict=True))
        mean = sum(w * one.deviation for w, one in pairs) / total
        sd = math.sqrt(1 / total)
        if len(pairs) > 1:
            chi2 = sum(w * (one.deviation - mean) ** 2 for w, one in pairs) / (len(pairs) - 1)
            sd *= math.sqrt(max(1.0, chi2))
        return Measured(
            mean,
            sd,
            sum(one.readings for one in self._loadings),
            self._loadings[0].from_ns,
            self._loadings[-1].to_ns,
        )

    def snapshot(self) -> Snapshot:
        return {
            "arrival_ns": self.arrival_ns,
            "window_ns": self._window_ns,
            "within": self._within,
            "windows": self._windows,
            "loadings": [
                [one.from_ns, one.to_ns, one.readings, one.deviation, one.sd]
                for one in self._loadings
            ],
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "EffectMeasurement":
        measurement = cls(
            saved.whole(snapshot["arrival_ns"]),
            saved.whole(snapshot["window_ns"]),
            saved.number(snapshot["within"]),
        )
        measurement._windows = saved.whole(snapshot["windows"])
        for row in map(saved.items, saved.items(snapshot["loadings"])):
            measurement._loadings.append(
                Loading(*map(saved.whole, row[:3]), *map(saved.number, row[3:]))
            )
        return measurement
