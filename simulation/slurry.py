"""The slurry, and the slot that it is pressed through.

The slurry follows a power law, tau = K * rate**n. Through a slot of height H, width W
and length L under the pressure P, plane Poiseuille flow gives

    Q = W H^2 / (2 (1/n + 2)) * (P H / (2 K L)) ** (1/n)

(Bird, Stewart and Lightfoot, Transport Phenomena, table of power-law flows). With
n = 0.6, flow goes with H to the power 3.67 and not 3.
"""

from dataclasses import dataclass
from typing import TypeVar

from simulation.chance import Array

Real = TypeVar("Real", float, Array)

SOLVENT_KG_M3 = 1028.0
"""NMP at 25 degC."""


@dataclass(frozen=True, slots=True)
class Slurry:
    """A cathode slurry as mixed; typical figures, not one maker's.

    ``density_kg_m3`` is that at ``solids`` (a mass fraction); with other solids it follows
    the volumes of the two.
    """

    consistency_pa_sn: float = 10.0
    power_law_index: float = 0.6
    density_kg_m3: float = 2100.0
    solids: float = 0.70

    def density(self, solids_factor: Real) -> Real:
        """Density [kg/m3] where solids are ``solids_factor`` times what they should be."""
        solvent_m3_kg = 1.0 / SOLVENT_KG_M3
        slope = (solvent_m3_kg - 1.0 / self.density_kg_m3) / self.solids
        return 1.0 / (solvent_m3_kg - slope * self.solids * solids_factor)


@dataclass(frozen=True, slots=True)
class Slot:
    """The slot between the die lips. Its height is the gap that operators set."""

    width_m: float = 0.6
    length_m: float = 0.040
    to_web_um: float = 150.0
    """How far the lips stand from the web: the coating gap."""

    def flow_m3_s(self, pressure_pa: Real, gap_m: Real, consistency: Real, n: Real) -> Real:
        wall_stress = pressure_pa * gap_m / (2.0 * self.length_m)
        profile = self.width_m * gap_m**2 / (2.0 * (1.0 / n + 2.0))
        flow: Real = profile * (wall_stress / consistency) ** (1.0 / n)
        return flow

    def pressure_pa(self, flow_m3_s: float, gap_m: float, consistency: float, n: float) -> float:
        """The pressure that drives that flow; the inverse of ``flow_m3_s``."""
        profile = self.width_m * gap_m**2 / (2.0 * (1.0 / n + 2.0))
        stress = consistency * (flow_m3_s / profile) ** n
        return float(stress * 2.0 * self.length_m / gap_m)
