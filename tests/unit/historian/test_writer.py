"""Slices: how they are named, what their footers say, what happens when the disk refuses."""

import zlib
from contextlib import suppress
from pathlib import Path
from unittest.mock import patch

import pytest

from historian import slices
from historian.compaction import compact
from historian.ledger import PRODUCERS_PER_STREAM, Ledger
from historian.query import Archive
from historian.slices import listing, read_footer
from historian.writer import SliceWriter
from tests.unit.historian.samples import DAY_NS, NOW_NS, Streams, frame, number
from twin.errors import InvalidFile, InvalidFrame, Unavailable
from twin.frame import Frame
from twin.ports import Entry

LONG_AFTER = NOW_NS + 1_000 * DAY_NS


def archive_frames(writer: SliceWriter, *frames: Frame, backbone: Streams | None = None) -> None:
    backbone = backbone or Streams()
    for one in frames:
        writer.add(backbone.append("host:a", one), one)


def test_a_slice_lies_under_the_day_on_which_it_was_received_and_counts_its_frames(
    tmp_path: Path,
) -> None:
    writer = SliceWriter(tmp_path)
    archive_frames(writer, frame(1, number(0)), frame(2))

    written = writer.flush()

    assert written is not None
    checksum = f"{zlib.crc32(written.path.read_bytes()):08x}"
    name = f"000000000001-000000000002-{checksum}.parquet"
    assert written.path == tmp_path / "date=2024-10-04" / name
    assert (written.rows, written.first, written.last) == (1, 1, 2)
    assert read_footer(listing(tmp_path)[0][0]) == written


def test_a_flush_of_nothing_writes_nothing(tmp_path: Path) -> None:
    writer = SliceWriter(tmp_path)

    assert writer.flush() is None
    assert not list(tmp_path.glob("date=*"))


def test_only_what_is_flushed_counts_as_safe(tmp_path: Path) -> None:
    writer = SliceWriter(tmp_path)
    entry = Streams().append("host:a", frame(1, number(0)))
    writer.add(entry, frame(1, number(0)))
    assert (writer.positions(), writer.reached("host:a")) == ({}, entry.id)

    writer.flush()

    assert writer.positions() == {"host:a": entry.id}


def test_a_stream_that_ends_with_a_repeat_is_known_to_be_done_with(tmp_path: Path) -> None:
    writer = SliceWriter(tmp_path)
    backbone = Streams()
    archive_frames(writer, frame(1, number(0)), backbone=backbone)
    writer.flush()

    repeat = backbone.append("host:a", frame(1, number(0)))
    writer.add(repeat, frame(1, number(0)))

    assert writer.positions() == {"host:a": repeat.id}


def test_a_second_writer_is_kept_out_until_the_first_has_gone(tmp_path: Path) -> None:
    first = SliceWriter(tmp_path)

    with pytest.raises(Unavailable, match="another process writes the archive"):
        SliceWriter(tmp_path)

    first.close()
    SliceWriter(tmp_path).close()


def test_a_disk_that_refuses_loses_nothing(tmp_path: Path) -> None:
    writer = SliceWriter(tmp_path)
    backbone = Streams()
    archive_frames(writer, frame(1, number(0)), backbone=backbone)
    with (
        patch.object(slices, "sync", side_effect=OSError(28, "No space left on device")),
        pytest.raises(Unavailable, match="No space left on device"),
    ):
        writer.flush()
    assert list(Archive(tmp_path).frames()) == []
    assert not list(tmp_path.glob("**/*.tmp"))

    archive_frames(writer, frame(2, number(1)), backbone=backbone)
    writer.flush()

    assert [f.frame.sequence for f in Archive(tmp_path).frames()] == [1, 2]


def test_a_slice_that_was_named_though_the_disk_complained_is_not_counted_twice(
    tmp_path: Path,
) -> None:
    writer = SliceWriter(tmp_path)
    backbone = Streams()
    archive_frames(writer, frame(1, number(0)), backbone=backbone)

    def name_then_fail(temporary: Path, path: Path) -> None:
        temporary.rename(path)
        raise OSError(5, "Input/output error")

    with patch.object(slices, "name_slice", name_then_fail), pytest.raises(Unavailable):
        writer.flush()
    archive_frames(writer, frame(2, number(1)), backbone=backbone)
    writer.flush()

    assert [f.frame.sequence for f in Archive(tmp_path).frames()] == [1, 2]


