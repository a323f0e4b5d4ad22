"""Frames of the past: in the order in which they arrived, and replayed to the same state."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from historian.query import Archive
from historian.replay import replay_archive
from historian.writer import SliceWriter
from tests.unit.historian.samples import NOW_NS, Streams, frame, number
from twin.asset import AssetConfig, Effects, Figure, SignalSpec, Twin
from twin.frame import Frame, Reading
from twin.host import TwinHost
from twin.kinds import Kind, Layer
from twin.ports import Entry
from twin.snapshot import Snapshot

ASSET = "line1/coater"


class Summing(Twin):
    """Adds up what it sees, and tells of every third reading."""

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._sum = 0.0
        self._count = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        self._sum += reading.value
        self._count += 1
        if self._count % 3 == 0:
            effects.emit(self.config, "third", reading.time_ns, {"sum": self._sum})

    def figures(self) -> tuple[Figure, ...]:
        return ()

    def snapshot(self) -> Snapshot:
        return {"sum": self._sum, "count": self._count}

    def restore(self, snapshot: Snapshot) -> None:
        raise NotImplementedError


KIND = Kind(
    "summing", "Summing", Layer.CELL, "", (SignalSpec("x", "1", "", maximum=50.0),), (), Summing
)


def a_host() -> TwinHost:
    return TwinHost(KIND, [AssetConfig(ASSET, "u1", "summing")])


def archived(folder: Path, entries: list[Entry], flush_after: int) -> Archive:
    writer = SliceWriter(folder)
    for n, entry in enumerate(entries, start=1):
        writer.add(entry, Frame.from_bytes(entry.data))
        if n % flush_after == 0:
            writer.flush()
    writer.flush()
    writer.close()
    return Archive(folder)


def test_frames_of_all_streams_come_as_they_arrived_though_they_were_read_stream_by_stream(
    tmp_path: Path,
) -> None:
    backbone = Streams()
    sent = [backbone.append(f"host:{n % 3}", frame(n, number(n))) for n in range(1, 13)]
    read = [entry for stream in backbone.entries.values() for entry in stream]

    frames = list(archived(tmp_path, read, flush_after=3).frames())

    assert [(f.stream, f.id) for f in frames] == [(e.stream, e.id) for e in sent]
    assert [f.frame.to_bytes() for f in frames] == [e.data for e in sent]


def test_frames_are_chosen_by_the_clock_that_they_carry(tmp_path: Path) -> None:
    backbone = Streams()
    entries = [
        backbone.append("host:a", frame(n, number(0), received_ns=NOW_NS + n)) for n in range(1, 7)
    ]

    archive = archived(tmp_path, entries, flush_after=2)

    chosen = archive.frames(NOW_NS + 2, NOW_NS + 5)
    assert [f.frame.sequence for f in chosen] == [2, 3, 4]


@settings(max_examples=10, deadline=None)
@given(
    values=st.lists(st.lists(st.floats(0.0, 60.0), max_size=4), min_size=1, max_size=12),
    flush_after=st.integers(1, 5),
)
def test_twins_that_replay_the_archive_end_as_those_that_lived_through_it(
    values: list[list[float]], flush_after: int
) -> None:
    backbone = Streams()
    lived = a_host()
    entries = []
    for sequence, row in enumerate(values, start=1):
        second = sequence * 1_000_000_000
        rows = [number(second + at, ASSET, value=value) for at, value in enumerate(row)]
        one = frame(sequence, *rows, received_ns=NOW_NS + second)
        lived.handle(one)
        entries.append(backbone.append("host:a", one))
    entries.append(backbone.append("host:gone", frame(1, number(0))))
    events = tuple(lived.outbox)
    lived.acknowledge(len(events))

    again = a_host()
    with TemporaryDirectory() as folder:
        archive = archived(Path(folder), entries, flush_after)
        result = replay_archive(archive.frames(), {"host:a": again})

    assert again.snapshot() == lived.snapshot()
    assert result.events == events
    assert result.readings == sum(len(row) for row in values)
    assert (result.frames, result.unhosted) == (len(values), 1)
