"""Effective pore radius of an electrode by its porosity, and how well it is known.

It is not monotone: light calendering evens the pores out and electrolyte runs faster,
more of it closes them. Sheng et al., Front. Energy Res. 2:56 (2014), graphite, coefficient
of L = k sqrt(t): 0.375 mm/sqrt(s) at 59 um (not calendered), 0.589 at 53 um and 0.206 at
41 um. Between three points nobody knows the curve, and outside of them less: ln r is a
Gaussian process (Rasmussen & Williams, *Gaussian Processes for Machine Learning*, 2006,
eq. 2.25-2.26) with a wide prior, and a part that all of a plant's own cells share and these
laboratory strips do not (separator, compression, both sides). Cells whose wetting was
measured are points of the same process, so the plant's own curve takes over.

Porosities of those three films are not given with their thicknesses: solids stay, so
1 - eps = (1 - eps_0) 59 um / d, with eps_0 = 0.50 ± 0.04 (assumption: coatings leave the
oven with 0.42-0.56).
"""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

_EPS_0: Final = 0.50
_EPS_0_SD: Final = 0.04
_STRIPS: Final = ((59.0, 0.375), (53.0, 0.589), (41.0, 0.206))
"""Thickness [um], k [mm/sqrt(s)]. Sheng 2014."""
_VISCOSITY: Final = 3.0e-3
_TENSION: Final = 30.0e-3
_COSINE: Final = 0.87
"""Electrolyte of those strips [Pa.s, N/m, 1]: typical of carbonates, not read from the paper."""

_PRIOR_SD: Final = 1.0
"""Of ln r about its mean: a factor of 2.7 either way (chosen)."""
_LENGTH: Final = 0.08
"""Porosity over which the radius changes its course (chosen: Sheng's maximum lies 0.06
from the uncalendered film)."""
_STRIP_SD: Final = 0.2
"""Of ln r of a measured strip: 10 % of k (chosen)."""
_PLANT_SD: Final = 0.6
"""Of what all cells of a plant share and the strips do not: a factor of 1.8 (chosen)."""


class Wetted(NamedTuple):
    """A cell whose wetting was measured: porosity (0..1), ln r as it says, and the variance
    of that (the cell's own, and by the width of its porosity)."""

    porosity: float
    ln_radius: float
    variance: float


class PoreRadius:
    """Given the plant's own ``measured`` cells."""

    def __init__(self, measured: Sequence[Wetted] = ()) -> None:
        self.is_calibrated = bool(measured)
        strips = [_strip(thickness, k) for thickness, k in _STRIPS]
        points = [*strips, *measured]
        self._at = np.array([p.porosity for p in points])
        self._ours = np.array([0.0] * len(strips) + [1.0] * len(measured))
        self._mean = sum(p.ln_radius for p in strips) / len(strips)
        covariance = self._kernel(self._at, self._ours)
        covariance[np.diag_indices(len(points))] += [p.variance for p in points]
        moved = _EPS_0_SD * np.array([*_slopes(strips), *[0.0] * len(measured)])
        covariance += np.outer(moved, moved)
        self._inverse = np.linalg.inv(covariance)
        self._weights = self._inverse @ np.array([p.ln_radius - self._mean for p in points])

    def ln_radius(self, porosity: float) -> tuple[float, float]:
        """ln of the radius [m] in this plant's cells at that porosity (0..1), and its
        standard deviation."""
        row = self._kernel(np.array([porosity]), np.array([1.0]))[0]
        variance = _PRIOR_SD**2 + _PLANT_SD**2 - float(row @ self._inverse @ row)
        return self._mean + float(row @ self._weights), math.sqrt(max(variance, 0.0))

    def slope(self, porosity: float) -> float:
        """d ln r / d porosity."""
        step = 1e-3
        ahead, behind = self.ln_radius(porosity + step)[0], self.ln_radius(porosity - step)[0]
        return (ahead - behind) / (2 * step)

    def _kernel(
        self, at: npt.NDArray[np.float64], ours: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64]:
        distance = (at[:, None] - self._at[None, :]) / _LENGTH
        shared = _PLANT_SD**2 * ours[:, None] * self._ours[None, :]
        found: npt.NDArray[np.float64] = _PRIOR_SD**2 * np.exp(-0.5 * distance**2) + shared
        return found


def _strip(thickness: float, k: float) -> Wetted:
    """L = k sqrt(t), k^2 = r gamma cos(theta) / (2 mu)."""
    porosity = 1 - (1 - _EPS_0) * _STRIPS[0][0] / thickness
    radius = 2 * _VISCOSITY * (k * 1e-3) ** 2 / (_TENSION * _COSINE)
    return Wetted(porosity, math.log(radius), _STRIP_SD**2)


def _slopes(strips: Sequence[Wetted]) -> list[float]:
    """How ln r at each strip would move if all porosities were read wrong by as much: along
    the flanks; not at all at the top."""
    loose, top, dense = strips
    up = (top.ln_radius - loose.ln_radius) / (top.porosity - loose.porosity)
    down = (top.ln_radius - dense.ln_radius) / (top.porosity - dense.porosity)
    return [up, 0.0, down]
