"""Full traces of a replay as readings: voltage, current and temperature of each row."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from protocols.files import times
from protocols.files.cycler_trace import CyclerTrace, read_trace
from protocols.files.manifest import Manifest, Trace
from protocols.files.sources import filled
from protocols.files.tables import Row, Table
from protocols.files.testers import NO_FILE, REFUSED
from twin.errors import InvalidFile
from twin.frame import Reading


class TraceSources:
    """Reads the traces that a table names. ``missing`` says by piece why a piece has no
    trace; refused files are in ``errors``."""

    def __init__(self, folder: Path, manifest: Manifest, tables: Mapping[str, Table]) -> None:
        self._folder = folder
        self._manifest = manifest
        self._tables = tables
        self.errors: list[InvalidFile] = []
        self.missing: dict[str, str] = {}

    def readings(self) -> Iterator[Reading]:
        for trace in self._manifest.traces:
            table = self._tables.get(trace.table)
            for row in table.rows if table else ():
                assert table is not None
                yield from self._piece(trace, table, row)

    def _piece(self, trace: Trace, table: Table, row: Row) -> Iterator[Reading]:
        piece = filled(trace.piece, row.values)
        name = row.values[trace.file].strip()
        if not name:
            self.missing[piece] = NO_FILE
            return
        path = self._folder / trace.folder / name
        try:
            found = read_trace(
                path,
                trace.format,
                self._manifest.time_zone,
                trace.columns,
                trace.units,
                encoding=trace.encoding,
                delimiter=trace.delimiter,
            )
            _check_clock(path, found)
            started_ns = self._started(trace, table, row, found, path)
        except InvalidFile as error:
            self.errors.append(error)
            self.missing[piece] = REFUSED
            return
        yield from _readings(filled(trace.asset, row.values), piece, found, started_ns)

    def _started(self, trace: Trace, table: Table, row: Row, found: CyclerTrace, path: Path) -> int:
        """The table's start, where it says one: a tester's own clock may be wrong."""
        told = row.values[trace.started].strip() if trace.started else ""
        if told:
            try:
                return times.parse(told, self._manifest.time_zone)
            except ValueError as error:
                raise table.invalid(row, f"{trace.started}: {error}") from error
        if found.started_ns is None:
            why = "does not say when the test began: name a column 'started' in the manifest"
            raise InvalidFile(str(path), None, why)
        return found.started_ns


def _check_clock(path: Path, trace: CyclerTrace) -> None:
    """Readings of a replay are sorted by time, which would hide a clock that steps back."""
    back = np.flatnonzero(np.diff(trace.seconds) < 0.0)
    if back.size:
        i = int(back[0])
        raise InvalidFile(
            str(path),
            None,
            f"its clock steps back from {trace.seconds[i]:g} s in data row {i + 1} "
            f"to {trace.seconds[i + 1]:g} s",
        )


def _readings(asset: str, piece: str, trace: CyclerTrace, started_ns: int) -> Iterator[Reading]:
    signals = {"voltage": trace.voltage, "current": trace.current}
    if trace.temperature is not None:
        signals["temperature"] = trace.temperature
    columns = {name: values.tolist() for name, values in signals.items()}
    for i, seconds in enumerate(trace.seconds.tolist()):
        time_ns = started_ns + round(seconds * 1e9)
        for signal, values in columns.items():
            yield Reading(asset, signal, time_ns, values[i], text=piece)
