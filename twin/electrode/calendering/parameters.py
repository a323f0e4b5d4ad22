"""What an integrator sets for a calender: recipe, physics, limits. Each with its width.

The widths are what the porosity's interval is made of: they are carried as states, and
readings do not average them away. Set them as they are known, not as they are hoped.
"""

from typing import Final

from twin.asset import ParameterSpec
from twin.electrode.calendering.noise import NOISE

_P = ParameterSpec

_COMPACTION: Final = (
    _P("initial_porosity", "%", "Porosity before calendering", 46.0, 1.0, 90.0,
       "real lines: 42-49 %"),
    _P("initial_porosity_sd", "%", "Its standard deviation", 2.0, 0.01, 20.0,
       "real lines: 42-49 %, as ±2 standard deviations"),
    _P("minimum_porosity", "%", "Porosity that no line load gets below", 22.0, 0.0, 80.0,
       "form: Meyer 2017; value chosen below what real lines reach (23-36 %)"),
    _P("minimum_porosity_sd", "%", "Its standard deviation", 2.0, 0.01, 20.0, "chosen"),
    _P("compaction_gamma", "kN/m",
       "Line load over which the porosity above the least one falls to 1/e", 120.0, 1.0, 5000.0,
       "form: Meyer 2017; value to be calibrated (gives 30 % at 130 kN/m)"),
    _P("compaction_gamma_sd", "kN/m", "Its standard deviation", 40.0, 0.01, 5000.0,
       "chosen for a gamma not calibrated yet"),
    _P("softening", "%", "Change of gamma for rolls 10 K warmer", -3.0, -50.0, 50.0,
       "warm binder yields; chosen, to be calibrated"),
    _P("softening_sd", "%", "Its standard deviation", 3.0, 0.0, 50.0,
       "chosen: not known whether there is any"),
    _P("reference_temperature", "degC", "Temperature of the rolls at which gamma holds",
       80.0, 0.0, 250.0, "chosen; recipe"),
    _P("recovery", "%", "Part of the compression that the coating springs back behind the nip",
       5.0, 0.0, 50.0, "chosen, to be calibrated"),
    _P("recovery_sd", "%", "Its standard deviation", 3.0, 0.0, 50.0, "chosen"),
    _P("model_sd", "%",
       "Standard deviation of the true porosity about a calibrated model, in points",
       1.0, 0.05, 50.0, "chosen: twice and more of how repeats scatter (0.43 points)"),
    _P("model_memory", "s", "Time over which that deviation changes", 3600.0, 1.0, 1e7, "chosen"),
)  # fmt: skip

_RECIPE: Final = (
    _P("formulation", None,
       "Name of the formulation; another one widens the physics and starts a calibration", ""),
    _P("coating_loading", "mg/cm2", "Areal loading of one side", 20.0, 0.1, 60.0, "recipe"),
    _P("coating_loading_sd", "mg/cm2", "Standard deviation of that loading from lot to lot",
       0.2, 0.001, 10.0, "±2 % tolerance as two standard deviations"),
    _P("loading_memory", "s", "Time over which the loading changes within a lot",
       4 * 3600.0, 1.0, 1e7, "chosen: it is controlled by a gauge"),
    _P("foil_thickness", "um", "Thickness of the current collector", 15.0, 0.0, 200.0,
       "aluminium foil, 12-20 um; recipe"),
    _P("foil_thickness_sd", "um", "Its standard deviation", 0.4, 0.0, 50.0,
       "foil makers' ±5 %, as two standard deviations; chosen"),
    _P("coated_sides", "1", "Coated sides of the electrode at this pass", 2.0, 1.0, 2.0, "recipe"),
    _P("solid_density", "kg/m3", "Density of the coating's solids without pores",
       4400.0, 500.0, 10_000.0,
       "96 % NMC of 4,700 kg/m3, 2 % carbon, 2 % PVDF, by volume; recipe"),
    _P("solid_density_sd", "kg/m3", "Its standard deviation", 60.0, 0.1, 2000.0,
       "chosen: NMC is given as 4,650 to 4,780 kg/m3"),
)  # fmt: skip

