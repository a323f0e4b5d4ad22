"""Any labelled table as columns: features, a target, a group.

Comma, semicolon, tab or bar between columns, decimal point or comma (told by the column),
thousands' commas, a row of units below the header, blank lines, a byte-order mark, UTF-8
or Latin-1; or Parquet. What can't be told is refused with its line and column.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from protocols.files.text import decode, read_bytes
from twin.errors import InvalidFile
from twin.learning.columns import Column

_DELIMITERS: Final = ",;\t|"
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_COMMA: Final = re.compile(r"[+-]?(\d+,\d*|,\d+)([eE][+-]?\d+)?")
_THOUSANDS: Final = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
_MISSING: Final = frozenset({"", "nan", "na", "n/a", "#n/a", "#na", "null"})
_NO_NUMBER: Final = _MISSING | {"-", "--", "none", "?"}
_PARQUET: Final = b"PAR1"
_MOSTLY: Final = 0.8
"""Share of a column's filled cells from which it is of numbers, or of texts; chosen."""
_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """``rows`` as they stand in the file, ``lines`` where each begins. ``units``: the row
    of units, if there is one."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    delimiter: str = ","
    units: tuple[str, ...] | None = None

    def name(self, asked: str) -> str:
        """The column's name as the file has it: as asked, or alike but for case, spaces and
        a unit in brackets. Raises InvalidFile."""
        if asked in self.columns:
            alike = [asked] * self.columns.count(asked)
        else:
            alike = [c for c in self.columns if c and _plain(c) == _plain(asked)]
        if len(alike) == 1:
            return alike[0]
        there = ", ".join(map(repr, filter(None, self.columns)))
        why = f"{len(alike)} columns are named {asked!r}" if alike else f"no column {asked!r}"
        raise InvalidFile(str(self.path), 1, f"{why}; there are {there}")

    def cells(self, name: str) -> list[str]:
        at = self.columns.index(self.name(name))
        return [row[at].strip() for row in self.rows]

    def texts(self, name: str, called: str | None = None) -> Column:
        """The column as texts; missing ones are ``""``."""
        cells = ("" if cell.lower() in _MISSING else cell for cell in self.cells(name))
        return Column(called or self.name(name), tuple(cells))

    def numbers(self, name: str, called: str | None = None) -> Column:
        """The column as numbers: NaN where the cell is blank, or holds something else,
        which is then among the column's faults."""
        cells = self.cells(name)
        read = _Marks(cells, self.delimiter)
        values = np.full(len(cells), np.nan)
        faults: dict[int, str] = {}
        for i, cell in enumerate(cells):
            found = read(cell)
            if found is not None and np.isfinite(found):
                values[i] = found
            elif cell.lower() not in _NO_NUMBER:
                faults[i] = cell
        return Column(called or self.name(name), values, faults)

    def column(self, name: str) -> Column:
        """Of numbers where nearly all filled cells are, of texts where hardly any is.

        Raises InvalidFile, with lines, where it is neither.
        """
        numbers = self.numbers(name)
        filled = sum(cell.lower() not in _NO_NUMBER for cell in self.cells(name))
        good = filled - len(numbers.faults)
        if filled == 0 or good >= _MOSTLY * filled:
            return numbers
        if good <= (1.0 - _MOSTLY) * filled:
            return self.texts(name)
        wrong = [f"line {self.lines[i]}: {cell!r}" for i, cell in numbers.faults.items()]
        raise InvalidFile(
            str(self.path),
            self.lines[next(iter(numbers.faults))],
            f"{name!r} holds {good} numbers and {len(wrong)} other cells "
            f"({'; '.join(wrong[:_NAMED])}): it is neither a number nor a text",
        )

    def decimal(self) -> str:
        """The mark that the table's numbers bear: a comma only where cells show it."""
        if self.delimiter == ",":
            return "."
        return "," if any(_COMMA.fullmatch(c.strip()) for row in self.rows for c in row) else "."

    def whole(self) -> tuple[str, ...]:
        """Each row's whole text, by which rows that stand twice are known."""
        return tuple("\x1f".join(cell.strip() for cell in row) for row in self.rows)


