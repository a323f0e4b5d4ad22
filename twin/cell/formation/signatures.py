"""How each fault moves each feature, to first order, from the reference's own curves.

With V̄(q) and V̄'(q) the good cell's voltage and its slope along the charge axis, I the
phase's current over nominal [1/h], t the time since the cell was last full, empty or new:

    high polarisation       δR = a R̄, δV = ± I a (R̄ + R̄_pol); of the two together or alone
    micro short             leak a [1/h]: δq = -a t, so δV = -V̄' a t; in rests -V̄' a t too
    low lithium inventory   slip a: δq = -a at once (lithium bound in the film), or fewer
                            sites: V(q) = V̄(q (1 + a)); less charge in every later phase
    lithium plating         from some charge on in a fast phase the voltage stays behind by
                            a [V]; after it, a shoulder while the metal dissolves

Amplitudes are one-sided. Scales are typical sizes of a fault that matters; all chosen.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.cell.formation import grid
from twin.cell.formation.course import Course, Mask, course_of
from twin.cell.formation.grid import CHARGE, DISCHARGE, HOLD, REST, Floats, Ints
from twin.cell.formation.normal import Reference

PLATING, LITHIUM, POLARISATION, SHORT = range(4)
DIAGNOSES: Final = (
    "lithium_plating",
    "low_lithium_inventory",
    "high_polarisation",
    "micro_short",
)
_RESISTANCE: Final = 0.3
"""Part by which a resistance is too high."""
_LEAK: Final = 0.01
"""Self-discharge: nominal capacity in 100 h."""
_ONSETS_H: Final = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
"""Hours at which a leak may begin, beside the beginning of each phase."""
_FILM_H: Final = (0.0, 0.5, 1.0, 2.0, 3.0)
"""Hours of the first charge over which the film may bind the lithium; 0: at once."""
_LOST: Final = 0.03
"""Part of the nominal capacity."""
_PLATED: Final = 0.01
"""Volts that the voltage stays behind."""
_PLATES_FROM: Final = 0.15
"""Slowest charge that may plate [1/h]."""
_SHOULDER: Final = 0.03
"""Charge over which stripped lithium shows, of nominal."""
_SHOULDER_H: Final = 0.3
"""Hours over which it dissolves in a rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Signatures:
    """``direction`` (hypotheses, features) in the features' units per unit of amplitude,
    typical ``scale``, prior probability (they add up to 1), which of DIAGNOSES it is."""

    direction: Floats
    scale: Floats
    prior: Floats
    diagnosis: Ints
    name: tuple[str, ...]

    def with_seen(self, reference: Reference) -> "Signatures":
        """With what confirmed cells looked like: half of a diagnosis' probability. Such
        signatures are departures over error already, and stand with a direction of zero."""
        if not len(reference.seen_as):
            return self
        diagnosis = np.concatenate([self.diagnosis, reference.seen_as])
        weight = np.ones(len(diagnosis))
        for k in np.unique(diagnosis):
            old = np.flatnonzero(self.diagnosis == k)
            new = len(self.diagnosis) + np.flatnonzero(reference.seen_as == k)
            share = 0.5 if len(old) and len(new) else 1.0
            weight[old] = share * self.prior[old] / self.prior[old].sum()
            weight[new] = share / max(len(new), 1)
        return Signatures(
            np.vstack([self.direction, np.zeros_like(reference.seen)]),
            np.concatenate([self.scale, np.ones(len(reference.seen))]),
            weight / len(np.unique(diagnosis)),
            diagnosis,
            (*self.name, *(f"as {n} confirmed cells" for n in reference.seen_cells)),
        )


def signatures(reference: Reference) -> Signatures:
    """The hypotheses that a reference's protocol can tell apart."""
    course = course_of(reference)
    rows: list[tuple[int, str, float, float, Floats]] = []
    for name, ohmic, slow in (("ohmic", 1.0, 0.0), ("slow", 0.0, 1.0), ("both", 1.0, 1.0)):
        found = _resisting(reference, course, ohmic, slow)
        rows.append((POLARISATION, name, _RESISTANCE, 1.0, found))
    rows.append((POLARISATION, "in series", _RESISTANCE, 1.0, _in_series(reference, course)))
    rows.append((SHORT, "leak", _LEAK, 1.0, _leaking(course, 0.0)))
    phases = np.unique(np.round(reference.hour[course.kind == 0], 1))[1:]
    for start in (*_ONSETS_H, *phases):
        leak = _leaking(course, float(start), reference.hour)
        rows.append((SHORT, f"leak from {start:g} h", _LEAK, 0.5, leak))
    for over in _FILM_H:
        slip = _slipping(course, reference.hour, over)
        rows.append((LITHIUM, f"slip over {over:g} h", _LOST, 0.5, slip))
    rows.append((LITHIUM, "fewer sites", _LOST, 1.0, _scaled(course)))
    rows.append((LITHIUM, "less cathode", _LOST, 1.0, _scaled(course, _cathode_slope(course))))
    for slot in np.unique(course.slot).tolist():
        mine = (course.slot == slot) & course.is_level & (course.current >= _PLATES_FROM)
        places = np.unique(course.at[mine & (course.phase == CHARGE)])
        rows += [
            (PLATING, f"in {slot} from {place:.3g}", _PLATED, 1.0, _plating(course, slot, place))
            for place in places[::3].tolist()
        ]
    diagnosis = np.array([row[0] for row in rows])
    weight = np.array([row[3] for row in rows])
    each = np.array([weight[diagnosis == k].sum() for k in diagnosis])
    present = len(np.unique(diagnosis))
    return Signatures(
        np.array([row[4] for row in rows]),
        np.array([row[2] for row in rows]),
        weight / each / present,
        diagnosis,
        tuple(row[1] for row in rows),
    )


