"""What evaporates: properties of the two solvents of electrode slurries, and of drying air.

Temperatures are in K here, pressures in Pa, all else in SI units.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import InvalidInput
from twin.estimation.kalman import Array

PRESSURE_PA: Final = 101_325.0
"""Standard atmosphere: ovens run within some Pa of it."""
GAS_CONSTANT_J_MOL_K: Final = 8.314462618
"""CODATA 2018, exact."""
AIR_MOLAR_MASS_KG_MOL: Final = 0.028965
"""Dry air, ISO 2533."""
AIR_HEAT_CAPACITY_J_KG_K: Final = 1009.0
"""Dry air between 300 and 400 K: 1007 to 1014 (Incropera and DeWitt, table A.4)."""
AIR_THERMAL_DIFFUSIVITY_300K_M2_S: Final = 22.5e-6
"""Dry air at 300 K (Incropera and DeWitt, table A.4)."""


@dataclass(frozen=True, slots=True)
class Solvent:
    """One solvent.

    Vapour pressure: Antoine, ln(p/Pa) = a - b/(T + c), within 20 K of the range named.
    Latent heat: Watson, from one measured value: dh_v = dh_ref ((T_c - T)/(T_c - T_ref))^0.38
    (K. M. Watson, Ind. Eng. Chem. 35, 1943, 398). ``diffusion_volume`` is Fuller's.
    """

    name: str
    molar_mass_kg_mol: float
    liquid_density_kg_m3: float
    heat_capacity_j_kg_k: float
    antoine_a: float
    antoine_b_k: float
    antoine_c_k: float
    antoine_range_k: tuple[float, float]
    latent_ref_j_mol: float
    latent_ref_k: float
    critical_k: float
    diffusion_volume: float

    def vapour_pressure_pa(self, temperature_k: Array) -> Array:
        """Of the pure liquid."""
        found: Array = np.exp(
            self.antoine_a - self.antoine_b_k / (temperature_k + self.antoine_c_k)
        )
        return found

    def latent_heat_j_kg(self, temperature_k: Array) -> Array:
        reduced = (self.critical_k - temperature_k) / (self.critical_k - self.latent_ref_k)
        found: Array = self.latent_ref_j_mol / self.molar_mass_kg_mol * reduced**0.38
        return found

    def diffusivity_in_air_m2_s(self, temperature_k: float) -> float:
        """E. N. Fuller, P. D. Schettler, J. C. Giddings, Ind. Eng. Chem. 58, 1966, 18:
        D = 0.00143 T^1.75 / (P M^0.5 (v_a^1/3 + v_b^1/3)^2) [cm2/s], P in bar."""
        mass = 2.0 / (1e-3 / self.molar_mass_kg_mol + 1e-3 / AIR_MOLAR_MASS_KG_MOL)
        volumes = (self.diffusion_volume ** (1 / 3) + 19.7 ** (1 / 3)) ** 2
        bar = PRESSURE_PA * 1e-5
        return float(1e-4 * 0.00143 * temperature_k**1.75 / (bar * mass**0.5 * volumes))

    @property
    def lewis_number(self) -> float:
        """Thermal diffusivity of air over the vapour's diffusivity. Both rise with about
        T^1.75, so that one value at 300 K serves."""
        return AIR_THERMAL_DIFFUSIVITY_300K_M2_S / self.diffusivity_in_air_m2_s(300.0)

    @property
    def flux_per_heat_transfer(self) -> float:
        """What h [W/(m2.K)] is multiplied by to give the factor of the Stefan flux,
        beta M p/(R T) [kg/(m2.s)]. By the Lewis analogy beta = h/(rho c_p) Le^(-2/3)
        (T. H. Chilton, A. P. Colburn, Ind. Eng. Chem. 26, 1934, 1183); with the density of
        air rho = M_air p/(R T) pressure and temperature cancel out."""
        ratio = self.molar_mass_kg_mol / AIR_MOLAR_MASS_KG_MOL
        return float(ratio * self.lewis_number ** (-2 / 3) / AIR_HEAT_CAPACITY_J_KG_K)


NMP: Final = Solvent(
    name="NMP",
    molar_mass_kg_mol=0.09913,  # C5H9NO
    liquid_density_kg_m3=1028.0,  # 25 degC, supplier's data sheet
    heat_capacity_j_kg_k=1750.0,  # 25 to 100 degC: about 1700 to 1900; rounded
    # Landolt-Boernstein IV/20, 336 to 477 K; boils at 475 to 477 K
    antoine_a=21.13775,
    antoine_b_k=3811.446,
    antoine_c_k=-80.355,
    antoine_range_k=(336.0, 477.0),
    # Ghazerati's collection, 298 K. Watson gives 507 kJ/kg at the boiling point, data
    # sheets say 511; Clausius-Clapeyron on the Antoine curve gives a tenth less.
    latent_ref_j_mol=61_900.0,
    latent_ref_k=298.15,
    critical_k=721.8,  # IUPAC
    # 5 C, 9 H, O, N and a heterocyclic ring: 15.9, 2.31, 6.11, 4.54, -18.3
    diffusion_volume=92.6,
)
WATER: Final = Solvent(
    name="water",
    molar_mass_kg_mol=0.018015,
    liquid_density_kg_m3=997.0,  # 25 degC
    heat_capacity_j_kg_k=4190.0,
    # Landolt-Boernstein IV/20, 323 to 393 K; at 298 K it is 1 % off
    antoine_a=23.28024,
    antoine_b_k=3869.701,
    antoine_c_k=-43.932,
    antoine_range_k=(323.0, 393.0),
    latent_ref_j_mol=40_650.0,  # at the boiling point (CRC Handbook)
    latent_ref_k=373.15,
    critical_k=647.1,
    diffusion_volume=13.1,  # Fuller's own value for H2O
)
_SOLVENTS: Final = {solvent.name.lower(): solvent for solvent in (NMP, WATER)}


def solvent(name: str) -> Solvent:
    """Raises InvalidInput where it is neither ``NMP`` nor ``water``."""
    try:
        return _SOLVENTS[name.strip().lower()]
    except KeyError:
        raise InvalidInput(f"unknown solvent {name!r}; known are NMP and water") from None
