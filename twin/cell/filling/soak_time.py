"""How long electrolyte needs to wet an electrode, as a distribution.

    L = k sqrt(t),  k^2 = r_eff gamma cos(theta) / (2 mu)          (Lucas-Washburn)
    ln t = 2 ln L + ln 2 mu - ln(gamma cos(theta)) - ln r_eff(porosity)

Given the porosity, ln t is normal: its parts are products. The porosity comes with a width
over which r_eff is not monotone, so t is a mixture of lognormals over the nodes of a
Gauss-Hermite rule; its quantiles are found by bisection. Nothing is drawn at random.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from twin import settings
from twin.asset import AssetConfig
from twin.cell.filling.pore_radius import PoreRadius, Wetted
from twin.cell.section import Porosity

MODEL: Final = "lucas-washburn/1"
UNKNOWN: Final = Porosity(36.0, 8.0, 23.0, 49.0)
"""Of a lot of which nobody told: calendered electrodes have 23 to 49 % (chosen)."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(15)
_SHARES: Final = _WEIGHTS / _WEIGHTS.sum()
_LEAST, _MOST = 0.05, 0.75
_GAS: Final = 8.314462618
"""J/(mol K), CODATA 2018."""
_ZERO_C: Final = 273.15
_REFERENCE_K: Final = 298.15
_TEMPERATURE_SD: Final = 2.0
"""Of the soak's temperature over hours and over the rack [K] (chosen)."""
_OTHER_SD: Final = 0.7
"""Of ln t more, for an electrode that is not graphite, until its own wetting has been
measured: a factor of 2 either way (chosen)."""
_CELL_SD: Final = 0.15
"""Of ln t from cell to cell of one lot (chosen; to be calibrated)."""
_HOUR_S: Final = 3600.0
_STEPS: Final = 60


@dataclass(frozen=True, slots=True)
class Electrolyte:
    """``length`` [m] with its relative width, viscosity [Pa.s] at ``temperature`` [K],
    ``pull``: surface tension times the cosine of the contact angle [N/m]."""

    length: float
    length_sd: float
    viscosity: float
    pull: float
    temperature_sd: float
    graphite: bool = True

    @classmethod
    def of(cls, filler: AssetConfig, temperature: float | None) -> "Electrolyte":
        """``temperature`` [degC] as measured; None: as set."""
        if temperature is None:
            temperature = settings.number(filler, "soak_temperature_default")
        kelvin = temperature + _ZERO_C
        energy = 1e3 * settings.number(filler, "viscosity_activation_energy") / _GAS
        at_25 = 1e-3 * settings.number(filler, "electrolyte_viscosity")
        return cls(
            1e-3 * settings.number(filler, "wetting_length"),
            settings.number(filler, "wetting_length_sd") / 100,
            at_25 * math.exp(energy * (1 / kelvin - 1 / _REFERENCE_K)),
            1e-3
            * settings.number(filler, "surface_tension")
            * settings.number(filler, "contact_angle_cosine"),
            energy / kelvin**2 * _TEMPERATURE_SD,
            settings.text(filler, "wetting_electrode") == "anode",
        )

    @property
    def ln_time_radius(self) -> float:
        """ln(t r), t in s and r in m."""
        return math.log(2 * self.viscosity * self.length**2 / self.pull)

    @property
    def variance(self) -> float:
        """Of ln t, by all but the pore radius."""
        return 4 * self.length_sd**2 + self.temperature_sd**2 + _CELL_SD**2


@dataclass(frozen=True, slots=True)
class SoakTime:
    """A mixture of lognormals: shares, means and standard deviations of ln t [s]."""

    shares: tuple[float, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]

    def probability(self, hours: float) -> float:
        """That the cell is wetted after so long."""
        if hours <= 0:
            return 0.0
        at = math.log(hours * _HOUR_S)
        return sum(
            share * 0.5 * math.erfc((mean - at) / (sd * math.sqrt(2)))
            for share, mean, sd in zip(self.shares, self.means, self.sds, strict=True)
        )

    def quantile(self, probability: float) -> float:
        """[h]"""
        return _quantile(self, probability)


@lru_cache(maxsize=256)
def _quantile(soak: SoakTime, probability: float) -> float:
    """The cells of a lot all have the same: reckoned once."""
    widest = 12 * max(soak.sds)
    low, high = min(soak.means) - widest, max(soak.means) + widest
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if soak.probability(math.exp(middle) / _HOUR_S) < probability:
            low = middle
        else:
            high = middle
    return math.exp(high) / _HOUR_S


def soak_time(porosity: Porosity | None, electrolyte: Electrolyte, radius: PoreRadius) -> SoakTime:
    """None: nobody told the lot's porosity."""
    known = porosity or UNKNOWN
    at = np.clip((known.value + known.sd * _NODES) / 100, _LEAST, _MOST)
    found = [radius.ln_radius(float(eps)) for eps in at]
    other = 0.0 if electrolyte.graphite or radius.is_calibrated else _OTHER_SD**2
    return SoakTime(
        tuple(map(float, _SHARES)),
        tuple(electrolyte.ln_time_radius - mean for mean, _ in found),
        tuple(math.sqrt(sd * sd + electrolyte.variance + other) for _, sd in found),
    )


def wetted(
    porosity: Porosity, hours: float, electrolyte: Electrolyte, strips: PoreRadius
) -> Wetted:
    """What a measured wetting says of the pore radius. ``strips``: before any such cell.
    An error of the wetting length is the same in all cells: the plant's shared part has it."""
    eps = min(max(porosity.value / 100, _LEAST), _MOST)
    by_porosity = strips.slope(eps) * porosity.sd / 100
    return Wetted(
        eps,
        electrolyte.ln_time_radius - math.log(hours * _HOUR_S),
        _CELL_SD**2 + electrolyte.temperature_sd**2 + by_porosity**2,
    )
