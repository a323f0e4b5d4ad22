"""A cell's trace from any text table: charge and voltage by row, perhaps current and cycle.

    charge_Ah,voltage_V
    0.0,3.0201

Comma, semicolon or tab (or blanks) stand between the columns, numbers may have a decimal
comma where the comma is no separator. Lines above the header and a row of units below it are
passed over. Blank cells and NaN leave their row out; what is no number is refused with its
row and column.
"""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.files.text import decode, read_bytes
from twin.errors import InvalidFile, UnitMismatch
from twin.units import affine

Array = NDArray[np.float64]

_CHARGE_TO_AH: Final[Mapping[str, float]] = {
    "ah": 1.0, "a.h": 1.0, "a*h": 1.0, "a·h": 1.0, "amphr": 1.0, "mah": 1e-3, "ma.h": 1e-3,
    "ma*h": 1e-3, "ma·h": 1e-3, "uah": 1e-6, "µah": 1e-6, "c": 1 / 3600, "as": 1 / 3600,
    "a.s": 1 / 3600, "coulomb": 1 / 3600, "kc": 1 / 3.6,
}  # fmt: skip
_VOLTAGE: Final[Mapping[str, float]] = {"v": 1.0, "mv": 1e-3}
_CURRENT: Final[Mapping[str, float]] = {"a": 1.0, "ma": 1e-3, "ua": 1e-6, "µa": 1e-6}
_UNIT_IN_NAME: Final = re.compile(r"[\[(/]\s*([^\])/]+?)\s*[\])]?\s*$|[_\s.]([A-Za-z.µ·*]+)$")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BLANK: Final = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "--"})
_CYCLES: Final = ("cycle", "cycle number", "cycle index", "cycle no", "cyc#", "cycleid", "zyklus")
_HEADER_WITHIN: Final = 200
_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class CellTrace:
    """``charge`` [Ah], ``voltage`` [V], and ``current`` [A] and ``cycle`` where asked for, by
    row; ``line`` is where each row stands in the file."""

    path: Path
    columns: tuple[str, ...]
    charge: Array
    voltage: Array
    current: Array | None
    cycle: Array | None
    line: NDArray[np.int64]
    unit: str
    notes: tuple[str, ...]

    def rows(self, chosen: NDArray[np.bool_]) -> "CellTrace":
        """Only the rows where ``chosen``."""
        return CellTrace(
            self.path, self.columns, self.charge[chosen], self.voltage[chosen],
            None if self.current is None else self.current[chosen],
            None if self.cycle is None else self.cycle[chosen],
            self.line[chosen], self.unit, self.notes,
        )  # fmt: skip


def read_cell_trace(
    path: Path,
    charge: str,
    voltage: str,
    *,
    current: str | None = None,
    cycle: str | None = None,
    find_cycle: bool = False,
    unit: str | None = None,
) -> CellTrace:
    """The trace in the table at ``path``; columns by name (case and blanks aside) or as "#3".

    ``find_cycle`` asks for a column that is called a cycle's. ``unit`` is the charge's, and
    wins over the one in its header; without either it is Ah.
    Raises InvalidFile.
    """
    data = read_bytes(path)
    try:
        text = decode(path, data, "utf-8")
    except InvalidFile:
        text = decode(path, data, "latin-1")
    lines = text.splitlines()
    wanted = {"charge": charge, "voltage": voltage}
    wanted |= {k: v for k, v in (("current", current), ("cycle", cycle)) if v is not None}
    at, delimiter, header, places = _header(path, lines, wanted)
    if find_cycle:
        places["cycle"] = _cycle_place(path, at, header)
    factors, told, below = _units(path, lines, at, delimiter, header, places, unit)
    names = {role: header[place] for role, place in places.items()}
    decimal_comma = delimiter != "," and any(
        "," in cell
        for line in lines[below : below + 50]
        for cell in _pick(_cells(line, delimiter), places)
    )
    table, standing, left_out = _table(path, lines, below, delimiter, places, names, decimal_comma)
    if not len(table["charge"]):
        why = f"has no row with both {names['charge']!r} and {names['voltage']!r} as numbers"
        raise InvalidFile(str(path), None, why)
    notes = []
    if left_out:
        notes.append(f"{left_out} rows without a charge or a voltage were left out")
    arrays = {role: factors.get(role, 1.0) * np.array(rows) for role, rows in table.items()}
    return CellTrace(
        path, tuple(header), arrays["charge"], arrays["voltage"], arrays.get("current"),
        arrays.get("cycle"), np.array(standing, np.int64), told, tuple(notes),
    )  # fmt: skip


def _header(
    path: Path, lines: Sequence[str], wanted: Mapping[str, str]
) -> tuple[int, str | None, list[str], dict[str, int]]:
    """Its line, the delimiter (None for blanks), the columns, and where the wanted ones are."""
    best: list[str] = []
    for at, line in enumerate(lines[:_HEADER_WITHIN]):
        for delimiter in [*sorted(",;\t", key=line.count, reverse=True), None]:
            header = _cells(line, delimiter)
            places = {role: _place(header, name) for role, name in wanted.items()}
            if all(place is not None for place in places.values()):
                found = {role: place for role, place in places.items() if place is not None}
                if len(set(found.values())) < len(found):
                    why = f"one column is named twice: {', '.join(wanted.values())}"
                    raise InvalidFile(str(path), at + 1, why)
                return at, delimiter, header, found
            if len(header) > len(best) and not _is_number(header[0]):
                best = header
    missing = [n for n in wanted.values() if _place(best, n) is None]
    there = ", ".join(repr(c) for c in best if c) or "none that can be told apart"
    lost = ", ".join(map(repr, missing)) or ", ".join(map(repr, wanted.values()))
    raise InvalidFile(str(path), 1, f"no column {lost}; there are {there}")


