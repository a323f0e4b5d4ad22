"""Residual solvent and binder migration with their intervals.

Uncertain are each zone's h, the mass transfer beside it, loading, solids, bound solvent, the
dry layer's resistance, the binder's diffusivity and the air temperature. Both outcomes bend
strongly, so widths are not linearised: the steepest direction in standardised parameters is
found by central differences of one standard deviation, and the model itself is run at +-z
along it (the first-order reliability method; A. M. Hasofer, N. C. Lind, J. Eng. Mech. Div.
100, 1974, 111). That is exact for any monotone function of one linear combination. A film
that is dry by the estimate does not show what would keep it wet, nor a wet one what would
dry it, so the direction is sought where less and where more heat comes, too, and the
outermost ends are the bounds. Deterministic.
"""

from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from twin.electrode.drying import migration
from twin.electrode.drying.belief import Belief
from twin.electrode.drying.film import ZERO_DEGC_K, Oven, Paths, Scenarios, dry
from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot

Z95: Final = 1.959963984540054
CONFIDENCE: Final = 0.95
BOUND_SD: Final = 1.2
"""Of ln bound solvent: what is found behind ovens spans two decades (0.01 to 1 %); chosen."""
FRONT_SD: Final = 1.0
"""Of ln of the dry layer's resistance: tortuosity, a skin of binder; chosen. With the bound
solvent it stands for the whole falling rate, of which other closures say otherwise."""
DIFFUSIVITY_SD: Final = 0.7
"""Of ln D_eff: known to a factor of two; Font et al. fit it; to be calibrated."""
AIR_SD_K: Final = 1.0
"""How far the air over the web is from what the zone's thermometer says; chosen."""
_OTHERS: Final = 6
_LEAST_SHARE: Final = 1e-9
_LESS_HEAT_AT: Final = 1.6


@dataclass(frozen=True, slots=True)
class Operation:
    """How the line runs: air of each zone, web speed, and what is laid on the web."""

    air_degc: Array
    speed_m_min: float
    loading_mg_cm2: float
    loading_sd: float
    solids_pct: float
    solids_sd: float
    bound_pct: float
    diffusivity_m2_s: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval."""

    value: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """``residual`` in % of the dry mass behind the oven. Arrays by zone: film temperature
    at its end with its sd, the highest in it and that one's upper bound, solvent left at
    its end [g/m2], mean drying rate in it [g/(m2.s)]. ``film_slopes`` (zones, zones + 1)
    by the columns of the belief's root; ``adverse`` (3, dimensions) are the points, in
    standardised parameters, of which the wettest is the residual's upper bound."""

    residual: Estimate
    migration: Estimate
    film_degc: Array
    film_sd_k: Array
    peak_degc: Array
    peak_upper_degc: Array
    left_g_m2: Array
    rate_g_m2s: Array
    film_slopes: Array
    adverse: Array


def dimensions(zones: int) -> int:
    """How many standardised parameters there are."""
    return zones + 1 + _OTHERS


def scenarios(operation: Operation, belief: Belief, at: Array, air_degc: Array) -> Scenarios:
    """``at`` (rows, dimensions) in standard deviations, ``air_degc`` (rows, zones)."""
    zones = belief.zones
    ln_factors = belief.mean + at[:, : zones + 1] @ belief.root.T
    loading, solids, bound, front, diffusivity, air = at[:, zones + 1 :].T
    dry_kg_m2 = 0.01 * np.maximum(
        operation.loading_mg_cm2 + operation.loading_sd * loading,
        0.05 * operation.loading_mg_cm2,
    )
    fraction = np.clip((operation.solids_pct + operation.solids_sd * solids) / 100, 0.02, 0.98)
    return Scenarios(
        air_k=air_degc + ZERO_DEGC_K + (AIR_SD_K * air)[:, None],
        h_factor=np.exp(ln_factors[:, :zones]),
        mass_factor=np.exp(ln_factors[:, zones]),
        speed_m_s=np.full(len(at), operation.speed_m_min / 60),
        dry_kg_m2=dry_kg_m2,
        solvent_kg_m2=dry_kg_m2 * (1 - fraction) / fraction,
        bound=operation.bound_pct / 100 * np.exp(BOUND_SD * bound),
        front_factor=np.exp(FRONT_SD * front),
        diffusivity_m2_s=operation.diffusivity_m2_s * np.exp(DIFFUSIVITY_SD * diffusivity),
    )


