"""The archiver between a backbone and a folder."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from historian.archiver import Archiver
from historian.query import Archive
from historian.slices import Slice
from historian.writer import SliceWriter
from stores.live.memory import MemoryBackbone
from tests.unit.historian.samples import frame, number
from twin.ports import START, Entry

DEADLINE_S = 10.0


class Flushes:
    """Slices as they are written."""

    def __init__(self) -> None:
        self.seen: list[Slice] = []
        self._more = asyncio.Event()

    def __call__(self, written: Slice) -> None:
        self.seen.append(written)
        self._more.set()

    async def until_readings(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while sum(s.rows for s in self.seen) < count:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def running(archiver: Archiver) -> AsyncIterator[None]:
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
        tasks.create_task(archiver.run())
        yield
        archiver.stop()


class Watched(MemoryBackbone):
    """Tells when the archiver asks for what comes after an entry: it has that entry."""

    def __init__(self) -> None:
        super().__init__()
        self._wanted: Mapping[str, str] = {}
        self._asked = asyncio.Event()

    async def read(
        self, after: Mapping[str, str], *, block_ms: int | None = None, count: int = 64
    ) -> Sequence[Entry]:
        self._wanted = after
        self._asked.set()
        return await super().read(after, block_ms=block_ms, count=count)

    async def until_asked_after(self, stream: str, id_: str) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while self._wanted.get(stream) != id_:
                self._asked.clear()
                await self._asked.wait()


def sequences(folder: Path) -> list[tuple[str, int]]:
    return [(f.stream, f.frame.sequence) for f in Archive(folder).frames()]


@pytest.fixture
def writer(tmp_path: Path) -> SliceWriter:
    return SliceWriter(tmp_path)


async def test_what_is_appended_is_soon_archived_and_then_may_be_trimmed(
    writer: SliceWriter, tmp_path: Path
) -> None:
    backbone, flushes = Watched(), Flushes()
    archiver = Archiver(backbone, writer, flush_s=0.01, on_flush=flushes, patience_ms=10)
    archiver.follow(["host:a"])
    assert archiver.positions() == {"host:a": START}

    async with running(archiver):
        await backbone.append("host:a", frame(1, number(0)).to_bytes())
        last = await backbone.append("host:a", frame(2, number(1), number(2)).to_bytes())
        await flushes.until_readings(3)

        assert archiver.positions() == {"host:a": last}
    assert sequences(tmp_path) == [("host:a", 1), ("host:a", 2)]


async def test_a_stream_followed_later_is_archived_from_its_beginning(
    writer: SliceWriter, tmp_path: Path
) -> None:
    backbone, flushes = Watched(), Flushes()
    archiver = Archiver(backbone, writer, flush_s=0.01, on_flush=flushes, patience_ms=10)
    async with running(archiver):
        await backbone.append("host:b", frame(1, number(0)).to_bytes())

        archiver.follow(["host:b"])
        await flushes.until_readings(1)

    assert sequences(tmp_path) == [("host:b", 1)]


async def test_stopping_archives_what_has_been_read(writer: SliceWriter, tmp_path: Path) -> None:
    backbone = Watched()
    archiver = Archiver(backbone, writer, flush_s=3_600.0, patience_ms=10)
    archiver.follow(["host:a"])
    last = await backbone.append("host:a", frame(1, number(0)).to_bytes())

    async with running(archiver):
        await backbone.until_asked_after("host:a", last)

    assert sequences(tmp_path) == [("host:a", 1)]


async def test_many_rows_are_flushed_before_their_time(writer: SliceWriter) -> None:
    backbone, flushes = Watched(), Flushes()
    archiver = Archiver(
        backbone, writer, flush_s=3_600.0, max_rows=50, on_flush=flushes, patience_ms=10
    )
    archiver.follow(["host:a"])

    async with running(archiver):
        for sequence in range(1, 4):
            rows = [number(at) for at in range(30)]
            await backbone.append("host:a", frame(sequence, *rows).to_bytes())
        await flushes.until_readings(60)


async def test_a_frame_sent_twice_is_archived_once_also_after_a_restart(tmp_path: Path) -> None:
    backbone = Watched()
    for sequence in (1, 1, 2):
        await backbone.append("host:a", frame(sequence, number(sequence)).to_bytes())
        writer, flushes = SliceWriter(tmp_path), Flushes()
        archiver = Archiver(backbone, writer, flush_s=0.01, on_flush=flushes, patience_ms=10)
        archiver.follow(["host:a"])
        last = await backbone.last_id("host:a")
        async with running(archiver):
            await backbone.until_asked_after("host:a", last)
        writer.close()

    assert sequences(tmp_path) == [("host:a", 1), ("host:a", 2)]


async def test_a_backbone_that_goes_away_and_comes_back_loses_nothing(
    writer: SliceWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backbone, flushes = Watched(), Flushes()
    archiver = Archiver(backbone, writer, flush_s=0.01, on_flush=flushes, patience_ms=10)
    archiver.follow(["host:a"])
    await backbone.append("host:a", frame(1, number(0)).to_bytes())
    backbone.away = True

    async with running(archiver):
        await backbone.until_asked_after("host:a", START)
        backbone.away = False
        await flushes.until_readings(1)

    assert sequences(tmp_path) == [("host:a", 1)]
    assert "archiving waits: the live store is away" in caplog.text


async def test_an_entry_that_is_no_frame_is_named_and_passed_over(
    writer: SliceWriter, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backbone, flushes = Watched(), Flushes()
    archiver = Archiver(backbone, writer, flush_s=0.01, on_flush=flushes, patience_ms=10)
    archiver.follow(["host:a"])
    bad = await backbone.append("host:a", b"no frame")
    await backbone.append("host:a", frame(1, number(0)).to_bytes())

    async with running(archiver):
        await flushes.until_readings(1)

    assert sequences(tmp_path) == [("host:a", 1)]
    assert archiver.damaged == 1
    assert f"entry {bad} of host:a is not archived" in caplog.text
