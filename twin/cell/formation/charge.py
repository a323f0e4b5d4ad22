"""Charge counted from current: trapezoids, with a width that grows with the time.

An error of the current's zero is the same all the time, so its part of the width grows
linearly. Where the current changed between two readings, when it did so is unknown: the
mean current over that step is uniform between the two, of variance (Δi)²/12.
"""

import math
from typing import Final

from twin.cell.restoring import integer, number, text
from twin.snapshot import Snapshot

_HOUR_NS: Final = 3_600_000_000_000


class ChargeCount:
    """Net charge [Ah] put into the present cell; starts anew with each cell."""

    def __init__(self, current_accuracy: float) -> None:
        self._accuracy = current_accuracy
        self._serial = ""
        self._time_ns: int | None = None
        self._current = self._charge = self._steps = self._hours = 0.0

    @property
    def is_known(self) -> bool:
        return self._hours > 0.0

    @property
    def value(self) -> float:
        return self._charge

    @property
    def sd(self) -> float:
        return math.hypot(self._accuracy * self._hours, math.sqrt(self._steps))

    def add(self, serial: str, time_ns: int, current: float) -> None:
        """``current`` [A] of that cell at that time, positive while charging."""
        if serial != self._serial:
            self._start(serial)
        if self._time_ns is not None:
            hours = (time_ns - self._time_ns) / _HOUR_NS
            self._charge += hours * (current + self._current) / 2
            self._steps += (hours * (current - self._current)) ** 2 / 12
            self._hours += hours
        self._time_ns, self._current = time_ns, current

    def snapshot(self) -> Snapshot:
        return {
            "serial": self._serial,
            "time_ns": self._time_ns,
            "current": self._current,
            "charge": self._charge,
            "steps": self._steps,
            "hours": self._hours,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._serial = text(snapshot["serial"])
        time_ns = snapshot["time_ns"]
        self._time_ns = None if time_ns is None else integer(time_ns)
        self._current = number(snapshot["current"])
        self._charge = number(snapshot["charge"])
        self._steps = number(snapshot["steps"])
        self._hours = number(snapshot["hours"])

    def _start(self, serial: str) -> None:
        self._serial = serial
        self._time_ns = None
        self._current = self._charge = self._steps = self._hours = 0.0
