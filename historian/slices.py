"""Slices: the archive's files. What they are called, what they hold, how one is written.

A slice is one Parquet file, ``date=YYYY-MM-DD/FIRST-LAST-CRC.parquet``, never changed
once it has its name. The date is the day (UTC) on which its first frame was received.
FIRST and LAST number its frames, counted from 1 over the whole archive. A slice whose
numbers lie within those of another one has been merged into it and no longer counts, so
giving a merged slice its name replaces all its parts at once. CRC is the CRC-32 of the
file: DuckDB takes no notice of Parquet's own checksums and would answer from damaged data.

Rows are sorted by (asset, signal, time). A row is a reading (``frame`` and ``row`` say
where it stood) or, with no asset and ``row`` -1, the head of a frame: stream, entry id,
producer, sequence, received_ns. Frames can so be rebuilt as they were, empty ones too.
"""

import json
import os
import re
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from historian.ledger import Ledger
from twin.errors import InvalidFile

HEAD: Final = -1
_VERSION: Final = 1
_KEY: Final = b"gigatwin.slice"
_NAME: Final = re.compile(r"(\d{12})-(\d{12})-([0-9a-f]{8})\.parquet")
_TEMPORARY: Final = ".tmp"
ROW_GROUP: Final = 32_768

_TEXT: Final = pa.dictionary(pa.int32(), pa.string())
SCHEMA: Final = pa.schema(
    {
        "asset": _TEXT,
        "signal": _TEXT,
        "time": pa.int64(),
        "value": pa.float64(),
        "quality": pa.uint32(),
        "text": _TEXT,
        "frame": pa.int64(),
        "row": pa.int32(),
        "stream": _TEXT,
        "entry_ms": pa.int64(),
        "entry_n": pa.int64(),
        "producer": _TEXT,
        "sequence": pa.int64(),
        "received_ns": pa.int64(),
    }
)
_DELTAS: Final = ("time", "frame", "row", "entry_ms", "entry_n", "sequence", "received_ns")
_DICTIONARIES: Final = ("asset", "signal", "value", "quality", "text", "stream", "producer")


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice and what its footer says of it. Ranges are inclusive; None: nothing there.

    ``rows`` counts readings. ``time`` is the source's, ``received`` the frames' clock,
    both in ns since 1970 UTC; ``arrived`` are the lowest and highest entry id.
    ``ledger`` is all that had been archived, in all streams, when the slice was written.
    """

    path: Path
    first: int
    last: int
    rows: int
    time: tuple[int, int] | None
    received: tuple[int, int]
    arrived: tuple[tuple[int, int], tuple[int, int]]
    ledger: Ledger

    @property
    def day(self) -> str:
        return self.path.parent.name


@dataclass(frozen=True, slots=True)
class Listed:
    path: Path
    first: int
    last: int


def listing(folder: Path) -> tuple[list[Listed], list[Path]]:
    """The slices that count, in the order of their frames, and those already merged.

    Raises InvalidFile for a file that has no place in an archive.
    """
    found = []
    for path in folder.glob("date=*/*.parquet"):
        name = _NAME.fullmatch(path.name)
        if name is None:
            raise InvalidFile(str(path), None, "this name is no slice's; move the file elsewhere")
        found.append(Listed(path, int(name[1]), int(name[2])))
    found.sort(key=lambda s: (s.first, -s.last))
    current: list[Listed] = []
    merged: list[Path] = []
    covered = 0
    for one in found:
        if one.last <= covered:
            merged.append(one.path)
            continue
        if one.first <= covered:
            raise InvalidFile(
                str(one.path), None, f"it repeats frames of {current[-1].path.name}; keep one"
            )
        covered = one.last
        current.append(one)
    return current, merged


def read_footer(listed: Listed) -> Slice:
    """Raises InvalidFile where the slice is damaged, FileNotFoundError where it is gone."""
    path = listed.path
    try:
        raw = (pq.read_metadata(path).metadata or {})[_KEY]
        about = json.loads(raw)
        if about["version"] != _VERSION:
            raise InvalidFile(str(path), None, f"slice format {about['version']} is not known here")
        low, high = about["arrived"]
        return Slice(
            path=path,
            first=listed.first,
            last=listed.last,
            rows=about["rows"],
            time=None if about["time"] is None else _pair(about["time"]),
            received=_pair(about["received"]),
            arrived=(_pair(low), _pair(high)),
            ledger=Ledger.from_json(about["ledger"]),
        )
    except FileNotFoundError:
        raise
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise InvalidFile(str(path), None, f"this slice is damaged: {error}") from error


def _pair(values: list[int]) -> tuple[int, int]:
    low, high = values
    return int(low), int(high)


def verify(path: Path) -> bytes:
    """The bytes of a slice. Raises as ``read_footer`` does, for the smallest damage."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise InvalidFile(str(path), None, f"this slice can't be read: {error}") from error
    if path.stem.rpartition("-")[2] != f"{zlib.crc32(data):08x}":
        raise InvalidFile(
            str(path), None, "this slice is damaged: its checksum does not match its content"
        )
    return data


