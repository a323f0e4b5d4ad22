"""What follows the coating: oven zones and a calender.

Both are there to be watched; nothing that they do reaches back to the loading.
"""

import math

from numpy.random import Generator

from simulation.chance import Lag, Wander


class OvenZone:
    """Air that follows its setpoint, and a web that is warmed by it but cooled by drying."""

    LIMITS_DEGC = (20.0, 180.0)

    def __init__(self, rng: Generator, setpoint: float, evaporative_drop_k: float) -> None:
        self._rng = rng
        self.setpoint = setpoint
        self._drop_k = evaporative_drop_k
        self._air = Lag(setpoint, time_constant_s=40.0)
        self._web = Lag(setpoint - evaporative_drop_k, time_constant_s=8.0)
        self._burner = Wander(rng, sd=0.4, time_constant_s=30.0)

    def command(self, setpoint: float) -> float:
        """Takes an air setpoint [degC] and returns it as clamped."""
        low, high = self.LIMITS_DEGC
        if not math.isnan(setpoint):
            self.setpoint = min(max(setpoint, low), high)
        return self.setpoint

    def step(self, dt: float) -> None:
        self._air.step(self.setpoint + self._burner.step(dt), dt)
        self._web.step(self._air.value - self._drop_k, dt)

    def air_degc(self) -> float:
        return float(self._air.value + 0.1 * self._rng.standard_normal())

    def web_degc(self) -> float:
        return float(self._web.value + 0.3 * self._rng.standard_normal())


class Calender:
    """Rolls under a line load. Porosity falls exponentially with load to a minimum, and
    the web springs back a little behind the nip. Thickness is that of the whole web,
    foil and both coatings.
    """

    FOIL_UM = 15.0
    SOLID_DENSITY_G_CM3 = 4.2
    POROSITY = (0.22, 0.45)
    """At infinite load, and uncalendered."""
    GAMMA_KN_M = 80.0
    SPRING_BACK = 0.015
    STRETCH_UM_PER_KN_M = 0.1
    """The frame opens under load, so the gap that the operators read is not the nip's."""

    def __init__(self, rng: Generator, line_load_kn_m: float, roll_degc: float) -> None:
        self._rng = rng
        self._set_load = line_load_kn_m
        self._hydraulics = Wander(rng, sd=0.8, time_constant_s=15.0)
        self._rolls = Wander(rng, sd=0.5, time_constant_s=60.0)
        self._roll_degc = roll_degc

    def step(self, dt: float) -> None:
        self._hydraulics.step(dt)
        self._rolls.step(dt)

    @property
    def _load(self) -> float:
        return self._set_load + self._hydraulics.value

    def _coatings_um(self, loading_mg_cm2: float) -> float:
        least, most = self.POROSITY
        porosity = least + (most - least) * math.exp(-self._load / self.GAMMA_KN_M)
        one_side_um = loading_mg_cm2 * 10.0 / (self.SOLID_DENSITY_G_CM3 * (1.0 - porosity))
        return 2.0 * one_side_um

    def line_load_kn_m(self) -> float:
        return float(self._load + 0.2 * self._rng.standard_normal())

    def gap_um(self, loading_mg_cm2: float) -> float:
        nip = self._coatings_um(loading_mg_cm2) + self.FOIL_UM
        read = nip - self.STRETCH_UM_PER_KN_M * self._load
        return float(read + 0.1 * self._rng.standard_normal())

    def roll_degc(self) -> float:
        return float(self._roll_degc + self._rolls.value + 0.1 * self._rng.standard_normal())

    def thickness_um(self, loading_mg_cm2: float) -> float:
        """Behind the nip, for a web with that loading on each side."""
        coatings = self._coatings_um(loading_mg_cm2) * (1.0 + self.SPRING_BACK)
        return float(coatings + self.FOIL_UM + 0.3 * self._rng.standard_normal())
