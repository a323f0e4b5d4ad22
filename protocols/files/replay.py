"""A folder with a plant's past, as the readings that a live plant would have sent."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord
from protocols.files.manifest import Manifest, Stage, load_manifest
from protocols.files.manifest_check import check
from protocols.files.sources import TableSources
from protocols.files.tables import Row, Table, read_table
from protocols.files.testers import TesterSources
from protocols.files.trace_sources import TraceSources
from twin.errors import InvalidFile, NotFound
from twin.frame import Reading
from twin.kinds import kind

MANIFEST: Final = "replay.yaml"


@dataclass(frozen=True, slots=True)
class Passed:
    """A run of one station that a piece went through; empty where the table says nothing."""

    run: str
    note: str
    position: str
    channel: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One finished piece. ``untested`` says why it has no tester record, empty if it has."""

    serial: str
    stacking: Passed
    filling: Passed
    formation: Passed
    untested: str


@dataclass(frozen=True, slots=True)
class ReplayPlan:
    """What a replay does. ``errors`` are the files and rows refused; the rest goes on."""

    folder: Path
    credit: str
    pieces: tuple[Piece, ...]
    errors: tuple[InvalidFile, ...]
    _assets: tuple[AssetRecord, ...]
    _readings: tuple[Reading, ...]

    def assets(self) -> tuple[AssetRecord, ...]:
        return self._assets

    def readings(self) -> Iterator[Reading]:
        """All readings in the order of their times; those of one time in the manifest's
        order: columns, measurements, tester exports, traces."""
        return iter(self._readings)

    def __len__(self) -> int:
        """How many readings there are."""
        return len(self._readings)


def load_replay(folder: Path) -> ReplayPlan:
    """The replay that ``folder/replay.yaml`` describes.

    Raises InvalidFile where the manifest, the plant file or the table of the pieces can't
    be used: without one of them there is nothing to replay. Other files that are refused
    are in the plan's ``errors``.
    """
    path = folder / MANIFEST
    manifest = load_manifest(path)
    assets = load_plant(folder / manifest.plant)
    errors: list[InvalidFile] = []
    tables: dict[str, Table] = {}
    for name, file in manifest.tables.items():
        try:
            tables[name] = read_table(
                folder / file.file, encoding=file.encoding, delimiter=file.delimiter
            )
        except InvalidFile as error:
            if name == manifest.pieces.table:
                raise
            errors.append(error)
    units = _units(assets)
    check(path, manifest, tables, units)
    table_sources = TableSources(manifest, tables, units)
    tester_sources = TesterSources(folder, manifest, tables)
    trace_sources = TraceSources(folder, manifest, tables)
    readings = [
        *table_sources.readings(),
        *tester_sources.readings(),
        *trace_sources.readings(),
    ]
    readings.sort(key=lambda reading: reading.time_ns)
    unknown = sorted({r.asset for r in readings} - {asset.name for asset in assets})
    if unknown:
        raise InvalidFile(str(path), None, f"{manifest.plant} has no {', '.join(unknown)}")
    return ReplayPlan(
        folder=folder,
        credit=manifest.credit,
        pieces=_pieces(
            manifest,
            tables[manifest.pieces.table],
            {**trace_sources.missing, **tester_sources.missing},
        ),
        errors=(
            *errors,
            *table_sources.errors,
            *tester_sources.errors,
            *trace_sources.errors,
        ),
        _assets=tuple(assets),
        _readings=tuple(readings),
    )


def _units(assets: tuple[AssetRecord, ...]) -> dict[tuple[str, str], str | None]:
    """Unit of every signal of every asset; an unknown kind is the registry's to refuse."""
    units: dict[tuple[str, str], str | None] = {}
    for asset in assets:
        try:
            signals = kind(asset.kind).signals
        except NotFound:
            continue
        units |= {(asset.name, signal.name): signal.unit for signal in signals}
    return units


def _pieces(manifest: Manifest, table: Table, untested: Mapping[str, str]) -> tuple[Piece, ...]:
    def passed(row: Row, stage: Stage) -> Passed:
        columns = (stage.run, stage.note, stage.position, stage.channel)
        return Passed(*(row.values[c].strip() if c else "" for c in columns))

    pieces: dict[str, Piece] = {}
    for row in table.rows:
        serial = row.values[manifest.pieces.serial].strip()
        if not serial:
            raise table.invalid(row, f"no serial in column {manifest.pieces.serial!r}")
        if serial in pieces:
            raise table.invalid(row, f"serial {serial!r} comes twice")
        pieces[serial] = Piece(
            serial,
            passed(row, manifest.pieces.stacking),
            passed(row, manifest.pieces.filling),
            passed(row, manifest.pieces.formation),
            untested.get(serial, ""),
        )
    return tuple(pieces.values())
