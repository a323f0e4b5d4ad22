"""Whether a manifest's names are there: tables, columns, assets, signals, units."""

from collections.abc import Mapping
from pathlib import Path

from protocols.files.manifest import Manifest
from protocols.files.sources import Units, check_unit, fields
from protocols.files.tables import Table
from twin.errors import InvalidFile


def check(
    path: Path,
    manifest: Manifest,
    tables: Mapping[str, Table],
    units: Units,
) -> None:
    """Raises InvalidFile where the manifest names a table, column or signal that isn't."""
    wrong: list[str] = []

    def columns(table: str, *names: str) -> None:
        if table not in manifest.tables:
            wrong.append(f"no table {table!r}")
        elif table in tables:
            there = tables[table].columns
            wrong.extend(f"table {table!r} has no column {n!r}" for n in names if n not in there)

    def signal(asset: str, name: str, unit: str | None) -> None:
        if (asset, name) not in units:
            wrong.append(f"{manifest.plant} has no asset {asset!r} with a signal {name!r}")
            return
        mismatch = check_unit(unit, units[asset, name])
        if mismatch:
            wrong.append(f"{asset} {name}: {mismatch}")

    pieces = manifest.pieces
    stages = (pieces.stacking, pieces.filling, pieces.formation)
    named = [c for s in stages for c in (s.run, s.note, s.position, s.channel) if c]
    columns(pieces.table, pieces.serial, *named)
    for lookup in manifest.times.values():
        columns(lookup.table, *lookup.where, *lookup.match, lookup.time)
    for column in manifest.columns:
        known = [name for name in column.time.of if name not in manifest.times]
        columns(column.table, column.value, *fields(column.piece), *known)
        signal(column.asset, column.signal, column.unit)
    for source in manifest.measurements:
        used = [name for name in fields(source.piece) if name != "n"]
        columns(source.table, *source.where, source.time, source.value, source.name, *used)
        for name in source.signals.values():
            signal(source.asset, name, source.unit)
        if source.link:
            columns(source.table, *source.link.run)
            columns(pieces.table, *source.link.run.values(), *source.link.by.values())
            columns(pieces.table, source.link.position)
    for tester in manifest.testers:
        used = [*fields(tester.asset), *fields(tester.piece)]
        started = [tester.started] if tester.started else []
        columns(tester.table, tester.file, tester.channel, *started, *used)
    for trace in manifest.traces:
        used = [*fields(trace.asset), *fields(trace.piece)]
        columns(trace.table, trace.file, *([trace.started] if trace.started else []), *used)
    if wrong:
        raise InvalidFile(str(path), None, "; ".join(dict.fromkeys(wrong)))
