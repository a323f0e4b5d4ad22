"""What is known of a cell at the end of its first charge, from a tester's exports.

A row for each row of ``cells.csv`` (the columns of ``examples/kiprobatt``). Nothing in the
features is measured after the first charge; ``discharge_ah``, the first discharge, is the
outcome. Cycle 0 is the soak on the tester: its end is when charging begins.
"""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from protocols.files.maccor import CycleRow, TesterExport, read_stats
from protocols.files.tables import Row, Table, read_table

_NS_PER_H: Final = 3.6e12
_WHOLE_CELL_G: Final = 4.0
"""Above it a mass is of a cell, below of the electrolyte alone (``examples/kiprobatt``)."""


@dataclass(frozen=True, slots=True)
class FirstCharge:
    """``rest_h``: from the start of the test to the first charge. ``charge_v``: mean
    voltage of the first charge, its energy over its capacity. None: not recorded."""

    cell: str
    formation_run: str
    started_at: str
    electrolyte_ml: float | None
    electrolyte_g: float | None
    rest_h: float | None
    charge_ah: float | None
    charge_v: float | None
    discharge_ah: float | None


def first_charges(folder: Path, zone: ZoneInfo) -> list[FirstCharge]:
    """The cells of ``folder/cells.csv`` with the exports in ``folder/stats``, in the order
    of their start; cells that were not tested last. Raises InvalidFile."""
    table = read_table(folder / "cells.csv")
    found = [_cell(table, row, folder / "stats", zone) for row in table.rows]
    return sorted(found, key=lambda cell: (cell.started_at == "", cell.started_at))


def write_first_charges(path: Path, cells: Sequence[FirstCharge]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.name for field in fields(FirstCharge)])
        for cell in cells:
            writer.writerow(
                f"{value:.6g}" if isinstance(value, float) else value for value in astuple(cell)
            )


def _cell(table: Table, row: Row, stats: Path, zone: ZoneInfo) -> FirstCharge:
    name = row.values["stats_file"].strip()
    export = read_stats(stats / name, zone) if name else None
    first = _cycle(export, 1)
    ah, wh = (first.charge_capacity, first.charge_energy) if first else (None, None)
    return FirstCharge(
        cell=row.values["stacking_run"],
        formation_run=row.values["formation_run"],
        started_at=row.values["started_at"],
        electrolyte_ml=table.number(row, "electrolyte_ml"),
        electrolyte_g=_electrolyte(table, row),
        rest_h=_rest(export),
        charge_ah=ah,
        charge_v=wh / ah if ah and wh else None,
        discharge_ah=first.discharge_capacity if first else None,
    )


def _cycle(export: TesterExport | None, number: int) -> CycleRow | None:
    return next((c for c in export.cycles if c.cycle == number), None) if export else None


def _rest(export: TesterExport | None) -> float | None:
    soak = _cycle(export, 0)
    return (soak.time_ns - export.started_ns) / _NS_PER_H if soak and export else None


def _electrolyte(table: Table, row: Row) -> float | None:
    """Later runs weighed the electrolyte by itself, earlier ones the cell before and after."""
    wet, dry = table.number(row, "filled_mass_raw_kg"), table.number(row, "dry_mass_raw_kg")
    if wet is None:
        return None
    if 1e3 * wet < _WHOLE_CELL_G:
        return 1e3 * wet
    return None if dry is None else 1e3 * (wet - dry)
