"""What an oven's profile must keep to."""

from dataclasses import dataclass

from twin.estimation.kalman import Array


@dataclass(frozen=True, slots=True)
class Limits:
    """Arrays by zone: set points and film temperature. ``step_k`` is the largest change of
    a set point at once, ``neighbours_k`` the largest difference of neighbouring set points,
    ``residual_pct`` the most solvent behind the oven, in % of the dry mass."""

    names: tuple[str, ...]
    lower_degc: Array
    upper_degc: Array
    film_degc: Array
    step_k: float
    neighbours_k: float
    residual_pct: float
