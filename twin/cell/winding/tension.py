"""The web's tension over one jellyroll, condensed while it is wound.

Mean, spread and straight line by running sums (Welford 1962; the same recursion for the
covariance with time), so that a jellyroll of any length takes the same room. An event is a
tension further than ``event_limit`` from the mean until then; it counts once, when it begins.
"""

import math
from typing import Final

from twin.estimation import saved
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_MEAN_IS_KNOWN: Final = 20
"""Samples before an event can be told from the start of the winding (chosen)."""


class TensionProfile:
    """``idle`` [N]: below that the web stands or hangs loose and the sample does not count.
    ``event_limit``: share of the mean (0..1)."""

    def __init__(self, idle: float, event_limit: float) -> None:
        self._idle, self._limit = idle, event_limit
        self._first_ns: int | None = None
        self.samples = 0
        self.mean = self._squares = 0.0
        self._time = self._time_squares = self._products = 0.0
        self.peak = 0.0
        self.events = 0
        self._inside = True

    @property
    def sd(self) -> float:
        return math.sqrt(self._squares / (self.samples - 1)) if self.samples > 1 else 0.0

    @property
    def slope(self) -> float:
        """[N/s]"""
        return self._products / self._time_squares if self._time_squares > 0 else 0.0

    def add(self, time_ns: int, tension: float) -> None:
        if tension < self._idle:
            return
        if self._first_ns is None:
            self._first_ns = time_ns
        known = self.samples >= _MEAN_IS_KNOWN
        inside = not known or abs(tension - self.mean) <= self._limit * self.mean
        self.events += self._inside and not inside
        self._inside = inside
        self.samples += 1
        self.peak = max(self.peak, tension)
        seconds = (time_ns - self._first_ns) / _SECOND_NS
        of_time, of_tension = seconds - self._time, tension - self.mean
        self._time += of_time / self.samples
        self.mean += of_tension / self.samples
        self._squares += of_tension * (tension - self.mean)
        self._time_squares += of_time * (seconds - self._time)
        self._products += of_time * (tension - self.mean)

    def features(self) -> dict[str, float]:
        """By the names that a model knows them; empty while too little has been seen."""
        if self.samples < _MEAN_IS_KNOWN:
            return {}
        return {
            "tension_mean": self.mean,
            "tension_sd": self.sd,
            "tension_peak": self.peak,
            "tension_slope": self.slope,
            "tension_events": float(self.events),
        }

    def snapshot(self) -> Snapshot:
        return {
            "first_ns": self._first_ns,
            "samples": self.samples,
            "sums": [
                self.mean, self._squares, self._time, self._time_squares, self._products, self.peak
            ],
            "events": self.events,
            "inside": self._inside,
        }  # fmt: skip

    def restore(self, snapshot: Snapshot) -> None:
        self._first_ns = saved.whole_or_none(snapshot["first_ns"])
        self.samples = saved.whole(snapshot["samples"])
        (
            self.mean,
            self._squares,
            self._time,
            self._time_squares,
            self._products,
            self.peak,
        ) = map(saved.number, saved.items(snapshot["sums"]))
        self.events = saved.whole(snapshot["events"])
        self._inside = bool(snapshot["inside"])
