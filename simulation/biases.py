"""How one plant differs from the next: what its sensors are constantly wrong by, how much
of a change they see, and its own coating and oven.
"""

from dataclasses import dataclass

from numpy.random import Generator

from simulation.settings import Natural, Sensors


@dataclass(frozen=True, slots=True)
class Biases:
    """Drawn once for a plant. Factors where nothing else is said."""

    gauge_top: float
    """Relative, added to 1."""
    gauge_exit: float
    """Relative, added to 1."""
    flow: float
    pressure: float
    tension: float
    counter: float
    viscosity: float
    line_load: float
    exhaust: float
    wet_um: float
    dry_um: float
    calender_um: float
    solids_points: float
    speed_sees: float
    """Exponent on the hidden change; so are the next ones."""
    gap_sees: float
    pressure_sees: float
    viscosity_sees: float
    initial_porosity: float
    """Added to the formulation's, as a fraction."""
    stiffness: float
    solid_density: float
    heat: float

    @classmethod
    def drawn(cls, rng: Generator, sensors: Sensors, natural: Natural) -> "Biases":
        s, n = sensors, natural
        normal = rng.standard_normal
        return cls(
            gauge_top=s.gauge_top_bias / 100.0 * normal(),
            gauge_exit=s.gauge_exit_bias / 100.0 * normal(),
            flow=1.0 + s.flow_bias / 100.0 * normal(),
            pressure=1.0 + s.pressure_bias / 100.0 * normal(),
            tension=1.0 + s.tension_bias / 100.0 * normal(),
            counter=1.0 + s.counter_bias / 100.0 * normal(),
            viscosity=1.0 + s.viscosity_bias / 100.0 * normal(),
            line_load=1.0 + s.line_load_bias / 100.0 * normal(),
            exhaust=1.0 + s.exhaust_bias / 100.0 * normal(),
            wet_um=s.thickness_bias_um * normal(),
            dry_um=s.thickness_bias_um * normal(),
            calender_um=s.calender_bias_um * normal(),
            solids_points=s.solids_bias_points * normal(),
            speed_sees=rng.uniform(*s.speed_sees),
            gap_sees=rng.uniform(*s.gap_sees),
            pressure_sees=rng.uniform(*s.pressure_sees),
            viscosity_sees=rng.uniform(*s.viscosity_sees),
            initial_porosity=n.plant_porosity / 100.0 * normal(),
            stiffness=1.0 + n.plant_stiffness / 100.0 * normal(),
            solid_density=1.0 + n.plant_solid_density / 100.0 * normal(),
            heat=1.0 + n.plant_heat / 100.0 * normal(),
        )
