"""The zone profile with the least binder migration that dries the film within all limits.

    minimise   migration index + energy as a tie-break
    subject to residual solvent's upper bound <= limit, film temperature's upper bound <=
               limit in each zone, set points within their limits and within one step of
               the present ones, neighbours within their largest difference

SciPy's SLSQP (D. Kraft, DFVLR-FB 88-28, 1988) from fixed starts, slopes by differences of
the model. The residual falls by decades where the film dries out, so the solver is given
the part of the oven's time that is left then; what is proposed is judged by the residual
itself. Where no profile is dry enough, the driest one comes back with what stops it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.electrode.drying.belief import Belief
from twin.electrode.drying.film import Oven
from twin.electrode.drying.limits import Limits
from twin.electrode.drying.prediction import Operation, Prediction, predict, with_air
from twin.electrode.drying.profile_problem import SCALE_K, ProfileProblem
from twin.estimation.kalman import Array

MODEL: Final = "oven-profile-slsqp/1"
_ROUNDED_K: Final = 0.5
_MARGINS: Final = (0.05, 0.08, 0.12)
"""Parts of the oven's time to spare at the adverse points: so that the next reading does
not ask for more, and larger ones where the bound turns out to lie elsewhere; chosen."""
_SLACK: Final = 1e-3
_ACTIVE_K: Final = 0.6


@dataclass(frozen=True, slots=True)
class Profile:
    """New set points and what they would do. ``stopped_by`` names what keeps even the
    driest allowed profile above the residual's limit; empty where all limits are kept."""

    setpoints_degc: Array
    predicted: Prediction
    stopped_by: tuple[str, ...] = ()


def recommend(
    oven: Oven, operation: Operation, belief: Belief, present: Array, limits: Limits
) -> Profile:
    """``operation`` has the air as it is now, ``present`` its set points [degC]."""
    now = predict(oven, operation, belief)
    problem = ProfileProblem(oven, operation, belief, present, limits)
    outside = tuple(
        f"the set point of {name} is more than one step outside its limits"
        for name, low, high in zip(limits.names, problem.low, problem.high, strict=True)
        if low > high
    )
    if outside:
        return Profile(present, now, outside)

    def judged(x: Array) -> Profile | None:
        """In half kelvins; None where they can't keep the limits."""
        for rounded in _rounded(problem, x):
            moved = (rounded - present) / SCALE_K
            predicted = predict(oven, with_air(operation, problem.air(moved)), belief)
            cool = np.all(predicted.peak_upper_degc <= limits.film_degc)
            if cool and problem.kept(moved, 1e-9):
                return Profile(rounded, predicted)
        return None

    problem.mind(now.adverse, _MARGINS[0])
    driest = problem.solve(np.zeros(len(present)), driest=True)
    nearest = judged(driest) or judged(np.zeros(len(present)))
    if nearest is None or nearest.predicted.residual.upper > limits.residual_pct:
        better = nearest is not None and nearest.predicted.residual.upper < now.residual.upper
        found = nearest if better and nearest is not None else Profile(present, now)
        return Profile(found.setpoints_degc, found.predicted, tuple(_stops(problem, driest)))
    adverse = np.concatenate([now.adverse, nearest.predicted.adverse])
    starts = [driest, np.zeros(len(present)), driest / 2]
    for margin in _MARGINS:
        problem.mind(adverse, margin)
        if not problem.is_dry(driest, _SLACK):
            break
        x = _least_migration(problem, starts)
        profile = None if x is None else judged(x)
        if profile is not None:
            if profile.predicted.residual.upper <= limits.residual_pct:
                return profile
            # The film may dry out elsewhere now, and other parameters matter most.
            starts = [x] if x is not None else starts
            adverse = np.concatenate([adverse[:-3], profile.predicted.adverse])
    return nearest


def _least_migration(problem: ProfileProblem, starts: list[Array]) -> Array | None:
    """None where no start leads to a profile within all limits."""
    found = [
        x
        for start in starts
        if problem.kept(x := problem.solve(start), _SLACK) and problem.is_dry(x, _SLACK)
    ]
    return min(found, key=problem.cost, default=None)


def _rounded(problem: ProfileProblem, x: Array) -> Iterator[Array]:
    """Set points in half kelvins; cooler ones where the nearest break a limit."""
    low = np.ceil(problem.low / _ROUNDED_K) * _ROUNDED_K
    high = np.floor(problem.high / _ROUNDED_K) * _ROUNDED_K
    for cooler in (0.0, _ROUNDED_K / 2, 2 * _ROUNDED_K, 5 * _ROUNDED_K):
        to = problem.setpoints(x) - cooler
        rounded = np.clip(np.round(to / _ROUNDED_K) * _ROUNDED_K, low, high)
        unmoved = np.abs(rounded - problem.present) < _ROUNDED_K
        inside = (problem.present >= problem.low) & (problem.present <= problem.high)
        yield np.where(unmoved & inside, problem.present, rounded)


def _stops(problem: ProfileProblem, x: Array) -> Iterator[str]:
    """The limits that the driest profile runs into."""
    limits, to, room = problem.limits, problem.setpoints(x), problem.room_k(x)
    names, hot = limits.names, room < _ACTIVE_K
    free = ~hot & (problem.high > problem.low)
    top = free & (to > limits.upper_degc - _ACTIVE_K)
    far = free & ~top & (to > problem.high - _ACTIVE_K)
    for i in np.flatnonzero(hot):
        yield f"the film in {names[i]} may not get above {limits.film_degc[i]:g} degC"
    for i in np.flatnonzero(top):
        yield f"the air of {names[i]} may not be set above {limits.upper_degc[i]:g} degC"
    if far.any():
        which = _listed(names[i] for i in np.flatnonzero(far))
        yield f"{which} may not change by more than {limits.step_k:g} K at once"
    for i in np.flatnonzero(np.abs(np.diff(to)) > limits.neighbours_k - _ACTIVE_K):
        yield f"{names[i]} and {names[i + 1]} may not differ by more than {limits.neighbours_k:g} K"
    if not hot.any() and not top.any() and not far.any():
        yield "warmer air would not dry it any further: the zones' vapour holds the solvent"


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
