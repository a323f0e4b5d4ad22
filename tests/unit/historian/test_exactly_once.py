"""Whatever happens to the writer, the archive holds each frame once, as it was."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from historian import slices
from historian.compaction import compact
from historian.query import Archive
from historian.writer import SliceWriter
from tests.unit.historian.samples import ASSETS, DAY_NS, NOW_NS, Streams, counted, in_order
from tests.unit.historian.samples import readings as some_readings
from twin.frame import Frame, Reading
from twin.ports import Entry

STREAMS = ("host:a", "host:b")
PRODUCERS = ("opcua:a", "push:mes")
LONG_AFTER = NOW_NS + 1_000 * DAY_NS

streams = st.sampled_from(STREAMS)


class _PowerCut(BaseException):
    """The process ends here."""


class ArchiveMachine(RuleBasedStateMachine):
    """Frames are sent, sent again, archived and merged, and the power is cut at any step."""

    @initialize()
    def begin(self) -> None:
        self.folder = Path(mkdtemp(prefix="gt-archive-"))
        self.no_waiting_for_the_disk = patch.object(slices, "sync")
        self.no_waiting_for_the_disk.start()
        self.backbone = Streams()
        self.sent: dict[str, list[Frame]] = defaultdict(list)
        self.sequences: dict[tuple[str, str], int] = defaultdict(int)
        self.writer = SliceWriter(self.folder)
        self.archive = Archive(self.folder, threads=1)
        self.found_safe: tuple[set[Path], Mapping[str, str]] = set(), {}

    @rule(
        stream=streams,
        producer=st.sampled_from(PRODUCERS),
        rows=st.lists(some_readings, max_size=4),
        later_days=st.sampled_from((0, 0, 0, 1)),
    )
    def a_frame_is_sent(
        self, stream: str, producer: str, rows: list[Reading], later_days: int
    ) -> None:
        self.sequences[stream, producer] += 1
        sequence = self.sequences[stream, producer]
        frame = Frame.of(producer, sequence, NOW_NS + later_days * DAY_NS + sequence, rows)
        self.sent[stream].append(frame)
        self.backbone.append(stream, frame)

    @rule(stream=streams)
    def the_last_frame_is_sent_again(self, stream: str) -> None:
        if self.sent[stream]:
            self.backbone.append(stream, self.sent[stream][-1])

    @rule(stream=streams, most=st.integers(1, 4))
    def the_archiver_reads(self, stream: str, most: int) -> None:
        for entry in self._unread(stream)[:most]:
            self.writer.add(entry, Frame.from_bytes(entry.data))

    @rule()
    def it_flushes(self) -> None:
        self.writer.flush()

    @rule(stream=streams, count=st.integers(1, 3))
    def it_flushes_after_each_of_some_frames(self, stream: str, count: int) -> None:
        for _ in range(count):
            self.a_frame_is_sent(stream, PRODUCERS[0], [], 0)
            self.the_archiver_reads(stream, 1)
            self.writer.flush()

    @rule()
    def small_slices_are_merged(self) -> None:
        compact(self.folder, LONG_AFTER, rows=12)

    @rule()
    def the_power_is_cut_between_flushes(self) -> None:
        self._start_again()

    @rule(named=st.booleans())
    def the_power_is_cut_while_a_slice_gets_its_name(self, named: bool) -> None:
        self._cut(lambda: self.writer.flush(), named)

    @rule(named=st.booleans())
    def the_power_is_cut_while_slices_are_merged(self, named: bool) -> None:
        self._cut(lambda: compact(self.folder, LONG_AFTER, rows=12), named)

    @invariant()
    def what_is_said_to_be_safe_is_safe(self) -> None:
        # Slices never change: there is nothing to read again where these are as they were.
        files, positions = {one.path for one in self.archive.slices()}, self.writer.positions()
        if (files, positions) == self.found_safe:
            return
        self.found_safe = files, positions
        archived = list(self.archive.frames())
        for stream, position in positions.items():
            entries = self.backbone.entries[stream]
            until = entries[: [e.id for e in entries].index(position) + 1]
            due = {Frame.from_bytes(e.data).to_bytes() for e in until}
            assert due == {f.frame.to_bytes() for f in archived if f.stream == stream}

    def teardown(self) -> None:
        for stream in self.backbone.entries:
            self.the_archiver_reads(stream, 1_000)
        self.writer.flush()
        self.writer.close()
        frames = list(self.archive.frames())
        for stream in STREAMS:
            expected = [frame.to_bytes() for frame in self.sent[stream]]
            assert [f.frame.to_bytes() for f in frames if f.stream == stream] == expected
        for asset in ASSETS:
            rows = [r for frame in frames for r in frame.frame.readings() if r.asset == asset]
            found = [r for batch in self.archive.readings(asset) for r in batch]
            assert counted(found) == counted(rows)
            assert in_order(found)
        self.archive.close()
        self.no_waiting_for_the_disk.stop()
        shutil.rmtree(self.folder)

    def _unread(self, stream: str) -> list[Entry]:
        if stream not in self.backbone.entries:
            return []
        return self.backbone.after(stream, self.writer.reached(stream))

    def _cut(self, work: Callable[[], object], named: bool) -> None:
        def name_slice(temporary: Path, path: Path) -> None:
            if named:
                temporary.rename(path)
            raise _PowerCut

        with patch.object(slices, "name_slice", name_slice), suppress(_PowerCut):
            work()
        self._start_again()

    def _start_again(self) -> None:
        self.writer.close()
        self.writer = SliceWriter(self.folder)
        files = {path for path in self.folder.glob("**/*") if path.suffix}
        assert files == {one.path for one in self.archive.slices()}


TestArchive = ArchiveMachine.TestCase
TestArchive.settings = settings(
    max_examples=settings().max_examples // 2,  # each one writes many files
    stateful_step_count=20,
    deadline=None,
)