def _cycle_place(path: Path, at: int, header: Sequence[str]) -> int:
    alike = [i for i, column in enumerate(header) if _plain(column) in _CYCLES]
    if not alike:
        there = ", ".join(map(repr, header))
        why = f"no column is known as the cycle; name one of {there} with --cycle-column"
        raise InvalidFile(str(path), at + 1, why)
    return alike[0]


def _cells(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter), [])]


def _pick(cells: Sequence[str], places: Mapping[str, int]) -> list[str]:
    return [cells[place] for place in places.values() if place < len(cells)]


def _place(header: Sequence[str], name: str) -> int | None:
    if name in header:
        return header.index(name)
    if re.fullmatch(r"#\d+", name):
        place = int(name[1:]) - 1
        return place if 0 <= place < len(header) and len(header) > 1 else None
    for plain in (_plain, _bare):
        alike = [i for i, column in enumerate(header) if column and plain(column) == plain(name)]
        if len(alike) == 1:
            return alike[0]
    return None


def _plain(column: str) -> str:
    return re.sub(r"[\s_]+", " ", column).strip().lower()


def _bare(column: str) -> str:
    return _plain(re.sub(r"[\[(/].*$", "", column))


def _is_number(cell: str) -> bool:
    return bool(_NUMBER.fullmatch(cell.strip().replace(",", ".")))


def _units(
    path: Path,
    lines: Sequence[str],
    at: int,
    delimiter: str | None,
    header: Sequence[str],
    places: Mapping[str, int],
    unit: str | None,
) -> tuple[dict[str, float], str, int]:
    """Factors to Ah, V and A, the charge's unit as told, and the first line of data."""
    below = at + 1
    units = {role: _unit_of(header[place]) for role, place in places.items()}
    if below < len(lines):
        cells = _cells(lines[below], delimiter)
        under = {role: cells[p].strip("[]() ") for role, p in places.items() if p < len(cells)}
        if under and not any(_is_number(c) or c.lower() in _BLANK for c in under.values()):
            below += 1  # a row of units
            units |= under
    factors: dict[str, float] = {}
    for role, known in (("charge", _CHARGE_TO_AH), ("voltage", _VOLTAGE), ("current", _CURRENT)):
        found = (units.get(role) or "").lower()
        if found in known:
            factors[role] = known[found]
    told = units.get("charge") or ""
    if unit is not None:
        factors["charge"] = _factor(path, unit)
        told = unit
    elif "charge" not in factors:
        factors["charge"], told = 1.0, "Ah"
    return factors, told, below


def _unit_of(column: str) -> str | None:
    match = _UNIT_IN_NAME.search(column)
    return (match[1] or match[2]) if match else None


def _factor(path: Path, unit: str) -> float:
    known = _CHARGE_TO_AH.get(unit.strip().lower())
    if known is not None:
        return known
    try:
        return affine(unit, "Ah")[0]
    except UnitMismatch as error:
        why = f"unit {unit!r} is no charge; give Ah, mAh, C, As"
        raise InvalidFile(str(path), None, why) from error


def _table(
    path: Path,
    lines: Sequence[str],
    below: int,
    delimiter: str | None,
    places: Mapping[str, int],
    names: Mapping[str, str],
    decimal_comma: bool,
) -> tuple[dict[str, list[float]], list[int], int]:
    table: dict[str, list[float]] = {role: [] for role in places}
    standing: list[int] = []
    left_out = 0
    wrong: list[str] = []
    for number, line in enumerate(lines[below:], below + 1):
        if not line.strip():
            continue
        cells = _cells(line, delimiter)
        row: dict[str, float] = {}
        for role, place in places.items():
            text = cells[place].strip() if place < len(cells) else ""
            value = _value(text, decimal_comma)
            if value is None:
                wrong.append(f"line {number}: {names[role]} {text!r} is no number")
                break
            row[role] = value
        if len(row) < len(places):
            continue
        if not (math.isfinite(row["charge"]) and math.isfinite(row["voltage"])):
            left_out += 1
            continue
        for role, value in row.items():
            table[role].append(value)
        standing.append(number)
    if wrong:
        more = [f"and {len(wrong) - _LISTED} more"] if len(wrong) > _LISTED else []
        first = int(wrong[0].split(":")[0].removeprefix("line "))
        told = [wrong[0].partition(": ")[2], *wrong[1:_LISTED], *more]
        raise InvalidFile(str(path), first, "\n  ".join(told))
    return table, standing, left_out


def _value(text: str, decimal_comma: bool) -> float | None:
    """NaN for a blank; None for what is no number."""
    if text.lower() in _BLANK:
        return math.nan
    if decimal_comma:
        text = text.replace(".", " ").replace(",", ".")
    if not _NUMBER.fullmatch(text):
        return None
    return float(text)
