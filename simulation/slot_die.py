"""A pressure-fed slot die with a shear-thinning slurry.

The slurry follows a power law, tau = K * rate**n. Through a slot of height H, width W
and length L under the pressure P, plane Poiseuille flow gives

    Q = W H^2 / (2 (1/n + 2)) * (P H / (2 K L)) ** (1/n)

(Bird, Stewart and Lightfoot, Transport Phenomena, table of power-law flows). With
n = 0.6, flow goes with H to the power 3.67 and not 3: the twin's closures do not hold here.
"""

from dataclasses import dataclass

from numpy.random import Generator

from simulation.chance import Lag, Wander

_ML_PER_MIN_PER_M3_PER_S = 6e7


@dataclass(frozen=True, slots=True)
class Slurry:
    """A cathode slurry as mixed; typical figures, not one maker's."""

    consistency_pa_sn: float = 10.0
    power_law_index: float = 0.6
    density_kg_m3: float = 2100.0
    solids: float = 0.70


@dataclass(frozen=True, slots=True)
class Slot:
    """The slot between the die lips. Its height is the gap that operators set."""

    width_m: float = 0.6
    length_m: float = 0.040

    def flow_m3_s(self, pressure_pa: float, gap_m: float, consistency: float, n: float) -> float:
        wall_stress = pressure_pa * gap_m / (2.0 * self.length_m)
        profile = self.width_m * gap_m**2 / (2.0 * (1.0 / n + 2.0))
        return float(profile * (wall_stress / consistency) ** (1.0 / n))

    def pressure_pa(self, flow_m3_s: float, gap_m: float, consistency: float, n: float) -> float:
        """The pressure that drives that flow; the inverse of ``flow_m3_s``."""
        profile = self.width_m * gap_m**2 / (2.0 * (1.0 / n + 2.0))
        stress = consistency * (flow_m3_s / profile) ** n
        return float(stress * 2.0 * self.length_m / gap_m)


class SlotDie:
    """The die in motion: the cavity fills and empties with a lag of its own.

    The operators have set the feed pressure so that ``nominal_flow`` [m3/s] comes out at
    ``nominal_gap`` [m]; from then on a regulator holds the pressure.
    """

    BACK_PRESSURE = 0.03
    """A faster web drags at the bead and draws a little more: d ln Q / d ln U."""

    def __init__(
        self, rng: Generator, slurry: Slurry, slot: Slot, nominal_flow: float, nominal_gap: float
    ) -> None:
        self._slurry = slurry
        self._slot = slot
        self.set_pressure_pa = slot.pressure_pa(
            nominal_flow, nominal_gap, slurry.consistency_pa_sn, slurry.power_law_index
        )
        self._cavity = Lag(nominal_flow, time_constant_s=0.6)
        self._regulator = Wander(rng, sd=0.0004, time_constant_s=20.0)
        self._mixing = Wander(rng, sd=0.0004, time_constant_s=120.0)
        self.pressure_pa = self.set_pressure_pa

    @property
    def flow_m3_s(self) -> float:
        return self._cavity.value

    @property
    def flow_ml_min(self) -> float:
        return self.flow_m3_s * _ML_PER_MIN_PER_M3_PER_S

    def step(
        self,
        gap_m: float,
        relative_speed: float,
        viscosity_factor: float,
        pressure_factor: float,
        dt: float,
    ) -> float:
        """Flow [m3/s] after ``dt``; ``relative_speed`` is the web's, 1 at the nominal speed."""
        self.pressure_pa = self.set_pressure_pa * pressure_factor * (1.0 + self._regulator.step(dt))
        consistency = (
            self._slurry.consistency_pa_sn * viscosity_factor * (1.0 + self._mixing.step(dt))
        )
        steady = self._slot.flow_m3_s(
            self.pressure_pa, gap_m, consistency, self._slurry.power_law_index
        )
        drawn: float = max(relative_speed, 0.1) ** self.BACK_PRESSURE
        return self._cavity.step(steady * drawn, dt)
