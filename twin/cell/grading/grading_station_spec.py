"""What a grading station tells, and what is set of it."""

from typing import Final

from twin.asset import ParameterSpec, SignalSpec

MEASURED: Final = ("capacity", "resistance", "open_circuit_voltage")

SIGNALS: Final = (
    SignalSpec(
        "capacity",
        "Ah",
        "capacity of the grading discharge; the reading's text is the cell's serial",
        minimum=0.0,
        maximum=10_000.0,
        per_item=True,
    ),
    SignalSpec(
        "resistance",
        "mOhm",
        "resistance of a pulse; the reading's text is the cell's serial",
        above=0.0,
        maximum=10_000.0,
        per_item=True,
    ),
    SignalSpec(
        "open_circuit_voltage",
        "V",
        "voltage at rest; the reading's text is the cell's serial",
        minimum=-1.0,
        maximum=6.0,
        per_item=True,
    ),
)


def _limit(name: str, unit: str, description: str) -> ParameterSpec:
    return ParameterSpec(
        name,
        unit,
        f"{description}; 0: no limit",
        default=0.0,
        minimum=0.0,
        source="the cell's specification",
    )


PARAMETERS: Final = (
    _limit("grade_minimum", "Ah", "a cell of less capacity is below grade"),
    _limit("resistance_maximum", "mOhm", "a cell of more resistance is below grade"),
    _limit("voltage_minimum", "V", "a cell of less voltage at rest is below grade"),
    ParameterSpec(
        "capacity_edges",
        None,
        "edges of the capacity bins [Ah], ascending, with commas between; empty: one bin",
        default="",
    ),
    ParameterSpec(
        "resistance_edges",
        None,
        "edges of the resistance bins [mOhm], ascending, with commas between; empty: one bin",
        default="",
    ),
    ParameterSpec(
        "capacity_accuracy",
        "%",
        "standard deviation of a measured capacity",
        default=0.1,
        minimum=0.0,
        maximum=10.0,
        source="assumption; the tester's calibration says it",
    ),
    ParameterSpec(
        "resistance_accuracy",
        "%",
        "standard deviation of a measured resistance",
        default=1.0,
        minimum=0.0,
        maximum=50.0,
        source="assumption: contacts and temperature; the tester's calibration says it",
    ),
    ParameterSpec(
        "voltage_sd",
        "V",
        "standard deviation of a measured voltage",
        default=0.0005,
        minimum=0.0,
        source="assumption; the tester's calibration says it",
    ),
    ParameterSpec(
        "guard_probability",
        "%",
        "a grade less probable than that is told as near an edge",
        default=95.0,
        minimum=50.0,
        maximum=100.0,
        source="chosen",
    ),
    ParameterSpec(
        "completion_window",
        "s",
        "how long after its last reading a cell may still get another one",
        default=900.0,
        minimum=1.0,
        source="chosen; longer than a cell is on the station",
    ),
)
