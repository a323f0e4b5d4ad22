"""The slot die in motion: pressure, lips and cavity, and the bead that hands the film on.

The operators have set the feed pressure so that the target comes out at the nominal gap
and speed; from then on a regulator holds the pressure. In a stop and the restart after
it the PLC lowers the flow with the speed.
"""

from dataclasses import dataclass

import numpy as np

from simulation import bead
from simulation.chance import Array, Lag, Wander
from simulation.faults import FaultKind, Hidden
from simulation.mixer import AtDie
from simulation.settings import LineSettings
from simulation.slurry import Slurry

ML_MIN = 6e7
"""mL/min in a m3/s."""
MG_CM2 = 0.1
"""mg/cm2 in a g/m2."""

_THICKEST_UM = 300.0
"""More runs off: what a restart lays at most."""


@dataclass(frozen=True, slots=True)
class Coated:
    """What the die lays, scan by scan; ``margin`` is that of the wet film over the least one."""

    flow_ml_min: Array
    pressure_factor: Array
    set_pressure_kpa: Array
    loading_mg_cm2: Array
    wet_um: Array
    margin: Array
    lips: Array
    """What the gap's hidden part multiplies the gap by."""


class SlotDie:
    """``starts``: where the ordinary variation of pressure and gap begins."""

    def __init__(self, settings: LineSettings, starts: Array) -> None:
        self._settings = s = settings
        n, dt = s.natural, s.scan_s
        slurries = s.formulation.slurry, s.next_formulation.slurry
        self._pressures_pa = tuple(self._found_pressure(slurry) for slurry in slurries)
        flow = self.nominal_flow(slurries[0])
        self._cavity = Lag(flow, 0.6, dt)
        self._bead = Lag(self.film_um(slurries[0]), bead.BEAD_S, dt)
        self._regulator = Wander(n.pressure[0] / 100.0, n.pressure[1], dt, starts[0])
        self._lips = Wander(n.gap[0] / 100.0, n.gap[1], dt, starts[1])

    def nominal_flow(self, slurry: Slurry) -> float:
        """The flow [m3/s] that gives the target."""
        s = self._settings
        coated_m2_s = bead.width_m(s.slot, 1.0) * s.line_speed_m_min / 60.0
        dry_kg_s = s.target_mg_cm2 / MG_CM2 / 1000.0 * coated_m2_s
        return dry_kg_s / (slurry.density_kg_m3 * slurry.solids)

    def film_um(self, slurry: Slurry) -> float:
        """The wet film that gives the target."""
        return 1e3 * self._settings.target_mg_cm2 / MG_CM2 / (slurry.density_kg_m3 * slurry.solids)

    def _found_pressure(self, slurry: Slurry) -> float:
        s = self._settings
        return s.slot.pressure_pa(
            self.nominal_flow(slurry),
            s.slot_die_gap_um * 1e-6,
            slurry.consistency_pa_sn,
            slurry.power_law_index,
        )

    def run(
        self,
        gap_um: Array,
        speed_m_min: Array,
        running: Array,
        slurry: AtDie,
        hidden: Hidden,
        normals: tuple[Array, Array],
    ) -> Coated:
        """``gap_um`` as its drive stands; ``speed_m_min`` the web's, as it truly is."""
        s = self._settings
        relative_speed = np.maximum(speed_m_min / s.line_speed_m_min, 0.1)
        pressed = (1.0 + self._regulator.run(normals[0])) * hidden.factor(FaultKind.PUMP)
        lips = (1.0 + self._lips.run(normals[1])) * hidden.factor(FaultKind.LIP_GAP)
        set_pa = np.where(slurry.formulation > 0.5, self._pressures_pa[1], self._pressures_pa[0])
        steady = s.slot.flow_m3_s(
            set_pa * pressed, gap_um * 1e-6 * lips, slurry.consistency, slurry.index
        )
        flow = self._cavity.run(steady * bead.drawn(relative_speed) * running)
        speed_m_s = speed_m_min / 60.0
        film_m = flow / (bead.width_m(s.slot, relative_speed) * np.maximum(speed_m_s, 1e-3))
        wet_um = self._bead.run(np.minimum(1e6 * film_m, _THICKEST_UM))
        loading = wet_um * 1e-3 * slurry.density * slurry.solids * MG_CM2
        least = bead.least_film_um(s.slot, speed_m_s, slurry.consistency, slurry.index)
        return Coated(
            flow * ML_MIN, pressed, set_pa * 1e-3, loading, wet_um, wet_um / least - 1.0, lips
        )
