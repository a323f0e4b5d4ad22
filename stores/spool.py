"""Frames that wait on the edge's own disk while the backbone is away."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from twin.errors import Unavailable

_SCHEMA = """
CREATE TABLE IF NOT EXISTS frame (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    data BLOB NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class SpooledFrame:
    id: int
    stream: str
    data: bytes


class Spool:
    """A queue in one SQLite file. What ``append`` returned from survives a power cut.

    Every method may be called from any thread, and raises Unavailable where the file
    can't be used. ``max_bytes`` bounds the frames' bytes, not the file's.
    """

    def __init__(self, path: Path, max_bytes: int = 1 << 30) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self._lock = Lock()
        with self._usable():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, check_same_thread=False)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(_SCHEMA)
            self._db.commit()
            count, size = self._db.execute(
                "SELECT COUNT(*), COALESCE(SUM(LENGTH(data)), 0) FROM frame"
            ).fetchone()
        self._count = int(count)
        self._bytes = int(size)

    def __len__(self) -> int:
        return self._count

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def append(self, frames: Sequence[tuple[str, bytes]]) -> None:
        """Commit (stream, frame) pairs at the end, all or none. Raises Unavailable when full."""
        size = sum(len(data) for _, data in frames)
        with self._usable(), self._db:
            if self._bytes + size > self.max_bytes:
                raise Unavailable(
                    f"the edge's spool {self.path} is full: {self._bytes} of "
                    f"{self.max_bytes} bytes are taken; bring the live store back"
                )
            self._db.executemany("INSERT INTO frame (stream, data) VALUES (?, ?)", frames)
            self._count += len(frames)
            self._bytes += size

    def peek(self, limit: int) -> list[SpooledFrame]:
        """The oldest frames, in the order in which they were appended."""
        with self._usable():
            rows = self._db.execute(
                "SELECT id, stream, data FROM frame ORDER BY id LIMIT ?", (limit,)
            ).fetchall()
        return [SpooledFrame(*row) for row in rows]

    def drop(self, frames: Sequence[SpooledFrame]) -> None:
        """Forget frames that are on the backbone."""
        with self._usable(), self._db:
            self._db.executemany("DELETE FROM frame WHERE id = ?", [(f.id,) for f in frames])
            self._count -= len(frames)
            self._bytes -= sum(len(f.data) for f in frames)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextmanager
    def _usable(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except (sqlite3.Error, OSError) as error:
                raise Unavailable(f"the edge's spool {self.path} can't be used: {error}") from error
