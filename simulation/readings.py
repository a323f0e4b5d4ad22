"""What a run of scans gave: readings as columns, texts where they changed, and the truth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulation.chance import Array
from simulation.mixer import InTank
from simulation.settings import LineSettings

Index = npt.NDArray[np.intp]
TextChanges = list[tuple[int, str]]
"""(place in the run, the new text)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A lab's result [%]: the lot that it was measured on, and when it was told (place in the
    run)."""

    place: int
    lot: str
    porosity: float


@dataclass(frozen=True, slots=True)
class Slow:
    """Readings of the slow sensors, at ``places`` in the run; ``truth`` at the same."""

    places: Index
    columns: Mapping[str, Array]
    truth: Mapping[str, Array]
    new_rolls: Array
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Scans:
    """``number`` counts the line's scans from 1. ``stamps`` is by how much the stamps of all
    signals that begin so are off [ns]."""

    number: npt.NDArray[np.int64]
    fast: Mapping[str, Array]
    slow: Slow
    texts: Mapping[str, TextChanges]
    stamps: Mapping[str, npt.NDArray[np.int64]]
    truth: Mapping[str, Array]


def lot_name(metre: float, lot_length_m: float) -> str:
    return f"L2026-{int(max(metre, 0.0) // lot_length_m) + 1:04d}"


class Texts:
    """Tells a text when it begins."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def changes(
        self,
        number: npt.NDArray[np.int64],
        metre: Array,
        settings: LineSettings,
        in_tank: InTank,
        slow: Slow,
    ) -> dict[str, TextChanges]:
        length = settings.lot_length_m
        names = settings.formulation.name, settings.next_formulation.name
        everywhere = np.arange(len(number))
        lots = np.maximum(metre, 0.0) // length
        rolled = np.maximum(metre - settings.calender_at_m, 0.0) // length
        # The formulation is told by the lot's sign: one number for both.
        slurry = in_tank.lot * 2.0 + in_tank.formulation
        return {
            "coater.lot": [
                (i, f"L2026-{int(lot) + 1:04d}") for i, lot in self._new("coater", lots, everywhere)
            ],
            "calender.lot": [
                (i, f"L2026-{int(lot) + 1:04d}")
                for i, lot in self._new("calender", rolled, everywhere)
            ],
            "mixer.lot": [
                (i, f"S2026-{names[int(lot) % 2]}{int(lot) // 2:03d}")
                for i, lot in self._new("mixer", slurry, everywhere)
            ],
            "calender.roll_set": [
                (i, f"R{int(new) + 1:02d}")
                for i, new in self._new("rolls", slow.new_rolls, slow.places)
            ],
        }

    def _new(self, name: str, values: Array, places: Index) -> list[tuple[int, float]]:
        if not len(values):
            return []
        before = self._last.get(name, np.nan)
        changed = np.flatnonzero(np.diff(values, prepend=before) != 0.0)
        self._last[name] = float(values[-1])
        return [(int(places[i]), float(values[i])) for i in changed]
