"""Whether the reference half-cell curves match this cell at all.

A full-cell voltage shows the difference of two potentials only: a wrong pair can come within
a few millivolts of it. So the fit error alone does not say that the anode potential is right;
it is asked how near the fit is beyond the noise, whether it bends where the cell bends
(dV/dQ, and above all graphite's step from stage 2 to stage 1), and what the other curves of
the library would say that fit about as well.

The limits come from cells made of one pair of the library and fitted without its negative
curve, or without either: such fits were 2.1 mV off at best (beyond noise), 3 to 6 mV mostly,
and their anode potential was then 1 to 26 mV off in the upper half of the charge.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.cell.electrodes.halfcell import Array, stage_two
from twin.cell.electrodes.pair_fit import PairFit
from twin.cell.electrodes.trace_window import SLOPE_OVER, Window, slope_of

MATCH_V: Final = 1.8e-3
"""Model error up to which a reference may be taken for this cell's own [V]."""
MATCH_SHORT_V: Final = 0.5e-3
"""The same where the window passes through less than _WHOLE_SHARE of the negative: a short
window is easily fitted (such fits with foreign curves came within 0.6 mV) [V]."""
MISMATCH_V: Final = 6e-3
"""Model error above which it is certainly not [V]."""
MISMATCH_RMS_V: Final = 20e-3
"""The same for all points alike, the steep ends included [V]."""
ALIKE_V: Final = 10e-3
"""How far apart references of equal standing may put the anode potential [V]."""
NEAR_STEP: Final = 0.012
"""How far a cell's own curves may have graphite's step from where it is seen [of the window]."""
FAR_STEP: Final = 0.025
"""Beyond this the curves are another cell's, however near the voltage [of the window]."""
_STEP_V: Final = 5e-4  # what a step NEAR_STEP out of place counts for in a ranking; chosen
_ALL_POINTS: Final = 0.1  # chosen
_COMPOSITE: Final = 1.1  # a blend of two materials has more shape to fit with; chosen
_SOUGHT: Final = 0.09  # of the window, either side of where the fit has the step
_STANDS_OUT: Final = 4.0  # times the noise of dV/dQ
_LEAST_STEP: Final = 0.12  # of the mean dV/dQ
_BENDS: Final = 0.8  # least correlation of dV/dQ
_WHOLE_SHARE: Final = 0.6
_LEAST_SHARE: Final = 0.35  # of the negative electrode that a window must pass through


@dataclass(frozen=True, slots=True)
class Verdict:
    """``matches`` None means: not shown, either way. ``model_error`` and ``disagreement`` [V]
    are the fit error beyond noise, and how far apart references that fit about as well put
    the anode potential; ``bends`` is the correlation of dV/dQ; ``displaced`` how far from the
    cell's own the fit has graphite's step [of the window], None where it is not seen."""

    matches: bool | None
    reason: str
    model_error: float
    disagreement: float
    bends: float
    displaced: float | None = None


def model_error(window: Window, fit: PairFit) -> float:
    """Trusted fit error beyond the rows' noise, an unlikely offset included [V]."""
    averaged = min(1.0, len(window.q) / window.rows)
    return float(np.sqrt(max(fit.cost - window.noise**2 * averaged, 0.0)))


def score(window: Window, fit: PairFit) -> float:
    """What ranks pairs [V]: the model error, a little of the error at all points (the steep
    ends count little in the first), and graphite's step where it is out of place."""
    step = _STEP_V * (step_displaced(window, fit) or 0.0) / NEAR_STEP
    parts = np.array([model_error(window, fit), _ALL_POINTS * fit.rms, step])
    blend = _COMPOSITE if "-" in fit.negative.material else 1.0
    return blend * float(np.linalg.norm(parts))


def alike(window: Window, fits: Sequence[PairFit]) -> list[PairFit]:
    """Those of ``fits`` that are about as good as the first."""
    best = score(window, fits[0])
    limit = max(min(1.35 * best, MISMATCH_V), min(best + 1e-3, MATCH_V))
    return [fit for fit in fits if score(window, fit) <= limit]


def anode(fit: PairFit, share: Array) -> Array:
    """Anode potential [V] at shares of the window's charge."""
    x_a, x_b = fit.theta[:2]
    return fit.negative.potential(x_a + (x_b - x_a) * share)


