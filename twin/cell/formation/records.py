"""Cycle records of the cells that were on a channel.

A record is the readings of one cell with one time: cycle, charge and discharge capacity,
charge and discharge energy. It is complete when cycle and both capacities are there; a
capacity of an incomplete record (the test is still running, or the gate refused a value)
is withheld.
"""

from dataclasses import dataclass
from typing import Final

from twin.asset import Json
from twin.cell.restoring import integer, items, numbers, optional, text
from twin.frame import Reading
from twin.snapshot import Snapshot, Value

RECORD: Final = (
    "cycle",
    "charge_capacity",
    "discharge_capacity",
    "charge_energy",
    "discharge_energy",
)
_CELLS_REMEMBERED: Final = 8
_FIRST_CYCLE: Final = 1.0


@dataclass(slots=True)
class _Cell:
    """A cell and its newest record; ``values`` stand in the order of ``RECORD``."""

    serial: str
    time_ns: int
    values: list[float | None]
    formed: bool = False

    def capacities(self) -> tuple[float, float, float] | None:
        """``(cycle, charge Ah, discharge Ah)``; None while the record is incomplete."""
        cycle, charge, discharge = self.values[:3]
        if cycle is None or charge is None or discharge is None:
            return None
        return cycle, charge, discharge


class Records:
    def __init__(self) -> None:
        self._cells: dict[str, _Cell] = {}
        self.latest: list[float] = []
        """Cycle, charge and discharge capacity [Ah] of the newest complete record."""

    def add(self, reading: Reading, serial: str) -> dict[str, Json] | None:
        """What is said of the cell where this completes the record of its first cycle."""
        cell = self._cells.pop(serial, None)
        if cell is None:
            cell = _Cell(serial, reading.time_ns, [None] * len(RECORD))
        elif cell.time_ns != reading.time_ns:
            cell = _Cell(serial, reading.time_ns, [None] * len(RECORD), cell.formed)
        cell.values[RECORD.index(reading.signal)] = reading.value
        self._cells[serial] = cell
        if len(self._cells) > _CELLS_REMEMBERED:
            del self._cells[next(iter(self._cells))]
        capacities = cell.capacities()
        if capacities is None:
            return None
        self.latest = list(capacities)
        if capacities[0] != _FIRST_CYCLE or cell.formed:
            return None
        cell.formed = True
        return formed(serial, capacities[1], capacities[2], cell.time_ns)

    def is_formed(self, serial: str) -> bool:
        return serial in self._cells and self._cells[serial].formed

    def snapshot(self) -> Snapshot:
        cells: list[Value] = [
            [c.serial, c.time_ns, list(c.values), c.formed] for c in self._cells.values()
        ]
        return {"cells": cells, "latest": list(self.latest)}

    def restore(self, snapshot: Snapshot) -> None:
        self._cells = {}
        for packed in items(snapshot["cells"]):
            serial, time_ns, values, done = items(packed)
            known = [optional(value) for value in items(values)]
            self._cells[text(serial)] = _Cell(text(serial), integer(time_ns), known, bool(done))
        self.latest = numbers(snapshot["latest"])


def formed(serial: str, charge: float, discharge: float, time_ns: int) -> dict[str, Json]:
    """Data of ``cell.formed``."""
    return {
        "serial": serial,
        "first_charge_Ah": charge,
        "first_discharge_Ah": discharge,
        "first_efficiency": discharge / charge if charge > 0.0 else None,
        "time_ns": time_ns,
    }
