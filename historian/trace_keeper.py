"""From the archive into the traces: each cell once it has left its channel.

    new slices ─▶ which cells were on which channel, from when to when
               ─▶ another cell is there, or nothing came for a while ─▶ its trace is written

A cell that comes again (a re-test, a long gap) adds to its trace. How far it got stands in
``progress.json``, replaced as a whole; what is written twice after a crash is there once.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from historian.query import Archive
from historian.slices import read_rows, sync
from historian.trace_cutting import SIGNALS, traces_of
from historian.traces import TraceStore
from twin.errors import InvalidFile, Unavailable

QUIET_ROUNDS: Final = 2
"""Rounds without a reading after which a cell has left its channel."""
_NAME: Final = "progress.json"


@dataclass(slots=True)
class _Seen:
    """First and last source time [ns] of what is not written yet."""

    first: int
    last: int
    quiet: int = 0


class TraceKeeper:
    """Of one archive; one process keeps, any number read."""

    def __init__(self, archive: Archive, store: TraceStore) -> None:
        self._archive, self._store = archive, store
        self._path = store.folder / _NAME
        self._done = 0
        self._seen: dict[tuple[str, str], _Seen] = {}
        if self._path.exists():
            self._load()

    def keep(self) -> int:
        """One round; returns how many traces were written. Raises InvalidFile for a damaged
        slice, Unavailable where the archive changes while it is read or the disk refuses:
        the next round takes it up."""
        try:
            return self._round()
        except FileNotFoundError as error:
            raise Unavailable("a slice was merged while it was read; ask again") from error

    def _round(self) -> int:
        heard = self._look_at_new()
        for key, seen in self._seen.items():
            seen.quiet = 0 if key in heard else seen.quiet + 1
        gone = [key for key, seen in self._seen.items() if self._has_left(key, seen)]
        view, written = self._archive.view(), 0
        for channel, serial in gone:
            seen = self._seen[channel, serial]
            found = traces_of(view, channel, seen.first, seen.last + 1)
            written += self._store.write(trace for trace in found if trace.serial == serial)
        for key in gone:
            del self._seen[key]
        if heard or gone:
            self._save()
        return written

    def _look_at_new(self) -> set[tuple[str, str]]:
        heard: set[tuple[str, str]] = set()
        for one in self._archive.slices():
            if one.last <= self._done:
                continue
            rows = read_rows(one.path)
            wanted = pc.and_(
                pc.greater(rows["frame"], self._done),
                pc.is_in(rows["signal"].cast(pa.string()), pa.array(SIGNALS)),
            )
            rows = rows.filter(pc.and_(wanted, pc.is_valid(rows["text"])))
            cells = pa.table(
                {
                    "channel": rows["asset"].cast(pa.string()),
                    "serial": rows["text"].cast(pa.string()),
                    "time": rows["time"],
                }
            )
            grouped = cells.group_by(["channel", "serial"])
            for row in grouped.aggregate([("time", "min"), ("time", "max")]).to_pylist():
                key = (str(row["channel"]), str(row["serial"]))
                first, last = int(row["time_min"]), int(row["time_max"])
                known = self._seen.setdefault(key, _Seen(first, last))
                known.first, known.last = min(known.first, first), max(known.last, last)
                heard.add(key)
            self._done = one.last
        return heard

    def _has_left(self, key: tuple[str, str], seen: _Seen) -> bool:
        replaced = any(
            channel == key[0] and other.first > seen.last
            for (channel, _), other in self._seen.items()
        )
        return replaced or seen.quiet >= QUIET_ROUNDS

    def _load(self) -> None:
        try:
            saved = json.loads(self._path.read_text())
            self._done = int(saved["done"])
            self._seen = {
                (channel, serial): _Seen(first, last, quiet)
                for channel, serial, first, last, quiet in saved["seen"]
            }
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise InvalidFile(
                str(self._path), None, f"it is damaged ({error}); delete it: all is cut anew"
            ) from error

    def _save(self) -> None:
        seen = [[*key, s.first, s.last, s.quiet] for key, s in self._seen.items()]
        temporary = self._path.with_suffix(".tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_text(json.dumps({"done": self._done, "seen": seen}))
            sync(temporary)
            os.replace(temporary, self._path)
        except OSError as error:
            raise Unavailable(f"{self._path} can't be written: {error}") from error


def traces_folder(archive: Path) -> Path:
    """Beside the archive, so that the archive's folder holds slices only."""
    return archive.with_name(f"{archive.name}-traces")