def read_feature_table(path: Path) -> FeatureTable:
    """Raises InvalidFile, with the line, where it can't be read as a table."""
    data = read_bytes(path)
    if data.startswith(_PARQUET):
        return _parquet(path)
    text = decode(path, data, "latin-1")
    header = next(line for line in text.splitlines() if line.strip())
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[tuple[str, ...]] = []
    lines: list[int] = []
    line = 1
    try:
        for record in reader:
            if any(cell.strip() for cell in record):
                if not columns:
                    columns = tuple(cell.strip() for cell in record)
                else:
                    rows.append(_fitted(path, line, record, len(columns)))
                    lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        why = f"the record that begins here can't be read ({error}): cut off or damaged"
        raise InvalidFile(str(path), line, why) from error
    if not rows:
        raise InvalidFile(str(path), None, "has a header, and no row below it")
    if len(rows) > 1 and _are_units(rows[0], rows[1:], delimiter):
        return FeatureTable(path, columns, tuple(rows[1:]), tuple(lines[1:]), delimiter, rows[0])
    return FeatureTable(path, columns, tuple(rows), tuple(lines), delimiter)


def write_with(path: Path, table: FeatureTable, added: Mapping[str, Sequence[str]]) -> None:
    """The table with further columns, as comma- or otherwise separated as it came; whole or
    not at all. Raises InvalidFile where a column is there already, or can't be written."""
    there = [name for name in added if name in table.columns]
    if there:
        why = f"has a column {', '.join(map(repr, there))} already: rename it first"
        raise InvalidFile(str(table.path), 1, why)
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=table.delimiter, lineterminator="\n")
            writer.writerow([*table.columns, *added])
            if table.units is not None:
                writer.writerow([*table.units, *("" for _ in added)])
            for i, row in enumerate(table.rows):
                writer.writerow([*row, *(cells[i] for cells in added.values())])
        partial.replace(path)
    except OSError as error:
        raise InvalidFile(str(path), None, f"can't be written: {error.strerror}") from error


def _fitted(path: Path, line: int, record: list[str], width: int) -> tuple[str, ...]:
    """A short record is filled up with blanks: its row is told to lack them."""
    if any(cell.strip() for cell in record[width:]):
        why = f"{len(record)} fields where the header has {width}"
        raise InvalidFile(str(path), line, why)
    return tuple(record[:width]) + ("",) * (width - len(record))


def _are_units(first: Sequence[str], rest: Sequence[Sequence[str]], delimiter: str) -> bool:
    """Words above columns of numbers, and no number in the row."""
    above_numbers = False
    for at, cell in enumerate(first):
        word = cell.strip()
        if _Marks([word], delimiter)(word) is not None:
            return False
        cells = [row[at].strip() for row in rest]
        read = _Marks(cells, delimiter)
        filled = [c for c in cells if c.lower() not in _NO_NUMBER]
        numbers = sum(read(c) is not None for c in filled)
        if word.lower() not in _NO_NUMBER and filled and numbers >= 0.9 * len(filled):
            above_numbers = True
    return above_numbers


class _Marks:
    """Reads the cells of one column: which marks its numbers bear is told by all of them."""

    def __init__(self, cells: Sequence[str], delimiter: str) -> None:
        commas = [cell for cell in cells if "," in cell]
        self._thousands = delimiter == "," and any(map(_THOUSANDS.fullmatch, commas))
        self._thousands &= not any(
            _COMMA.fullmatch(cell) and not _THOUSANDS.fullmatch(cell) for cell in commas
        )
        self._comma = not self._thousands and any(map(_COMMA.fullmatch, commas))

    def __call__(self, cell: str) -> float | None:
        if self._thousands and _THOUSANDS.fullmatch(cell):
            return float(cell.replace(",", ""))
        if self._comma and "." not in cell:
            cell = cell.replace(",", ".")
        elif self._comma:
            return None  # "1.234" beside "0,5" would be a thousand, or one
        return float(cell) if _NUMBER.fullmatch(cell) else None


def _plain(name: str) -> str:
    bare = re.sub(r"\s*[\[(][^\])]*[\])]\s*$", "", name)
    return re.sub(r"[\s_]+", " ", bare).strip().casefold()


def _parquet(path: Path) -> FeatureTable:
    # Late: only for who gives Parquet.
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise InvalidFile(str(path), None, f"can't be read as Parquet: {error}") from error
    held = [[_cell(value) for value in column.to_pylist()] for column in table.columns]
    rows = tuple(zip(*held, strict=True))
    if not rows:
        raise InvalidFile(str(path), None, "has columns, and no row")
    return FeatureTable(path, tuple(table.column_names), rows, tuple(range(1, len(rows) + 1)))


def _cell(value: object) -> str:
    return "" if value is None else str(value)
