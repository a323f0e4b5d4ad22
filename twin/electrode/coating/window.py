"""The coating window: how thin a film the bead still lays, and how evenly.

Low-flow limit: the downstream meniscus can't follow a film that is too thin for its
curvature; air breaks in and the coating falls into ribs. With the capillary number
Ca = mu U / sigma and the coating gap G (lips to web) the thinnest wet film t obeys

    Ca = 0.65 [2 / (G/t - 1)]^1.5      i.e.   t = G / (1 + 2 (0.65 / Ca)^(2/3))

K. J. Ruschak, Chem. Eng. Sci. 31 (1976) 1057; B. G. Higgins, L. E. Scriven, Chem. Eng. Sci.
35 (1980) 673; M. S. Carvalho, H. S. Kheshgi, AIChE J. 46 (2000) 1907 (all unread: the
relation is quoted; its constants hold for Newtonian liquids and are to be calibrated).
"""

import math
from dataclasses import dataclass
from typing import Final

MODEL: Final = "low-flow-limit/1"
_PA_S: Final = 1e-3
_N_M: Final = 1e-3
_UM: Final = 1e-6
_MINUTE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Slurry:
    """Power-law slurry: ``viscosity`` [mPa.s] at ``shear_rate`` [1/s], index n, surface
    tension [mN/m]."""

    viscosity: float
    shear_rate: float
    index: float
    surface_tension: float

    def viscosity_at(self, shear_rate: float) -> float:
        """mu = K rate^(n-1), in mPa.s (W. Ostwald 1925)."""
        return float(self.viscosity * (shear_rate / self.shear_rate) ** (self.index - 1))


@dataclass(frozen=True, slots=True)
class Bead:
    """The bead between the die's lips and the web: coating gap [um] and the slurry in it."""

    coating_gap: float
    slurry: Slurry

    def capillary_number(self, line_speed: float) -> float:
        """Ca = mu U / sigma at a line speed [m/min], at the bead's own shear rate U / G."""
        speed = line_speed / _MINUTE_S
        rate = speed / (self.coating_gap * _UM)
        viscosity = self.slurry.viscosity_at(rate) * _PA_S
        return viscosity * speed / (self.slurry.surface_tension * _N_M)

    def thinnest_film(self, line_speed: float) -> float:
        """Wet film [um] below which the coating breaks."""
        if line_speed <= 0:
            return 0.0
        ratio = (0.65 / self.capillary_number(line_speed)) ** (2 / 3)
        return float(self.coating_gap / (1 + 2 * ratio))

    def margin(self, wet_film: float, line_speed: float) -> float:
        """How far [%] a wet film [um] lies above the thinnest one; negative: below it."""
        return 100 * (wet_film / self.thinnest_film(line_speed) - 1)

    def expected_variation(
        self, wet_film: float, line_speed: float, flow_sd: float, gap_sd: float
    ) -> float:
        """Standard deviation of the loading [%] to be expected along the web.

        ``flow_sd`` and ``gap_sd`` are those of flow and coating gap [%]. Under the lip the
        film is h = G/2 + G³ (dp/dx) / (12 mu U) (plane Couette and Poiseuille flow), so at
        a given pressure a gap that varies moves it by d ln h / d ln G = 3 - G/h. Near the
        low-flow limit the meniscus is soft: variation grows as 1/(1 - t/h) (chosen; to be
        calibrated). Infinite at and below the limit.
        """
        thinnest = self.thinnest_film(line_speed)
        if wet_film <= thinnest:
            return math.inf
        of_gap = (3 - self.coating_gap / wet_film) * gap_sd
        return math.hypot(flow_sd, of_gap) / (1 - thinnest / wet_film)
