"""Tester exports of a replay as readings: a row a cycle, a reading a value."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from protocols.files import times
from protocols.files.maccor import CycleRow, TesterExport, read_stats
from protocols.files.manifest import Manifest, Tester
from protocols.files.sources import filled
from protocols.files.tables import Row, Table
from twin.errors import InvalidFile
from twin.frame import Reading

_SAME_START_NS: Final = 1_000_000_000
"""The table's start of a test is in whole seconds."""

NO_FILE: Final = "no tester file"
NO_CYCLE: Final = "the tester file holds no cycle"
REFUSED: Final = "the tester file is refused"


class TesterSources:
    """Reads the exports that a table names. ``missing`` says by piece why a piece has no
    record; refused files are in ``errors``."""

    def __init__(self, folder: Path, manifest: Manifest, tables: Mapping[str, Table]) -> None:
        self._folder = folder
        self._manifest = manifest
        self._tables = tables
        self.errors: list[InvalidFile] = []
        self.missing: dict[str, str] = {}

    def readings(self) -> Iterator[Reading]:
        for tester in self._manifest.testers:
            table = self._tables.get(tester.table)
            if table is None:
                continue
            for row in table.rows:
                yield from self._piece(tester, table, row)
            self._unnamed(tester, table)

    def _piece(self, tester: Tester, table: Table, row: Row) -> Iterator[Reading]:
        piece = filled(tester.piece, row.values)
        name = row.values[tester.file].strip()
        if not name:
            self.missing[piece] = NO_FILE
            return
        path = self._folder / tester.folder / name
        try:
            export = self._export(tester, path)
            self._check(tester, table, row, path, export)
        except InvalidFile as error:
            self.errors.append(error)
            self.missing[piece] = REFUSED
            return
        if not export.cycles:
            self.missing[piece] = NO_CYCLE
        asset = filled(tester.asset, row.values)
        for cycle in export.cycles:
            yield from _readings(asset, piece, cycle)

    def _export(self, tester: Tester, path: Path) -> TesterExport:
        zone = self._manifest.time_zone
        return read_stats(path, zone, decimal=tester.decimal, encoding=tester.encoding)

    def _check(
        self, tester: Tester, table: Table, row: Row, path: Path, export: TesterExport
    ) -> None:
        """The file must be the one that the table means."""
        channel = row.values[tester.channel].strip()
        if channel != str(export.channel):
            why = f"is of channel {export.channel}; {table.path.name} says {channel}"
            raise InvalidFile(str(path), None, why)
        started = row.values[tester.started].strip() if tester.started else ""
        if not started:
            return
        try:
            expected = times.parse(started, self._manifest.time_zone)
        except ValueError as error:
            raise table.invalid(row, f"{tester.started}: {error}") from error
        if abs(expected - export.started_ns) > _SAME_START_NS:
            why = (
                f"began at {times.iso(export.started_ns)}; "
                f"{table.path.name} says {times.iso(expected)}"
            )
            raise InvalidFile(str(path), None, why)

    def _unnamed(self, tester: Tester, table: Table) -> None:
        """A file that no row names can't be given to a piece; that is said, not hidden."""
        named = {row.values[tester.file].strip() for row in table.rows}
        folder = self._folder / tester.folder
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            if path.name in named or path.name.startswith(".") or not path.is_file():
                continue
            try:
                self._export(tester, path)
            except InvalidFile as error:
                self.errors.append(error)
            else:
                why = f"no row of {table.path.name} names this file: its cell is unknown"
                self.errors.append(InvalidFile(str(path), None, why))


def _readings(asset: str, piece: str, cycle: CycleRow) -> Iterator[Reading]:
    values = {
        "cycle": float(cycle.cycle),
        "charge_capacity": cycle.charge_capacity,
        "discharge_capacity": cycle.discharge_capacity,
        "charge_energy": cycle.charge_energy,
        "discharge_energy": cycle.discharge_energy,
    }
    for signal, value in values.items():
        if value is not None:
            yield Reading(asset, signal, cycle.time_ns, value, text=piece)