def _resisting(reference: Reference, course: Course, ohmic: float, slow: float) -> Floats:
    mean = reference.mean
    r_ohmic = _typical(mean[(course.kind >= grid.OHMIC) & (course.kind < grid.POLARISATION)])
    steps = (course.kind >= grid.POLARISATION) & (course.kind < grid.TEMPERATURE)
    r_slow = _typical(mean[steps])
    if not r_slow:
        r_slow = r_ohmic
    found = np.zeros(len(mean))
    loaded = course.is_level & np.isin(course.phase, (CHARGE, DISCHARGE))
    ohms = ohmic * r_ohmic + slow * r_slow
    found[loaded] = course.current[loaded] * reference.nominal * ohms
    of_ohmic = (course.kind >= grid.OHMIC) & (course.kind < grid.POLARISATION)
    found[of_ohmic] = ohmic * mean[of_ohmic]
    found[steps] = slow * mean[steps]
    return found


def _in_series(reference: Reference, course: Course) -> Floats:
    """A resistance that adds, the same at each step: of a contact, a tab, a weld."""
    steps = (course.kind >= grid.OHMIC) & (course.kind < grid.POLARISATION)
    usual = _typical(reference.mean[steps])
    found = np.where(steps, usual, 0.0)
    loaded = course.is_level & np.isin(course.phase, (CHARGE, DISCHARGE))
    found[loaded] = course.current[loaded] * reference.nominal * usual
    return found


def _leaking(course: Course, start: float, hour: Floats | None = None) -> Floats:
    hours = course.hours
    if hour is not None:
        hours = np.clip(np.minimum(hours, hour - start), 0.0, None)
    found = np.zeros(len(course.slot))
    electric = course.is_level & (course.phase != HOLD)
    found[electric] = -course.slope[electric] * hours[electric]
    held = course.is_level & (course.phase == HOLD) & (hours > 0)
    found[held] = 1.0
    total = course.kind == grid.PHASE_CHARGE
    sign = np.where(course.phase == DISCHARGE, -1.0, 1.0)
    found[total] = (sign * hours)[total]
    return found


def _slipping(course: Course, hour: Floats, over: float) -> Floats:
    """Lithium bound in the film over the first hours of the charge: the anode lags from then
    on, and all comes back less."""
    found = np.zeros(len(course.slot))
    before = _before_discharge(course)
    charging = course.slot[course.current > 0]
    starts = float(hour[course.slot == charging.min()].min()) if len(charging) else 0.0
    lost = np.clip((hour - starts) / over, 0.0, 1.0) if over > 0 else np.ones(len(hour))
    first = course.is_level & np.isin(course.phase, (CHARGE, REST)) & before
    anode = np.maximum(course.slope - _cathode_slope(course), 0.0)
    found[first] = -(anode * lost)[first]
    found[~before & (course.kind == grid.PHASE_CHARGE)] = -1.0
    down = ~before & course.is_level & (course.phase == DISCHARGE)
    found[down] = -course.slope[down]
    return found


def _cathode_slope(course: Course) -> float:
    """On the plateaus of the anode the whole slope is the cathode's."""
    up = course.is_level & (course.phase == CHARGE) & (course.slope > 0)
    return float(np.quantile(course.slope[up], 0.1)) if up.any() else 0.0


def _scaled(course: Course, slope: float | None = None) -> Floats:
    """Fewer sites in both electrodes; of the cathode alone where its ``slope`` is given."""
    found = np.zeros(len(course.slot))
    up = course.is_level & (course.phase == CHARGE)
    found[up] = (course.slope[up] if slope is None else slope) * course.soc[up]
    down = course.is_level & (course.phase == DISCHARGE)
    found[down] = -course.slope[down] * course.at[down]
    total = course.kind == grid.PHASE_CHARGE
    found[total] = -0.5
    return found


def _before_discharge(course: Course) -> Mask:
    downs = course.slot[course.phase == DISCHARGE]
    first = int(downs.min()) if len(downs) else grid.SLOTS
    found: Mask = course.slot < first
    return found


def _plating(course: Course, slot: int, place: float) -> Floats:
    found = np.zeros(len(course.slot))
    mine = course.is_level & (course.slot == slot) & (course.at >= place)
    found[mine] = -1.0
    following = course.slot[(course.slot > slot)]
    rest = _next(course, following, REST)
    relaxing = course.is_level & (course.slot == rest)
    found[relaxing] = np.exp(-course.at[relaxing] / _SHOULDER_H)
    down = _next(course, following, DISCHARGE)
    dissolving = course.is_level & (course.slot == down)
    found[dissolving] = np.exp(-course.at[dissolving] / _SHOULDER)
    return found


def _next(course: Course, slots: Ints, phase: int) -> int:
    found = [int(s) for s in np.unique(slots) if (course.phase[course.slot == s] == phase).any()]
    return found[0] if found else -1


def _typical(values: Floats) -> float:
    return float(np.median(values)) if len(values) else 0.0
