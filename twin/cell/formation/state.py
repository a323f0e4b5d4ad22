"""The state of many channels: one row a quantity, one column a channel."""

from typing import Final

import numpy as np

from twin.cell.formation.grid import Floats, Ints

NUMBERS: Final = (
    # the sample before, and the one before that
    "voltage",
    "current",
    "temperature",
    "x1",
    "x2",
    "bend",
    "y1",
    "y2",
    # charge count: net charge [Ah], variance from steps [Ah2], hours counted
    "charge",
    "charge_steps",
    "charge_hours",
    "charged",
    "discharged",
    # the phase: its current [A], the net charge at its start
    "level",
    "charge_at_phase",
    # the latest step of the current
    "step_charge",
    "step_from",
    "step_change",
    "step_voltage",
    "step_before",
    "ohmic",
    "ohmic_sd",
    "polarisation",
    "step_temperature",
    # voltage noise [V2]
    "noise",
    # bins: sums of the present one, of the one before, and of the one before that
    *(f"s{name}{age}" for age in range(3) for name in ("n", "x", "y", "xx", "xy", "yy")),
    "upper",
    "lower",
    "fallen",
    "against",
    # decision
    "flagged_h",
    # cycle: what the first charge and the first discharge moved [Ah]
    "first_charge",
    "first_discharge",
    "last_ohmic",
    "last_ohmic_sd",
    "last_polarisation",
    "last_polarisation_sd",
    "last_slope",
    "last_slope_sd",
    "last_slope_at",
)
WHOLE: Final = (
    "time",
    "start",
    "step_time",
    "phase_time",
    "phase",
    "slot",
    "reached",
    "steps",
    "pending",
    "steady1",
    "steady2",
    "bin",
    "falling",
    "opposite",
    "shifted",
    "holding",
    "overrun",
    "withheld",
    "diagnosis",
    "dirty",
    "formed",
    "predicted",
    "voltage_seen",
    "current_seen",
)
NONE: Final = -1
"""Of a time, a phase or a slot: there is none yet."""

_N: Final = {name: row for row, name in enumerate(NUMBERS)}
_W: Final = {name: row for row, name in enumerate(WHOLE)}
_START_AT_NAN: Final = (
    "voltage", "current", "temperature", "ohmic", "polarisation", "flagged_h", "noise",
    "last_ohmic", "last_polarisation", "last_slope", "first_charge", "first_discharge",
)  # fmt: skip
_START_AT_NONE: Final = (
    "time", "start", "step_time", "phase_time", "phase", "slot", "reached", "bin",
    "voltage_seen", "current_seen",
)  # fmt: skip


class State:
    """``numbers`` (len(NUMBERS), channels) and ``whole`` (len(WHOLE), channels); a quantity
    is had by its name, as a view."""

    __slots__ = ("numbers", "whole")

    def __init__(self, numbers: Floats, whole: Ints) -> None:
        self.numbers = numbers
        self.whole = whole

    @classmethod
    def of(cls, channels: int) -> "State":
        numbers, whole = blank()
        return cls(
            np.repeat(numbers[:, None], channels, axis=1),
            np.repeat(whole[:, None], channels, axis=1),
        )

    def f(self, name: str) -> Floats:
        row: Floats = self.numbers[_N[name]]
        return row

    def i(self, name: str) -> Ints:
        row: Ints = self.whole[_W[name]]
        return row

    def rows(self, rows: Ints) -> "State":
        """A copy of those channels."""
        return State(self.numbers[:, rows], self.whole[:, rows])

    def put(self, rows: Ints, other: "State") -> None:
        self.numbers[:, rows] = other.numbers
        self.whole[:, rows] = other.whole

    def clear(self, rows: Ints) -> None:
        """These channels start anew."""
        numbers, whole = blank()
        self.numbers[:, rows] = numbers[:, None]
        self.whole[:, rows] = whole[:, None]


def blank() -> tuple[Floats, Ints]:
    """A channel that has heard nothing."""
    numbers = np.zeros(len(NUMBERS))
    for name in _START_AT_NAN:
        numbers[_N[name]] = np.nan
    whole = np.zeros(len(WHOLE), dtype=np.int64)
    for name in _START_AT_NONE:
        whole[_W[name]] = NONE
    return numbers, whole
