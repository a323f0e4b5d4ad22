"""A gauge R&R study from a table: one row for each measurement.

    part,operator,trial,thickness [um]
    P1,Ada,1,108.2

Comma, semicolon or tab stand between the columns; where it is no comma, numbers may have
a decimal comma. Columns are known by their names, or are named by the caller.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from protocols.files.tables import Row, Table, read_table
from protocols.files.text import decode, read_bytes
from twin.errors import InvalidFile
from twin.estimation.gauge_readings import Measurement, faults, has_negative_part

_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "part": ("part", "parts", "piece", "sample", "specimen", "part id", "part no", "teil"),
    "operator": ("operator", "operators", "appraiser", "inspector", "person", "prüfer"),
    "trial": ("trial", "trials", "repeat", "repetition", "replicate", "run", "wiederholung"),
    "value": ("value", "measurement", "measured", "reading", "result", "wert", "messwert"),
}
_NEEDED: Final = ("part", "value")
_UNIT: Final = re.compile(r"\s*[\[(]\s*([^\])]*?)\s*[\])]\s*$")
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_DELIMITERS: Final = ",;\t"
_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class StudyTable:
    """``columns`` by role (part, operator, trial, value); operator and trial may be
    missing. ``unit`` is the one in the value's header, if there is one. ``signed`` tells
    whether values are deviations, which may be zero or below."""

    measurements: tuple[Measurement, ...]
    columns: Mapping[str, str]
    unit: str | None
    signed: bool


def read_gauge_study(
    path: Path, named: Mapping[str, str] | None = None, signed: bool | None = None
) -> StudyTable:
    """The study in the table at ``path``; ``named`` gives columns by role.

    Raises InvalidFile, with every line at fault, where it is no complete crossed study.
    """
    header = decode(path, read_bytes(path), "utf-8").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=header.count)
    table = read_table(path, delimiter=delimiter)
    columns = _columns(table, named or {})
    if not table.rows:
        raise InvalidFile(str(path), None, "has a header, and no measurement below it")
    decimal = "," if delimiter != "," and _has_decimal_comma(table, columns["value"]) else "."
    measurements: list[Measurement] = []
    wrong: list[tuple[int | None, str]] = []
    for row in table.rows:
        try:
            measurements.append(_measurement(table, row, columns, decimal))
        except InvalidFile as error:
            wrong.append((row.line, error.why))
    if not wrong:
        wrong = [
            (None if fault.index is None else table.rows[fault.index].line, fault.why)
            for fault in faults(measurements, signed)
        ]
    _refuse(path, wrong)
    unit = _UNIT.search(columns["value"])
    return StudyTable(
        tuple(measurements),
        columns,
        unit[1] if unit and unit[1] else None,
        has_negative_part(measurements) if signed is None else signed,
    )


def _refuse(path: Path, wrong: Sequence[tuple[int | None, str]]) -> None:
    if not wrong:
        return
    wrong = sorted(wrong, key=lambda fault: (fault[0] is None, fault[0] or 0))
    told = [("" if line is None else f"line {line}: ") + why for line, why in wrong[1:_LISTED]]
    if len(wrong) > _LISTED:
        told.append(f"and {len(wrong) - _LISTED} more")
    line, why = wrong[0]
    raise InvalidFile(str(path), line, "\n  ".join([why, *told]))


def _columns(table: Table, named: Mapping[str, str]) -> dict[str, str]:
    known = {_plain(column): column for column in table.columns}
    there = ", ".join(map(repr, table.columns))
    found: dict[str, str] = {}
    for role, name in named.items():
        column = name if name in table.columns else known.get(_plain(name))
        if column is None:
            raise InvalidFile(str(table.path), 1, f"no column {name!r}; there are {there}")
        found[role] = column
    if len(set(found.values())) < len(found):
        why = f"one column is named twice: {', '.join(map(repr, found.values()))}"
        raise InvalidFile(str(table.path), 1, why)
    for role, names in _KNOWN.items():
        free = [known[n] for n in names if n in known and known[n] not in found.values()]
        if role not in found and free:
            found[role] = free[0]
    rest = [column for column in table.columns if column not in found.values()]
    if "value" not in found and len(rest) == 1:
        found["value"] = rest[0]
    for role in _NEEDED:
        if role not in found:
            why = f"no column is known as the {role}; name one of {there} with --{role}"
            raise InvalidFile(str(table.path), 1, why)
    return found


def _plain(column: str) -> str:
    return re.sub(r"[\s_]+", " ", _UNIT.sub("", column)).strip().lower()


def _has_decimal_comma(table: Table, column: str) -> bool:
    return any("," in row.values[column] for row in table.rows)


def _measurement(table: Table, row: Row, columns: Mapping[str, str], decimal: str) -> Measurement:
    text = {role: row.values[column].strip() for role, column in columns.items()}
    for role, column in columns.items():
        if not text[role]:
            raise table.invalid(row, f"{column} is blank")
    number = text["value"]
    if decimal == ",":
        # "1.234,5" would be a thousand or one: both marks in one column are refused.
        number = number.replace(".", " ").replace(",", ".")
    if not _NUMBER.fullmatch(number):
        raise table.invalid(row, f"{columns['value']} {text['value']!r} is no number")
    return Measurement(
        part=text["part"],
        operator=text.get("operator", ""),
        value=float(number),
        trial=text.get("trial", ""),
    )
