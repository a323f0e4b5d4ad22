"""Which line load (or gap) brings the porosity back to its target, and how sure that is."""

import math
from dataclasses import dataclass
from typing import Final

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.calendering.calender_state import CalenderState
from twin.electrode.calendering.model import MODEL
from twin.plant import filing
from twin.plant.recommendation import Change, Evidence, Interval, Recommendation

LINE_LOAD: Final = "calender_line_load"
ROLLS: Final = "roll_replacement"
_Z95: Final = 1.959963984540054
_NAMES: Final = {"line_load": ("line load", "kN/m"), "gap": ("gap", "um")}


@dataclass(frozen=True, slots=True)
class Turned:
    """A setpoint to change, and the porosity that it leaves with its width [%]."""

    change: Change
    porosity: float
    sd: float
    stopped_by: str = ""


def probability_outside(state: CalenderState, target: float, limit: float) -> float:
    """That the porosity is further than ``limit`` points from its target."""
    return _above(state, target + limit) + 1 - _above(state, target - limit)


def turn(calender: AssetConfig, state: CalenderState) -> Turned | None:
    """None where nothing that may be done makes it better."""
    signal = "gap" if settings.text(calender, "control") == "gap" else "line_load"
    present = state.get(signal)
    step = _gap_step if signal == "gap" else _load_step
    target = settings.number(calender, "porosity_target")
    lower = settings.number(calender, f"{signal}_min")
    upper = settings.number(calender, f"{signal}_max")
    wanted = None if present is None else step(state, target - state.porosity)
    if present is None or wanted is None:
        return None
    to = min(max(round(present + wanted, 1), lower), upper)
    change, spread = _effect(signal, state, to - present)
    name, unit = _NAMES[signal]
    from_value = round(present, 1)
    porosity = state.porosity + change
    if to == from_value or abs(porosity - target) >= abs(state.porosity - target):
        return None
    stopped_by = ""
    if abs(to - present - wanted) > 0.1:
        bound = f"above {upper:g}" if wanted > 0 else f"below {lower:g}"
        stopped_by = f"the {name} may not go {bound} {unit}: {porosity:.1f} % would be left"
    return Turned(
        Change(signal, from_value, to, unit, lower, upper),
        porosity,
        math.hypot(state.sd, spread),
        stopped_by,
    )


def recommendation(
    cause: str, calender: AssetConfig, state: CalenderState, turned: Turned, since_ns: int, n: int
) -> Recommendation:
    """``cause``: id of the event that led to it. ``n`` states say so since ``since_ns``."""
    change = turned.change
    name = _NAMES[change.signal][0]
    verb = "Raise" if change.to_value > change.from_value else "Lower"
    target = settings.number(calender, "porosity_target")
    limit = settings.number(calender, "porosity_limit")
    sure = probability_outside(state, target, limit)
    reason = (
        f"Porosity is {state.porosity:.1f} % (90 %: {state.get('porosity_lower'):.1f} to "
        f"{state.get('porosity_upper'):.1f} %) instead of {target:g} ± {limit:g} %: it is "
        f"outside with a probability of {sure:.2f}"
    )
    if turned.stopped_by:
        reason += f"; {turned.stopped_by}"
    return _written(
        cause,
        LINE_LOAD,
        calender,
        state,
        title=f"{verb} {name} from {change.from_value:g} to {change.to_value:g} {change.unit}",
        reason=reason,
        changes=(change,),
        predicted=_interval("porosity", turned.porosity, turned.sd, "%"),
        evidence=_evidence(
            calender, "thickness_out", _interval("porosity", state.porosity, state.sd, "%"),
            since_ns, state.time_ns, n,
        ),
        lives_ns=filing.LIVES_NS,
    )  # fmt: skip


def roll_replacement(
    cause: str, calender: AssetConfig, state: CalenderState, wear: float, sd: float
) -> Recommendation:
    """A person must act: there is no setpoint to change."""
    limit = settings.number(calender, "roll_wear_limit")
    rolls = state.text("roll_set")
    return _written(
        cause,
        ROLLS,
        calender,
        state,
        title=f"Replace the rolls {rolls}".strip(),
        reason=f"They have worn by {wear:.1f} ± {sd:.1f} um; the limit is {limit:g} um",
        changes=(),
        predicted=_interval("roll_wear", 0.0, sd, "um"),
        evidence=_evidence(
            calender, "gap", _interval("roll_wear", wear, sd, "um"),
            state.time_ns, state.time_ns, 1,
        ),
        lives_ns=filing.SHIFT_NS,
    )  # fmt: skip


def wear_is_over(calender: AssetConfig, state: CalenderState) -> tuple[float, float] | None:
    """Wear and its width [um], where it is beyond its limit with 95 %."""
    wear, sd = state.get("wear"), state.get("wear_sd")
    if wear is None or sd is None:
        return None
    limit = settings.number(calender, "roll_wear_limit")
    return (wear, sd) if wear - 1.6448536269514722 * sd >= limit else None


def _load_step(state: CalenderState, wanted: float) -> float | None:
    """Change of line load [kN/m] for so many points; the answer to it fades as load does:
    d eps = (s / c) (exp(c dq) - 1) with slope s now and its fading c = -1/gamma."""
    slope, fades = state.get("porosity_per_load"), state.get("porosity_per_load_change")
    if slope is None or fades is None or slope >= 0 or fades >= 0:
        return None
    inner = 1 + wanted * fades / slope
    return math.log(inner) / fades if inner > 1e-3 else math.log(1e-3) / fades


def _gap_step(state: CalenderState, wanted: float) -> float | None:
    slope = state.get("porosity_per_gap")
    return wanted / slope if slope is not None and slope > 0 else None


def _effect(signal: str, state: CalenderState, by: float) -> tuple[float, float]:
    """Points that a change brings, and the width that the slope's width gives them."""
    of = "gap" if signal == "gap" else "load"
    slope = state.get(f"porosity_per_{of}") or 0.0
    sd = state.get(f"porosity_per_{of}_sd") or 0.0
    fades = state.get("porosity_per_load_change")
    points = slope * by
    if of == "load" and fades is not None:
        points = slope * math.expm1(fades * by) / fades
    return points, abs(points) * sd / abs(slope) if slope else 0.0


def _above(state: CalenderState, value: float) -> float:
    return 0.5 * math.erfc((value - state.porosity) / (math.sqrt(2) * max(state.sd, 1e-9)))


def _interval(quantity: str, value: float, sd: float, unit: str) -> Interval:
    return Interval(quantity, value, value - _Z95 * sd, value + _Z95 * sd, unit)


def _evidence(
    calender: AssetConfig, signal: str, seen: Interval, from_ns: int, to_ns: int, n: int
) -> Evidence:
    return Evidence(calender.name, signal, from_ns, to_ns, n, seen, MODEL)


def _written(
    cause: str,
    type: str,
    calender: AssetConfig,
    state: CalenderState,
    *,
    title: str,
    reason: str,
    changes: tuple[Change, ...],
    predicted: Interval,
    evidence: Evidence,
    lives_ns: int,
) -> Recommendation:
    return Recommendation(
        id=filing.id_of("cal" if type == LINE_LOAD else "rolls", cause),
        layer="electrode",
        asset=calender.name,
        source=calender.name,
        type=type,
        title=title,
        reason=reason,
        changes=changes,
        predicted=predicted,
        evidence=(evidence,),
        lot=state.text("lot"),
        lot_from_m=state.get("web_length"),
        created_ns=state.time_ns,
        expires_ns=state.time_ns + lives_ns,
        updated_ns=state.time_ns,
    )
