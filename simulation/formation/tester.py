"""The formation tester: what its channels believe, and what they tell.

A channel holds the current and the voltage that it measures, so an error of its calibration
is in the cell's treatment, not in what it tells. Figures: chosen, as of a tester of the 5 V,
5 A class with 0.02 % of range.
"""

from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.random import Generator

from simulation.formation.design import RACK, scatter
from simulation.formation.half_cells import Array

VOLT_NOISE: Final = 1.5e-4
VOLT_STEP: Final = 1e-4
AMPERE_NOISE: Final = 2e-4
AMPERE_STEP: Final = 1e-4
DEGC_NOISE: Final = 0.05
DEGC_STEP: Final = 0.1
JITTER_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Channels:
    """Errors of calibration of each channel: told = gain * true + offset (V, A, degC)."""

    volt_gain: Array
    volt_offset: Array
    ampere_gain: Array
    ampere_offset: Array
    degc_offset: Array

    @classmethod
    def drawn(cls, rng: Generator, count: int) -> "Channels":
        return cls(
            1.0 + 1.0e-4 * scatter(rng, count),
            4e-4 * scatter(rng, count),
            1.0 + 2e-4 * scatter(rng, count),
            2e-4 * scatter(rng, count),
            0.2 * scatter(rng, count),
        )

    def part(self, cells: slice) -> "Channels":
        return Channels(*(getattr(self, f.name)[cells] for f in fields(self)))

    def true_volts(self, told: float) -> Array:
        found: Array = (told - self.volt_offset) / self.volt_gain
        return found

    def true_amperes(self, told: Array | float) -> Array:
        found: Array = (told - self.ampere_offset) / self.ampere_gain
        return found


def tell(
    rng: Generator, channels: Channels, volts: Array, amperes: Array, degc: Array
) -> tuple[Array, Array, Array]:
    """What the channels tell of it: calibration, noise, and steps of the converters. A
    channel that is switched off tells its offset as current."""
    noise = rng.standard_normal((3, len(volts)))
    told_v = channels.volt_gain * volts + channels.volt_offset + VOLT_NOISE * noise[0]
    told_a = channels.ampere_gain * amperes + channels.ampere_offset + AMPERE_NOISE * noise[1]
    told_t = degc + channels.degc_offset + DEGC_NOISE * noise[2]
    return _stepped(told_v, VOLT_STEP), _stepped(told_a, AMPERE_STEP), _stepped(told_t, DEGC_STEP)


class Air:
    """Temperature of the room's air at each channel: racks differ, and stray over hours."""

    MEAN_DEGC: Final = 25.0
    _RACKS_K: Final = 1.0
    _STRAYS_K: Final = 0.8
    _HOURS: Final = 3.0

    def __init__(self, rng: Generator, cells: int) -> None:
        self._rng = rng
        self._rack = np.arange(cells) // RACK
        racks = int(self._rack[-1]) + 1
        self._own = self.MEAN_DEGC + self._RACKS_K * scatter(rng, racks)
        self._stray = self._STRAYS_K * scatter(rng, racks)

    def degc(self, seconds: float) -> Array:
        """``seconds`` later."""
        kept = float(np.exp(-seconds / (3600.0 * self._HOURS)))
        new = self._STRAYS_K * float(np.sqrt(1.0 - kept * kept))
        self._stray = kept * self._stray + new * self._rng.standard_normal(len(self._stray))
        found: Array = (self._own + self._stray)[self._rack]
        return found


def _stepped(values: Array, step: float) -> Array:
    found: Array = np.round(values / step) * step
    return found
