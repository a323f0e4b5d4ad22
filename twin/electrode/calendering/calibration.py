"""When the physics of a calender is learned anew, and when that is done."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.calendering import prior as priors
from twin.electrode.calendering.model import X
from twin.electrode.calendering.porosity_filter import PorosityFilter
from twin.estimation import saved
from twin.snapshot import Snapshot, Value

Parameters = dict[str, dict[str, float | str]]
"""By name: ``value``, ``sd`` and ``unit``."""

_LEAST_S: Final = 60.0
# Name, unit, and how many of that unit the state's own is.
_TOLD: Final = {
    X.INITIAL: ("initial_porosity", "%", 1.0),
    X.MINIMUM: ("minimum_porosity", "%", 1.0),
    X.SOFTENING: ("softening", "%", 100.0),
    X.RECOVERY: ("recovery", "%", 100.0),
    X.STRETCH: ("mill_stretch", "um", 100.0),
    X.GAP_ZERO: ("gap_zero", "um", 1.0),
    X.WEAR: ("roll_wear", "um", 1.0),
    X.OFFSET: ("thickness_bias", "um", 1.0),
    X.DENSITY: ("solid_density", "%", 100.0),
    X.SAMPLE: ("sample_bias", "%", 1.0),
    X.DEVIATION: ("deviation", "%", 1.0),
}


def parameters(found: PorosityFilter) -> Parameters:
    """Value and standard deviation of what is estimated, by name, with the unit.
    ``solid_density`` is the deviation from the density set."""
    gamma = math.exp(found.value(X.LN_GAMMA))
    told: Parameters = {"compaction_gamma": _one(gamma, gamma * found.sd(X.LN_GAMMA), "kN/m")}
    for state, (name, unit, scale) in _TOLD.items():
        told[name] = _one(scale * found.value(state), scale * found.sd(state), unit)
    return told


@dataclass(slots=True)
class Calibration:
    """Runs from the first reading, and after each process change, until there has been
    enough. ``before`` holds the parameters as they were."""

    cause: str = "first readings"
    since_ns: int | None = None
    running: bool = True
    seconds: float = 0.0
    samples: int = 0
    before: Parameters = field(default_factory=dict)

    @property
    def held(self) -> Sequence[X]:
        """What is not learned just now."""
        return () if self.running else priors.CALIBRATED

    def start(self, cause: str, time_ns: int | None, before: Parameters) -> None:
        self.cause, self.since_ns, self.before = cause, time_ns, before
        self.running, self.seconds, self.samples = True, 0.0, 0

    def is_enough(self, config: AssetConfig, porosity_sd: float) -> bool:
        if self.samples < settings.number(config, "calibration_samples"):
            return False
        if self.seconds >= settings.number(config, "calibration_time"):
            return True
        narrow = porosity_sd <= settings.number(config, "calibrated_sd")
        return narrow and self.seconds >= _LEAST_S

    def lacks(self, config: AssetConfig) -> str:
        """What is still waited for, in words; empty where no calibration runs."""
        if not self.running:
            return ""
        samples = round(settings.number(config, "calibration_samples"))
        if self.samples < samples:
            return f"{samples - self.samples} of {samples} laboratory samples"
        return "more calendered web"

    def snapshot(self) -> Snapshot:
        return {
            "cause": self.cause,
            "since_ns": self.since_ns,
            "running": self.running,
            "seconds": self.seconds,
            "samples": self.samples,
            "before": {name: _row(one) for name, one in self.before.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.cause = saved.text(snapshot["cause"])
        self.since_ns = saved.whole_or_none(snapshot["since_ns"])
        self.running = bool(snapshot["running"])
        self.seconds = saved.number(snapshot["seconds"])
        self.samples = saved.whole(snapshot["samples"])
        self.before = {}
        for name, row in saved.fields(snapshot["before"]).items():
            value, sd, unit = saved.items(row)
            self.before[name] = _one(saved.number(value), saved.number(sd), saved.text(unit))


def _one(value: float, sd: float, unit: str) -> dict[str, float | str]:
    return {"value": value, "sd": sd, "unit": unit}


def _row(one: dict[str, float | str]) -> list[Value]:
    return [one["value"], one["sd"], one["unit"]]
