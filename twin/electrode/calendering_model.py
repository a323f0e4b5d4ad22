"""Calendering: how a line load compacts a coating, and what a thickness says of it."""

import math
from dataclasses import dataclass

MODEL = "calender-compaction/1"


@dataclass(frozen=True, slots=True)
class Compaction:
    """eps = eps_min + (eps_0 - eps_min) exp(-q / gamma); porosities in %, q and gamma in
    kN/m.

    C. Meyer, H. Bockholt, W. Haselrieder, A. Kwade, J. Mater. Process. Technol. 249
    (2017) 172: exponential in the line load with a least porosity. Web speed does not
    matter up to 5 m/min. gamma is to be calibrated for each coating.
    """

    initial_porosity: float
    minimum_porosity: float
    gamma: float

    def porosity(self, line_load: float) -> float:
        """After a pass under that line load [kN/m], in %."""
        span = self.initial_porosity - self.minimum_porosity
        return self.minimum_porosity + span * math.exp(-line_load / self.gamma)

    def slope(self, line_load: float) -> float:
        """d eps / d q [% per kN/m]."""
        return (self.minimum_porosity - self.porosity(line_load)) / self.gamma


@dataclass(frozen=True, slots=True)
class Electrode:
    """What the thickness of an electrode is made of. ``loading`` of one side [mg/cm2] and
    its standard deviation, ``foil`` [um], ``density`` of the solids [kg/m3]."""

    loading: float
    loading_sd: float
    foil: float
    sides: int
    density: float

    def porosity(self, thickness: float, thickness_sd: float) -> tuple[float, float]:
        """Porosity [%] and its standard deviation of an electrode that thick [um].

        eps = 1 - m / (rho d) with d the thickness of one side's coating. Raises
        ValueError where the electrode is no thicker than its foil.
        """
        coating = (thickness - self.foil) / self.sides
        if coating <= 0:
            raise ValueError(f"{thickness} um is no thicker than the foil of {self.foil} um")
        # mg/cm2 / (kg/m3 um) = 1e-2 kg/m2 / (1e-6 kg/m2)
        solid = 1e4 * self.loading / (self.density * coating)
        relative = math.hypot(self.loading_sd / self.loading, thickness_sd / self.sides / coating)
        return 100 * (1 - solid), 100 * solid * relative
