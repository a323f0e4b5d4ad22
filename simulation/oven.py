"""The oven: zones of heated air, a web that dries on its way through them.

Air follows its setpoint with the burner's lag. The web is followed cell by cell from the
inlet, all quasi-steady: heat from the air (impinging jets, h falling a little along the
oven), cooling by evaporation, and Stefan-free evaporation from a wet surface at the vapour
pressure of NMP. Below a critical moisture the rate follows a characteristic drying curve
(D. A. van Meel 1958),

    N = N_wet (X / X_c) ** 0.7,   X = kg solvent / kg solid.

Vapour pressure: ln p = 17.07 - 5914 / T [kPa], through 1.4 kPa at 80 degC and the boiling
point of 202 degC. The binder is carried up while the pores empty, between X = 0.30 and X_c,
the more the faster: ``migration`` is its share at the surface over the mean, by a power of
the rate (exponent 1.3 chosen), some 1.2 in ordinary running.
"""

from dataclasses import dataclass

import numpy as np

from simulation.chance import Array, Lag, Wander

LIMITS_DEGC = (20.0, 180.0)
AMBIENT_DEGC = 25.0
CELLS_PER_ZONE = 6

_H_W_M2_K = (64.0, 62.0, 62.0)
"""Both sides of the web together; later zones blow more softly."""
_LATENT_J_G = 510.0
_MASS_PER_HEAT = 5.5e-4
"""Mass transfer coefficient over h [m3 K / J]: 1 / (rho c Le^(2/3)) of hot air and NMP."""
_MOLAR_OVER_R = 99.13 / 8.314
"""[g K / J]"""
_CRITICAL = 0.12
_DRYING_EXPONENT = 0.7
_AIR_VAPOUR_PA = (350.0, 300.0, 150.0)
"""What the exhaust leaves in each zone's air in ordinary running."""


class Air:
    """One zone's air: its setpoint, the burner's lag and its wander."""

    def __init__(self, setpoint: float, dt: float, start: float) -> None:
        self.setpoint = setpoint
        self._lag = Lag(setpoint, 40.0, dt)
        self._burner = Wander(0.4, 30.0, dt, start)

    def command(self, setpoint: float) -> float:
        """Takes an air setpoint [degC] and returns it as clamped."""
        low, high = LIMITS_DEGC
        if setpoint == setpoint:
            self.setpoint = min(max(setpoint, low), high)
        return self.setpoint

    def run(self, heater: Array, normals: Array) -> Array:
        """``heater``: what is left of its power, 1 as built."""
        reached = AMBIENT_DEGC + (self.setpoint - AMBIENT_DEGC) * heater
        return self._lag.run(reached + self._burner.run(normals))


@dataclass(frozen=True, slots=True)
class Dried:
    """At each slow tick: the web's temperature at each zone's end, and what left the oven.

    ``residual_pct`` is solvent over solids; ``peak_g_m2_s`` the highest drying rate.
    """

    web_degc: tuple[Array, ...]
    residual_pct: Array
    migration: Array
    peak_g_m2_s: Array


def vapour_pa(zone: int, exhaust: Array) -> Array:
    """Vapour in the air of a zone (from 0), by its exhaust's flow (1 as built)."""
    found: Array = _AIR_VAPOUR_PA[min(zone, len(_AIR_VAPOUR_PA) - 1)] / np.maximum(exhaust, 0.05)
    return found


def dry(
    air_degc: tuple[Array, ...],
    exhaust: tuple[Array, ...],
    zone_m: float,
    speed_m_min: Array,
    loading_mg_cm2: Array,
    solids: Array,
    heat: float = 1.0,
) -> Dried:
    """Follows the web that leaves now; ``exhaust`` is each zone's flow, 1 as built, and
    ``heat`` the oven's own factor on all heat transfer."""
    speed_m_s = np.maximum(speed_m_min, 2.0) / 60.0
    cell_s = zone_m / CELLS_PER_ZONE / speed_m_s
    solid = np.maximum(loading_mg_cm2, 0.5) * 10.0
    solvent = solid * (1.0 - solids) / solids
    web = np.full_like(speed_m_s, AMBIENT_DEGC)
    dry_j_m2_k = 40.0 + 0.8 * solid
    at_ends, rates, moistures = [], [], []
    for zone, (air, flow) in enumerate(zip(air_degc, exhaust, strict=True)):
        h = heat * _H_W_M2_K[min(zone, len(_H_W_M2_K) - 1)]
        vapour = vapour_pa(zone, flow)
        for _ in range(CELLS_PER_ZONE):
            kelvin = web + 273.15
            pressure = 1000.0 * np.exp(17.07 - 5914.0 / kelvin)
            wet = (_MASS_PER_HEAT * _MOLAR_OVER_R * h) * (pressure - vapour) / kelvin
            moisture = solvent / solid
            held = np.minimum(moisture / _CRITICAL, 1.0) ** _DRYING_EXPONENT
            left = solvent / (1.0 + np.maximum(wet, 0.0) * held * cell_s / solvent)
            rate = (solvent - left) / cell_s
            stiff = h + (_LATENT_J_G * 5914.0) * rate / (kelvin * kelvin)
            gain = h * (air - web) - rate * _LATENT_J_G
            web = web + cell_s * gain / (dry_j_m2_k + 1.7 * solvent + cell_s * stiff)
            solvent = left
            rates.append(rate)
            moistures.append(moisture)
        at_ends.append(web)
    rate_at, moisture_at = np.array(rates), np.array(moistures)
    emptying = (moisture_at < 0.30) & (moisture_at > _CRITICAL)
    # Added one cell after another: the sum must not depend on how many ticks there are.
    carried = np.cumsum(np.where(emptying, rate_at**1.3, 0.0), axis=0)[-1] * cell_s
    return Dried(
        tuple(at_ends),
        100.0 * solvent / solid,
        1.0 + 0.2 * carried / (0.18 * solid),
        np.max(rate_at, axis=0),
    )
