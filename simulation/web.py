"""The web: coated at the die, and seen again metres later."""

import math
from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from simulation.chance import Array


class Web:
    """What was laid on each stretch of the web, for the last ``length_m`` metres at least.

    A stretch ends at its metre and begins where the one before it ends. Before the first
    metre lies ``initial``. Each stretch carries the same named quantities.
    """

    _FIRST_ROOM = 4096

    def __init__(self, length_m: float, initial: Mapping[str, float]) -> None:
        self._length_m = length_m
        self._names = {name: row for row, name in enumerate(initial)}
        self._until = np.zeros(self._FIRST_ROOM)
        self._laid = np.zeros((len(initial), self._FIRST_ROOM))
        self._laid[:, 0] = list(initial.values())
        self._used = 1

    def lay(self, until_m: Array, laid: Mapping[str, Array]) -> None:
        """Coats the web up to those metres, which never fall. Web that stands still is not
        coated anew."""
        last = self._until[self._used - 1]
        moved = np.diff(until_m, prepend=last) > 0.0
        new = int(np.count_nonzero(moved))
        self._make_room(new)
        place = slice(self._used, self._used + new)
        self._until[place] = until_m[moved]
        for name, values in laid.items():
            self._laid[self._names[name], place] = values[moved]
        self._used += new

    def at(self, name: str, metres: Array) -> Array:
        """What lies at those metres. ValueError where the web has left the line."""
        found: Array = self._laid[self._names[name], self.places(metres)]
        return found

    def places(self, metres: Array) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        """Which stretches those metres lie on, for ``quantity``."""
        first = self._until[0]
        if first > 0.0 and len(metres) and float(np.min(metres)) <= first:
            raise ValueError(f"metre {float(np.min(metres)):.2f} has left the line")
        found = np.searchsorted(self._until[: self._used], metres, side="left")
        return np.minimum(found, self._used - 1)

    def quantity(self, name: str, places: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Array:
        found: Array = self._laid[self._names[name], places]
        return found

    def _make_room(self, new: int) -> None:
        if self._used + new <= len(self._until):
            return
        gone = self._until[self._used - 1] - self._length_m
        keep_from = max(int(np.searchsorted(self._until[: self._used], gone)) - 1, 0)
        kept = self._used - keep_from
        room = max(2 * (kept + new), self._FIRST_ROOM)
        until, laid = np.zeros(room), np.zeros((len(self._laid), room))
        until[:kept] = self._until[keep_from : self._used]
        laid[:, :kept] = self._laid[:, keep_from : self._used]
        self._until, self._laid, self._used = until, laid, kept


class CrossWebProfile:
    """Loading across the web, relative to its mean: edge beads, a tilt, the lips' waviness,
    a crown that the lips' bending adds, and ribs where the bead fails.

    Positions are in mm from the operator-side edge. Without crown and ribs the mean over
    what the gauge sees is 1; those two hardly change it.
    """

    BEAD_HEIGHT = 0.03
    BEAD_WIDTH_MM = 8.0
    RIB_MM = 14.0

    def __init__(self, rng: Generator, width_mm: float, seen_mm: tuple[float, float]) -> None:
        self._width_mm = width_mm
        self._tilt = 0.002 * rng.standard_normal()
        self._phase = 2.0 * math.pi * rng.random()
        self._mean = 1.0
        low, high = seen_mm
        samples = self._shape(low + (high - low) * (np.arange(400) + 0.5) / 400)
        self._mean = float(np.mean(samples))

    def at(self, position_mm: Array, crown: Array, ribs: Array) -> Array:
        """``crown``: how much more the middle has than the mean; ``ribs``: their amplitude."""
        across = 2.0 * position_mm / self._width_mm - 1.0
        shape = self._shape(position_mm) / self._mean
        if crown.any():
            shape = shape + crown * (1.0 - 3.0 * across * across)
        if ribs.any():
            shape = shape + ribs * np.cos(2.0 * math.pi * position_mm / self.RIB_MM)
        return shape

    def _shape(self, position_mm: Array) -> Array:
        to_edge = np.minimum(position_mm, self._width_mm - position_mm)
        shape: Array = (
            1.0
            + self._tilt * (2.0 * position_mm / self._width_mm - 1.0)
            + 0.003 * np.sin(2.0 * math.pi * position_mm / 260.0 + self._phase)
            + self.BEAD_HEIGHT * np.exp(-to_edge / self.BEAD_WIDTH_MM)
        )
        return shape
