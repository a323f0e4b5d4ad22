"""Between lips and web: how much of the flow the web takes, how wide, and when the bead fails.

A steady bead hands on what the die gives. A faster web drags a little more out of a
pressure-fed die, and draws the coating narrower. Below a least film the bead can't bridge
the gap: the coating breaks into ribs. That least film is an empirical law of this plant,

    h_min = G * 0.70 * (1 - exp(-1.3 Ca^0.4)),   Ca = mu U / sigma,

with mu at the shear rate of the coating gap, U / G (form and figures chosen: it levels off
with speed, as experiments at high capillary numbers do).
"""

import numpy as np

from simulation.chance import Array
from simulation.slurry import Real, Slot

BACK_PRESSURE = 0.03
"""d ln Q / d ln U of a pressure-fed die."""
NECK_IN_M = 0.003
"""How much narrower than the die the coating is at the nominal speed, both edges."""
SURFACE_TENSION_N_M = 0.040
SLIP = 0.06
"""Of the web on its backing roll for each (tension lost / tension left)."""

BEAD_S = 0.4
"""Time constant of the bead between die and web."""


def drawn(relative_speed: Real) -> Real:
    """The factor on the flow by the web's drag; ``relative_speed`` is 1 at the nominal speed."""
    factor: Real = relative_speed**BACK_PRESSURE
    return factor


def width_m(slot: Slot, relative_speed: Real) -> Real:
    return slot.width_m - NECK_IN_M * relative_speed


def grip(relative_tension: Real) -> Real:
    """The web's speed over the roll's, where tension is ``relative_tension`` of what is set.

    A slack web slips; a tighter one can't run faster than the roll, but for some creep.
    """
    lost = 1.0 / relative_tension - 1.0
    speed: Real = 1.0 - SLIP * (np.maximum(lost, 0.0) + 0.1 * np.minimum(lost, 0.0))
    return speed


def least_film_um(slot: Slot, speed_m_s: Array, consistency: Array, n: Array) -> Array:
    """The thinnest wet film [um] that still coats the whole width."""
    gap_m = slot.to_web_um * 1e-6
    viscosity = consistency * (np.maximum(speed_m_s, 0.01) / gap_m) ** (n - 1.0)
    capillary = viscosity * np.maximum(speed_m_s, 0.01) / SURFACE_TENSION_N_M
    found: Array = slot.to_web_um * 0.70 * (1.0 - np.exp(-1.3 * capillary**0.4))
    return found


def ribbing(margin: Array) -> Array:
    """Amplitude of the ribs, relative to the loading, where the film is ``margin`` (of the
    least film) above it: none above, and a third of the film at most."""
    return np.clip(-3.0 * margin, 0.0, 0.33)
