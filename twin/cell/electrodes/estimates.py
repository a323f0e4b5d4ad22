"""Fitted numbers with their intervals: what the residual shows, what the choice of another
reference would change, and what is known of references that are not the cell's own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.cell.electrodes.halfcell import FARADAY, Array, stage_two
from twin.cell.electrodes.pair_fit import PairFit
from twin.cell.electrodes.widths import Spread, Z

_LOOSE: Final = 0.25  # relative half width above which a capacity is not determined
_WIDEST: Final = 1.6  # logarithmic half width told: a factor of five
_LOOSE_X: Final = 0.15  # the same for a stoichiometry

# Sd (relative for capacities) that a reference of another cell adds, for each 3 mV of model
# error over a whole window: from fits of library cells without their own negative curve.
_FOREIGN: Final = {
    "C_p": 0.024, "C_n": 0.07, "x0": 0.012, "x_end": 0.05, "y0": 0.01, "y_end": 0.008,
    "lithium": 0.014,
}  # fmt: skip
_X0_PER_X: Final = 0.1  # and more of x0, where the window does not begin at an empty electrode
_FOREIGN_PER_V: Final = 3e-3
_OWN_V: Final = 4e-4  # model error of a fit with the cell's own curves
_WHOLE: Final = 0.85  # of the negative electrode: what a whole charge passes through
_UNSEEN: Final = 0.15  # of _FOREIGN, for what a short window can't show; grows with its square


# Sd for a C-rate of 1: a particle's surface runs ahead of its mean, which no potential curve
# knows. From PyBaMM's cells at C/20 (SPMe; Ecker2015 moves most); checked, not fitted.
_PER_RATE: Final = {
    "C_p": 0.06, "C_n": 0.3, "x0": 0.1, "x_end": 0.3, "y0": 0.02, "y_end": 0.05, "lithium": 0.1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Estimate:
    """``lower`` .. ``upper`` is a 90 % interval; ``identified`` tells whether the window
    determines the value at all."""

    value: float
    lower: float
    upper: float
    unit: str
    identified: bool = True


@dataclass(frozen=True, slots=True)
class Estimates:
    """``x_sd`` is the covariance (2, 2) of x at both ends, and the sd of x at the end."""

    parameters: Mapping[str, Estimate]
    lithium_ah: Estimate
    lithium_mol: Estimate
    x_sd: tuple[Array, float]


def of(
    fit: PairFit, spread: Spread, equals: Sequence[PairFit], error: float, rate: float
) -> Estimates:
    """``equals``: fits about as good; ``error``: the model error [V] of ``fit``; ``rate``: the
    C-rate."""
    cell = fit.cell
    x_a, x_b, y_a, y_b, offset = (float(v) for v in fit.theta)
    values = {
        "C_p": cell.C_p, "C_n": cell.C_n, "x0": x_a, "x_end": x_b, "y0": y_a, "y_end": y_b,
        "lithium": cell.lithium_ah,
    }  # fmt: skip
    slopes = _slopes(fit)
    foreign = _foreign(fit, error)
    added = _added(fit, values)
    sd: dict[str, float] = {}
    for name, value in values.items():
        own = float(slopes[name] @ spread.covariance @ slopes[name])
        others = [_told(name, fit, other) for other in equals]
        apart = [(o - value) ** 2 for o in others if o is not None]
        between = float(np.mean(apart)) if apart else 0.0
        late = rate * _PER_RATE[name] * (1.0 if name[0] in "xy" else value)
        sd[name] = float(np.sqrt(own + between + (foreign * added[name]) ** 2 + late**2))
    parameters = {
        name: _capacity(value, sd[name]) if name[0] == "C" else _stoichiometry(value, sd[name])
        for name, value in values.items()
        if name != "lithium"
    }
    off = Z * float(np.sqrt(spread.covariance[4, 4]))
    parameters["offset"] = Estimate(1e3 * offset, 1e3 * (offset - off), 1e3 * (offset + off), "mV")
    lithium = _capacity(values["lithium"], sd["lithium"])
    per_mol = 3600 / FARADAY
    mol = Estimate(
        lithium.value * per_mol, lithium.lower * per_mol, lithium.upper * per_mol, "mol",
        lithium.identified,
    )  # fmt: skip
    ends = np.array([added["x0"], added["x_end"]]) * foreign
    widened = spread.covariance[:2, :2] + np.diag(ends**2)
    return Estimates(parameters, lithium, mol, (widened, sd["x_end"]))


def _foreign(fit: PairFit, error: float) -> float:
    """How foreign the references are, in units of _FOREIGN; a short window shows less of it."""
    passed = float(fit.theta[1] - fit.theta[0])
    short = max((_WHOLE / passed) ** 2, 1.0)
    shown = max(error - _OWN_V, 0.0) / _FOREIGN_PER_V
    return shown * short + _UNSEEN * max(short - 1.7, 0.0)


def _added(fit: PairFit, values: Mapping[str, float]) -> dict[str, float]:
    """Sd of each number where the references are foreign by one unit."""
    sd = dict(_FOREIGN)
    sd["x0"] += _X0_PER_X * values["x0"]
    for name in ("C_p", "C_n"):
        sd[name] *= values[name]
    # Lithium below a window that begins half way: by x0 and by C_n, twice for both at once.
    by_x0 = 2 * values["C_n"] * _X0_PER_X * values["x0"]
    by_capacity = 2 * values["x0"] * sd["C_n"]
    sd["lithium"] = float(
        np.sqrt((sd["lithium"] * values["lithium"]) ** 2 + by_x0**2 + by_capacity**2)
    )
    return sd


def _slopes(fit: PairFit) -> dict[str, Array]:
    """d(number)/d(unknown), for each number, by pair_fit.NAMES."""
    x_a, x_b, y_a, y_b, _ = fit.theta
    cell, q = fit.cell, fit.charge
    unit = np.eye(5)
    c_n = q / (x_b - x_a) ** 2 * (unit[0] - unit[1])
    c_p = q / (y_a - y_b) ** 2 * (unit[3] - unit[2])
    lithium = y_a * c_p + cell.C_p * unit[2] + x_a * c_n + cell.C_n * unit[0]
    return {
        "C_p": c_p, "C_n": c_n, "x0": unit[0], "x_end": unit[1], "y0": unit[2], "y_end": unit[3],
        "lithium": lithium,
    }  # fmt: skip


def _told(name: str, fit: PairFit, other: PairFit) -> float | None:
    """What ``other`` says of a number, on the scale of ``fit``; None where scales differ."""
    if name in ("C_n", "x0", "x_end"):
        if other.negative.material != fit.negative.material:
            return None
        mine, theirs = stage_two(fit.negative), stage_two(other.negative)
        scale = mine / theirs if mine and theirs else 1.0
        if name == "C_n":
            return other.cell.C_n / scale
        return float(other.theta[0 if name == "x0" else 1]) * scale
    if other.positive.name != fit.positive.name:
        return None
    if name == "lithium":
        if other.negative.material != fit.negative.material:
            return None
        return other.cell.lithium_ah
    return {"C_p": other.cell.C_p, "y0": float(other.theta[2]), "y_end": float(other.theta[3])}[
        name
    ]


def _capacity(value: float, sd: float) -> Estimate:
    half = min(Z * sd / value, _WIDEST)
    return Estimate(
        value, value * float(np.exp(-half)), value * float(np.exp(half)), "Ah", half < _LOOSE
    )


def _stoichiometry(value: float, sd: float) -> Estimate:
    half = Z * sd
    return Estimate(value, max(value - half, 0.0), min(value + half, 1.0), "1", half < _LOOSE_X)