def residual_pct(given: Scenarios, paths: Paths) -> Array:
    """Solvent behind the oven, in % of the dry mass."""
    return 100 * np.maximum(paths.left_kg_m2 / given.dry_kg_m2, _LEAST_SHARE)


def predict(oven: Oven, operation: Operation, belief: Belief) -> Prediction:
    """Two runs of the model, some milliseconds."""
    n = dimensions(belief.zones)
    around = np.concatenate([np.zeros((1, n)), np.eye(n), -np.eye(n)])
    elsewhere = _less_heat(belief)
    at = np.concatenate([around, around + elsewhere, around - elsewhere])
    paths, residuals, migrations = _outcomes(oven, operation, belief, at)
    here, rows = np.log(residuals), len(around)
    wet = Z95 * np.stack([_steepest(part, n) for part in here.reshape(3, rows)])
    surface = Z95 * _steepest(migrations[:rows], n)
    ends = np.concatenate([wet, -wet, np.stack([surface, -surface])])
    end_paths, ended, enriched = _outcomes(oven, operation, belief, ends)
    peaks, hot = paths.peaks_k()[0], end_paths.peaks_k().max(axis=0)
    films = paths.at_zone_ends_k
    slopes = (films[1 : n + 1] - films[n + 1 : rows]).T / 2
    factors = belief.zones + 1
    return Prediction(
        residual=_estimate(residuals[0], ended[:6]),
        migration=_estimate(migrations[0], enriched[6:]),
        film_degc=films[0] - ZERO_DEGC_K,
        film_sd_k=np.sqrt(np.sum(slopes**2, axis=1)),
        peak_degc=peaks - ZERO_DEGC_K,
        peak_upper_degc=np.maximum(peaks, hot) - ZERO_DEGC_K,
        left_g_m2=1e3 * paths.solvent_kg_m2[0, list(paths.zone_ends)],
        rate_g_m2s=_rates(paths),
        film_slopes=slopes[:, :factors],
        adverse=wet,
    )


def with_air(operation: Operation, air_degc: Array) -> Operation:
    return replace(operation, air_degc=air_degc)


def _outcomes(
    oven: Oven, operation: Operation, belief: Belief, at: Array
) -> tuple[Paths, Array, Array]:
    air = np.broadcast_to(operation.air_degc, (len(at), belief.zones))
    given = scenarios(operation, belief, at, air)
    paths = dry(oven, given)
    return paths, residual_pct(given, paths), migration.index(oven, given, paths)


def _steepest(outcome: Array, n: int) -> Array:
    slopes = (outcome[1 : n + 1] - outcome[n + 1 :]) / 2
    length = float(np.linalg.norm(slopes))
    unit: Array = slopes / length if length > 0 else np.zeros(n)
    return unit


def _less_heat(belief: Belief) -> Array:
    """Where all zones give less than thought, at a likely distance."""
    direction = np.zeros(dimensions(belief.zones))
    direction[: belief.zones + 1] = np.linalg.solve(belief.root, -np.ones(belief.zones + 1))
    found: Array = _LESS_HEAT_AT * direction / np.linalg.norm(direction)
    return found


def _estimate(value: float, others: Array) -> Estimate:
    found = [float(value), *map(float, others)]
    return Estimate(found[0], min(found), max(found))


def _rates(paths: Paths) -> Array:
    at = [0, *paths.zone_ends]
    left, seconds = paths.solvent_kg_m2[0, at], paths.seconds[0, at]
    found: Array = -1e3 * np.diff(left) / np.diff(seconds)
    return found


def saved_prediction(prediction: Prediction) -> Snapshot:
    snapshot: Snapshot = {}
    for one in fields(Prediction):
        value = getattr(prediction, one.name)
        if isinstance(value, Estimate):
            snapshot[one.name] = [value.value, value.lower, value.upper]
        else:
            snapshot[one.name] = value.copy()
    return snapshot


def restored_prediction(snapshot: Snapshot) -> Prediction:
    found: dict[str, Any] = {}
    for name, value in snapshot.items():
        if isinstance(value, list):
            found[name] = Estimate(*map(saved.number, value))
        else:
            found[name] = saved.array(value)
    return Prediction(**found)
