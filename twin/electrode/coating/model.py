"""Slot-die coating: film, loading, and how the loading answers to the setpoints.

All functions are pure; units as in the argument names' docstrings.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

MODEL = "slot-die-mass-balance/1"


class Feed(StrEnum):
    """What drives the slurry: a metering pump sets the flow, a pressure vessel does not."""

    METERED = "metered"
    PRESSURE = "pressure"


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """d ln(loading) / d ln(setpoint), and the standard deviation of that exponent."""

    exponent: float
    sd: float


def wet_film_thickness(flow: float, width: float, speed: float) -> float:
    """h = Q / (w U), in um, of a flow [mL/min] on a width [mm] at a line speed [m/min].

    Mass balance: what the die gives out is carried away by the web.
    """
    return 1000.0 * flow / (width * speed)


def dry_loading(wet_film: float, density: float, solids: float) -> float:
    """m = h rho x, in mg/cm2, of a wet film [um] of a slurry [kg/m3] with solids [% by mass].

    Mass balance: the solvent leaves, the solids stay.
    """
    return wet_film * 1e-6 * density * (solids / 100.0) * 100.0


def to_line_speed() -> Sensitivity:
    """-1, exactly, from h = Q / (w U): the flow does not feel the web.

    A small width stays for the pump's own answer and for slip of the speed's encoder
    (0.02: chosen).
    """
    return Sensitivity(-1.0, 0.02)


def to_slot_gap(feed: Feed) -> Sensitivity:
    """0 for a metered feed: the pump sets the flow, whatever the gap. 3 for a pressure
    feed: laminar flow between parallel plates, Q = w h³ dp / (12 mu L) (plane Poiseuille;
    R. B. Bird, W. E. Stewart, E. N. Lightfoot, Transport Phenomena, 2.B.3).

    For a shear-thinning slurry of power-law index n the exponent is 2 + 1/n (same,
    8.3); 3 with a standard deviation of 0.3 covers n of 0.6 to 1 to two of them.
    """
    if feed is Feed.METERED:
        return Sensitivity(0.0, 0.0)
    return Sensitivity(3.0, 0.3)


@dataclass(frozen=True, slots=True)
class Predicted:
    """A loading [mg/cm2] and its standard deviation."""

    loading: float
    sd: float

    def interval(self, sigmas: float = 1.959963984540054) -> tuple[float, float]:
        """Lower and upper bound; 1.96 sigma for 95 %."""
        return self.loading - sigmas * self.sd, self.loading + sigmas * self.sd


def after_change(
    loading: float,
    loading_sd: float,
    ratio: float,
    setpoint_relative_sd: float,
    sensitivity: Sensitivity,
) -> Predicted:
    """The loading after a setpoint has become ``ratio`` times as large: m r^e.

    The variance of ln m is that of the present loading, of the exponent (times ln² r)
    and of the setpoint that really was (relative, times e²).
    """
    predicted = loading * ratio**sensitivity.exponent
    variance = (
        (loading_sd / loading) ** 2
        + (math.log(ratio) * sensitivity.sd) ** 2
        + (sensitivity.exponent * setpoint_relative_sd) ** 2
    )
    return Predicted(predicted, predicted * math.sqrt(variance))


def ratio_to_target(loading: float, target: float, sensitivity: Sensitivity) -> float:
    """By what the setpoint must be multiplied so that the loading becomes the target.

    Raises ValueError where the setpoint does not move the loading.
    """
    if sensitivity.exponent == 0:
        raise ValueError("this setpoint does not move the loading")
    return float((target / loading) ** (1.0 / sensitivity.exponent))
