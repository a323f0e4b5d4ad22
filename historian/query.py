"""The archive, asked through DuckDB over its slices."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import duckdb
import pyarrow as pa

from historian.frames import ArchivedFrame, in_order_of_arrival
from historian.ledger import Ledger
from historian.slices import Listed, Slice, listing, read_footer, read_rows, verify
from twin.errors import Unavailable
from twin.frame import Reading
from twin.quality import BAD

FIRST_NS: Final = -(2**63)
LAST_NS: Final = 2**63 - 1
_BATCH: Final = 2_048
_ATTEMPTS: Final = 5
_Value: TypeAlias = "str | int | list[str]"

_READINGS: Final = """
    SELECT signal, time, value, quality, text
    FROM read_parquet($files, hive_partitioning = false)
    WHERE asset = $asset AND time >= $start AND time < $end AND frame <= $last
        {of_signals}
    ORDER BY signal, time, frame, row
    {limited}
"""
_ROLLUP: Final = """
    SELECT ((time::HUGEINT - $start) // $bucket * $bucket + $start)::BIGINT AS bucket,
        count(*), avg(value), min(value), max(value)
    FROM read_parquet($files, hive_partitioning = false)
    WHERE asset = $asset AND signal = $signal AND time >= $start AND time < $end
        AND frame <= $last AND quality < $bad AND NOT isnan(value)
    GROUP BY bucket ORDER BY bucket
"""
_ASSETS: Final = """
    SELECT DISTINCT asset FROM read_parquet($files, hive_partitioning = false)
    WHERE asset IS NOT NULL AND frame <= $last ORDER BY asset
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """``count`` readings from ``start_ns`` on: mean, lowest and highest value."""

    start_ns: int
    count: int
    mean: float
    minimum: float
    maximum: float


class Archive:
    """The slices under ``folder``, which may be missing or still be written to.

    Any number of processes and threads may ask at once. Every method raises InvalidFile,
    with its name, where a slice that it needs is damaged.
    """

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self.folder = folder
        self._footers: dict[Path, Slice] = {}
        self._sound: set[Path] = set()
        self._duckdb = duckdb.connect(
            config={
                "threads": threads,
                "memory_limit": "1GB",
                "temp_directory": os.path.join(tempfile.gettempdir(), f"gigatwin-{os.getpid()}"),
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )

    def close(self) -> None:
        self._duckdb.close()

    def view(self) -> "View":
        """The archive as it is now; it stays so however much is archived afterwards."""
        return View(self, self.slices())

    def slices(self) -> tuple[Slice, ...]:
        for _ in range(_ATTEMPTS):
            try:
                return tuple(self._footer(one) for one in listing(self.folder)[0])
            except FileNotFoundError:
                continue  # merged into another slice since the folder was listed
        raise Unavailable(f"the slices of {self.folder} change too fast to be read; ask again")

    def check(self, path: Path) -> None:
        """Read a slice whole, once, before it is asked. Raises as ``slices.verify``."""
        if path not in self._sound:
            verify(path)
            self._sound.add(path)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        return self._duckdb.cursor()

    def _footer(self, listed: Listed) -> Slice:
        known = self._footers.get(listed.path)
        if known is None:
            known = self._footers[listed.path] = read_footer(listed)
        return known

    def readings(
        self,
        asset: str,
        signals: Sequence[str] = (),
        start_ns: int = FIRST_NS,
        end_ns: int = LAST_NS,
        limit: int = 0,
    ) -> Iterator[Sequence[Reading]]:
        """See View.readings."""
        return self.view().readings(asset, signals, start_ns, end_ns, limit)

    def frames(self, start_ns: int = FIRST_NS, end_ns: int = LAST_NS) -> Iterator[ArchivedFrame]:
        """See View.frames."""
        return self.view().frames(start_ns, end_ns)

    def rollup(
        self, asset: str, signal: str, start_ns: int, end_ns: int, bucket_ns: int
    ) -> list[Bucket]:
        """See View.rollup."""
        return self.view().rollup(asset, signal, start_ns, end_ns, bucket_ns)

    def assets(self) -> list[str]:
        return self.view().assets()

    def span(self) -> tuple[int, int] | None:
        return self.view().span()


class View:
    """What the archive held at one moment. Slices merged since then do no harm."""

    def __init__(self, archive: Archive, slices: tuple[Slice, ...]) -> None:
        self._archive = archive
        self._slices = slices
        self._last = slices[-1].last if slices else 0

    @property
    def ledger(self) -> Ledger:
        """What this view covers: how far in each stream, and each producer's sequence."""
        return self._slices[-1].ledger.copy() if self._slices else Ledger()

    def span(self) -> tuple[int, int] | None:
        """Source time of the oldest and the newest reading, ns; None without any."""
        times = [s.time for s in self._slices if s.time is not None]
        if not times:
            return None
        return min(first for first, _ in times), max(last for _, last in times)

    def assets(self) -> list[str]:
        return [str(asset) for batch in self._ask(_ASSETS, {}) for (asset,) in _rows(batch)]

    def readings(
        self,
        asset: str,
        signals: Sequence[str] = (),
        start_ns: int = FIRST_NS,
        end_ns: int = LAST_NS,
        limit: int = 0,
    ) -> Iterator[Sequence[Reading]]:
        """Readings in batches, ordered by signal, then source time, then arrival.

        ``signals`` empty: all. Source time from ``start_ns`` until before ``end_ns``; at
        most ``limit`` readings (0: all).
        """
        question, values = readings_question(asset, signals, start_ns, end_ns, limit)
        for batch in self._ask(question, values):
            yield [Reading(asset, *row) for row in _rows(batch)]  # type: ignore[arg-type]

    def rollup(
        self, asset: str, signal: str, start_ns: int, end_ns: int, bucket_ns: int
    ) -> list[Bucket]:
        """Buckets of ``bucket_ns`` counted from ``start_ns``, those with readings only.

        Leaves out readings of bad quality, and text.
        """
        values: dict[str, _Value] = {"asset": asset, "signal": signal, "bucket": bucket_ns}
        values |= {"start": start_ns, "end": end_ns, "bad": BAD}
        batches = self._ask(_ROLLUP, values)
        return [Bucket(*row) for batch in batches for row in _rows(batch)]  # type: ignore[arg-type]

    def frames(self, start_ns: int = FIRST_NS, end_ns: int = LAST_NS) -> Iterator[ArchivedFrame]:
        """Frames received from ``start_ns`` until before ``end_ns``, as they arrived on
        the backbone: each stream in its own order, the streams interleaved as they were.
        """
        wanted = [s for s in self._slices if s.received[0] < end_ns and s.received[1] >= start_ns]
        for frame in in_order_of_arrival(wanted, self._slice_rows):
            if start_ns <= frame.frame.received_ns < end_ns:
                yield frame

    def _slice_rows(self, wanted: Slice) -> pa.Table:
        """All rows of a slice, wherever they are by now."""
        for _ in range(_ATTEMPTS):
            for one in self._archive.slices():
                if one.first <= wanted.first and wanted.last <= one.last:
                    try:
                        rows = read_rows(one.path)
                    except FileNotFoundError:
                        break  # merged again
                    number = rows["frame"]
                    return rows.filter(
                        pa.compute.and_(
                            pa.compute.greater_equal(number, wanted.first),
                            pa.compute.less_equal(number, wanted.last),
                        )
                    )
        raise Unavailable(f"slice {wanted.path} has been removed from the archive")

    def _ask(self, question: str, values: dict[str, _Value]) -> Iterator[pa.RecordBatch]:
        """The answer's batches. Asks again where a slice was merged in the meantime."""
        slices = self._slices
        for _ in range(_ATTEMPTS):
            paths = [s.path for s in slices if _touches(s, values)]
            if not paths:
                return
            try:
                for path in paths:
                    self._archive.check(path)
                files = [str(path) for path in paths]
                yield from self._answer(question, {**values, "files": files, "last": self._last})
                return
            except FileNotFoundError:
                pass  # merged into another slice
            except duckdb.Error as error:
                if all(path.exists() for path in paths):
                    raise Unavailable(f"the archive can't answer: {error}") from error
            slices = self._archive.slices()
        raise Unavailable("the archive's slices change too fast to be read; ask again")

    def _answer(self, question: str, values: dict[str, _Value]) -> Iterator[pa.RecordBatch]:
        cursor = self._archive.cursor()
        try:
            answer = cursor.sql(question, params=values)
            yield from answer.to_arrow_reader(_BATCH)
        finally:
            cursor.close()


def readings_question(
    asset: str, signals: Sequence[str], start_ns: int, end_ns: int, limit: int
) -> tuple[str, dict[str, _Value]]:
    """SQL with parameters, and their values but for ``files`` and ``last``.

    Signals are listed with IN: only so does DuckDB pass over row groups without them.
    """
    values: dict[str, _Value] = {"asset": asset, "start": start_ns, "end": end_ns}
    named = {f"signal{n}": signal for n, signal in enumerate(dict.fromkeys(signals))}
    values |= named
    if limit:
        values["limit"] = limit
    question = _READINGS.format(
        of_signals=f"AND signal IN ({', '.join('$' + n for n in named)})" if named else "",
        limited="LIMIT $limit" if limit else "",
    )
    return question, values


def _touches(one: Slice, values: dict[str, _Value]) -> bool:
    start, end = values.get("start", FIRST_NS), values.get("end", LAST_NS)
    assert isinstance(start, int)
    assert isinstance(end, int)
    return one.time is not None and one.time[0] < end and one.time[1] >= start


def _rows(batch: pa.RecordBatch) -> Iterator[tuple[object, ...]]:
    return zip(*(column.to_pylist() for column in batch.columns), strict=True)
