"""What the supervisor remembers of each cell: where it was, which lots are in it.

Only the latest cells are kept here, so that a checkpoint stays small; the records have the
whole genealogy.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from twin.cell.section import Soak
from twin.estimation import saved
from twin.snapshot import Snapshot, Value

REMEMBERED: Final = 5_000
"""More cells than are between winding and grading at once (chosen)."""


@dataclass(slots=True)
class Cell:
    """``stations`` by step, ``lots`` by electrode."""

    stations: dict[str, str] = field(default_factory=dict)
    lots: dict[str, str] = field(default_factory=dict)
    jellyrolls: tuple[str, ...] = ()
    electrolyte: float | None = None
    soak: Soak | None = None
    unwetted: float | None = None


class CellBook:
    """A cell has the serial of its jellyroll; or of several, which are named
    ``<cell>/<n>``, as the electrodes of a stack are."""

    def __init__(self) -> None:
        self._cells: OrderedDict[str, Cell] = OrderedDict()

    def of(self, serial: str) -> Cell:
        """To be written to; the cell stands last from now on."""
        cell = self._cells.pop(serial, None) or Cell()
        self._cells[serial] = cell
        while len(self._cells) > REMEMBERED:
            self._cells.popitem(last=False)
        return cell

    def get(self, serial: str) -> Cell | None:
        return self._cells.get(serial)

    def of_lot(self, lot: str) -> list[tuple[str, Cell]]:
        """Cells, with their serials, that hold that electrode lot."""
        return [(s, cell) for s, cell in self._cells.items() if lot in cell.lots.values()]

    def snapshot(self) -> Snapshot:
        cells: list[Value] = [
            [
                serial,
                dict(cell.stations),
                dict(cell.lots),
                list(cell.jellyrolls),
                cell.electrolyte,
                None if cell.soak is None else [*cell.soak],
                cell.unwetted,
            ]
            for serial, cell in self._cells.items()
        ]
        return {"cells": cells}

    def restore(self, snapshot: Snapshot) -> None:
        self._cells = OrderedDict()
        for row in map(saved.items, saved.items(snapshot["cells"])):
            serial, stations, lots, rolls, electrolyte, soak, unwetted = row
            self._cells[saved.text(serial)] = Cell(
                {step: saved.text(name) for step, name in saved.fields(stations).items()},
                {of: saved.text(lot) for of, lot in saved.fields(lots).items()},
                tuple(map(saved.text, saved.items(rolls))),
                saved.number_or_none(electrolyte),
                None if soak is None else _soak(saved.items(soak)),
                saved.number_or_none(unwetted),
            )


def cell_of(jellyroll: str) -> str:
    """The serial of the cell that a jellyroll or an electrode belongs to."""
    cell, _, _ = jellyroll.rpartition("/")
    return cell or jellyroll


def _soak(row: list[Value]) -> Soak:
    filled_ns, wetted_ns, median, quantile = row
    return Soak(
        saved.whole(filled_ns), saved.whole(wetted_ns), saved.number(median), saved.number(quantile)
    )
