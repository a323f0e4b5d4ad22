"""What the calender reads."""

from typing import Final

from twin.asset import SignalSpec

SIGNALS: Final = (
    SignalSpec(
        "line_load",
        "kN/m",
        "Force of the rolls per width of the web",
        minimum=0.0,
        maximum=3000.0,
        max_rate=1000.0,
        required=True,
    ),
    SignalSpec("gap", "um", "Gap between the rolls", minimum=0.0, maximum=2000.0),
    SignalSpec(
        "roll_temperature",
        "degC",
        "Temperature of the rolls' surface",
        minimum=-10.0,
        maximum=250.0,
        max_rate=20.0,
    ),
    SignalSpec(
        "thickness_out",
        "um",
        "Thickness of the electrode behind the rolls",
        above=0.0,
        maximum=1000.0,
        max_rate=500.0,
        flat_after=50,
    ),
    SignalSpec("web_length", "m", "Metre counter of the web at the rolls", minimum=0.0),
    SignalSpec(
        "sample_porosity",
        "%",
        "Porosity of a sample, from the laboratory; its text is the electrode lot",
        above=0.0,
        maximum=90.0,
        per_item=True,
    ),
    SignalSpec("lot", None, "Electrode lot that runs through the rolls"),
    SignalSpec("roll_set", None, "Name of the rolls that are mounted"),
)
