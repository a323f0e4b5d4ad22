"""The calender's figures and the data of its events."""

import math
from collections.abc import Mapping
from typing import Final

import numpy as np

from twin.asset import AssetConfig, Figure, Json
from twin.electrode.calendering.calibration import Calibration, parameters
from twin.electrode.calendering.estimator import Z90, NipEstimator, Point, Sampled
from twin.electrode.calendering.model import MODEL, N, Nip, X
from twin.electrode.calendering.progress import Progress

UNITS: Final = {
    "line_load": "kN/m",
    "gap": "um",
    "roll_temperature": "degC",
    "thickness_out": "um",
}
_STEP: Final = 1e-4


def figures(nip: NipEstimator) -> list[Figure]:
    """What is learned, beside the signals and the porosity."""
    found = nip.filter
    gamma = math.exp(found.value(X.LN_GAMMA))
    told = [
        Figure("compaction_gamma", gamma, gamma * found.sd(X.LN_GAMMA), "kN/m"),
        Figure("recovery", 100 * found.value(X.RECOVERY), 100 * found.sd(X.RECOVERY), "%"),
        Figure("thickness_bias", found.value(X.OFFSET), found.sd(X.OFFSET), "um"),
    ]
    if nip.gap_seen:
        told.append(Figure("roll_wear", found.value(X.WEAR), found.sd(X.WEAR), "um"))
    return told


def porosity(
    nip: NipEstimator, point: Point | None, found: tuple[float, float] | None
) -> dict[str, Json]:
    """``porosity_loading_covariance`` [points x %] tells what a measured loading would
    change: the loading is part of what the estimator does not know."""
    state = nip.filter
    value, sd = found or (None, None)
    data: dict[str, Json] = {
        "porosity": value,
        "porosity_sd": sd,
        "porosity_lower": None if value is None or sd is None else max(0.0, value - Z90 * sd),
        "porosity_upper": None if value is None or sd is None else min(100.0, value + Z90 * sd),
        "density": None if value is None else nip.electrode.density * (1 - value / 100),
        "wear": state.value(X.WEAR) if nip.gap_seen else None,
        "wear_sd": state.sd(X.WEAR) if nip.gap_seen else None,
        "recovery": 100 * state.value(X.RECOVERY),
        "recovery_sd": 100 * state.sd(X.RECOVERY),
        "thickness_bias": state.value(X.OFFSET),
        "thickness_bias_sd": state.sd(X.OFFSET),
        "compaction_gamma": math.exp(state.value(X.LN_GAMMA)),
        "compaction_gamma_sd": math.exp(state.value(X.LN_GAMMA)) * state.sd(X.LN_GAMMA),
        "model": MODEL,
        "loading_assumed": nip.electrode.loading,
        "loading_deviation": 100 * state.value(X.LOADING),
        "loading_deviation_sd": 100 * nip.spread.factor * state.sd(X.LOADING),
    }
    data.update(dict.fromkeys(_SENSITIVITIES))
    if point is not None:
        at = nip.at(point)
        loading = np.zeros(N)
        loading[X.LOADING] = 100.0
        covariance = state.covariance(nip.row(point), loading)
        data["porosity_loading_covariance"] = nip.spread.factor**2 * covariance
        data.update(_sensitivities(nip, point, at))
    return data


_SENSITIVITIES: Final = (
    "porosity_loading_covariance",
    "porosity_per_load",
    "porosity_per_load_sd",
    "porosity_per_load_change",
    "porosity_per_gap",
    "porosity_per_gap_sd",
)


