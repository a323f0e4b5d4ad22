"""The web: coated at the die, and seen again metres later."""

import math

from numpy.random import Generator


class Web:
    """What was laid on each stretch of the web, for the last ``length_m`` metres.

    A ring of cells of ``pitch_m`` metres; before the first metre lies ``initial``.
    """

    def __init__(self, length_m: float, initial: float, pitch_m: float = 0.02) -> None:
        self._pitch_m = pitch_m
        self._cells = [initial] * (math.ceil(length_m / pitch_m) + 2)
        self._initial = initial
        self._last = -1

    def lay(self, until_m: float, value: float) -> None:
        """Coats the web from where it was coated last until that metre."""
        last = math.floor(until_m / self._pitch_m)
        for cell in range(self._last + 1, last + 1):
            self._cells[cell % len(self._cells)] = value
        self._last = max(last, self._last)

    def at(self, metre: float) -> float:
        """What lies at that metre. ValueError where the web has left the line."""
        cell = min(math.floor(metre / self._pitch_m), self._last)
        if cell < 0:
            return self._initial
        if cell <= self._last - len(self._cells):
            raise ValueError(f"metre {metre} has left the line")
        return self._cells[cell % len(self._cells)]


class CrossWebProfile:
    """Loading across the web, relative to its mean: edge beads, a tilt, the lips' waviness.

    Positions are in mm from the operator-side edge. The mean over what the gauge sees is 1.
    """

    BEAD_HEIGHT = 0.03
    BEAD_WIDTH_MM = 8.0

    def __init__(self, rng: Generator, width_mm: float, seen_mm: tuple[float, float]) -> None:
        self._width_mm = width_mm
        self._tilt = 0.002 * rng.standard_normal()
        self._phase = 2.0 * math.pi * rng.random()
        self._mean = 1.0
        low, high = seen_mm
        samples = [self.at(low + (high - low) * (i + 0.5) / 400) for i in range(400)]
        self._mean = sum(samples) / len(samples)

    def at(self, position_mm: float) -> float:
        to_edge = min(position_mm, self._width_mm - position_mm)
        shape = (
            1.0
            + self._tilt * (2.0 * position_mm / self._width_mm - 1.0)
            + 0.003 * math.sin(2.0 * math.pi * position_mm / 260.0 + self._phase)
            + self.BEAD_HEIGHT * math.exp(-to_edge / self.BEAD_WIDTH_MM)
        )
        return shape / self._mean
