"""The oven's profile as SLSQP sees it: values and slopes at a point."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from twin.electrode.drying import migration
from twin.electrode.drying.belief import Belief
from twin.electrode.drying.film import ZERO_DEGC_K, Oven, Paths, Scenarios, dry
from twin.electrode.drying.limits import Limits
from twin.electrode.drying.prediction import Operation, scenarios
from twin.estimation.kalman import Array

SCALE_K: Final = 10.0
_DIFFERENCE_K: Final = 0.25
_ENERGY_PER_K: Final = 1e-3
"""Migration index that one kelvin more in all zones is worth: a tie-break; chosen."""


@dataclass(frozen=True)
class Outcomes:
    """(zones + 1, ...): the point itself, then one step of each zone."""

    spare: Array
    """(..., adverse points): part of the oven's time that is left when the film is dry."""
    peak_degc: Array
    """(..., zones): highest film temperature, at the end of its interval."""
    oven: Oven
    believed: Scenarios
    """What is believed, without the adverse points."""
    paths: Paths
    """Of what is believed."""

    @cached_property
    def migration(self) -> Array:
        """Index; when asked for, since whoever wants the driest profile does not need it."""
        return migration.index(self.oven, self.believed, self.paths)


class ProfileProblem:
    """x = (set points less present ones)/scale. ``adverse`` (points, dimensions) is where
    the film must still dry; the opposite of its first is where the film is hottest."""

    def __init__(
        self, oven: Oven, operation: Operation, belief: Belief, present: Array, limits: Limits
    ) -> None:
        self._oven, self._operation, self._belief = oven, operation, belief
        self.present, self.limits = present, limits
        self.low = np.maximum(limits.lower_degc, present - limits.step_k)
        self.high = np.minimum(limits.upper_degc, present + limits.step_k)
        self._rise = np.diff(np.eye(len(present)), axis=0)
        self._adverse = np.empty((0, 0))
        self._margin = 0.0
        self._found: tuple[bytes, Outcomes] | None = None

    def mind(self, adverse: Array, margin: float) -> None:
        """Dry at these points, with this part of the oven's time to spare."""
        self._adverse, self._margin, self._found = adverse, margin, None

    def setpoints(self, x: Array) -> Array:
        return self.present + SCALE_K * x

    def air(self, x: Array) -> Array:
        """Zones keep their distance from their set points."""
        found: Array = self._operation.air_degc + SCALE_K * x
        return found

    def outcomes(self, x: Array) -> Outcomes:
        if self._found is None or self._found[0] != x.tobytes():
            self._found = x.tobytes(), self._run(x)
        return self._found[1]

    def _run(self, x: Array) -> Outcomes:
        points = np.concatenate([0 * self._adverse[:1], -self._adverse[:1], self._adverse])
        runs, many = len(x) + 1, len(points)
        steps = np.concatenate([np.zeros((1, len(x))), np.eye(len(x)) * _DIFFERENCE_K])
        air = np.repeat(self.air(x) + steps, many, axis=0)
        given = scenarios(self._operation, self._belief, np.tile(points, (runs, 1)), air)
        paths = dry(self._oven, given)
        limit = self.limits.residual_pct / 100 * given.dry_kg_m2
        spare = paths.spare(limit).reshape(runs, many)[:, 2:]
        peaks = paths.peaks_k().reshape(runs, many, -1)[:, :2].max(axis=1) - ZERO_DEGC_K
        return Outcomes(spare, peaks, self._oven, given.every(many), paths.every(many))

    def solve(self, start: Array, driest: bool = False) -> Array:
        """The profile with the least migration, or the driest one that the other limits
        allow. Whether it keeps the limits is for ``kept`` to say."""
        # Slow to import, and most supervisors never need it.
        from scipy.optimize import minimize

        constraints = [_at_least_0(self._cool_enough)]
        if len(start) > 1:
            constraints.append(_at_least_0(self._near_enough))
        if not driest:
            constraints.append(_at_least_0(self._dry_enough))
        low, high = (self.low - self.present) / SCALE_K, (self.high - self.present) / SCALE_K
        found = minimize(
            self._wetness if driest else self._cost,
            np.clip(start, low, high),
            jac=True,
            bounds=list(zip(low.tolist(), high.tolist(), strict=True)),
            constraints=constraints,
            method="SLSQP",
            # That nothing is dry enough must be certain; the least migration need not be exact.
            options={"maxiter": 30, "ftol": 1e-4} if driest else {"maxiter": 20, "ftol": 5e-4},
        )
        x: Array = np.clip(found.x, low, high)
        return x

    def cost(self, x: Array) -> float:
        return self._cost(x)[0]

    def kept(self, x: Array, slack: float) -> bool:
        """Whether all limits but the residual's are kept."""
        near = len(x) < 2 or self._near_enough(x)[0].min() >= -slack
        return bool(near and self._cool_enough(x)[0].min() >= -slack)

    def is_dry(self, x: Array, slack: float) -> bool:
        return bool(self._dry_enough(x)[0].min() >= -slack)

    def room_k(self, x: Array) -> Array:
        """How much warmer each zone's film may get."""
        found: Array = self._cool_enough(x)[0] * SCALE_K
        return found

    def _cost(self, x: Array) -> tuple[float, Array]:
        index, energy = self.outcomes(x).migration, _ENERGY_PER_K * SCALE_K
        return float(index[0] + energy * x.mean()), _slopes(index) + energy / len(x)

    def _wetness(self, x: Array) -> tuple[float, Array]:
        wanting = -self.outcomes(x).spare.mean(axis=1)
        return float(wanting[0]), _slopes(wanting)

    def _dry_enough(self, x: Array) -> tuple[Array, Array]:
        spare = self.outcomes(x).spare - self._margin
        return spare[0], _slopes(spare).T

    def _cool_enough(self, x: Array) -> tuple[Array, Array]:
        room = (self.limits.film_degc - self.outcomes(x).peak_degc) / SCALE_K
        return room[0], _slopes(room).T

    def _near_enough(self, x: Array) -> tuple[Array, Array]:
        rise, most = np.diff(self.setpoints(x)), self.limits.neighbours_k
        room = np.concatenate([most - rise, most + rise]) / SCALE_K
        return room, np.concatenate([-self._rise, self._rise])


def _slopes(outcome: Array) -> Array:
    """By x: (zones, ...) from (zones + 1, ...)."""
    found: Array = (outcome[1:] - outcome[0]) / (_DIFFERENCE_K / SCALE_K)
    return found


def _at_least_0(pair: Callable[[Array], tuple[Array, Array]]) -> dict[str, object]:
    return {"type": "ineq", "fun": lambda x: pair(x)[0], "jac": lambda x: pair(x)[1]}
