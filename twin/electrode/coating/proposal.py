"""Which setpoint brings the loading back to its target, and how sure that is."""

import math
from dataclasses import dataclass
from typing import Final

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.coating.coater_history import CoaterHistory, Setpoint
from twin.electrode.coating.model import (
    Feed,
    Predicted,
    Sensitivity,
    after_change,
    dry_loading,
    ratio_to_target,
    to_line_speed,
    to_slot_gap,
    wet_film_thickness,
)
from twin.electrode.coating.window import Bead, Slurry
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
    present = _present(knob, history)
    sensitivity = _sensitivity(knob, coater)
    if present is None or present.value <= 0 or sensitivity.exponent == 0:
        return None
    room = _room(knob, coater, history, deviation, present.value, sensitivity)
    wanted = present.value * ratio_to_target(deviation.loading, deviation.target, sensitivity)
    to = round(min(max(wanted, room.lower), room.upper), knob.decimals)
    # Rounding must not lead out of the room.
    step = 10.0**-knob.decimals
    to = round(
        to - step if to > room.upper else to + step if to < room.lower else to, knob.decimals
    )
    from_value = round(present.value, knob.decimals)
    if to == from_value or not room.lower <= to <= room.upper:
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
    if not room.lower <= wanted <= room.upper and not math.isclose(wanted, to, rel_tol=1e-3):
        remains = Deviation(100 * (predicted.loading / deviation.target - 1), 0, deviation.target)
        stopped_by = f"{room.words(knob, wanted)}: {remains.words} would remain"
    verb = "Raise" if to > from_value else "Lower"
    return Proposal(
        Change(knob.signal, from_value, to, knob.unit, room.lower, room.upper),
        predicted,
        f"{verb} {knob.name} from {from_value:g} to {to:g} {knob.unit}",
        stopped_by,
    )


def _present(knob: _Knob, history: CoaterHistory) -> Setpoint | None:
    """What is commanded, where that is known: a drive that has drifted is as far off after
    the change as before. Else what is read."""
    found = history.setpoints.get(knob.signal)
    if found is not None and knob.signal in history.commanded:
        return Setpoint(history.commanded[knob.signal], found.sd)
    return found


@dataclass(frozen=True, slots=True)
class _Room:
    """How far a setpoint may go; ``by_window`` says on which side (-1, 1) the coating
    window is what stops it (0: on neither)."""

    lower: float
    upper: float
    by_window: int = 0

    def words(self, knob: _Knob, wanted: float) -> str:
        side = 1 if wanted > self.upper else -1
        bound = f"above {self.upper:.4g}" if side > 0 else f"below {self.lower:.4g}"
        said = f"the {knob.name} may not go {bound} {knob.unit}"
        return f"the coating window stops it: {said}" if side == self.by_window else said


def _room(
    knob: _Knob,
    coater: AssetConfig,
    history: CoaterHistory,
    deviation: Deviation,
    present: float,
    sensitivity: Sensitivity,
) -> _Room:
    """The plant's limits, narrowed so that the film keeps its margin in the coating window.

    Where the film is too thin already, the setpoint may only go the way that thickens it.
    """
    lower = settings.number(coater, f"{knob.signal}_min")
    upper = settings.number(coater, f"{knob.signal}_max")
    bead, film = bead_of(coater, history), wet_film(coater, history, deviation.loading)
    if bead is None or film is None or history.speed is None:
        return _Room(lower, upper)
    speed, margin = history.speed, settings.number(coater, "window_margin")

    def keeps(value: float) -> bool:
        thinner = film * (value / present) ** sensitivity.exponent
        return bead.margin(thinner, value if knob.signal == "line_speed" else speed) >= margin

    side = 1 if sensitivity.exponent < 0 else -1
    edge = upper if side > 0 else lower
    if keeps(edge):
        return _Room(lower, upper)
    inside = present if keeps(present) else (lower if side > 0 else upper)
    if not keeps(inside):
        inside = edge = present
    for _ in range(50):
        middle = (inside + edge) / 2
        inside, edge = (middle, edge) if keeps(middle) else (inside, middle)
    return _Room(lower, inside, side) if side > 0 else _Room(inside, upper, side)


def bead_of(coater: AssetConfig, history: CoaterHistory) -> Bead | None:
    """The bead with the slurry as the mixer saw it last; None where the gap is not known."""
    gap = settings.number(coater, "coating_gap")
    if gap <= 0:
        return None
    viscosity = history.viscosity or settings.number(coater, "slurry_viscosity")
    slurry = Slurry(
        viscosity,
        settings.number(coater, "slurry_shear_rate"),
        settings.number(coater, "power_law_index"),
        settings.number(coater, "surface_tension"),
    )
    return Bead(gap, slurry)


def wet_film(coater: AssetConfig, history: CoaterHistory, loading: float | None) -> float | None:
    """Wet film [um]: from flow and speed, else from the loading [mg/cm2] and the recipe."""
    flow, speed = history.setpoints.get("pump_flow"), history.speed
    if flow is not None and flow.value > 0 and speed is not None and speed > _STANDING:
        return wet_film_thickness(flow.value, settings.number(coater, "coating_width"), speed)
    if loading is None:
        return None
    density = settings.number(coater, "slurry_density")
    return loading / dry_loading(1.0, density, settings.number(coater, "slurry_solids"))


def _sensitivity(knob: _Knob, coater: AssetConfig) -> Sensitivity:
    if knob.signal == "line_speed":
        return to_line_speed()
    pressure = settings.text(coater, "feed") == Feed.PRESSURE
    return to_slot_gap(Feed.PRESSURE if pressure else Feed.METERED)
