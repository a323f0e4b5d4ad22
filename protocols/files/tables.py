"""Comma-separated tables, read whole or refused whole."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from protocols.files.text import decode, read_bytes
from twin.errors import InvalidFile


@dataclass(frozen=True, slots=True)
class Row:
    """One record; ``line`` is the first of the lines that it stands on."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    path: Path
    columns: tuple[str, ...]
    rows: tuple[Row, ...]

    def invalid(self, row: Row, why: str) -> InvalidFile:
        return InvalidFile(str(self.path), row.line, why)

    def number(self, row: Row, column: str) -> float | None:
        """The number in a cell, None for a blank one. Raises InvalidFile."""
        cell = row.values[column].strip()
        if not cell:
            return None
        try:
            return float(cell)
        except ValueError:
            raise self.invalid(row, f"{column} {cell!r} is no number") from None


def read_table(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> Table:
    """The table at ``path``; the first record names the columns.

    Raises InvalidFile, with the line, where the file is empty, mis-encoded, cut off, or a
    record has more or fewer fields than there are columns.
    """
    text = decode(path, read_bytes(path), encoding)
    if not text.endswith("\n"):
        line = text.count("\n") + 1
        raise InvalidFile(str(path), line, "the last line does not end: the file is cut off")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    line = 1
    try:
        for record in reader:
            if not columns:
                columns = _columns(path, record)
            elif len(record) != len(columns):
                why = f"{len(record)} fields where the header has {len(columns)}"
                raise InvalidFile(str(path), line, why)
            else:
                rows.append(Row(line, dict(zip(columns, record, strict=True))))
            line = reader.line_num + 1
    except csv.Error as error:
        why = f"the record that begins here can't be read ({error}): cut off or damaged"
        raise InvalidFile(str(path), line, why) from error
    return Table(path, columns, tuple(rows))


def _columns(path: Path, header: list[str]) -> tuple[str, ...]:
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise InvalidFile(str(path), 1, f"columns that come twice: {', '.join(twice)}")
    return tuple(header)
