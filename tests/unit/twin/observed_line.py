"""What the sensors of a coating line say while causes stray, and one leaves its course.

Written from the physics and not from the twin's table: power-law index 0.8, so that flow
answers to viscosity with -1/n and to the gap with 2 + 1/n; all changes in per cent.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from twin.electrode.diagnosis.watch import Episode, LineWatch

Array = NDArray[np.float64]
BLOCK_S: Final = 20.0
_NS: Final = 1_000_000_000

ANSWERS: Final[Mapping[str, Mapping[str, float]]] = {
    "viscosity": {"flow": 1.0, "viscosity": -0.8},
    "pump": {"flow": 1.0, "pressure": 0.8},
    "lip_gap": {"flow": 1.0, "gap": 0.31},
    "line_speed": {"speed": -1.0},
    "web_tension": {"tension": -6.0},
    "solids": {"solids": 0.85},
}
"""By cause: how each sensor beside those of the film moves with 1 % of loading."""
NOISE: Final = {
    "gauge:top": 0.05,
    "gauge:exit": 0.08,
    "dry:oven": 0.25,
    "wet:die": 0.3,
    "flow": 0.05,
    "speed": 0.01,
    "gap": 0.01,
    "pressure": 0.04,
    "tension": 0.3,
    "viscosity": 0.25,
    "solids": 0.1,
}
"""Standard deviation of a block's mean, by observable."""
_STRAYS: Final = {
    "viscosity": (0.15, 1500.0),
    "pump": (0.08, 900.0),
    "lip_gap": (0.03, 2000.0),
    "line_speed": (0.02, 300.0),
    "web_tension": (0.03, 900.0),
    "solids": (0.06, 3000.0),
}
"""How far each cause strays by itself, and for how long [s]."""

Course = Callable[[Array], Array]


def ramp(size: float, begins: float, lasts: float) -> Course:
    """By ``size`` per cent of loading in ``lasts`` seconds, and there it stays."""
    return lambda t: size * np.clip((t - begins) / lasts, 0.0, 1.0)


@dataclass
class ObservedLine:
    """``faults`` are causes (or ``gauge:top``) with what they do to the loading [%]."""

    seconds: float
    seed: int = 1
    faults: Mapping[str, Course] = field(default_factory=dict)
    sensors: tuple[str, ...] = tuple(NOISE)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.times = np.arange(0.0, self.seconds, BLOCK_S)
        n = len(self.times)
        causes = {name: _straying(rng, n, *strays) for name, strays in _STRAYS.items()}
        for name in causes:
            if name in self.faults:
                causes[name] = causes[name] + self.faults[name](self.times)
        self.loading: Array = np.sum(list(causes.values()), axis=0)
        self.observed: dict[str, Array] = {}
        for sensor in self.sensors:
            if ":" in sensor:
                value = self.loading.copy()
            else:
                value = np.sum([causes[c] * ANSWERS[c].get(sensor, 0.0) for c in causes], axis=0)
            if sensor.startswith("wet"):
                value -= causes["solids"]
            if sensor.startswith("gauge") and sensor in self.faults:
                value = value + self.faults[sensor](self.times)
            self.observed[sensor] = value + NOISE[sensor] * rng.standard_normal(n)

    def into(self, watch: LineWatch, first: int = 0, last: int | None = None) -> None:
        """Feed the blocks ``first`` to ``last``, whatever the watch says."""
        for _ in self.told(watch, first, last):
            pass

    def told(
        self, watch: LineWatch, first: int = 0, last: int | None = None
    ) -> Iterator[tuple[float, Episode]]:
        """Time [s] and episode of every block that one is on for."""
        for i in range(first, len(self.times))[: None if last is None else last - first]:
            for sensor, values in self.observed.items():
                lag = 90 * _NS if sensor == "gauge:exit" else 0
                watch.blocks.add(sensor, _at(self.times[i] + BLOCK_S / 2), float(values[i]), lag)
            for episode in watch.step(_at(self.times[i] + BLOCK_S)):
                if episode is not None:
                    yield float(self.times[i]), episode


def _at(seconds: float) -> int:
    return round(seconds * _NS)


def _straying(rng: np.random.Generator, n: int, sd: float, remembers: float) -> Array:
    keeps = np.exp(-BLOCK_S / remembers)
    steps = sd * np.sqrt(1 - keeps * keeps) * rng.standard_normal(n)
    level = sd * rng.standard_normal()
    course = np.empty(n)
    for i in range(n):
        level = keeps * level + steps[i]
        course[i] = level
    return course
