"""What an oven zone reads and what an integrator sets.

Zones with the same parent are one oven. What holds for the whole oven (solvent, film,
limits of residual solvent and migration) is taken from its first zone.
"""

from typing import Final

from twin.asset import ParameterSpec, SignalSpec
from twin.electrode.formulation import LABEL

SIGNALS: Final = (
    SignalSpec(
        "air_temperature",
        "degC",
        "Temperature of the drying air",
        minimum=-20.0,
        maximum=300.0,
        max_rate=20.0,
        required=True,
    ),
    SignalSpec(
        "web_temperature",
        "degC",
        "Temperature of the web at the end of the zone",
        minimum=-20.0,
        maximum=300.0,
        max_rate=50.0,
    ),
    SignalSpec(
        "air_setpoint",
        "degC",
        "Setpoint of the air temperature",
        minimum=0.0,
        maximum=250.0,
    ),
    SignalSpec(
        "exhaust_solvent",
        "%",
        "Solvent vapour in the exhaust air, by volume",
        minimum=0.0,
        maximum=100.0,
    ),
)


def _number(
    name: str,
    unit: str,
    default: float,
    minimum: float,
    maximum: float,
    description: str,
    source: str,
) -> ParameterSpec:
    return ParameterSpec(name, unit, description, default, minimum, maximum, source)


_TEMPERATURES: Final = (
    _number(
        *("air_time_constant", "s", 60.0, 0.1, 36_000.0),
        "Lag of the air temperature behind its setpoint",
        "convection dryers of some kW a metre; to be calibrated",
    ),
    _number(
        *("web_time_constant", "s", 5.0, 0.1, 3600.0),
        "Lag of the web temperature behind the air's",
        "areal heat capacity 0.3 kJ/(m2 K) over 60 W/(m2 K); to be calibrated",
    ),
    _number(
        *("air_offset", "K", 3.0, 0.001, 100.0),
        "Standard deviation of how far from its setpoint the air settles",
        "zones under proportional control; chosen",
    ),
    _number(
        *("web_offset", "K", 30.0, 0.001, 200.0),
        "Standard deviation of how far from the air the web settles",
        "evaporation holds a wet web near the wet-bulb temperature; chosen",
    ),
    _number(
        *("offset_wander", "K", 0.02, 0.0, 10.0),
        "Standard deviation by which these distances may change in one second",
        "chosen",
    ),
    _number(
        *("temperature_noise", "K", 0.3, 0.001, 50.0),
        "Standard deviation of a reading",
        "thermocouple with its transmitter; chosen",
    ),
    _number(
        *("temperature_wander", "K", 0.1, 0.0001, 50.0),
        "Standard deviation by which a temperature may change in one second",
        "chosen",
    ),
    _number(
        *("air_tolerance", "K", 5.0, 0.1, 100.0),
        "How far the settled air may be from its setpoint before it is told as a fault",
        "chosen",
    ),
)

_GEOMETRY: Final = (
    _number(
        *("position", "m", 0.0, 0.0, 1000.0),
        "Where the zone begins, behind the slot die along the web; orders the zones",
        "plant; zones at the same position follow each other by name",
    ),
    _number(
        *("length", "m", 0.0, 0.0, 200.0),
        "Length of the zone along the web; 0: not known, and drying is not estimated",
        "plant",
    ),
    ParameterSpec(
        "coater",
        None,
        "Asset id of the coater before the oven; empty: the only one there is",
        default="",
    ),
    _number(
        *("heat_transfer_coefficient", "W/(m2.K)", 40.0, 1.0, 500.0),
        "From the air to one side of the web",
        "slot-nozzle dryers 30 to 100 (H. Martin, Adv. Heat Transfer 13, 1977, 1); chosen, "
        "and learned from web temperatures",
    ),
    _number(
        *("heated_sides", "1", 2.0, 1.0, 2.0),
        "Sides of the web on which the air blows; only one dries",
        "flotation dryers blow on both; plant",
    ),
    _number(
        *("vapour_fraction", "%", 0.1, 0.0, 90.0),
        "Solvent vapour in the zone's air, by volume; exhaust_solvent where it is read",
        "NMP ovens stay under a quarter of the lower explosive limit of 1.3 %; chosen",
    ),
)

_FILM: Final = (
    ParameterSpec("solvent", None, "What evaporates: 'NMP' or 'water'", default="NMP"),
    _number(
        *("solid_density", "kg/m3", 4400.0, 500.0, 10_000.0),
        "Density of the coating's solids without pores",
        "NMC622 with its binder and carbon; recipe",
    ),
    _number(
        *("initial_porosity", "%", 46.0, 5.0, 90.0),
        "Porosity of the dried film before calendering; it consolidates there",
        "real lines 42 to 49 %; to be calibrated",
    ),
    _number(
        *("foil_thickness", "um", 15.0, 1.0, 200.0),
        "Thickness of the foil",
        "aluminium foil, 12 to 20 um; recipe",
    ),
    _number(
        *("bound_solvent", "%", 0.3, 0.001, 10.0),
        "Solvent that the binder holds, of the dry mass: below it drying gets slow",
        "chosen; to be calibrated",
    ),
    _number(
        *("binder_diffusivity", "m2/s", 1e-10, 1e-14, 1e-7),
        "Effective diffusivity of the binder in the wet film",
        "Font et al. 2018 leave it to calibration; known to a factor of two at best; chosen",
    ),
    _number(
        *("solids_uncertainty", "%", 0.5, 0.0, 20.0),
        "Standard deviation of the slurry's solids where no mixer tells it",
        "chosen",
    ),
    _number(
        *("film_temperature_error", "K", 3.0, 0.1, 50.0),
        "What the model's film temperature may be wrong by, besides the reading's noise",
        "radiation, edges, place and emissivity of the sensor; chosen",
    ),
)

_LIMITS: Final = (
    _number(
        *("air_setpoint_min", "degC", 40.0, 0.0, 250.0),
        "Lowest setpoint that may be proposed",
        "plant",
    ),
    _number(
        *("air_setpoint_max", "degC", 140.0, 0.0, 250.0),
        "Highest setpoint that may be proposed",
        "plant",
    ),
    _number(
        *("setpoint_step_max", "K", 10.0, 0.5, 100.0),
        "Largest change of a setpoint in one proposal",
        "chosen",
    ),
    _number(
        *("neighbour_difference_max", "K", 40.0, 1.0, 200.0),
        "Largest difference of the setpoints of neighbouring zones",
        "chosen",
    ),
    _number(
        *("film_temperature_limit", "degC", 130.0, 30.0, 250.0),
        "Highest temperature of the film",
        "PVDF melts at 160 to 175 degC; chosen well below",
    ),
    _number(
        *("residual_solvent_limit", "%", 0.5, 0.01, 20.0),
        "Most solvent left behind the oven, of the dry mass",
        "recipe; chosen",
    ),
    _number(
        *("migration_limit", "1", 2.0, 0.05, 100.0),
        "Highest migration index: binder at the surface over its mean, less 1",
        "chosen; to be set by adhesion tests",
    ),
)

PARAMETERS: Final = (*_TEMPERATURES, *_GEOMETRY, *_FILM, *_LIMITS, LABEL)
