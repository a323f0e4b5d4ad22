"""The lake's traces: all that was measured of one cell, read by its serial in milliseconds.

    traces/bucket=2f/000000000003.parquet     one row group a cell, sorted by serial, then time

A cell's bucket is a hash of its serial, so a question opens one bucket; a row group holds one
cell, so its statistics (least serial = greatest serial) say which one to read, and nothing
else is read. Each ``write`` adds one file to the buckets that it touches; a bucket of many
files becomes one again. A file is on the disk, whole, before it has its name, and is never
changed. Pages carry checksums, which are looked at when they are read.

A cell that was written twice (a re-test, a repeat) is one trace: by time, and of readings of
the same time the last written.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from historian.slices import sync
from twin.errors import InvalidFile, InvalidInput, NotFound, Unavailable

Floats = npt.NDArray[np.float64]

SCHEMA: Final = pa.schema(
    {
        "serial": pa.string(),
        "time": pa.int64(),
        "voltage": pa.float64(),
        "current": pa.float64(),
        "temperature": pa.float64(),
        "step": pa.int32(),
        "channel": pa.dictionary(pa.int32(), pa.string()),
    }
)
_DELTAS: Final = ("time", "step")
_FILES: Final = 8
"""A bucket with more files than that is merged into one."""
_BUCKETS: Final = 64


@dataclass(frozen=True, slots=True)
class Trace:
    """Of one cell on one channel: ``time`` [ns since 1970 UTC], ``voltage`` [V], ``current``
    [A, positive while charging], ``temperature`` [degC], ``step`` of the protocol (-1: not
    told), all of the same length; NaN where nothing was measured."""

    serial: str
    channel: str
    time: npt.NDArray[np.int64]
    voltage: Floats
    current: Floats
    temperature: Floats
    step: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time)


class TraceStore:
    """The traces under ``folder``. One process writes, any number read at the same time."""

    def __init__(self, folder: Path, buckets: int = _BUCKETS) -> None:
        self.folder = folder
        self._buckets = buckets
        self._footers: dict[Path, dict[str, int]] = {}
        self.row_groups_read = 0
        """How many row groups all questions together have opened."""

    def write(self, traces: Iterable[Trace]) -> int:
        """Returns how many cells were written. Raises InvalidInput for a trace whose columns
        differ in length or that has no serial, Unavailable where the disk refuses."""
        by_bucket: dict[str, list[Trace]] = {}
        for trace in traces:
            _check(trace)
            if len(trace):
                by_bucket.setdefault(self._bucket(trace.serial), []).append(trace)
        try:
            for bucket, found in by_bucket.items():
                self._add(bucket, found)
        except OSError as error:
            raise Unavailable(f"the traces {self.folder} can't be written: {error}") from error
        return len({trace.serial for found in by_bucket.values() for trace in found})

    def read(self, serial: str) -> Trace:
        """Raises NotFound for a cell without a trace, InvalidFile for a damaged file."""
        tables = [self._group(path, at) for path, at in self._places(serial)]
        if not tables:
            raise NotFound(f"there is no trace of cell {serial!r}")
        return _trace(serial, tables)

    def serials(self) -> Iterator[str]:
        """Of all cells, bucket by bucket."""
        for bucket in sorted(self.folder.glob("bucket=*")):
            found = {serial for path in _files(bucket) for serial in self._footer(path)}
            yield from sorted(found)

    def __contains__(self, serial: str) -> bool:
        return bool(self._places(serial))

    def _places(self, serial: str) -> list[tuple[Path, int]]:
        """Files, oldest first, and the row group of the cell in each."""
        folder = self.folder / self._bucket(serial)
        for _ in range(3):
            try:
                footers = [(path, self._footer(path)) for path in _files(folder)]
            except FileNotFoundError:
                continue  # merged since the folder was listed
            return [(path, footer[serial]) for path, footer in footers if serial in footer]
        raise Unavailable(f"the traces of {folder} change too fast to be read; ask again")

    def _footer(self, path: Path) -> dict[str, int]:
        """Row groups by the serial of their cell, from the statistics alone."""
        known = self._footers.get(path)
        if known is not None:
            return known
        try:
            about = pq.read_metadata(path)
            column = about.schema.names.index("serial")
            found = {}
            for at in range(about.num_row_groups):
                statistics = about.row_group(at).column(column).statistics
                if statistics is None or statistics.min != statistics.max:
                    raise InvalidFile(str(path), None, f"row group {at} is not of one cell")
                found[str(statistics.min)] = at
        except FileNotFoundError:
            raise
        except (OSError, ValueError) as error:
            raise InvalidFile(str(path), None, f"these traces are damaged: {error}") from error
        self._footers[path] = found
        return found

    def _group(self, path: Path, at: int) -> pa.Table:
        self.row_groups_read += 1
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                return file.read_row_group(at).cast(SCHEMA)
        except (OSError, ValueError) as error:
            raise InvalidFile(str(path), None, f"these traces are damaged: {error}") from error

    def _add(self, bucket: str, traces: Sequence[Trace]) -> None:
        folder = self.folder / bucket
        if not folder.exists():
            folder.mkdir(parents=True)
            sync(folder.parent)
        files = _files(folder)
        for left in folder.glob("*.tmp"):
            left.unlink()
        tables: dict[str, list[pa.Table]] = {}
        merged = files if len(files) >= _FILES else []
        for path in merged:
            for serial, at in self._footer(path).items():
                tables.setdefault(serial, []).append(self._group(path, at))
        for trace in traces:
            tables.setdefault(trace.serial, []).append(_table(trace))
        number = int(files[-1].stem) + 1 if files else 1
        _store(folder / f"{number:012d}.parquet", tables)
        for path in merged:
            path.unlink()
            self._footers.pop(path, None)

    def _bucket(self, serial: str) -> str:
        digest = blake2b(serial.encode(), digest_size=4).digest()
        return f"bucket={int.from_bytes(digest, 'big') % self._buckets:02x}"


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet"))


def _check(trace: Trace) -> None:
    if not trace.serial:
        raise InvalidInput("a trace has no serial; say whose it is")
    columns = (trace.voltage, trace.current, trace.temperature, trace.step)
    if any(len(column) != len(trace.time) for column in columns):
        raise InvalidInput(f"the columns of the trace of {trace.serial!r} differ in length")


def _table(trace: Trace) -> pa.Table:
    count = len(trace)
    columns = [
        pa.array([trace.serial] * count),
        pa.array(trace.time, pa.int64()),
        pa.array(trace.voltage, pa.float64()),
        pa.array(trace.current, pa.float64()),
        pa.array(trace.temperature, pa.float64()),
        pa.array(trace.step, pa.int32()),
        pa.array([trace.channel] * count).dictionary_encode(),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def _store(path: Path, tables: dict[str, list[pa.Table]]) -> None:
    temporary = path.with_suffix(".tmp")
    try:
        with pq.ParquetWriter(
            temporary,
            SCHEMA,
            compression="zstd",
            use_dictionary=["serial", "channel"],
            column_encoding=dict.fromkeys(_DELTAS, "DELTA_BINARY_PACKED"),
            write_page_checksum=True,
        ) as writer:
            for serial in sorted(tables):
                whole = _sorted(tables[serial])
                writer.write_table(whole, row_group_size=len(whole))
        sync(temporary)
        os.rename(temporary, path)
        sync(path.parent)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _sorted(tables: Sequence[pa.Table]) -> pa.Table:
    """By time; of rows with the same time the last stays."""
    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    time = whole["time"].to_numpy()
    order = np.argsort(time, kind="stable")
    last = np.append(np.diff(time[order]) != 0, True)
    return whole.take(pa.array(order[last]))


def _trace(serial: str, tables: Sequence[pa.Table]) -> Trace:
    whole = tables[0] if len(tables) == 1 else _sorted(tables)
    channels = whole["channel"].unify_dictionaries().combine_chunks().dictionary
    names = [str(name) for name in channels.to_pylist()]
    return Trace(
        serial,
        names[-1] if names else "",
        whole["time"].to_numpy(),
        whole["voltage"].to_numpy(),
        whole["current"].to_numpy(),
        whole["temperature"].to_numpy(),
        whole["step"].to_numpy(),
    )
