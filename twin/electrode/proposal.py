"""Which setpoint brings the loading back to its target, and how sure that is."""

import math
from dataclasses import dataclass
from typing import Final

from twin.asset import AssetConfig
from twin.electrode import settings
from twin.electrode.coater_history import CoaterHistory
from twin.electrode.coating_model import (
    Feed,
    Predicted,
    Sensitivity,
    after_change,
    ratio_to_target,
    to_line_speed,
    to_slot_gap,
)
from twin.plant.recommendation import Change

_STANDING: Final = 0.1
"""Below this line speed [m/min] there is nothing to correct: the web stands."""


@dataclass(frozen=True, slots=True)
class _Knob:
    signal: str
    name: str
    unit: str
    decimals: int


_KNOBS: Final = (
    _Knob("line_speed", "line speed", "m/min", 2),
    _Knob("slot_die_gap", "slot-die gap", "um", 0),
)


@dataclass(frozen=True, slots=True)
class Deviation:
    """What a gauge says [%] of a target loading [mg/cm2]."""

    deviation: float
    sd: float
    target: float

    @property
    def loading(self) -> float:
        return self.target * (1 + self.deviation / 100)

    @property
    def loading_sd(self) -> float:
        return self.target * self.sd / 100

    @property
    def words(self) -> str:
        return f"{abs(self.deviation):.1f} % {'over' if self.deviation > 0 else 'under'} target"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One setpoint to change; ``stopped_by`` says which limit keeps it from doing more."""

    change: Change
    predicted: Predicted
    title: str
    stopped_by: str = ""


def propose(coater: AssetConfig, history: CoaterHistory, deviation: Deviation) -> Proposal | None:
    """The preferred setpoint where its limits allow the whole correction, else the other,
    else whichever comes nearest. None where no setpoint can do anything."""
    speed = history.speed
    if speed is None or speed < _STANDING or deviation.loading <= 0:
        return None
    preferred = settings.text(coater, "preferred_correction")
    knobs = sorted(_KNOBS, key=lambda knob: knob.signal != preferred)
    found = [p for knob in knobs if (p := _turn(knob, coater, history, deviation)) is not None]
    whole = [proposal for proposal in found if not proposal.stopped_by]
    if whole:
        return whole[0]
    return min(
        found, key=lambda proposal: abs(proposal.predicted.loading - deviation.target), default=None
    )


def name_of(signal: str) -> str:
    """A setpoint as people call it."""
    return next((knob.name for knob in _KNOBS if knob.signal == signal), signal)


def _turn(
    knob: _Knob, coater: AssetConfig, history: CoaterHistory, deviation: Deviation
) -> Proposal | None:
    present = history.setpoints.get(knob.signal)
    sensitivity = _sensitivity(knob, coater)
    if present is None or present.value <= 0 or sensitivity.exponent == 0:
        return None
    lower = settings.number(coater, f"{knob.signal}_min")
    upper = settings.number(coater, f"{knob.signal}_max")
    wanted = present.value * ratio_to_target(deviation.loading, deviation.target, sensitivity)
    to = min(max(round(wanted, knob.decimals), lower), upper)
    from_value = round(present.value, knob.decimals)
    if to == from_value:
        return None
    predicted = after_change(
        deviation.loading,
        deviation.loading_sd,
        to / present.value,
        present.sd / present.value,
        sensitivity,
    )
    # Where the line runs outside its limits, going to the limit may do harm.
    if abs(predicted.loading - deviation.target) >= abs(deviation.loading - deviation.target):
        return None
    stopped_by = ""
    if not lower <= wanted <= upper and not math.isclose(wanted, to, rel_tol=1e-3):
        bound = f"above {upper:g}" if wanted > upper else f"below {lower:g}"
        remains = Deviation(100 * (predicted.loading / deviation.target - 1), 0, deviation.target)
        stopped_by = f"the {knob.name} may not go {bound} {knob.unit}: {remains.words} would remain"
    verb = "Raise" if to > from_value else "Lower"
    return Proposal(
        Change(knob.signal, from_value, to, knob.unit, lower, upper),
        predicted,
        f"{verb} {knob.name} from {from_value:g} to {to:g} {knob.unit}",
        stopped_by,
    )


def _sensitivity(knob: _Knob, coater: AssetConfig) -> Sensitivity:
    if knob.signal == "line_speed":
        return to_line_speed()
    pressure = settings.text(coater, "feed") == Feed.PRESSURE
    return to_slot_gap(Feed.PRESSURE if pressure else Feed.METERED)
