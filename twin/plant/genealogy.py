"""Genealogy in its first form: what was made of what, where and when.

A step takes pieces or lots in and puts pieces out; its id is made from its cause, so a
report that comes twice is recorded once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

GOOD: Final = "good"
BELOW_GRADE: Final = "below grade"
"""What a GRADE step says under ``grade``."""


class StepType(StrEnum):
    MIX = "mix"
    COAT = "coat"
    CALENDER = "calender"
    SLIT = "slit"
    WIND = "wind"
    STACK = "stack"
    FILL = "fill"
    FORM = "form"
    GRADE = "grade"
    CORRECT = "correct"


@dataclass(frozen=True, slots=True)
class ProcessStep:
    """One step at one station. ``measured`` holds figures as measured, by name, each
    with its unit in the name of the catalogue's signal (``wet_cell_mass [g]``)."""

    id: str
    type: StepType
    station: str
    time_ns: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    measured: Mapping[str, float | str] = field(default_factory=dict)
