"""The calender: rolls under a line load, and the lab that measures what came of it.

Porosity in the nip falls by a power law of the line load,

    e = e_0 (1 + q_eff / q_0) ** -m,   m falling a little with speed,

    q_eff = q * wear * (20 mg/cm2 / loading) ** 0.3    (a thick coating spreads the force)
    q_0 softer by 0.4 % for each kelvin of the rolls,

and behind it the coating springs back by a few per cent of its thickness. (Power laws of
this form are used for powders, K. Kawakita and K.-H. Ludde 1971; figures chosen so that
150 um of electrode come out at 32 %.) The frame opens under load, and worn
rolls are thinner than the machine thinks: the gap that the operators read is not the nip's.
The thickness is that of the whole web: foil and both coatings, the second side being like the
first.
"""

from dataclasses import dataclass

import numpy as np

from simulation.chance import Array, Wander

NOMINAL_DEGC = 80.0
LIMITS_KN_M = (20.0, 250.0)


@dataclass(frozen=True, slots=True)
class Compaction:
    """How a coating packs: ``initial`` and all porosities as a fraction."""

    initial: float = 0.47
    load_kn_m: float = 35.0
    exponent: float = 0.30
    speed_exponent: float = 0.02
    softening_1_k: float = 0.004
    spring_back: float = 0.025
    solid_density_g_cm3: float = 4.35

    def porosity(
        self, load_kn_m: Array, degc: Array, speed_m_min: Array, loading_mg_cm2: Array, more: Array
    ) -> Array:
        """Behind the rolls; ``more`` is how much more porous it came than ``initial``."""
        least = np.maximum(loading_mg_cm2, 1.0)
        load = load_kn_m * (20.0 / least) ** 0.3
        soft = self.load_kn_m * (1.0 - self.softening_1_k * (degc - NOMINAL_DEGC))
        power = self.exponent * (np.maximum(speed_m_min, 1.0) / 40.0) ** -self.speed_exponent
        in_nip = (self.initial + more) * (1.0 + load / soft) ** -power
        found: Array = 1.0 - (1.0 - in_nip) / (1.0 + self.spring_back)
        return found

    def side_um(self, porosity: Array | float, loading_mg_cm2: Array) -> Array:
        found: Array = loading_mg_cm2 * 10.0 / (self.solid_density_g_cm3 * (1.0 - porosity))
        return found


@dataclass(frozen=True, slots=True)
class Rolled:
    """What the calender did at each slow tick; ``porosity`` and thickness as they truly are."""

    load_kn_m: Array
    degc: Array
    porosity: Array
    thickness_um: Array
    gap_um: Array
    new_rolls: Array


class Calender:
    """``set_load`` is followed within some seconds; hydraulics and rolls wander by themselves."""

    STRETCH_UM_PER_KN_M = 0.10
    """The frame; new rolls stand in new bearings: 0.11."""
    WEAR_1_M = 2e-7
    """Pressure in the nip that is lost for each metre of web."""
    WEAR_UM = 400.0
    """Lost from both rolls' diameters as the whole pressure is lost; 4 um with a percent of
    it. Chosen: rolls are ground again after some 20 to 50 um."""

    def __init__(self, load_kn_m: float, foil_um: float, starts: Array, dt: float) -> None:
        self.setpoint = load_kn_m
        self._foil_um = foil_um
        self._load = load_kn_m
        self._share = 1.0 - float(np.exp(-dt / 8.0))
        self._hydraulics = Wander(0.8, 15.0, dt, starts[0])
        self._rolls = Wander(0.5, 60.0, dt, starts[1])
        self._changed_at_m: float | None = None

    def command(self, setpoint: float) -> float:
        """Takes a line load [kN/m] and returns it as clamped."""
        if setpoint == setpoint:
            self.setpoint = min(max(setpoint, LIMITS_KN_M[0]), LIMITS_KN_M[1])
        return self.setpoint

    def run(
        self,
        laws: tuple[Compaction, Compaction],
        second_law: Array,
        loading: Array,
        speed: Array,
        more: Array,
        metre: Array,
        wear: Array,
        changed: Array,
        normals: tuple[Array, Array],
    ) -> Rolled:
        """``second_law`` is 1 where web of the next formulation lies under the rolls;
        ``wear`` a factor on the nip's pressure, ``changed`` 1 from when the rolls are new."""
        loads = []
        for _ in range(len(metre)):
            self._load += (self.setpoint - self._load) * self._share
            loads.append(self._load)
        load = np.array(loads) + self._hydraulics.run(normals[0])
        degc = NOMINAL_DEGC + self._rolls.run(normals[1])
        if self._changed_at_m is None and changed.any():
            self._changed_at_m = float(metre[int(np.argmax(changed > 0.0))])
        since = np.where(changed > 0.0, metre - (self._changed_at_m or 0.0), metre)
        left = np.where(changed > 0.0, 1.0, wear) * (1.0 - self.WEAR_1_M * since)
        pressed = np.where(changed > 0.0, 1.03, 1.0) * left
        first, second = (law.porosity(load * pressed, degc, speed, loading, more) for law in laws)
        porosity = np.where(second_law > 0.5, second, first)
        side = np.where(
            second_law > 0.5, laws[1].side_um(second, loading), laws[0].side_um(first, loading)
        )
        thickness = 2.0 * side + self._foil_um
        stretch = np.where(changed > 0.0, 0.11, self.STRETCH_UM_PER_KN_M)
        thinner = self.WEAR_UM * (1.0 - left)
        gap = thickness / (1.0 + laws[0].spring_back) - stretch * load - thinner
        return Rolled(load, degc, porosity, thickness, gap, changed)
