"""A coating line for tests: a plant of some lines that drifts, read at 10 Hz by the twins.

Deliberately simpler than ``simulation``: mass balance, transport, one lane profile, noise
from a seed. Nothing waits; a minute of it takes a tenth of a second.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from twin.asset import AssetConfig, Effects, Event, TwinCohort
from twin.electrode.supervisor import ElectrodeRules
from twin.frame import Reading
from twin.kinds import kind
from twin.plant.genealogy import ProcessStep
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Command, Decisions

T0 = 1_760_000_000_000_000_000
SECOND = 1_000_000_000
COATER, GAUGE = "line1/coater", "line1/coater/gauge-top"


def coater(**parameters: float | str) -> AssetConfig:
    given = {"line_speed_min": 20.0, "line_speed_max": 60.0, **parameters}
    return AssetConfig(COATER, "uid-coater", "coater", "line1", given)


def gauge(**parameters: float | str) -> AssetConfig:
    given = {"target_loading": 20.0, "coater": COATER, "distance_from_die": 3.0, **parameters}
    return AssetConfig(GAUGE, "uid-gauge", "coating_gauge", COATER, given)


def at(seconds: float) -> int:
    return T0 + round(seconds * SECOND)


@dataclass
class Line:
    """``drift`` is the hidden deviation [%] of the slurry at a time [s]."""

    drift: Callable[[float], float] = lambda _: 0.0
    noise: float = 0.5
    seed: int = 1
    coater: AssetConfig = field(default_factory=coater)
    gauge: AssetConfig = field(default_factory=gauge)
    speed: float = 40.0
    slot_gap: float = 300.0
    gap_exponent: float = 0.0
    rules: ElectrodeRules = field(default_factory=ElectrodeRules)

    def __post_init__(self) -> None:
        self.now = 0.0
        self.metres = 0.0
        self.lot = "E-1"
        self.events: list[Event] = []
        self.recommendations: dict[str, Recommendation] = {}
        self.steps: list[ProcessStep] = []
        self._random = np.random.default_rng(self.seed)
        self._sequences: dict[str, int] = {}
        configs = (self.coater, self.gauge)
        self.twins = TwinCohort([kind(c.kind).twin(c) for c in configs])
        self.rules.assets_changed({c.name: c for c in configs})
        self._on_the_way: deque[tuple[float, float]] = deque()

    def run(self, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self._scan()

    def run_until(self, done: Callable[[], bool], at_most: float = 300.0) -> float:
        """Returns the seconds it took."""
        began = self.now
        while not done():
            assert self.now - began < at_most, f"nothing within {at_most} s"
            self._scan()
        return self.now - began

    def command(self, command: Command) -> Decisions:
        decisions = self.rules.on_command(command, self.time_ns)
        self._keep(decisions)
        return decisions

    @property
    def time_ns(self) -> int:
        return at(self.now)

    @property
    def latest(self) -> Recommendation:
        return list(self.recommendations.values())[-1]

    def told(self, event: str) -> list[Event]:
        return [e for e in self.events if e.kind == event]

    def _scan(self) -> None:
        self.now = round(self.now + 0.1, 1)
        self.metres += self.speed * 0.1 / 60
        coated = (1 + self.drift(self.now) / 100) * 40.0 / self.speed
        coated *= (self.slot_gap / 300.0) ** self.gap_exponent
        self._on_the_way.append((self.metres, coated))
        distance = self.gauge.number("distance_from_die")
        while self._on_the_way[0][0] < self.metres - distance:
            self._on_the_way.popleft()
        phase = self.now % 12 / 6
        across = phase if phase < 1 else 2 - phase
        profile = 0.8 * np.cos(3 * np.pi * across)
        seen = self._on_the_way[0][1] * (1 + (profile + self._random.normal(0, self.noise)) / 100)
        self._read(COATER, {"line_speed": self.speed + self._random.normal(0, 0.02)})
        self._read(COATER, {"slot_die_gap": self.slot_gap + self._random.normal(0, 0.2)})
        self._read(COATER, {"web_length": self.metres, "lot": self.lot})
        self._read(GAUGE, {"head_position": 600 * across, "areal_loading": 20.0 * seen})
        self._keep(self.rules.at(self.time_ns))

    def _read(self, asset: str, values: Mapping[str, float | str]) -> None:
        effects = Effects(self._sequences)
        for signal, value in values.items():
            if isinstance(value, str):
                reading = Reading(asset, signal, self.time_ns, text=value)
            else:
                reading = Reading(asset, signal, self.time_ns, float(value))
            self.twins.step(reading, effects)
        self.tell(effects.events)

    def tell(self, events: Iterable[Event]) -> None:
        for event in events:
            self.events.append(event)
            self._keep(self.rules.on_event(event))

    def _keep(self, decisions: Decisions) -> None:
        for recommendation in decisions.recommendations:
            self.recommendations[recommendation.id] = recommendation
        self.steps += decisions.steps
