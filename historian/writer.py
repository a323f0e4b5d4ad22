"""Frames in, sorted slices out, each reading once, whenever the process dies."""

import fcntl
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from historian.ledger import Ledger
from historian.slices import (
    HEAD,
    SCHEMA,
    Slice,
    listing,
    read_footer,
    remove_leftovers,
    verify,
    write_slice,
)
from twin.errors import InvalidFrame, Unavailable
from twin.frame import Frame
from twin.ports import Entry, order

_LIMIT = 2**63


class SliceWriter:
    """Collects frames and writes them as slices under ``folder``.

    A slice's footer holds the ledger of all that is archived with it: the newest slice
    is the archive's memory, and there is no second file that could disagree with it.
    One writer at a time: the folder is locked until ``close`` or the end of the process.
    Raises Unavailable where another writer has the folder or it can't be written,
    InvalidFile where the newest slice is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = _lock(folder)
        try:
            remove_leftovers(folder)
            current, _ = listing(folder)
            if current:
                verify(current[-1].path)
            ledger = read_footer(current[-1]).ledger if current else Ledger()
        except BaseException:
            self.close()
            raise
        self._frames = current[-1].last if current else 0
        self._archived = ledger
        self._ledger = ledger.copy()
        self._buffer = _Buffer()

    @property
    def rows(self) -> int:
        """Rows that wait for the next flush."""
        return self._buffer.rows

    def positions(self) -> Mapping[str, str]:
        """The last entry of each stream that is done with: it and all before it are safe
        on the disk, or were repeats and damaged entries, of which nothing is kept."""
        ledger = self._archived if self._buffer.rows else self._ledger
        return dict(ledger.positions)

    def reached(self, stream: str) -> str:
        """The last entry of the stream that was added: read on after it."""
        return self._ledger.position(stream)

    def add(self, entry: Entry, frame: Frame) -> bool:
        """Take a frame; False where it has been taken before and nothing is to be done.

        Raises InvalidFrame for one that no slice can hold.
        """
        _check(frame)
        if not self._ledger.take(entry, frame):
            return False
        self._frames += 1
        self._buffer.add(self._frames, entry, frame)
        return True

    def skip(self, entry: Entry) -> None:
        """Go past an entry that is no frame."""
        self._ledger.skip(entry)

    def flush(self) -> Slice | None:
        """Write what has been added; None where that is nothing.

        Raises Unavailable where the disk refuses; nothing is lost, flush again later.
        """
        if not self._buffer.rows:
            return None
        ledger = self._ledger.copy()
        try:
            written = write_slice(self.folder, self._buffer.table(), ledger)
        except OSError as error:
            raise Unavailable(f"the archive {self.folder} can't be written: {error}") from error
        self._archived = ledger
        self._buffer = _Buffer()
        return written

    def close(self) -> None:
        """Give the folder free. What has not been flushed is read again next time."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _lock(folder: Path) -> int | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise Unavailable(f"the archive {folder} can't be written: {error}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise Unavailable(f"another process writes the archive {folder}; end it first") from error
    return lock


def _check(frame: Frame) -> None:
    if not 0 < frame.sequence < _LIMIT or not -_LIMIT <= frame.received_ns < _LIMIT:
        raise InvalidFrame(
            f"frame {frame.sequence} of {frame.producer!r}: sequence or received_ns out of range"
        )
    try:
        "".join((frame.producer, *frame.assets, *frame.signals, *frame.texts)).encode()
    except (TypeError, UnicodeEncodeError) as error:
        raise InvalidFrame(f"frame {frame.sequence}: a name is no text: {error}") from error


class _Codes:
    """A growing dictionary of strings, and a column of codes into it (-1: null)."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._parts: list[npt.NDArray[np.int32]] = []

    def add(self, names: Sequence[str], codes: npt.NDArray[np.integer]) -> None:
        known = [self._codes.setdefault(name, len(self._codes)) for name in names]
        # the entry after the last is what -1 points at
        self._parts.append(np.array([*known, -1], dtype=np.int32)[codes])

    def column(self) -> pa.DictionaryArray:
        codes = np.concatenate(self._parts)
        return pa.DictionaryArray.from_arrays(
            pa.array(codes, mask=codes < 0), pa.array(list(self._codes), pa.string())
        )


class _Buffer:
    """Rows of SCHEMA, column by column; the head of each frame before its readings."""

    def __init__(self) -> None:
        self.rows = 0
        self._strings = {name: _Codes() for name in ("asset", "signal", "text")}
        self._numbers: dict[str, list[npt.NDArray[np.generic]]] = {
            name: [] for name in ("time", "value", "quality", "frame", "row")
        }
        self._heads: list[tuple[int, str, int, int, str, int, int]] = []

    def add(self, number: int, entry: Entry, frame: Frame) -> None:
        self.rows += len(frame) + 1
        self._strings["asset"].add(frame.assets, frame.asset)
        self._strings["signal"].add(frame.signals, frame.signal)
        self._strings["text"].add(frame.texts, frame.text)
        self._numbers["time"].append(frame.time)
        self._numbers["value"].append(frame.value)
        self._numbers["quality"].append(frame.quality)
        self._numbers["frame"].append(np.full(len(frame), number, dtype=np.int64))
        self._numbers["row"].append(np.arange(len(frame), dtype=np.int32))
        head = (entry.stream, *order(entry.id), frame.producer, frame.sequence)
        self._heads.append((number, *head, frame.received_ns))

    def table(self) -> pa.Table:
        readings = {
            **{name: codes.column() for name, codes in self._strings.items()},
            **{name: pa.array(np.concatenate(part)) for name, part in self._numbers.items()},
        }
        count = self.rows - len(self._heads)
        names = ("frame", "stream", "entry_ms", "entry_n", "producer", "sequence", "received_ns")
        columns = dict(zip(names, zip(*self._heads, strict=True), strict=True))
        heads: dict[str, Sequence[int | str]] = {**columns, "row": [HEAD] * len(self._heads)}
        return pa.concat_tables([_filled(readings, count), _filled(heads, len(self._heads))])


def _filled(columns: Mapping[str, object], rows: int) -> pa.Table:
    """The columns as a table of SCHEMA, nulls where a column is missing."""
    return pa.table(
        [
            _typed(columns[field.name], field.type)
            if field.name in columns
            else pa.nulls(rows, field.type)
            for field in SCHEMA
        ],
        schema=SCHEMA,
    )


def _typed(column: object, kind: pa.DataType) -> pa.Array:
    if isinstance(column, pa.Array):
        return column.cast(kind)
    if pa.types.is_dictionary(kind):
        return pa.array(column, pa.string()).dictionary_encode()
    return pa.array(column, kind)
