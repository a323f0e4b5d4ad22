"""How many samples a two-sided control chart takes until it alarms, on average, and the
limit that gives a wanted number.

The average run length (ARL) is from the chart's start at zero, for independent normal
samples whose mean is ``shift`` standard deviations off the centre from the start.

>>> round(average_run_length(Cusum(k=0.5, h=5.0)))
465
>>> budget = run_length_for(false_alarms=0.5, samples=8 * 3600)
>>> round(design_for(Cusum(k=0.5), budget).h, 1)
9.8
"""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from statistics import NormalDist
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt
from numpy.polynomial.legendre import leggauss
from scipy.special import ndtr

from twin.errors import InvalidInput
from twin.estimation.charts import Cusum, Design, Ewma, Shewhart

Array = npt.NDArray[np.float64]
AnyDesign = TypeVar("AnyDesign", Shewhart, Cusum, Ewma)

_NORMAL: Final = NormalDist()
_STATES: Final = 41
_LONGEST: Final = 1e9
# Near 1e15 double precision no longer tells a run from one that never ends.
_FOREVER: Final = 1e12


def average_run_length(design: Design, shift: float = 0.0) -> float:
    """Average number of samples until an alarm, at a shift of the mean in standard
    deviations. Infinite beyond 1e12 samples, where double precision ends.

    Raises InvalidInput where the shift is not finite.
    """
    if not math.isfinite(shift):
        raise InvalidInput(f"a shift of {shift} standard deviations: give a finite number")
    match design:
        case Shewhart():
            return _shewhart(design.limit, shift)
        case Cusum():
            return _cusum(design.k, design.h, shift)
        case Ewma():
            return _ewma(design.weight, design.height, shift)


def run_length_for(false_alarms: float, samples: float) -> float:
    """The in-control run length that spends ``false_alarms`` in ``samples`` samples: in a
    shift of 8 h with a scan a second, 28,800."""
    if not (false_alarms > 0 and samples > 0):
        raise InvalidInput(
            f"{false_alarms:g} false alarms in {samples:g} samples: both must be above 0"
        )
    return samples / false_alarms


def design_for(design: AnyDesign, run_length: float) -> AnyDesign:
    """The design with the limit (``limit`` or ``h``) that gives the in-control run length;
    k or the weight stay.

    Raises InvalidInput for a run length that no limit gives (below 2, or above 1e9).
    """
    if not 2 <= run_length <= _LONGEST:
        raise InvalidInput(
            f"an in-control run length of {run_length:g}: give one from 2 to {_LONGEST:g}"
        )
    name = "h" if isinstance(design, Cusum) else "limit"

    def with_limit(limit: float) -> AnyDesign:
        return replace(design, **{name: limit})

    if isinstance(design, Shewhart):
        return with_limit(-_NORMAL.inv_cdf(0.5 / run_length))

    def missing(limit: float) -> float:
        found = min(average_run_length(with_limit(limit)), _FOREVER)
        return math.log(found / run_length)

    return with_limit(_root(missing))


def _shewhart(limit: float, shift: float) -> float:
    """1 / P(|z| > limit): samples are independent."""
    beyond = _NORMAL.cdf(-limit - shift) + _NORMAL.cdf(shift - limit)
    return 1 / beyond if beyond > 0 else math.inf


def _cusum(k: float, h: float, shift: float) -> float:
    """From those of the two one-sided charts: 1/ARL = 1/ARL⁺ + 1/ARL⁻ (K. W. Kemp,
    J. R. Stat. Soc. B 23 (1961) 149; exact for equal k ≥ 0 and equal h)."""
    a_sample = 1 / _one_sided_cusum(k, h, shift) + 1 / _one_sided_cusum(k, h, -shift)
    return 1 / a_sample if a_sample > 0 else math.inf


def _one_sided_cusum(k: float, h: float, shift: float) -> float:
    """The chain of D. Brook and D. A. Evans, Biometrika 59 (1972) 539: from the sum s to
    zero, state 0, with Φ(k − s − shift), or to another sum up to h."""
    points, weights = _states(h)
    state = np.concatenate(([0.0], h * (points + 1) / 2))
    step = state[np.newaxis, :] - state[:, np.newaxis] + k - shift
    chain = _density(step) * np.concatenate(([0.0], h * weights / 2))
    chain[:, 0] = ndtr(step[:, 0])
    return _absorbed_after(chain, 0)


def _ewma(weight: float, height: float, shift: float) -> float:
    """The chain of J. M. Lucas and M. S. Saccucci, Technometrics 32 (1990) 1: from one
    average within the limits to another; the chart starts in the middle one."""
    points, weights = _states(2 * height / weight)
    state = height * points
    step = (state[np.newaxis, :] - (1 - weight) * state[:, np.newaxis]) / weight - shift
    return _absorbed_after(_density(step) * weights * height / weight, len(state) // 2)


def _states(reach: float) -> tuple[Array, Array]:
    """States from −1 to 1 and their widths, an odd number: the points and weights of Gauss
    and Legendre, with which few states do (S. V. Crowder, Technometrics 29 (1987) 401).
    ``reach`` is how far the ends are apart in standard deviations of a step."""
    return _gauss_legendre(max(_STATES, math.ceil(4 * reach)) | 1)


@lru_cache
def _gauss_legendre(count: int) -> tuple[Array, Array]:
    found: tuple[Array, Array] = leggauss(count)
    return found


def _density(z: Array) -> Array:
    density: Array = np.exp(-0.5 * z * z) / math.sqrt(2 * math.pi)
    return density


def _absorbed_after(chain: Array, start: int) -> float:
    """Steps until the chain leaves its states: (I − P) m = 1."""
    try:
        steps = np.linalg.solve(np.eye(len(chain)) - chain, np.ones(len(chain)))
    except np.linalg.LinAlgError:  # it never leaves them, as far as the numbers tell
        return math.inf
    found = float(steps[start])
    return found if 0 < found < _FOREVER else math.inf


def _root(missing: Callable[[float], float]) -> float:
    """Where an increasing function is zero, above 0. Log run lengths are nearly linear."""
    # Late: it loads half of scipy, which only those who choose a limit need.
    from scipy.optimize import brentq

    low, high = 1e-6, 1.0
    while missing(high) < 0:
        low, high = high, 2 * high
    return float(brentq(missing, low, high, xtol=1e-6))