def _sensitivities(nip: NipEstimator, point: Point, at: Nip) -> dict[str, Json]:
    """How porosity answers to line load [points per kN/m] and gap [points per um], and how
    the former fades with load [1 per kN/m].

    The gap as read follows the nip less the frame's stretch, so
    d eps / d gap = (d eps / d q) / (d nip / d q - stretch)."""
    state = nip.filter
    x = state.x[:N]
    solid = nip.electrode.solid * math.exp(x[X.LOADING] - x[X.DENSITY])
    gap_per_load = solid * at.nip_per_load - float(x[X.STRETCH])
    gamma = math.exp(x[X.LN_GAMMA] + x[X.SOFTENING] * point.warmer / 10)
    sd = _slope_sd(nip, point, at)
    relative = sd / abs(at.per_load) if at.per_load else 0.0
    by_gap = at.per_load / gap_per_load if gap_per_load < 0 else 0.0
    stretch = state.sd(X.STRETCH) / abs(gap_per_load) if gap_per_load else 0.0
    return {
        "porosity_per_load": at.per_load,
        "porosity_per_load_sd": sd,
        "porosity_per_load_change": -1 / gamma,
        "porosity_per_gap": by_gap,
        "porosity_per_gap_sd": abs(by_gap) * math.hypot(relative, stretch),
    }


def _slope_sd(nip: NipEstimator, point: Point, at: Nip) -> float:
    """By differences in those states that the slope depends on."""
    row, x = np.zeros(N), nip.filter.x[:N]
    for state in (X.LN_GAMMA, X.INITIAL, X.MINIMUM, X.RECOVERY):
        moved = x.copy()
        moved[state] += _STEP
        row[state] = (nip.at_state(moved, point).per_load - at.per_load) / _STEP
    return math.sqrt(max(nip.filter.covariance(row, row), 0.0))


def of_web(nip: NipEstimator, web: Progress) -> dict[str, Json]:
    """What runs, and the mean porosity of the lot over what has run of it."""
    found = None if web.lot is None else nip.lot_porosity(web.lot)
    value, sd = found or (None, None)
    return {
        "lot": web.lot,
        "web_length": web.length,
        "roll_set": web.roll_set,
        "lot_porosity": value,
        "lot_porosity_sd": sd,
    }


def of_calibration(calibration: Calibration, config: AssetConfig) -> dict[str, Json]:
    return {
        "calibrating": calibration.running,
        "calibration_cause": calibration.cause,
        "calibration_lacks": calibration.lacks(config),
    }


def recalibrated(calibration: Calibration, nip: NipEstimator, time_ns: int) -> dict[str, Json]:
    return {
        "cause": calibration.cause,
        "before": calibration.before,
        "after": parameters(nip.filter),
        "from_ns": calibration.since_ns,
        "to_ns": time_ns,
        "seconds": calibration.seconds,
        "samples": calibration.samples,
    }


def sample(
    lot: str,
    value: float,
    sampled: Sampled | None,
    before: tuple[float, float] | None,
    after: tuple[float, float] | None,
) -> dict[str, Json]:
    """``before`` and ``after``: the lot's mean porosity with its width."""
    return {
        "lot": lot,
        "sample": value,
        "expected": None if sampled is None else sampled.expected,
        "expected_sd": None if sampled is None else sampled.expected_sd,
        "used": sampled is not None and sampled.used,
        "reason": _why_not(lot, sampled),
        "porosity_before": None if before is None else before[0],
        "porosity_before_sd": None if before is None else before[1],
        "porosity": None if after is None else after[0],
        "porosity_sd": None if after is None else after[1],
        "model": MODEL,
    }


def changed(
    before: str, after: str, time_ns: int, known: Mapping[str, Json], now: Mapping[str, Json]
) -> dict[str, Json]:
    return {
        "before": before,
        "after": after,
        "time": time_ns,
        "parameters_before": known,
        "parameters_after": now,
    }


def _why_not(lot: str, sampled: Sampled | None) -> str:
    if sampled is None:
        return f"nothing is known of how lot {lot!r} was calendered"
    if sampled.used:
        return ""
    return (
        "more than 4 standard deviations from what was expected; "
        "it counts when the next one agrees with it"
    )
