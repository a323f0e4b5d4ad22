"""Reader of the cycle statistics that a Maccor tester exports as text.

Tab-separated; keys and values first (``Channel Number:``, ``StartDateTime:``), then a
header row that begins with ``Cycle``, often with a row of group names above it, then a row
a cycle. Columns are found by name, for exports differ in what they hold. Numbers have a
decimal comma where the tester's Windows is a German one; times are spreadsheet serial
days, local, without a zone; a cycle's ``Date`` is its end.

A file that is damaged anywhere is refused whole: half a test looks like a bad cell.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from protocols.files import times
from protocols.files.text import decode, read_bytes
from twin.errors import InvalidFile

_COLUMNS: Final = ("Cycle", "AH-IN", "AH-OUT", "WH-IN", "WH-OUT")
_DATE: Final = "Date"
_CHANNEL: Final = "Channel Number:"
_START: Final = "StartDateTime:"
_NAME: Final = "TestName:"
_NUMBERS: Final = {
    ",": re.compile(r"[+-]?\d+(,\d+)?([eE][+-]?\d+)?"),
    ".": re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"),
}


@dataclass(frozen=True, slots=True)
class CycleRow:
    """One cycle: capacities [Ah], energies [Wh], None where the tester left a blank."""

    cycle: int
    time_ns: int
    charge_capacity: float | None
    discharge_capacity: float | None
    charge_energy: float | None
    discharge_energy: float | None


@dataclass(frozen=True, slots=True)
class TesterExport:
    """The test of one cell on one channel. ``cycles`` is empty while none has ended."""

    channel: int
    test_name: str
    started_ns: int
    cycles: tuple[CycleRow, ...]


def read_stats(
    path: Path, zone: ZoneInfo, *, decimal: str = ",", encoding: str = "latin-1"
) -> TesterExport:
    """The export at ``path``, its local times read in ``zone``.

    Raises InvalidFile, with the line, where the file is cut off, mis-encoded or empty,
    lacks its header or a column, has numbers of another format, or dates that run
    backwards.
    """
    text = decode(path, read_bytes(path), encoding)
    return _Reader(str(path), zone, decimal).read(text)


class _Reader:
    def __init__(self, path: str, zone: ZoneInfo, decimal: str) -> None:
        self._path = path
        self._zone = zone
        self._decimal = decimal
        self._number = _NUMBERS[decimal]
        self._line = 0

    def read(self, text: str) -> TesterExport:
        lines = [line.removesuffix("\r").split("\t") for line in text.split("\n")]
        last = lines.pop()
        header = next((i for i, cells in enumerate(lines) if cells[0].strip() == "Cycle"), None)
        if header is None:
            self._line = len(lines) or 1
            raise self._invalid(
                "no header row that begins with 'Cycle' up to here: "
                "the file is cut off or no Maccor statistics export"
            )
        channel, name, started = self._keys(lines[:header])
        self._line = header + 1
        columns = self._columns(lines[header])
        cycles = self._cycles(lines[header + 1 :], len(lines[header]), columns, started)
        if last != [""]:
            self._line = len(lines) + 1
            raise self._invalid("the last line does not end: the file is cut off")
        return TesterExport(channel, name, started, cycles)

    def _keys(self, lines: Sequence[Sequence[str]]) -> tuple[int, str, int]:
        """Channel, name and start of the test."""
        where: dict[str, int] = {}
        for i, cells in enumerate(lines):
            where.setdefault(cells[0].strip(), i)
        values: dict[str, str] = {}
        for key in (_CHANNEL, _START):
            if key not in where:
                self._line = len(lines) + 1
                raise self._invalid(f"no {key!r} above the cycles: the header is missing or cut")
        for key, i in where.items():
            values[key] = lines[i][1].strip() if len(lines[i]) > 1 else ""
        self._line = where[_CHANNEL] + 1
        if not values[_CHANNEL].isdecimal():
            raise self._invalid(f"channel number {values[_CHANNEL]!r} is no whole number")
        self._line = where[_START] + 1
        return int(values[_CHANNEL]), values.get(_NAME, ""), self._time(values[_START], None)

    def _columns(self, header: Sequence[str]) -> Mapping[str, int]:
        names = [name.strip() for name in header]
        for name in (*_COLUMNS, _DATE):
            if names.count(name) > 1:
                raise self._invalid(f"column {name!r} comes {names.count(name)} times")
        missing = [name for name in _COLUMNS if name not in names]
        if missing:
            raise self._invalid(f"no column {', '.join(map(repr, missing))}")
        # Exports of a test in which no cycle has ended yet come without a Date column.
        return {name: names.index(name) for name in (*_COLUMNS, _DATE) if name in names}

    def _cycles(
        self,
        lines: Sequence[Sequence[str]],
        width: int,
        columns: Mapping[str, int],
        started_ns: int,
    ) -> tuple[CycleRow, ...]:
        rows: list[CycleRow] = []
        header_line = self._line
        for i, cells in enumerate(lines, start=1):
            self._line = header_line + i
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != width:
                raise self._invalid(
                    f"{len(cells)} columns where the header has {width}: "
                    "the line is cut off or damaged"
                )
            rows.append(self._row(cells, columns, rows[-1] if rows else None, started_ns))
        return tuple(rows)

    def _row(
        self,
        cells: Sequence[str],
        columns: Mapping[str, int],
        previous: CycleRow | None,
        started_ns: int,
    ) -> CycleRow:
        if _DATE not in columns:
            raise self._invalid(f"a cycle, but the header has no column {_DATE!r}")
        values = {name: cells[column].strip() for name, column in columns.items()}
        if not values["Cycle"].isdecimal():
            raise self._invalid(f"cycle {values['Cycle']!r} is no whole number")
        cycle = int(values["Cycle"])
        if previous is not None and cycle <= previous.cycle:
            raise self._invalid(f"cycle {cycle} after cycle {previous.cycle}")
        not_before = started_ns if previous is None else previous.time_ns
        time_ns = self._time(values[_DATE], not_before)
        if time_ns < not_before:
            what = "the start of the test" if previous is None else f"cycle {previous.cycle}"
            raise self._invalid(
                f"dates run backwards: cycle {cycle} ends at {times.iso(time_ns)}, "
                f"before {what} at {times.iso(not_before)}"
            )
        return CycleRow(cycle, time_ns, *(self._optional(values[c]) for c in _COLUMNS[1:]))

    def _optional(self, cell: str) -> float | None:
        return None if cell == "" else float(self._exact(cell))

    def _exact(self, cell: str) -> Decimal:
        if not self._number.fullmatch(cell):
            raise self._invalid(
                f"{cell!r} is no number with a decimal {_MARKS[self._decimal]}: "
                "the export has another number format, or the cell is damaged"
            )
        return Decimal(cell.replace(",", "."))

    def _time(self, cell: str, not_before_ns: int | None) -> int:
        try:
            local: datetime = times.sheet_date(self._exact(cell))
            return times.to_utc(local, self._zone, not_before_ns)
        except ValueError as error:
            raise self._invalid(str(error)) from error

    def _invalid(self, why: str) -> InvalidFile:
        return InvalidFile(self._path, self._line, why)


_MARKS: Final = {",": "comma", ".": "point"}
