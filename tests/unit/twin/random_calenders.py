"""Calenders drawn at random, to try the twin's intervals on.

Deliberately not the twin's model: porosity falls with a power of the line load, the coating
springs back by a part of its thickness, and errors are drawn flat. What is drawn differs
from the parameters by about as much as their widths say.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from twin.electrode.calendering.windows import Mean, Window

READINGS = 500


@dataclass
class Calender:
    """One plant; ``step`` runs it on by ``seconds`` and reads it, as means."""

    seed: int
    porosity: float = 0.0
    seen: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self._solids = self._about(4400, 60)
        self._loading = 20 * (1 + self._about(0, 0.006))
        self._foil, self._bias = self._about(15, 0.4), self._about(0, 0.7)
        self._most, self._least = self._about(46, 2), self._about(22, 2)
        self._scale = 75 * math.exp(self._about(0, 0.3))
        self._springs = self._random.uniform(0, 0.03)
        self._zero, self._stretch = self._about(0, 5), self._about(0.2, 0.1)
        self._laboratory = self._about(0, 0.25)
        self._deviation, self._loading_of_lot = self._about(0, 0.7), self._about(0, 0.006)
        self.line_load = self._random.uniform(90, 170)

    def step(self, seconds: float) -> Window:
        keep = math.exp(-seconds / 2400)
        self._deviation = keep * self._deviation + self._about(0, 0.7) * math.sqrt(1 - keep**2)
        if self._random.uniform() < 0.1:
            self.line_load = min(max(self.line_load + self._about(0, 10), 60), 200)
        load = self.line_load + self._random.normal() * 0.8
        falls = (1 + load / self._scale / 1.6) ** -1.6
        in_nip = self._least + (self._most - self._least) * falls + self._deviation
        solid = 2e4 * self._loading * (1 + self._loading_of_lot) / self._solids
        nip = solid / (1 - in_nip / 100)
        behind = nip * (1 + self._springs)
        self.porosity = 100 * (1 - solid / behind)
        self.seen.append(self.porosity)
        return window(
            line_load=load,
            thickness_out=self._foil + self._bias + behind + self._random.normal() * 0.2,
            gap=self._foil + nip - self._stretch * load - self._zero + self._random.normal() * 0.1,
            roll_temperature=80.0,
        )

    def next_lot(self) -> float:
        """Ends a lot; returns what the laboratory finds in a sample of it [%]."""
        found = float(np.mean(self.seen)) + self._laboratory + self._random.normal() * 0.43
        self.seen.clear()
        self._loading_of_lot = 0.6 * self._loading_of_lot + self._about(0, 0.005)
        return found

    def _about(self, value: float, sd: float) -> float:
        return value + sd * math.sqrt(3) * float(self._random.uniform(-1, 1))


def window(**values: float) -> Window:
    """One with that many readings of each signal, all of that value."""
    return Window(0, {name: Mean(READINGS, READINGS * v, v, v) for name, v in values.items()})
