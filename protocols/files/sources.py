"""The tables of a replay as readings, each with its time, its unit and its piece."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from protocols.files import times
from protocols.files.linking import Candidate, link
from protocols.files.manifest import Column, Lookup, Manifest, Measurements, TimeOf
from protocols.files.tables import Row, Table
from twin.errors import InvalidFile, UnitMismatch
from twin.frame import Reading
from twin.units import convert

_FIELD: Final = re.compile(r"\{(\w+)\}")
_NUMBERED: Final = re.compile(r"(.*?)(\d*)")

Units = Mapping[tuple[str, str], str | None]
"""Unit of each asset's signal by (asset, signal), as its kind has it; None for a text."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """One row of a long table, understood."""

    row: Row
    name: str
    n: str
    value: float
    time_ns: int


class TableSources:
    """Reads what a manifest says of the tables. What can't be read is in ``errors``."""

    def __init__(self, manifest: Manifest, tables: Mapping[str, Table], units: Units) -> None:
        self._manifest = manifest
        self._tables = tables
        self._units = units
        self.errors: list[InvalidFile] = []

    def readings(self) -> Iterable[Reading]:
        """The readings of all tables, source after source, in the manifest's order."""
        for column in self._manifest.columns:
            if column.table in self._tables:
                yield from self._column(column)
        for source in self._manifest.measurements:
            if source.table in self._tables:
                yield from self._measurements(source)
        self._unclaimed()

    def _column(self, source: Column) -> Iterable[Reading]:
        table = self._tables[source.table]
        for row in table.rows:
            try:
                if not row.values[source.value].strip():
                    continue
                time_ns = self._time_of(table, row, source.time)
                piece = filled(source.piece, row.values)
                if source.unit is None:
                    text = row.values[source.value].strip()
                    yield Reading(source.asset, source.signal, time_ns, text=text)
                    continue
                value = table.number(row, source.value)
                assert value is not None
                yield self._reading(source.asset, source.signal, time_ns, value, source.unit, piece)
            except InvalidFile as error:
                self.errors.append(error)

    def _measurements(self, source: Measurements) -> Iterable[Reading]:
        """Rows of one time stay together piece by piece, in the order of ``signals``."""
        table = self._tables[source.table]
        rows = [
            m for row in chosen(table, source.where) if (m := self._measured(table, row, source))
        ]
        pieces = self._linked(source, rows)
        named = [(m, pieces.get(id(m.row)) or self._piece(source, m)) for m in rows]
        first: dict[tuple[int, str], int] = {}
        for measured, piece in named:
            first.setdefault((measured.time_ns, piece), len(first))
        order = list(source.signals)
        named.sort(key=lambda m: (m[0].time_ns, first[m[0].time_ns, m[1]], order.index(m[0].name)))
        for measured, piece in named:
            yield self._reading(
                source.asset,
                source.signals[measured.name],
                measured.time_ns,
                measured.value,
                source.unit,
                piece,
            )

    def _measured(self, table: Table, row: Row, source: Measurements) -> _Measured | None:
        try:
            parts = _NUMBERED.fullmatch(row.values[source.name])
            assert parts is not None
            name, n = parts[1], parts[2].lstrip("0") or parts[2]
            if name not in source.signals:
                known = ", ".join(source.signals)
                raise table.invalid(row, f"unknown measurement {name!r}; known here: {known}")
            value = table.number(row, source.value)
            if value is None:
                raise table.invalid(row, f"{source.value} is blank")
            return _Measured(row, name, n, value, self._time(table, row, source.time))
        except InvalidFile as error:
            self.errors.append(error)
            return None

    def _linked(self, source: Measurements, rows: Sequence[_Measured]) -> Mapping[int, str]:
        """The serial of each row's piece by the row's identity, where the link is certain."""
        if source.link is None:
            return {}
        ((run_there, run_here),) = source.link.run.items()
        runs: dict[str, list[_Measured]] = {}
        for m in rows:
            if m.n.isdecimal():
                runs.setdefault(m.row.values[run_there], []).append(m)
        serials: dict[int, str] = {}
        for run, members in runs.items():
            measured: dict[int, dict[str, float]] = {}
            for m in members:
                measured.setdefault(int(m.n), {})[m.name] = m.value
            found = link(measured, self._candidates(source, run_here, run))
            serials |= {id(m.row): found[int(m.n)] for m in members if int(m.n) in found}
        return serials

    def _candidates(self, source: Measurements, column: str, run: str) -> list[Candidate]:
        assert source.link is not None
        pieces = self._manifest.pieces
        table = self._tables[pieces.table]
        candidates = []
        for row in chosen(table, {column: run}):
            copies: dict[str, float] = {}
            for name, copied in source.link.by.items():
                value = table.number(row, copied)
                if value is not None:
                    copies[name] = convert(value, source.link.unit, source.unit)
            position = row.values[source.link.position].strip()
            candidates.append(
                Candidate(
                    row.values[pieces.serial],
                    copies,
                    int(position) if position.isdecimal() else 0,
                )
            )
        return candidates

    def _piece(self, source: Measurements, measured: _Measured) -> str:
        return filled(source.piece, {**measured.row.values, "n": measured.n})

    def _reading(
        self, asset: str, signal: str, time_ns: int, value: float, unit: str, piece: str
    ) -> Reading:
        wanted = self._units[asset, signal]
        assert wanted is not None
        if wanted != unit:
            value = convert(value, unit, wanted)
        return Reading(asset, signal, time_ns, value, text=piece)

    def _time(self, table: Table, row: Row, column: str) -> int:
        try:
            return times.parse(row.values[column].strip(), self._manifest.time_zone)
        except ValueError as error:
            raise table.invalid(row, f"{column}: {error}") from error

    def _time_of(self, table: Table, row: Row, rule: TimeOf) -> int:
        known: list[int] = []
        for name in rule.of:
            if name in self._manifest.times:
                found = self._looked_up(self._manifest.times[name], row)
                known += [found] if found is not None else []
            elif row.values[name].strip():
                known.append(self._time(table, row, name))
        if not known:
            raise table.invalid(row, f"no time is known: neither {' nor '.join(rule.of)}")
        return min(known) if rule.pick == "earliest" else known[0]

    def _looked_up(self, lookup: Lookup, row: Row) -> int | None:
        there = self._tables.get(lookup.table)
        if there is None:
            return None
        wanted = {column: row.values[here] for column, here in lookup.match.items()}
        found = next(iter(chosen(there, {**lookup.where, **wanted})), None)
        return None if found is None else self._time(there, found, lookup.time)

    def _unclaimed(self) -> None:
        """A measurement that no source takes would be lost without a word."""
        sources = self._manifest.measurements
        for name in dict.fromkeys(source.table for source in sources):
            table = self._tables.get(name)
            if table is None:
                continue
            claimed = {
                row.line
                for source in sources
                if source.table == name
                for row in chosen(table, source.where)
            }
            self.errors += [
                table.invalid(row, "no measurement of the manifest takes this row")
                for row in table.rows
                if row.line not in claimed
            ]


def chosen(table: Table, where: Mapping[str, str]) -> list[Row]:
    """Rows whose columns have these very values."""
    return [row for row in table.rows if all(row.values[c] == v for c, v in where.items())]


def filled(template: str, values: Mapping[str, str]) -> str:
    return _FIELD.sub(lambda field: values[field[1]], template)


def fields(template: str) -> list[str]:
    return _FIELD.findall(template)


def check_unit(unit: str | None, wanted: str | None) -> str | None:
    """What is wrong with a source's unit for a signal with the unit ``wanted``, if aught."""
    if (unit is None) != (wanted is None):
        return "a text signal has no unit, and a number needs one"
    if unit is not None and wanted is not None:
        try:
            convert(0.0, unit, wanted)
        except UnitMismatch as error:
            return str(error)
    return None
