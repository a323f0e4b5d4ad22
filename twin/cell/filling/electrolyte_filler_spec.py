"""What an electrolyte filler tells, and what is set of it."""

from typing import Final

from twin.asset import ParameterSpec, SignalSpec

_HEAVIEST_CELL_G: Final = 20_000.0

SIGNALS: Final = (
    SignalSpec(
        "dry_cell_mass",
        "g",
        "mass of the cell before filling; the reading's text is the cell's serial",
        above=0.0,
        maximum=_HEAVIEST_CELL_G,
        per_item=True,
    ),
    SignalSpec(
        "wet_cell_mass",
        "g",
        "mass of the cell after filling; the reading's text is the cell's serial",
        above=0.0,
        maximum=_HEAVIEST_CELL_G,
        per_item=True,
    ),
    SignalSpec(
        "electrolyte_volume",
        "mL",
        "volume dosed; the reading's text is the cell's serial",
        minimum=0.0,
        maximum=10_000.0,
        per_item=True,
    ),
    SignalSpec(
        "empty_scale",
        "g",
        "what the scale shows with nothing on it",
        minimum=-100.0,
        maximum=100.0,
        per_item=True,
    ),
    SignalSpec(
        "soak_temperature",
        "degC",
        "temperature where filled cells soak",
        minimum=-20.0,
        maximum=90.0,
        gap_after_s=3600.0,
    ),
    SignalSpec(
        "wetting_time",
        "h",
        "how long after filling a cell was seen to be wetted (impedance, ultrasound); the "
        "reading's text is the cell's serial",
        above=0.0,
        maximum=1_000.0,
        per_item=True,
    ),
)


def _number(
    name: str,
    unit: str,
    description: str,
    default: float,
    source: str,
    minimum: float | None = 0.0,
    maximum: float | None = None,
) -> ParameterSpec:
    return ParameterSpec(name, unit, description, default, minimum, maximum, source)


WEIGHING: Final = (
    _number(
        "completion_window",
        "s",
        "how long after its last reading a cell may still get another one",
        900.0,
        "longer than a filling cycle with its vacuum steps; set it per station",
        1.0,
    ),
    _number(
        "scale_resolution",
        "g",
        "step of the scale's display",
        0.001,
        "fillers are specified to ±0.05 g; their scales show 1 mg",
    ),
    _number(
        "scale_sd",
        "g",
        "standard deviation of one weighing of the same cell",
        0.005,
        "assumption: a tenth of the tolerance; the scale's data sheet says it",
    ),
    _number(
        "volume_resolution",
        "mL",
        "step of the dosing pump",
        0.01,
        "assumption; the pump's data sheet says it",
    ),
    _number(
        "electrolyte_target",
        "g",
        "mass of electrolyte that a cell should get; 0: no verdict is given",
        0.0,
        "the cell's design",
    ),
    _number(
        "fill_tolerance",
        "g",
        "a cell with more or less than the target by that much is not filled well",
        0.05,
        "fillers are specified to ±0.05 g",
        1e-6,
    ),
    _number(
        "electrolyte_density",
        "g/cm3",
        "density of the electrolyte; 0: dosing and weighing are not compared",
        0.0,
        "its data sheet; about 1.2 for carbonates with 1 mol/L of LiPF6",
        0.0,
        5.0,
    ),
)

SOAKING: Final = (
    _number(
        "wetting_length",
        "mm",
        "how far electrolyte must creep in the electrode: half the width of a jellyroll or "
        "stack that is open at two edges",
        50.0,
        "the cell's design",
        0.1,
        10_000.0,
    ),
    _number(
        "wetting_length_sd",
        "%",
        "standard deviation of that length",
        5.0,
        "assumption",
        0.0,
        100.0,
    ),
    _number(
        "electrolyte_viscosity",
        "mPa.s",
        "viscosity of the electrolyte at 25 degC",
        3.0,
        "typical of carbonates with 1 mol/L of LiPF6; its data sheet says it",
        0.01,
        1_000.0,
    ),
    _number(
        "viscosity_activation_energy",
        "kJ/mol",
        "how viscosity falls with temperature, after Arrhenius",
        17.0,
        "typical of carbonate electrolytes; to be calibrated",
        0.0,
        100.0,
    ),
    _number(
        "surface_tension",
        "mN/m",
        "surface tension of the electrolyte",
        30.0,
        "typical of carbonate electrolytes; its data sheet says it",
        0.1,
        1_000.0,
    ),
    _number(
        "contact_angle_cosine",
        "1",
        "cosine of the angle at which electrolyte meets the electrode",
        0.87,
        "assumption: 30 degrees; to be calibrated",
        0.01,
        1.0,
    ),
    _number(
        "soak_temperature_default",
        "degC",
        "temperature of the soak where nothing measures it",
        25.0,
        "assumption: a conditioned room",
        -20.0,
        90.0,
    ),
    _number(
        "planned_soak",
        "h",
        "how long filled cells soak by plan; 0: nothing is planned",
        0.0,
        "the plant's own plan",
    ),
    ParameterSpec(
        "wetting_electrode",
        None,
        "electrode that wets last: anode or cathode. The curve behind the model is graphite's",
        default="anode",
    ),
)

PARAMETERS: Final = (*WEIGHING, *SOAKING)
