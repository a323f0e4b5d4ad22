"""How well a calender's signals are measured."""

from typing import Final

from twin.asset import ParameterSpec

_P = ParameterSpec

NOISE: Final = (
    _P("line_load_noise", "kN/m", "Standard deviation of a reading of the line load",
       1.0, 0.001, 500.0, "load cell, 1 %; chosen"),
    _P("line_load_wander", "kN/m",
       "Standard deviation by which the line load may change in one second",
       0.3, 0.0, 500.0, "chosen"),
    _P("gap_noise", "um", "Standard deviation of a reading of the gap", 0.5, 0.001, 100.0,
       "chosen"),
    _P("gap_wander", "um", "Standard deviation by which the gap may change in one second",
       0.05, 0.0, 100.0, "chosen"),
    _P("roll_temperature_noise", "K", "Standard deviation of a reading of the rolls' temperature",
       0.5, 0.001, 50.0, "chosen"),
    _P("roll_temperature_wander", "K",
       "Standard deviation by which the rolls' temperature may change in one second",
       0.02, 0.0, 50.0, "chosen"),
    _P("thickness_out_noise", "um", "Standard deviation of a reading of the thickness",
       0.7, 0.001, 100.0, "laser gauge pair, ±1 um; chosen"),
    _P("thickness_out_wander", "um",
       "Standard deviation by which the thickness may change in one second",
       0.1, 0.0, 100.0, "chosen"),
    _P("thickness_out_bias_sd", "um",
       "Standard deviation of what the thickness gauge is wrong by (its calibration)",
       0.7, 0.001, 100.0, "laser gauge pair, ±1 um; chosen"),
    _P("thickness_out_drift", "um",
       "Standard deviation by which that bias may change in a day", 0.3, 0.0, 100.0, "chosen"),
    _P("window_sd", "um",
       "Standard deviation of thickness and gap over some seconds that noise does not explain",
       0.3, 0.0, 100.0, "structure of the web that is no lot's; chosen"),
    _P("window", "s", "Time over which readings are averaged before anything is learned",
       5.0, 1.0, 60.0, "chosen: 2-10 s"),
    _P("sample_sd", "%", "Standard deviation of a laboratory porosity, in points",
       0.43, 0.01, 20.0, "repeats on real lines: 0.43 points"),
    _P("sample_bias_sd", "%",
       "Standard deviation of what all the laboratory's porosities are wrong by, in points",
       0.25, 0.0, 20.0, "chosen: half of what repeats scatter"),
)  # fmt: skip
