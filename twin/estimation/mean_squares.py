"""Variances that are sums and differences of an ANOVA's mean squares, and how far they
can be trusted.

Intervals are modified large sample ones: F. A. Graybill and C. M. Wang, J. Am. Stat.
Assoc. 75 (1980) 869 for sums; N. Ting, R. K. Burdick, F. A. Graybill, S. Jeyaratnam and
T. F. C. Lu, J. Stat. Comput. Simul. 35 (1990) 135 where signs are mixed, without their
term for pairs of one sign. Both in R. K. Burdick, C. M. Borror and D. C. Montgomery,
Design and Analysis of Gauge R&R Studies, ASA-SIAM 2005. For one mean square they are the
exact ones.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri, fdtrc, fdtri

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MeanSquare:
    """A line of an ANOVA. ``f`` and ``p`` are None for the error, and f is infinite where
    what it is compared with is zero."""

    source: str
    df: int
    ss: float
    f: float | None = None
    p: float | None = None

    @property
    def ms(self) -> float:
        return self.ss / self.df

    def against(self, error: "MeanSquare") -> "MeanSquare":
        """The same line with its F test against that one."""
        f = 0.0
        if self.ms > 0:
            f = self.ms / error.ms if error.ms > 0 else math.inf
        p = float(fdtrc(self.df, error.df, f)) if math.isfinite(f) else 0.0
        return MeanSquare(self.source, self.df, self.ss, f, p)


class MeanSquares:
    """Independent mean squares, shape (n,), with their degrees of freedom, and the
    ``confidence`` of the two-sided intervals.

    A variance is given by its coefficients, shape (n,): variance = coefficients @ values.
    """

    def __init__(self, values: Array, df: Array, confidence: float) -> None:
        self._values = values
        tail = (1 - confidence) / 2
        self._g = 1 - df / chdtri(df, tail)
        self._h = df / chdtri(df, 1 - tail) - 1
        # Of each (positive, negative) pair.
        f = fdtri(df[:, np.newaxis], df[np.newaxis, :], 1 - tail)
        g2, h2 = np.square(self._g)[:, np.newaxis], np.square(self._h)[np.newaxis, :]
        self._gh = ((f - 1) ** 2 - g2 * f**2 - h2) / f

    def variance(self, coefficients: Array) -> float:
        """May be negative, as an estimate."""
        return float(coefficients @ self._values)

    def interval(self, coefficients: Array) -> tuple[float, float]:
        """Of a variance: neither end is below zero."""
        lower, upper = self._lower(coefficients), -self._lower(-coefficients)
        return max(0.0, lower), max(0.0, upper)

    def ratio_interval(self, part: Array, whole: Array) -> tuple[float, float]:
        """Of ``part`` / ``whole``, from 0 to 1: those ratios r for which part − r whole
        may be zero, as far as its interval tells (the idea of E. C. Fieller, J. R. Stat.
        Soc. B 16 (1954) 175, on the intervals above)."""
        return (
            _crossing(lambda r: self._lower(part - r * whole)),
            _crossing(lambda r: -self._lower(r * whole - part)),
        )

    def _lower(self, coefficients: Array) -> float:
        terms = coefficients * self._values
        plus, minus = np.maximum(terms, 0.0), np.maximum(-terms, 0.0)
        spread = (
            np.square(self._g * plus).sum()
            + np.square(self._h * minus).sum()
            + plus @ self._gh @ minus
        )
        return float(terms.sum() - math.sqrt(max(0.0, spread)))


def _crossing(falling: Callable[[float], float]) -> float:
    """Where a function that falls from 0 to 1 crosses zero; an end where it does not."""
    low, high = 0.0, 1.0
    if falling(low) <= 0:
        return low
    if falling(high) >= 0:
        return high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if falling(middle) > 0 else (low, middle)
    return (low + high) / 2
