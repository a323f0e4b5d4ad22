"""Traces cut out of the archive, each cell once it has left its channel."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from historian.query import Archive
from historian.trace_keeper import TraceKeeper, traces_folder
from historian.traces import TraceStore
from historian.writer import SliceWriter
from tests.unit.historian.samples import NOW_NS, Streams, frame
from twin.errors import InvalidFile, NotFound
from twin.frame import Reading

SECOND = 1_000_000_000
CHANNEL = "room/channel-1"


class Plant:
    """An archive that is written to, and the traces beside it."""

    def __init__(self, folder: Path) -> None:
        self.writer = SliceWriter(folder / "archive")
        self.archive = Archive(folder / "archive", threads=1)
        self.store = TraceStore(traces_folder(folder / "archive"))
        self.streams, self.frames = Streams(), 0

    def heard(self, serial: str, start: int, count: int = 5, channel: str = CHANNEL) -> None:
        readings = [
            Reading(channel, signal, NOW_NS + second * SECOND, value + second, text=serial)
            for second in range(start, start + count)
            for signal, value in (("voltage", 3.0), ("current", 0.5))
        ]
        self.frames += 1
        made = frame(self.frames, *readings)
        self.writer.add(self.streams.append("s", made), made)
        self.writer.flush()

    def keeper(self) -> TraceKeeper:
        return TraceKeeper(self.archive, self.store)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    made = Plant(tmp_path)
    yield made
    made.writer.close()
    made.archive.close()


def test_a_cell_s_trace_is_written_when_another_is_on_its_channel(plant: Plant) -> None:
    keeper = plant.keeper()
    plant.heard("a", 0)
    assert keeper.keep() == 0
    plant.heard("a", 5)
    plant.heard("b", 20)
    assert keeper.keep() == 1
    found = plant.store.read("a")
    assert (len(found), found.channel) == (10, CHANNEL)
    assert found.voltage.tolist() == [3.0 + second for second in range(10)]
    with pytest.raises(NotFound):
        plant.store.read("b")


def test_the_last_cell_of_all_is_written_once_nothing_comes_any_more(plant: Plant) -> None:
    keeper = plant.keeper()
    plant.heard("a", 0)
    assert [keeper.keep() for _ in range(4)] == [0, 0, 1, 0]


def test_a_cell_that_comes_again_adds_to_its_trace(plant: Plant) -> None:
    keeper = plant.keeper()
    plant.heard("a", 0)
    plant.heard("b", 10)
    keeper.keep()
    plant.heard("a", 3_600, channel="room/channel-2")
    for _ in range(3):
        keeper.keep()
    assert len(plant.store.read("a")) == 10


def test_a_keeper_that_was_restarted_goes_on_where_it_was(plant: Plant) -> None:
    plant.heard("a", 0)
    plant.keeper().keep()
    plant.heard("b", 10)
    assert plant.keeper().keep() == 1
    assert len(plant.store.read("a")) == 5


def test_what_was_written_before_a_crash_is_there_once(plant: Plant) -> None:
    plant.heard("a", 0)
    plant.heard("b", 10)
    plant.keeper().keep()
    (plant.store.folder / "progress.json").unlink()
    plant.keeper().keep()
    assert len(plant.store.read("a")) == 5


def test_a_damaged_note_of_progress_is_named(plant: Plant) -> None:
    plant.store.folder.mkdir(parents=True)
    (plant.store.folder / "progress.json").write_text("{")
    with pytest.raises(InvalidFile, match="cut anew"):
        plant.keeper()