_MACHINE: Final = (
    _P("mill_stretch", "um", "How far frame and rolls open at a line load of 100 kN/m",
       20.0, 0.0, 1000.0, "chosen, to be calibrated: stiffness of the frame"),
    _P("mill_stretch_sd", "um", "Its standard deviation", 10.0, 0.0, 1000.0, "chosen"),
    _P("gap_zero_sd", "um", "Standard deviation of the gap's zero after rolls were mounted",
       5.0, 0.01, 500.0, "chosen: the zero is set with feeler gauges"),
    _P("roll_wear_sd", "um", "Standard deviation of the wear of rolls of unknown age",
       5.0, 0.01, 500.0, "chosen"),
    _P("roll_wear_wander", "um", "Standard deviation by which the wear may change in a day",
       2.0, 0.0, 100.0, "chosen"),
    _P("roll_wear_limit", "um", "Wear beyond which new rolls are recommended", 20.0, 0.1, 1000.0,
       "chosen; the machine's maker says"),
    _P("roll_change_gamma_sd", "%",
       "Standard deviation by which new rolls may change gamma (diameter, surface)",
       15.0, 0.0, 100.0, "chosen"),
    _P("calibration_time", "s", "Time of calendering that a calibration needs at least",
       1800.0, 0.0, 1e6, "chosen"),
    _P("calibration_samples", "1", "Laboratory samples that a calibration needs at least",
       1.0, 1.0, 100.0, "without a sample the porosity rests on the recipe alone"),
    _P("calibrated_sd", "%",
       "Standard deviation of the porosity at which a calibration is done sooner, in points",
       0.5, 0.01, 20.0, "chosen: about that of one sample"),
    _P("coater", None, "Coater that made the web, where the calender names no lot itself", ""),
    _P("distance_from_die", "m", "Metres of web from the slot die to the rolls", 0.0, 0.0, 1e5,
       "0: not in line with a coater; machine drawing"),
)  # fmt: skip

_LOTS: Final = (
    _P("loading_gauge_bias_sd", "%",
       "Standard deviation of what the measured loadings of all lots are wrong by",
       0.5, 0.0, 20.0, "calibrated against punched and weighed samples to ±1 %; chosen"),
    _P("lot_sd", "%",
       "Standard deviation of what a lot's thickness and loading, one against the other, are "
       "wrong by otherwise than its neighbours', in points of porosity", 0.05, 0.0, 10.0,
       "chosen: foil of one coil holds its thickness to 0.5 % (0.04 points), and what the two "
       "gauges see of the width differs by 0.04 % (0.03 points)"),
)  # fmt: skip

_TARGET: Final = (
    _P("control", None, "What the machine regulates: line_load or gap", "line_load"),
    _P("porosity_target", "%", "Porosity that is wanted", 30.0, 1.0, 90.0, "recipe, 25-35 %"),
    _P("porosity_limit", "%", "How far the porosity may be off its target, in points",
       3.0, 0.1, 50.0, "chosen within the window of 25-35 %"),
    _P("porosity_probability", "1", "How probably it must be outside before a change is proposed",
       0.95, 0.5, 0.9999, "chosen"),
    _P("line_load_min", "kN/m", "Least line load that may be proposed", 50.0, 0.0, 3000.0,
       "calenders of electrodes run at 50-200 kN/m"),
    _P("line_load_max", "kN/m", "Greatest line load that may be proposed", 200.0, 0.0, 3000.0,
       "calenders of electrodes run at 50-200 kN/m"),
    _P("gap_min", "um", "Least gap that may be proposed", 20.0, 0.0, 2000.0, "chosen; machine"),
    _P("gap_max", "um", "Greatest gap that may be proposed", 400.0, 0.0, 2000.0, "chosen; machine"),
    _P("settling_time", "s", "Time after a change until its effect is looked at", 30.0, 0.0, 3600.0,
       "chosen: drive, and the way to the thickness gauge"),
    _P("effect_window", "s", "Time over which an effect is measured", 60.0, 1.0, 3600.0, "chosen"),
)  # fmt: skip

PARAMETERS: Final = (*_COMPACTION, *_RECIPE, *_MACHINE, *_LOTS, *_TARGET, *NOISE)
