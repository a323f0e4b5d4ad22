"""A coated web for tests, scanned by a coating gauge at 10 Hz; noise from a seed."""

import math
from collections.abc import Callable

import numpy as np

from tests.unit.twin.coating_line import GAUGE, at, gauge
from twin.asset import Effects, Event, Figure
from twin.electrode.gauge.coating_gauge import KIND, CoatingGauge
from twin.frame import Reading

WIDTH, TARGET = 600.0, 20.0
Profile = Callable[[float], float]


class Web:
    """A gauge that scans a web at 10 Hz; deviations and profile in % of the target."""

    def __init__(
        self,
        noise: float = 0.5,
        seed: int = 1,
        profile: Profile = lambda x: 0.8 * math.cos(3 * math.pi * x),
        scans: bool = True,
        **parameters: float | str,
    ) -> None:
        self.twin = KIND.twin(gauge(**parameters))
        assert isinstance(self.twin, CoatingGauge)
        self.events: list[Event] = []
        self.seconds = 0.0
        self._noise, self._profile, self._scans = noise, profile, scans
        self._random = np.random.default_rng(seed)
        self._sequences: dict[str, int] = {}

    def run(self, seconds: float, deviation: float = 0.0) -> "Web":
        for _ in range(round(seconds * 10)):
            self.read(deviation + float(self._random.normal(0, self._noise)))
        return self

    def read(self, deviation: float, quality: int = 0) -> None:
        """One scan: head position and loading, of the same source time."""
        self.seconds = round(self.seconds + 0.1, 1)
        phase = self.seconds % 12 / 6
        across = phase if phase < 1 else 2 - phase
        deviation += self._profile(across) if self._scans else 0.0
        effects = Effects(self._sequences)
        time_ns = at(self.seconds)
        if self._scans:
            self.twin.step(Reading(GAUGE, "head_position", time_ns, WIDTH * across), effects)
        loading = TARGET * (1 + deviation / 100)
        self.twin.step(Reading(GAUGE, "areal_loading", time_ns, loading, quality), effects)
        self.events += effects.events

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.events if event.kind == f"gauge.{kind}"]

    def figure(self, name: str) -> Figure:
        return next(f for f in self.twin.figures() if f.name == name)