@pytest.mark.parametrize(
    "wrong",
    [
        frame(2**63, number(0)),
        frame(1, number(0), received_ns=2**63),
        frame(1, number(0, asset="\ud800")),
    ],
    ids=["sequence", "received_ns", "name"],
)
def test_a_frame_that_no_slice_can_hold_is_refused_before_it_can_spoil_a_flush(
    tmp_path: Path, wrong: Frame
) -> None:
    writer = SliceWriter(tmp_path)

    with pytest.raises(InvalidFrame):
        writer.add(Entry("host:a", "1-0", b""), wrong)

    archive_frames(writer, frame(1, number(0)))
    assert writer.flush() is not None


def test_a_damaged_newest_slice_stops_the_writer_by_name(tmp_path: Path) -> None:
    writer = SliceWriter(tmp_path)
    archive_frames(writer, frame(1, number(0)))
    written = writer.flush()
    writer.close()
    assert written is not None
    written.path.write_bytes(written.path.read_bytes()[:-9])

    with pytest.raises(InvalidFile, match=r"000000000001-000000000001-.*damaged"):
        SliceWriter(tmp_path)


def test_slices_of_one_day_become_one_and_the_newest_stays(tmp_path: Path) -> None:
    writer = SliceWriter(tmp_path)
    backbone = Streams()
    for sequence in range(1, 6):
        archive_frames(writer, frame(sequence, number(sequence)), backbone=backbone)
        writer.flush()

    assert compact(tmp_path, LONG_AFTER) == 4

    assert [(s.first, s.last) for s in Archive(tmp_path).slices()] == [(1, 4), (5, 5)]
    assert len(list(tmp_path.glob("date=*/*.parquet"))) == 2


def test_a_merge_cut_off_before_its_parts_are_gone_counts_each_frame_once(tmp_path: Path) -> None:
    writer = SliceWriter(tmp_path)
    backbone = Streams()
    for sequence in range(1, 5):
        archive_frames(writer, frame(sequence, number(sequence)), backbone=backbone)
        writer.flush()
    writer.close()
    with patch.object(Path, "unlink", side_effect=KeyboardInterrupt), suppress(KeyboardInterrupt):
        compact(tmp_path, LONG_AFTER)
    assert len(list(tmp_path.glob("date=*/*.parquet"))) == 5

    assert [f.frame.sequence for f in Archive(tmp_path).frames()] == [1, 2, 3, 4]
    SliceWriter(tmp_path).close()

    assert len(list(tmp_path.glob("date=*/*.parquet"))) == 2
    assert [f.frame.sequence for f in Archive(tmp_path).frames()] == [1, 2, 3, 4]


def test_slices_are_merged_neither_beyond_their_day_nor_their_size_nor_before_their_time(
    tmp_path: Path,
) -> None:
    writer = SliceWriter(tmp_path)
    backbone = Streams()
    for sequence, day in enumerate((0, 0, 0, 1, 1, 9, 9), start=1):
        rows = [number(at) for at in range(10)]
        received = NOW_NS + day * DAY_NS
        archive_frames(writer, frame(sequence, *rows, received_ns=received), backbone=backbone)
        writer.flush()

    compact(tmp_path, NOW_NS + 5 * DAY_NS, rows=25)

    ranges = [(s.first, s.last) for s in Archive(tmp_path).slices()]
    assert ranges == [(1, 2), (3, 3), (4, 5), (6, 6), (7, 7)]


def test_producers_that_have_long_been_silent_are_forgotten(tmp_path: Path) -> None:
    ledger = Ledger()
    for n in range(PRODUCERS_PER_STREAM + 10):
        ledger.take(Entry("host:a", f"{n + 1}-0", b""), frame(1, producer=f"p{n}"))

    assert len(ledger.sequences["host:a"]) == PRODUCERS_PER_STREAM
    assert not ledger.take(Entry("host:a", "999999-0", b""), frame(1, producer="p200"))
