"""The traces of cells: one row group a cell, found by its serial."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from historian.trace_cutting import cut
from historian.traces import Trace, TraceStore
from twin.errors import InvalidFile, InvalidInput, NotFound
from twin.frame import Reading
from twin.quality import BAD

SECOND = 1_000_000_000


def trace(serial: str, rows: int = 8, start_s: int = 0, voltage: float = 3.0) -> Trace:
    seconds = np.arange(start_s, start_s + rows)
    return Trace(
        serial,
        "room/channel-1",
        seconds * SECOND,
        voltage + 0.001 * seconds,
        np.full(rows, 0.25),
        np.full(rows, 25.0),
        np.zeros(rows, dtype=np.int32),
    )


def same(one: Trace, other: Trace) -> bool:
    return (one.serial, one.channel) == (other.serial, other.channel) and all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan=name != "time")
        for name in ("time", "voltage", "current", "temperature", "step")
    )


def test_a_trace_is_read_as_it_was_written(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    assert store.write([trace("c1"), trace("c2", voltage=4.0)]) == 2
    assert same(store.read("c2"), trace("c2", voltage=4.0))
    assert same(TraceStore(tmp_path).read("c1"), trace("c1"))
    assert sorted(store.serials()) == ["c1", "c2"]


def test_of_many_cells_one_row_group_is_read(tmp_path: Path) -> None:
    store = TraceStore(tmp_path, buckets=4)
    store.write(trace(f"cell-{n:05d}", rows=4) for n in range(200))
    asked = TraceStore(tmp_path, buckets=4)

    assert same(asked.read("cell-00123"), trace("cell-00123", rows=4))

    assert asked.row_groups_read == 1
    files = [pq.read_metadata(path) for path in tmp_path.glob("*/*.parquet")]
    assert (len(files), sum(file.num_row_groups for file in files)) == (4, 200)


def test_a_cell_written_in_two_parts_is_one_trace_by_time(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([trace("c", rows=5, start_s=5)])
    store.write([trace("c", rows=5)])
    assert same(store.read("c"), trace("c", rows=10))


def test_what_is_written_again_is_there_once_and_the_last_counts(tmp_path: Path) -> None:
    store = TraceStore(tmp_path)
    store.write([trace("c", voltage=3.0)])
    store.write([trace("c", voltage=3.5)])
    assert same(store.read("c"), trace("c", voltage=3.5))


def test_a_bucket_of_many_files_becomes_one(tmp_path: Path) -> None:
    store = TraceStore(tmp_path, buckets=1)
    for n in range(9):
        store.write([trace(f"c{n}"), trace("again", start_s=8 * n)])
    assert len(list(tmp_path.glob("*/*.parquet"))) == 1
    assert same(store.read("c0"), trace("c0"))
    store.row_groups_read = 0
    assert same(store.read("again"), trace("again", rows=72))
    assert store.row_groups_read == 1


def test_readings_out_of_order_are_sorted(tmp_path: Path) -> None:
    store, whole = TraceStore(tmp_path), trace("c", rows=3)
    turned = Trace(
        "c",
        whole.channel,
        *(column[::-1] for column in (whole.time, whole.voltage, whole.current)),
        whole.temperature,
        whole.step,
    )
    store.write([turned])
    assert same(store.read("c"), whole)


def test_a_cell_that_never_was_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'c9'"):
        TraceStore(tmp_path / "none").read("c9")
    assert "c9" not in TraceStore(tmp_path)


def test_a_trace_without_serial_or_with_uneven_columns_is_refused(tmp_path: Path) -> None:
    store, good = TraceStore(tmp_path), trace("c", rows=3)
    uneven = Trace("c", "", good.time, good.voltage[:2], good.current, good.temperature, good.step)
    with pytest.raises(InvalidInput, match="'c' differ in length"):
        store.write([uneven])
    with pytest.raises(InvalidInput, match="no serial"):
        store.write([trace("")])


def test_an_empty_trace_is_no_trace(tmp_path: Path) -> None:
    assert TraceStore(tmp_path).write([trace("c", rows=0)]) == 0


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    TraceStore(tmp_path).write([trace("c", rows=2_000)])
    (path,) = tmp_path.glob("*/*.parquet")
    data = bytearray(path.read_bytes())
    data[len(data) // 4] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InvalidFile, match="damaged"):
        TraceStore(tmp_path).read("c")
    path.write_bytes(b"no parquet")
    with pytest.raises(InvalidFile, match="damaged"):
        TraceStore(tmp_path).read("c")


def test_what_a_crash_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    store = TraceStore(tmp_path, buckets=1)
    store.write([trace("a")])
    left = next(tmp_path.glob("*")) / "000000000002.tmp"
    left.write_bytes(b"half")
    store.write([trace("b")])
    assert not left.exists()
    assert same(store.read("b"), trace("b"))


def _read(signal: str, second: int, value: float, serial: str | None = "c") -> Reading:
    return Reading("ch", signal, second * SECOND, value, text=serial)


def test_a_channel_s_readings_are_cut_by_serial() -> None:
    bad = _read("voltage", 3, 9.0)._replace(quality=BAD)
    first, second = cut(
        "ch",
        [
            _read("voltage", 5, 3.6, "d"),
            *(_read("voltage", s, 3.0 + s) for s in (2, 1)),
            *(_read("current", s, 0.1) for s in (1, 2)),
            _read("step", 1, 4.0),
            _read("voltage", 1, 3.1, None),
            bad,
        ],
    )
    assert (first.serial, second.serial, first.channel) == ("c", "d", "ch")
    assert first.time.tolist() == [SECOND, 2 * SECOND]
    assert first.voltage.tolist() == [4.0, 5.0]
    assert first.step.tolist() == [4, -1]
    assert np.isnan(first.temperature).all()
