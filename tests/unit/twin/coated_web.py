"""A coated web, told of as its twins tell: the coater every 5 s, each gauge every 10 s.

A pressure feed of a Newtonian slurry: the loading goes with gap³ and 1/speed. Hidden causes
move loading and sensors as ``observed_line`` has them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from tests.unit.twin.coating_line import COATER, GAUGE, at
from tests.unit.twin.observed_line import ANSWERS
from twin.asset import AssetConfig, Json

EXIT: Final = "line1/coater/gauge-exit"
MIXER: Final = "line1/mixer"
TICK_S: Final = 5.0
_PASS_S: Final = 10.0
_NOISE: Final = {"flow": 0.1, "gap": 0.02, "pressure": 0.08, "tension": 0.4, "speed": 0.02}

Course = Callable[[float], float]


class Told(NamedTuple):
    asset: str
    kind: str
    seconds: float
    data: Mapping[str, Json]


def gauge_exit() -> AssetConfig:
    """Behind the oven, 60 m from the die."""
    parameters: dict[str, float | str]
    parameters = {"target_loading": 20.0, "coater": COATER, "distance_from_die": 60.0}
    return AssetConfig(EXIT, "uid-exit", "coating_gauge", COATER, parameters)


def mixer(transfer_time: float = 0.0) -> AssetConfig:
    """Before the coater by that many seconds."""
    parameters: dict[str, float | str] = {"coater": COATER, "transfer_time": transfer_time}
    return AssetConfig(MIXER, "uid-mixer", "slurry_mixer", "line1", parameters)


def from_on(begins: float, size: float, lasts: float = 1.0) -> Course:
    """A ramp of ``size`` per cent of loading."""
    return lambda t: size * min(max((t - begins) / lasts, 0.0), 1.0)


@dataclass
class CoatedWeb:
    """``faults``: per cent of loading by time [s], of causes or of a gauge by its name."""

    faults: dict[str, Course] = field(default_factory=dict)
    seed: int = 1
    bound: bool = True
    """Whether the PLC's setpoints are read."""
    gauges: Mapping[str, float] = field(default_factory=lambda: {GAUGE: 3.0, EXIT: 60.0})
    speed: float = 40.0
    gap: float = 300.0
    lot: str = "E-1"
    now: float = 0.0
    metres: float = 0.0

    def __post_init__(self) -> None:
        self._random = np.random.default_rng(self.seed)
        self._coated: list[tuple[float, float]] = [(-1e9, 0.0)]
        self._lot_start = 0.0
        self._heard: dict[str, list[float]] = {name: [] for name in self.gauges}

    def next_lot(self, lot: str) -> None:
        self.lot, self._lot_start = lot, self.metres

    def run(self, seconds: float) -> Iterator[Told]:
        """Commands may be changed between the things told."""
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += TICK_S
            yield from self._tick()

    def _of(self, cause: str) -> float:
        return self.faults[cause](self.now) if cause in self.faults else 0.0

    def _sensor(self, name: str) -> float:
        moved = sum(
            self._of(cause) * ANSWERS.get(cause, {}).get(name, 0.0) for cause in self.faults
        )
        return float(moved + self._random.normal(0, _NOISE[name]))

    def _tick(self) -> Iterator[Told]:
        self.metres += self.speed * TICK_S / 60
        if self.speed > 0:
            web = sum(self._of(cause) for cause in self.faults if cause not in self.gauges)
            commanded = 100 * (3 * np.log(self.gap / 300.0) - np.log(self.speed / 40.0))
            self._coated.append((self.metres, float(web + commanded)))
        flow = 100 * 3 * np.log(self.gap / 300.0) + self._sensor("flow")
        state: dict[str, Json] = {
            "line_speed": self.speed * float(np.exp(self._sensor("speed") / 100)),
            "slot_die_gap": self.gap * float(np.exp(self._sensor("gap") / 100)),
            "pump_flow": 4000.0 * float(np.exp(flow / 100)),
            "feed_pressure": 200.0 * float(np.exp(self._sensor("pressure") / 100)),
            "web_tension": 180.0 * float(np.exp(self._sensor("tension") / 100)),
        }
        state |= {f"{name}_sd": 0.01 for name in [*state]}
        if self.bound:
            state |= {"line_speed_setpoint": self.speed, "slot_die_gap_setpoint": self.gap}
        state |= {"web_length": self.metres, "lot": self.lot, "lot_start_m": self._lot_start}
        yield Told(COATER, "coater.state", self.now, state)
        for name, distance in self.gauges.items():
            yield from self._gauge(name, distance)

    def _gauge(self, name: str, distance: float) -> Iterator[Told]:
        if self.speed > 0:
            passing = next(
                (web for metres, web in reversed(self._coated) if metres <= self.metres - distance)
            )
            noise = float(self._random.normal(0, 0.1))
            self._heard[name].append(passing + self._of(name) + noise)
        if round(self.now / TICK_S) % round(_PASS_S / TICK_S) or not self._heard[name]:
            return
        deviation = 100 * float(np.expm1(np.mean(self._heard[name]) / 100))
        n = len(self._heard[name])
        self._heard[name].clear()
        data: dict[str, Json] = {
            "deviation_pct": deviation,
            "deviation_sd_pct": 0.1,
            "level_pct": deviation,
            "level_sd_pct": 0.15,
            "n": 20 * n,
            "from_ns": at(self.now - _PASS_S),
            "to_ns": at(self.now),
        }
        yield Told(name, "gauge.loading", self.now, data)
