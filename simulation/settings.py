"""The line as it is set up: sizes, recipe, ordinary variation, sensors. Units are in the names.

Values are typical of cathode lines where nothing else is said, and chosen; no maker's.
"""

from dataclasses import dataclass, field, replace

from simulation.calender import Compaction
from simulation.scenarios import SCENARIOS, Scenario
from simulation.slurry import Slot, Slurry


@dataclass(frozen=True, slots=True)
class Formulation:
    """What the mixer makes, and what it becomes under the rolls."""

    name: str = "A"
    slurry: Slurry = field(default_factory=Slurry)
    compaction: Compaction = field(default_factory=Compaction)


@dataclass(frozen=True, slots=True)
class Natural:
    """Ordinary variation: (standard deviation [%], time constant [s]) of each hidden quantity.

    With flow going as (pressure / consistency) ** 1.67 and gap ** 3.67 the loading comes to
    0.27 % (1 sigma) in all; good lines hold 0.2 to 0.4 %. Most is viscosity and feed.
    """

    tank_viscosity: tuple[float, float] = (0.08, 1800.0)
    """Slurry temperature in the tank, some hundredths of a kelvin: 0.13 % of loading."""
    line_viscosity: tuple[float, float] = (0.08, 900.0)
    """Hose and die follow the hall's temperature: 0.13 % of loading."""
    pressure: tuple[float, float] = (0.08, 480.0)
    """The regulator and the vessel's filling: 0.13 % of loading."""
    gap: tuple[float, float] = (0.012, 2400.0)
    """0.05 um of lip, by the die's temperature: 0.04 % of loading."""
    speed: tuple[float, float] = (0.03, 120.0)
    """The drive's own drift."""
    speed_ripple: tuple[float, float] = (0.04, 5.0)
    """The dancer's swing; what the encoder sees, too."""
    tension: tuple[float, float] = (0.5, 60.0)
    """The winder's control: 0.03 % of loading by slip."""
    solids: tuple[float, float] = (0.03, 1800.0)
    """Dosing and evaporation in the tank: 0.06 % of loading."""
    lot_viscosity: float = 0.10
    """Scatter between slurry lots [%], after blending in the tank: 0.17 % of loading."""
    lot_solids: float = 0.03
    """Scatter between slurry lots [%]."""
    porosity: tuple[float, float] = (0.25, 600.0)
    """Of the coating before the rolls, in points: drying, foil, particle sizes."""
    plant_porosity: float = 0.8
    """Between plants, in points, before the rolls: powders and mixers differ."""
    plant_stiffness: float = 4.0
    """Between plants [%]: the line load that it takes for the same porosity."""
    plant_solid_density: float = 1.0
    """Between plants [%]: closed pores and deliveries."""
    plant_heat: float = 3.0
    """Between plants [%]: heat transfer of the oven's nozzles; temperatures make up for more."""


@dataclass(frozen=True, slots=True)
class Sensors:
    """Noise of one sample of 100 ms (fast sensors) or 1 s (slow ones); longer scans average.

    ``…_bias`` is the standard deviation from which each plant draws its constant bias;
    ``…_sees`` the range from which it draws how much of a hidden change its sensor sees.
    """

    gauge_top: float = 0.5
    """Of a sample [%], as X-ray gauges of this price do."""
    gauge_top_bias: float = 0.1
    """[%]; small, since the operators set the line up by this gauge."""
    gauge_exit: float = 0.6
    gauge_exit_bias: float = 0.3
    speed: float = 0.03
    """Encoder [%]."""
    speed_sees: tuple[float, float] = (0.8, 0.95)
    gap_um: float = 0.05
    gap_sees: tuple[float, float] = (0.25, 0.5)
    flow: float = 0.3
    """Mass flow meter [%]."""
    flow_bias: float = 0.4
    pressure: float = 0.1
    pressure_bias: float = 0.5
    pressure_sees: tuple[float, float] = (0.7, 0.9)
    tension: float = 1.0
    """Load cells under a shaking roll [%]."""
    tension_bias: float = 1.0
    counter_bias: float = 0.05
    """Metre counter [%]: the wheel's diameter."""
    wet_um: float = 1.0
    dry_um: float = 0.7
    thickness_bias_um: float = 0.6
    viscosity: float = 1.0
    """Process viscometer [%]."""
    viscosity_bias: float = 3.0
    viscosity_sees: tuple[float, float] = (0.8, 1.0)
    """Exponent: what shear-thinning leaves of a change at the viscometer's lower shear rate."""
    solids_points: float = 0.15
    """Microwave solids meter, in points of solids."""
    solids_bias_points: float = 0.2
    mixer_degc: float = 0.1
    lab_porosity_points: float = 0.43
    """Repeat of a sample's porosity on real lines."""
    calender_um: float = 0.3
    calender_bias_um: float = 0.4
    line_load: float = 0.2
    """Of the mean load [kN/m] in a 1 s reading."""
    line_load_bias: float = 0.8
    """[%]"""
    exhaust: float = 3.0
    """Solvent detector in the exhaust [%], and its bias."""
    exhaust_bias: float = 5.0


