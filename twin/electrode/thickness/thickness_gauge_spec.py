"""What the thickness gauge reads and what an integrator sets."""

from typing import Final

from twin.asset import ParameterSpec, SignalSpec
from twin.electrode.formulation import LABEL

SIGNALS: Final = (
    SignalSpec(
        "thickness",
        "um",
        "Thickness of the whole web, foil included",
        above=0.0,
        maximum=1000.0,
        flat_after=50,
        gap_after_s=30.0,
        required=True,
    ),
    SignalSpec(
        "head_position",
        "mm",
        "Position of a scanning head across the web; 0 is the web edge at the operator's side",
        minimum=-500.0,
        maximum=5000.0,
    ),
)

PARAMETERS: Final = (
    LABEL,
    ParameterSpec(
        "film", None, "What it measures: 'wet', 'dry' or 'calendered' film", default="dry"
    ),
    ParameterSpec("coater", None, "The coater whose film it measures", default=""),
    ParameterSpec(
        "distance_from_die",
        "m",
        "Way of the web from the slot die to this gauge",
        default=5.0,
        minimum=0.0,
        maximum=100_000.0,
        source="plant; kilometres where a roll is carried to the calender",
    ),
    ParameterSpec(
        "window",
        "s",
        "Time over which readings make one figure",
        default=10.0,
        minimum=0.5,
        maximum=600.0,
        source="chosen: a pass of a scanning head, and longer than a splice",
    ),
    ParameterSpec(
        "foil_thickness",
        "um",
        "Thickness of the current collector",
        default=15.0,
        minimum=0.0,
        maximum=200.0,
        source="aluminium foil 12-20 um, copper foil 6-10 um; recipe",
    ),
    ParameterSpec(
        "foil_thickness_sd",
        "um",
        "Standard deviation of that thickness",
        default=0.3,
        minimum=0.0,
        maximum=20.0,
        source="foil tolerance ±4 % as two standard deviations; chosen",
    ),
    ParameterSpec(
        "coated_sides",
        "1",
        "Coated sides of the web at this gauge",
        default=1.0,
        minimum=1.0,
        maximum=2.0,
        source="plant",
    ),
    ParameterSpec(
        "target_thickness",
        "um",
        "Thickness that one side's coating should have here; 0: none",
        default=0.0,
        minimum=0.0,
        maximum=1000.0,
        source="recipe; high-energy NMC cathodes after calendering: 80-150 um a side "
        "(reference architecture); dry and wet films are thicker",
    ),
    ParameterSpec(
        "noise",
        "um",
        "Standard deviation of one reading",
        default=1.0,
        minimum=0.01,
        maximum=50.0,
        source="laser gauge pair, ±1 um; its data sheet",
    ),
    ParameterSpec(
        "calibration_sd",
        "um",
        "Standard deviation of the gauge's zero between calibrations: no reading averages it out",
        default=0.5,
        minimum=0.0,
        maximum=50.0,
        source="laser gauge pair on a C-frame that warms; chosen",
    ),
    ParameterSpec(
        "wander",
        "um",
        "Standard deviation by which the thickness may change in one second",
        default=0.05,
        minimum=0.0,
        maximum=50.0,
        source="chosen: 3 um in an hour",
    ),
    ParameterSpec(
        "prior_sd",
        "um",
        "What is known of the thickness under a new formulation",
        default=50.0,
        minimum=0.1,
        maximum=500.0,
        source="chosen: coatings have 80-150 um",
    ),
    ParameterSpec(
        "web_width",
        "mm",
        "Width of the coated web that a scanning head passes over",
        default=600.0,
        minimum=1.0,
        maximum=5000.0,
        source="plant",
    ),
    ParameterSpec(
        "edge",
        "mm",
        "Width of the web edge that is not judged, where the head scans",
        default=10.0,
        minimum=0.0,
        maximum=500.0,
        source="edge bead; plant",
    ),
)