def judge(window: Window, fit: PairFit, others: Sequence[PairFit]) -> Verdict:
    """``others``: the fits about as good as ``fit``."""
    error = model_error(window, fit)
    upper = np.linspace(0.4, 1.0, 13)
    potentials = np.array([anode(each, upper) for each in [fit, *others]])
    apart = float(np.max(np.ptp(potentials, axis=0)))
    bends = _bends(window, fit)
    displaced = step_displaced(window, fit)
    pair = f"{fit.positive.name} and {fit.negative.name}"

    def verdict(matches: bool | None, why: str) -> Verdict:
        return Verdict(matches, why, error, apart, bends, displaced)

    if error > MISMATCH_V or fit.rms > MISMATCH_RMS_V:
        return verdict(
            False,
            f"the nearest reference curves ({pair}) miss the voltage by {1e3 * error:.1f} mV "
            f"beyond noise ({1e3 * fit.rms:.1f} mV at all points): they are not this cell's",
        )
    moved = 0.0 if displaced is None else abs(displaced)
    if moved > FAR_STEP and error > MATCH_SHORT_V:
        return verdict(
            False,
            f"{pair} come within {1e3 * error:.1f} mV beyond noise, but have graphite's step from "
            f"stage 2 to 1 {100 * moved:.1f} % of the charge away from where dV/dQ shows it: "
            "they are not this cell's",
        )
    passed = float(fit.theta[1] - fit.theta[0]) / (fit.negative.high - fit.negative.low)
    if passed < _LEAST_SHARE:
        return verdict(
            None,
            f"the window passes through {100 * passed:.0f} % of the negative electrode only: "
            "too little to tell one reference from another",
        )
    limit = MATCH_V if passed >= _WHOLE_SHARE else MATCH_SHORT_V
    if error > limit:
        return verdict(
            None,
            f"{pair} come within {1e3 * error:.1f} mV beyond noise; a cell's own curves come "
            f"within {1e3 * limit:.1f} mV, so these are near and not shown to be its own",
        )
    if apart > ALIKE_V:
        return verdict(
            None,
            f"several references fit equally well and put the anode potential "
            f"{1e3 * apart:.0f} mV apart",
        )
    if moved > NEAR_STEP:
        return verdict(
            None,
            f"{pair} fit well, but have graphite's step from stage 2 to 1 "
            f"{100 * moved:.1f} % of the charge away from where dV/dQ shows it",
        )
    if bends < _BENDS and window.noise < 1e-3:
        return verdict(
            None, f"the fit does not bend where the cell does (dV/dQ correlates by {bends:.2f})"
        )
    return verdict(
        True, f"{pair} fit within {1e3 * error:.1f} mV beyond noise, and bend where the cell does"
    )


def step_displaced(window: Window, fit: PairFit) -> float | None:
    """Fitted minus measured place of graphite's step from stage 2 to 1 [of the window]."""
    middle = stage_two(fit.negative)
    if middle is None:
        return None
    x_a, x_b = fit.theta[:2]
    share = window.q / window.charge
    expected = float((middle - x_a) / (x_b - x_a))
    if not 0.1 < expected < 0.93:
        return None
    fitted = _peak(share, slope_of(window.q, window.v - fit.residual), expected, window)
    measured = _peak(share, window.steep, expected, window)
    return None if fitted is None or measured is None else fitted - measured


def _peak(share: Array, slope: Array, about: float, window: Window) -> float | None:
    """Where ``slope`` stands highest over its surroundings; None where nothing stands out."""
    near = np.abs(share - about) < _SOUGHT
    if near.sum() < 8:
        return None
    at, height = share[near], slope[near]
    over = height - np.interp(at, at[[0, -1]], height[[0, -1]])
    top = int(np.argmax(over))
    averaged = window.noise * np.sqrt(min(1.0, len(window.q) / window.rows))
    noise = averaged * 2**0.5 / (SLOPE_OVER * window.charge)
    least = max(_STANDS_OUT * noise, _LEAST_STEP * float(np.mean(height)))
    edge = 2 < top < len(at) - 3
    return float(at[top]) if edge and over[top] > least else None


def _bends(window: Window, fit: PairFit) -> float:
    share = window.q / window.charge
    inner = (share > 0.08) & (share < 0.95)
    fitted = slope_of(window.q, window.v - fit.residual)[inner]
    measured = window.steep[inner]
    if np.ptp(fitted) == 0 or np.ptp(measured) == 0:
        return 0.0
    return float(np.corrcoef(fitted, measured)[0, 1])
