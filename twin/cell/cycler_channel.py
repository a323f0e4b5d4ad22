"""A channel of a formation tester: cycle records of the cells that were on it, and charge.

A record is the readings of one cell with one time: cycle, charge and discharge capacity,
charge and discharge energy. It is complete when cycle and both capacities are there; a
capacity of an incomplete record (the test is still running, or the gate refused a value)
is withheld.
"""

from dataclasses import dataclass
from typing import Final

from twin.asset import AssetConfig, Effects, Figure, ParameterSpec, SignalSpec, Twin
from twin.cell.charge import ChargeCount
from twin.cell.restoring import integer, items, numbers, optional, text
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.snapshot import Snapshot, Value

_CELLS_REMEMBERED: Final = 8
_RECORD: Final = (
    "cycle",
    "charge_capacity",
    "discharge_capacity",
    "charge_energy",
    "discharge_energy",
)
_FIRST_CYCLE: Final = 1.0


@dataclass(slots=True)
class _Cell:
    """A cell and its newest record; ``values`` stand in the order of ``_RECORD``."""

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


class CyclerChannel(Twin):
    """Says ``cell.formed`` {serial, first_charge_Ah, first_discharge_Ah, first_efficiency}
    once for each cell, when the record of cycle 1 is complete."""

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._accuracy = config.number("capacity_accuracy") / 100.0
        self._charge = ChargeCount(config.number("current_accuracy"))
        self._cells: dict[str, _Cell] = {}
        self._latest: list[float] = []

    def step(self, reading: Reading, effects: Effects) -> None:
        if reading.signal == "current":
            self._charge.add(reading.text or "", reading.time_ns, reading.value)
        elif reading.signal in _RECORD and reading.text:
            self._record(reading, reading.text, effects)

    def figures(self) -> tuple[Figure, ...]:
        figures: list[Figure] = []
        if self._latest:
            _, charge, discharge = self._latest
            figures.append(Figure("charge_capacity", charge, self._accuracy * charge, "Ah"))
            figures.append(
                Figure("discharge_capacity", discharge, self._accuracy * discharge, "Ah")
            )
        if self._charge.is_known:
            figures.append(Figure("net_charge", self._charge.value, self._charge.sd, "Ah"))
        return tuple(figures)

    def snapshot(self) -> Snapshot:
        cells: list[Value] = [
            [c.serial, c.time_ns, list(c.values), c.formed] for c in self._cells.values()
        ]
        return {"cells": cells, "latest": list(self._latest), "charge": self._charge.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        self._cells = {}
        for packed in items(snapshot["cells"]):
            serial, time_ns, values, formed = items(packed)
            known = [optional(value) for value in items(values)]
            self._cells[text(serial)] = _Cell(text(serial), integer(time_ns), known, bool(formed))
        self._latest = numbers(snapshot["latest"])
        charge = snapshot["charge"]
        assert isinstance(charge, dict)
        self._charge.restore(charge)

    def _record(self, reading: Reading, serial: str, effects: Effects) -> None:
        cell = self._cells.pop(serial, None)
        if cell is None:
            cell = _Cell(serial, reading.time_ns, [None] * len(_RECORD))
        elif cell.time_ns != reading.time_ns:
            cell = _Cell(serial, reading.time_ns, [None] * len(_RECORD), cell.formed)
        cell.values[_RECORD.index(reading.signal)] = reading.value
        self._cells[serial] = cell
        if len(self._cells) > _CELLS_REMEMBERED:
            del self._cells[next(iter(self._cells))]
        capacities = cell.capacities()
        if capacities is None:
            return
        self._latest = list(capacities)
        if capacities[0] == _FIRST_CYCLE and not cell.formed:
            cell.formed = True
            self._formed(cell, capacities, effects)

    def _formed(
        self, cell: _Cell, capacities: tuple[float, float, float], effects: Effects
    ) -> None:
        _, charge, discharge = capacities
        effects.emit(
            self.config,
            "cell.formed",
            cell.time_ns,
            {
                "serial": cell.serial,
                "first_charge_Ah": charge,
                "first_discharge_Ah": discharge,
                "first_efficiency": discharge / charge if charge > 0.0 else None,
                "time_ns": cell.time_ns,
            },
        )


def _recorded(name: str, unit: str, description: str, maximum: float) -> SignalSpec:
    return SignalSpec(
        name,
        unit,
        f"{description}; the reading's text is the cell's serial",
        minimum=0.0,
        maximum=maximum,
        per_item=True,
    )


KIND = Kind(
    name="cycler_channel",
    title="CyclerChannel",
    layer=Layer.CELL,
    description="One channel of a formation tester",
    signals=(
        _recorded("cycle", "1", "number of the cycle that the record closes", 1e6),
        _recorded("charge_capacity", "Ah", "charge put in during the cycle", 10_000.0),
        _recorded("discharge_capacity", "Ah", "charge taken out during the cycle", 10_000.0),
        _recorded("charge_energy", "Wh", "energy put in during the cycle", 50_000.0),
        _recorded("discharge_energy", "Wh", "energy taken out during the cycle", 50_000.0),
        SignalSpec("voltage", "V", "cell voltage", minimum=-1.0, maximum=6.0, gap_after_s=120.0),
        SignalSpec(
            "current",
            "A",
            "cell current, positive while charging",
            minimum=-2000.0,
            maximum=2000.0,
            gap_after_s=120.0,
        ),
        SignalSpec(
            "temperature",
            "degC",
            "temperature of the cell's case",
            minimum=-40.0,
            maximum=120.0,
            max_rate=5.0,
            gap_after_s=600.0,
        ),
    ),
    parameters=(
        ParameterSpec(
            "grade_minimum",
            "Ah",
            "a cell whose first discharge returns less is below grade; 0: no verdict is given",
            default=0.0,
            minimum=0.0,
            source="the cell's specification",
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
            "current_accuracy",
            "A",
            "standard deviation of the current's zero, the same for a whole test",
            default=0.001,
            minimum=0.0,
            source="assumption: 0.02 % of a 5 A range; the tester's calibration says it",
        ),
    ),
    twin=CyclerChannel,
)
