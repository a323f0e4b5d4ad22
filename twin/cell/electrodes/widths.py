"""How far the fitted numbers may be off, the reference curves' own error included.

A reference curve is another lab's electrode: its error is smooth along the charge, so the
residual it leaves is smooth too, and what the fit has absorbed is not seen in the residual.
Both are taken as a Gaussian process of the charge: length and size from the residual itself
(restricted likelihood: what five fitted unknowns hide is allowed for), plus a slow part that
no residual shows. The covariance of the unknowns is that process seen through the fit.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import ndtri

from twin.cell.electrodes.halfcell import Array
from twin.cell.electrodes.pair_fit import PairFit, Polarisation
from twin.cell.electrodes.trace_window import Window

CONFIDENCE: Final = 0.9
Z: Final = float(ndtri(0.5 + CONFIDENCE / 2))

_LENGTHS: Final = (0.015, 0.03, 0.06, 0.12)  # of the window
_SHARES: Final = (0.0, 0.05, 0.2, 0.5, 1.0)  # of unsmooth variance to smooth
_SLOW_LENGTH: Final = 0.35  # of the window
_SLOW_V: Final = 1.5e-3  # slow error of a curve that fits well; chosen, grows with the misfit
_SLOW_OF_RMS: Final = 0.6
_MOST_OF_RMS: Final = 2.0  # of the residual: what the fit may have hidden of the smooth error
_POINTS: Final = 110
_LEAST_V: Final = 2e-4


@dataclass(frozen=True, slots=True)
class Spread:
    """``covariance`` (5, 5) of the unknowns in pair_fit.NAMES; ``smooth_v`` [V] and
    ``length`` [of the window] of the curves' error; ``structure`` the share of the residual's
    variance that is smooth."""

    covariance: Array
    smooth_v: float
    length: float
    structure: float


def spread_of(window: Window, fit: PairFit, polarisation: Polarisation) -> Spread:
    """The spread of ``fit``'s unknowns. ``polarisation`` is what was known of the offset."""
    keep = np.unique(np.linspace(0, len(window.q) - 1, _POINTS).round().astype(int))
    share = window.q[keep] / window.charge
    trust = np.sqrt(window.trust[keep] / np.mean(window.trust[keep]))
    usable = trust > 0.05
    share, trust = share[usable], trust[usable]
    residual = fit.residual[keep][usable] * trust
    jacobian = fit.jacobian[keep][usable] * trust[:, None]
    apart = share[:, None] - share[None, :]
    best = (-np.inf, _LENGTHS[0], 0.0, 0.0)
    basis = np.linalg.svd(jacobian, full_matrices=True)[0][:, jacobian.shape[1] :]
    seen = basis.T @ residual
    for length in _LENGTHS:
        smooth = np.exp(-0.5 * (apart / length) ** 2) * np.outer(trust, trust)
        reduced = basis.T @ smooth @ basis
        for part in _SHARES:
            found = _restricted(reduced, seen, part)
            if found[0] > best[0]:
                best = (found[0], length, part, found[1])
    _, length, part, variance = best
    variance = min(variance, float(_MOST_OF_RMS**2 * np.mean(residual**2)))
    slow_v = max(_SLOW_V, _SLOW_OF_RMS * float(np.sqrt(np.mean(residual**2))))
    noise = part * variance + _LEAST_V**2 + window.noise**2
    error = np.outer(trust, trust) * (
        variance * np.exp(-0.5 * (apart / length) ** 2)
        + slow_v**2 * np.exp(-0.5 * (apart / _SLOW_LENGTH) ** 2)
    ) + noise * np.eye(len(share))
    covariance = _through(jacobian, error, polarisation)
    return Spread(covariance, float(np.sqrt(variance + slow_v**2)), length, 1 / (1 + part))


def _restricted(smooth: Array, seen: Array, part: float) -> tuple[float, float]:
    """Log likelihood, and the smooth variance at which it is greatest."""
    n = len(seen)
    matrix = smooth + (part + 1e-6) * np.eye(n)
    sign, log_det = np.linalg.slogdet(matrix)
    if sign <= 0:
        return -np.inf, 0.0
    variance = max(float(seen @ np.linalg.solve(matrix, seen)) / n, _LEAST_V**2)
    return -0.5 * (log_det + n * np.log(variance)), variance


def _through(jacobian: Array, error: Array, known: Polarisation) -> Array:
    """Covariance of the unknowns of a least-squares fit whose data have this error.

    The fit itself is plain; what is known of the offset enters as one more datum. Directions
    that the data leave open stay open: they get a variance as wide as the curve itself.
    """
    worth = float(np.mean(np.diag(error)))
    normal = jacobian.T @ jacobian / worth
    normal[4, 4] += 1 / known.sd**2
    open_ = np.diag([1.0, 1.0, 1.0, 1.0, 1 / known.sd**2]) * 4.0  # sd 0.5 of stoichiometry
    open_[4, 4] = 0.0
    inverse = np.linalg.inv(normal + open_)
    pull = inverse @ jacobian.T / worth
    prior = open_.copy()
    prior[4, 4] = 1 / known.sd**2
    return np.asarray(pull @ error @ pull.T + inverse @ prior @ inverse)
