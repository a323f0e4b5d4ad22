"""How a slurry's viscosity follows its temperature.

Arrhenius' form: ln mu = a + E/(R T) (S. Arrhenius, Z. phys. Chem. 1, 1887, 285; for
liquids: R. B. Bird, W. E. Stewart, E. N. Lightfoot, Transport Phenomena, 1.5). Over the
10 K in which a mixer works, it is the solvent's own.
"""

import math
from typing import Final

GAS_CONSTANT_J_MOL_K: Final = 8.314462618
"""CODATA 2018, exact."""
_ZERO_CELSIUS_K: Final = 273.15


def _inverse_difference(temperature_degc: float, reference_degc: float) -> float:
    """1/T − 1/T_ref [1/K]."""
    temperature, reference = temperature_degc + _ZERO_CELSIUS_K, reference_degc + _ZERO_CELSIUS_K
    return 1 / temperature - 1 / reference


def log_ratio(temperature_degc: float, reference_degc: float, energy_kj_mol: float) -> float:
    """ln of the viscosity over that at the reference temperature."""
    gradient = 1e3 * energy_kj_mol / GAS_CONSTANT_J_MOL_K
    return gradient * _inverse_difference(temperature_degc, reference_degc)


def log_ratio_sd(
    temperature_degc: float,
    temperature_sd: float,
    reference_degc: float,
    energy_kj_mol: float,
    energy_sd: float,
) -> float:
    """Standard deviation of ``log_ratio``: E/(R T²) sd_T and (1/T − 1/T_ref) sd_E/R."""
    temperature = temperature_degc + _ZERO_CELSIUS_K
    by_temperature = 1e3 * energy_kj_mol / (GAS_CONSTANT_J_MOL_K * temperature**2)
    by_energy = 1e3 * _inverse_difference(temperature_degc, reference_degc) / GAS_CONSTANT_J_MOL_K
    return math.hypot(by_temperature * temperature_sd, by_energy * energy_sd)