@dataclass(frozen=True, slots=True)
class LineSettings:
    """One line. ``scan_s`` is the PLC's scan; slow sensors speak each ``slow_s``."""

    scan_s: float = 0.1
    slow_s: float = 1.0
    target_mg_cm2: float = 20.0
    line_speed_m_min: float = 40.0
    line_speed_limits_m_min: tuple[float, float] = (20.0, 60.0)
    slot_die_gap_um: float = 400.0
    slot_die_gap_limits_um: tuple[float, float] = (300.0, 500.0)
    web_tension_n_m: float = 150.0
    foil_um: float = 15.0
    slot: Slot = field(default_factory=Slot)
    formulation: Formulation = field(default_factory=Formulation)
    next_formulation: Formulation = field(
        default_factory=lambda: Formulation(
            "B",
            Slurry(consistency_pa_sn=8.0, power_law_index=0.66, density_kg_m3=2180.0, solids=0.72),
            Compaction(initial=0.485, load_kn_m=45.0, solid_density_g_cm3=4.3),
        )
    )
    transfer_s: float = 240.0
    """Slurry's way from the mixing tank to the die: a dead time …"""
    transfer_mixing_s: float = 60.0
    """… and a time constant of blending on the way."""
    slurry_lot_s: tuple[float, float] = (7200.0, 10800.0)
    gauge_pass_s: float = 4.0
    thickness_wet_at_m: float = 2.0
    gauge_at_m: float = 6.0
    oven_from_m: float = 8.0
    oven_zone_m: float = 16.0
    thickness_dry_at_m: float = 58.0
    gauge_exit_at_m: float = 60.0
    calender_at_m: float = 66.0
    lot_length_m: float = 60.0
    lab_delay_s: float = 20.0
    """From when a lot has left the calender to when its sample is told."""
    oven_setpoints_degc: tuple[float, ...] = (90.0, 110.0, 120.0)
    line_load_kn_m: float = 120.0
    natural: Natural = field(default_factory=Natural)
    just_set_up: bool = True
    """Whether the ordinary variation begins at zero, or anywhere as on a line long running."""
    sensors: Sensors = field(default_factory=Sensors)
    scenario: Scenario = field(default_factory=lambda: SCENARIOS["steady"])

    @classmethod
    def of(cls, scenario: Scenario) -> "LineSettings":
        """The line of the demonstration, with what the scenario sets otherwise."""
        settings = cls(scenario=scenario)
        if scenario.slurry is None:
            return settings
        return replace(settings, formulation=Formulation("C", scenario.slurry))


def shift_settings(scenario: Scenario) -> LineSettings:
    """A line as the bench runs it: 1 s scans that average, a slower head, real lot lengths."""
    return replace(
        LineSettings.of(scenario),
        scan_s=1.0,
        slow_s=10.0,
        gauge_pass_s=20.0,
        lot_length_m=1200.0,
        lab_delay_s=1200.0,
        just_set_up=False,
    )