def read_rows(path: Path) -> pa.Table:
    """All rows of a slice. Raises as ``verify`` does."""
    return pq.read_table(pa.BufferReader(verify(path))).cast(SCHEMA)


def write_slice(folder: Path, rows: pa.Table, ledger: Ledger) -> Slice:
    """Sort ``rows`` (of SCHEMA, with at least one frame) into a new slice.

    The slice is on the disk, whole, before it gets its name. Raises OSError.
    """
    heads = rows.filter(pa.compute.equal(rows["row"], HEAD))
    frames = heads["frame"].to_numpy()
    received = _range(heads["received_ns"].to_numpy())
    entries = sorted(zip(heads["entry_ms"].to_pylist(), heads["entry_n"].to_pylist(), strict=True))
    times = rows["time"].drop_null().to_numpy()
    first_received = int(heads["received_ns"].to_numpy()[np.argmin(frames)])
    first, last = _range(frames)
    about = Slice(
        path=folder,
        first=first,
        last=last,
        rows=len(times),
        time=_range(times) if len(times) else None,
        received=received,
        arrived=(entries[0], entries[-1]),
        ledger=ledger,
    )
    data = _encoded(_sorted(rows), about)
    day = datetime.fromtimestamp(first_received // 1_000_000_000, UTC).strftime("date=%Y-%m-%d")
    path = folder / day / f"{first:012d}-{last:012d}-{zlib.crc32(data):08x}.parquet"
    _store(path, data)
    return replace(about, path=path)


def name_slice(temporary: Path, path: Path) -> None:
    """The one step that makes a slice count."""
    temporary.rename(path)
    sync(path.parent)


def remove_leftovers(folder: Path) -> None:
    """Clear away what a crash left behind: half-written slices, and parts already merged."""
    for temporary in folder.glob(f"date=*/*{_TEMPORARY}"):
        temporary.unlink()
    for merged in listing(folder)[1]:
        merged.unlink()


def _range(values: npt.NDArray[np.int64]) -> tuple[int, int]:
    return int(values.min()), int(values.max())


def _encoded(rows: pa.Table, about: Slice) -> pa.Buffer:
    metadata = json.dumps(
        {
            "version": _VERSION,
            "rows": about.rows,
            "time": about.time,
            "received": about.received,
            "arrived": about.arrived,
            "ledger": about.ledger.to_json(),
        },
        separators=(",", ":"),
    )
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        SCHEMA,
        compression="zstd",
        use_dictionary=list(_DICTIONARIES),
        column_encoding=dict.fromkeys(_DELTAS, "DELTA_BINARY_PACKED"),
    ) as writer:
        writer.write_table(rows, row_group_size=ROW_GROUP)
        writer.add_key_value_metadata({_KEY: metadata.encode()})
    return sink.getvalue()


def _store(path: Path, data: pa.Buffer) -> None:
    if not path.parent.exists():
        path.parent.mkdir(parents=True)
        sync(path.parent.parent)
    temporary = path.with_suffix(_TEMPORARY)
    try:
        temporary.write_bytes(data)
        sync(temporary)
        name_slice(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def sync(path: Path) -> None:
    """Return once the file, or the folder's list of names, is on the disk."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _sorted(rows: pa.Table) -> pa.Table:
    """By asset, signal, time, then order of arrival; heads of frames last."""
    rows = rows.unify_dictionaries().combine_chunks()
    order = np.lexsort(
        (
            rows["row"].to_numpy(),
            rows["frame"].to_numpy(),
            rows["time"].fill_null(0).to_numpy(),
            _ranks(rows["signal"].chunk(0)),
            _ranks(rows["asset"].chunk(0)),
        )
    )
    return rows.take(pa.array(order))


def _ranks(column: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """Where each row's string stands in the alphabet; no string stands last."""
    names = column.dictionary.to_pylist()
    rank = np.empty(len(names) + 1, dtype=np.int64)
    rank[sorted(range(len(names)), key=names.__getitem__)] = np.arange(len(names))
    rank[-1] = len(names)
    codes: npt.NDArray[np.int32] = column.indices.fill_null(-1).to_numpy()
    return rank[codes]
